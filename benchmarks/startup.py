"""How long one whole `autodiff grad` takes, as ratios in one run.

Beside it: an empty Python, a typer app of two commands that compute nothing, and a SymPy script that prints the same
gradient. Needs a normal install, since an editable one adds an import finder and leaves out the compiled grammar:

    pip install '.[bench]' && python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

RUNS = 21

TYPER = """
import typer
app = typer.Typer()
@app.command()
def one(text: str): print(text)
@app.command()
def two(text: str): print(text)
app()
"""

SYMPY = """
import sympy
a, x, b = sympy.symbols("a x b")
f = 1 / (1 + sympy.exp(-(a*x + b))) + a
point = {a: 0.2, x: 2, b: 0.6}
for variable in (a, x, b):
    print(variable, f.diff(variable).evalf(subs=point), sep="\\t")
"""


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    with TemporaryDirectory() as folder:
        scripts = {name: Path(folder, f"{name}.py") for name in ("bare_typer", "with_sympy")}
        scripts["bare_typer"].write_text(TYPER)
        scripts["with_sympy"].write_text(SYMPY)
        autodiff = str(Path(sys.executable).parent / "autodiff")
        commands = {
            "autodiff grad": [autodiff, "grad", "sigmoid(a*x+b)+a", "a=0.2", "x=2", "b=0.6"],
            "python -c pass": [sys.executable, "-c", "pass"],
            "bare typer app": [sys.executable, str(scripts["bare_typer"]), "one", "text"],
            "sympy script": [sys.executable, str(scripts["with_sympy"])],
        }
        for command in commands.values():
            seconds(command)  # warm up
        rounds = [{name: seconds(command) for name, command in commands.items()} for _ in range(RUNS)]
    print(f"medians of {RUNS} rounds, each command once a round\n")
    print(f"{'':16} {'ms':>6}   autodiff / it")
    for name in commands:
        time_ms = 1000 * statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each["autodiff grad"] / each[name] for each in rounds)
        print(f"{name:16} {time_ms:6.1f}   {ratio:.2f}")


if __name__ == "__main__":
    main()
