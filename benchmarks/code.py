"""How quick generated code is beside code by hand, SymPy's and CasADi's, and how long it takes to generate.

What is written in one language becomes one program, C of the same flags, where each is called in its turn: value and
gradient at a point that moves a little from call to call. All results are compared before anything is timed.

    pip install '.[bench]' && python benchmarks/code.py
"""

import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autodiff.cli.commands.code import request
from autodiff.engine.code.targets import source
from autodiff.grammar.parser import parse
from engine import Workload, network, ratio, rosenbrock, sigmoid
from engine import casadi as casadi_function

ROUNDS, CALLS = 21, 100_000
TERMS = (5_000, 10_000, 20_000)

# --- The functions, called by the name of who wrote them


def ours(work: Workload, language: str) -> str:
    return source(request(parse(work.text), {}, work.wrt, 1, "ours"), language)


def hand(work: Workload, language: str) -> str:
    """The lines written by hand; whole numbers get a point, which every language reads as doubles."""
    head, declare, result = HANDS[language]
    lines = [re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"\1.0", line) for line in work.by_hand.split("; ")]
    body = [f"{declare} {line};" for line in lines]
    text = "\n".join([head.format(parameters(work, language)), *body, result(work), "}", ""])
    return re.sub(r"\b(exp|tanh)\(", r"Math.\1(", text) if language == "javascript" else text


def results_of_c(work: Workload) -> str:
    return "".join(f"gradient[{i}] = d_{name};\n" for i, name in enumerate(work.wrt)) + "return value;"


def derivatives(work: Workload) -> str:
    return ", ".join(f"d_{name}" for name in work.wrt)


HANDS: dict[str, tuple[str, str, Callable[[Workload], str]]] = {
    "c": ("#include <math.h>\ndouble hand({}, double *gradient)\n{{", "const double", results_of_c),
    "javascript": ("function hand({}) {{", "const", lambda work: f"return [value, [{derivatives(work)}]];"),
}


def parameters(work: Workload, language: str) -> str:
    written = {"c": "double {}", "javascript": "{}"}[language]
    return ", ".join(map(written.format, work.point))


def sympy(work: Workload, language: str) -> str:
    import sympy as sp

    inputs = sp.symbols(list(work.point))
    f = work.written(tanh=sp.tanh, sigmoid=lambda x: 1 / (1 + sp.exp(-x)))(*inputs)
    shared, results = sp.cse([f, *(f.diff(inputs[i]) for i in work.places)])
    value, *rest = map(sp.ccode, results)
    lines = [f"const double {name} = {sp.ccode(part)};" for name, part in shared]
    lines += [f"gradient[{i}] = {part};" for i, part in enumerate(rest)]
    head = f"#include <math.h>\ndouble sympy({parameters(work, language)}, double *gradient)\n{{"
    return "\n".join([head, *lines, f"return {value};", "}", ""])


def casadi(work: Workload, language: str) -> str:
    """CasADi's function of pointers, behind a call like the others'."""
    import casadi as ca

    f = casadi_function(work)
    generator = ca.CodeGenerator("casadi.c")
    generator.add(f)
    inputs = ", ".join(f"&{name}" for name in work.point)
    return "\n".join(
        [
            generator.dump(),
            f"double casadi({parameters(work, language)}, double *gradient)\n{{",
            f"double value, w[{max(1, f.sz_w())}];",
            f"const double *arg[] = {{{inputs}}};\ndouble *res[] = {{&value, gradient}};",
            "f(arg, res, 0, w, 0);\nreturn value;\n}\n",
        ]
    )


# --- The programs that call them: a line of nanoseconds a round, and first a line of results for each

MAIN_OF_C = """
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
{declared}
static double p[] = {{{point}}}, g[{n}], v;
static double now(void) {{ struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec*1e9 + t.tv_nsec; }}
{calls}
int main(void) {{
  void (*peers[])(void) = {{{runs}}};
  int i, k, r;
  for (k = 0; k < {many}; k++) {{
    peers[k](); printf("%.17g ", v); for (i = 0; i < {n}; i++) printf("%.17g ", g[i]); puts("");
  }}
  for (r = 0; r < {rounds}; r++, puts("")) for (k = 0; k < {many}; k++) {{
    double start = now();
    for (i = 0; i < {count}; i++) {{ p[0] += 1e-9; peers[k](); }}
    printf("%g ", (now() - start) / {count});
  }}
  return 0;
}}
"""
MAIN_OF_JAVASCRIPT = """
const p = [{point}];
let v;
const peers = [{runs}];
for (const run of peers) {{ run(); console.log(v.flat().join(" ")); }}
for (let r = 0; r < {rounds}; r++) console.log(peers.map((run) => {{
  const start = process.hrtime.bigint();
  for (let i = 0; i < {count}; i++) {{ p[0] += 1e-9; run(); }}
  return Number(process.hrtime.bigint() - start) / {count};
}}).join(" "));
"""


def program_of_c(work: Workload, texts: dict[str, str], folder: Path) -> list[str]:
    """Each in a file of its own, so that none is inlined."""
    arguments = ", ".join(f"p[{i}]" for i in range(len(work.point)))
    main = MAIN_OF_C.format(
        declared="\n".join(f"double {name}({parameters(work, 'c')}, double *gradient);" for name in texts),
        calls="\n".join(f"static void run_{name}(void) {{ v = {name}({arguments}, g); }}" for name in texts),
        runs=", ".join(f"run_{name}" for name in texts),
        **shape(work, texts),
    )
    for name, text in {**texts, "main": main}.items():
        (folder / f"{name}.c").write_text(text, "utf-8")
    subprocess.run(
        ["gcc", "-O2", *(f"{name}.c" for name in (*texts, "main")), "-lm", "-o", "all"], cwd=folder, check=True
    )
    return ["./all"]


def program_of_javascript(work: Workload, texts: dict[str, str], folder: Path) -> list[str]:
    arguments = ", ".join(f"p[{i}]" for i in range(len(work.point)))
    runs = ", ".join(f"() => {{ v = {name}({arguments}); }}" for name in texts)
    main = MAIN_OF_JAVASCRIPT.format(runs=runs, **shape(work, texts))
    (folder / "all.mjs").write_text("\n".join([*texts.values(), main]), "utf-8")
    return ["node", "all.mjs"]


def shape(work: Workload, texts: dict[str, str]) -> dict[str, Any]:
    point = ", ".join(map(repr, work.point.values()))
    return {"point": point, "n": len(work.wrt), "many": len(texts), "rounds": ROUNDS, "count": CALLS}


LANGUAGES: dict[str, tuple[str, Sequence[Any], Callable[[Workload, dict[str, str], Path], list[str]]]] = {
    "c": ("gcc", (ours, hand, sympy, casadi), program_of_c),
    "javascript": ("node", (ours, hand), program_of_javascript),
}

# --- Measuring


def written(work: Workload, peers: Iterable[Any], language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for peer in peers:
        try:
            texts[peer.__name__] = peer(work, language)
        except ImportError as error:
            print(f"  {peer.__name__:10} skipped: {error}")
    return texts


def compare(work: Workload, language: str) -> None:
    """The median of each, and of our ratios to it in each round."""
    _, peers, program = LANGUAGES[language]
    texts = written(work, peers, language)
    with TemporaryDirectory() as folder:
        command = program(work, texts, Path(folder))
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = [list(map(float, line.split())) for line in done.stdout.splitlines()]
    results, rounds = lines[: len(texts)], lines[len(texts) :]
    for name, result in zip(texts, results, strict=True):
        assert all(abs(x - y) <= 1e-9 * (abs(x) + 1e-3) for x, y in zip(result, results[0], strict=True)), name
    times = dict(zip(texts, map(list, zip(*rounds, strict=True)), strict=True))
    for name, seen in times.items():
        print(f"  {name:10}{statistics.median(seen):10.1f} ns   ours takes {ratio(times['ours'], seen):.2f} x of it")


def main() -> None:
    for language, (tool, _, _) in LANGUAGES.items():
        for work in (sigmoid(), network(), rosenbrock()):
            print(f"{work.name}, {language}, medians of {ROUNDS} rounds")
            if shutil.which(tool):
                compare(work, language)
            else:
                print(f"  skipped: there is no {tool}")
    print("generating C, the text read")
    for n in TERMS:
        text = " + ".join(f"x{i}*x{i + 1}" for i in range(n))
        start = time.perf_counter()
        source(request(parse(text), {}, None, 1, "f"), "c")
        print(f"  {n:6} terms {time.perf_counter() - start:8.2f} s")


if __name__ == "__main__":
    main()
