"""A million rows through `autodiff grad 'sigmoid(a*x+b)+a'`, beside scripts that have the derivative by hand.

    pip install '.[bench]' && python benchmarks/rows.py

Whole processes are timed, start-up included. mawk, gawk and Miller take part where they are installed. Before the first
round, all that compute are seen to give the same numbers.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

RUNS = 9
ROWS = 1_000_000
EXPRESSION = "sigmoid(a*x+b)+a"

POLARS = """
import polars as pl
a, x, b = map(pl.col, "axb")
s = pl.col("s")
slope = s * (1 - s)
rows = pl.read_csv("rows.csv").with_columns(s=1 / (1 + (-(a * x + b)).exp()))
rows.select(value=s + a, d_a=slope * x + 1, d_x=slope * a, d_b=slope).write_csv("polars.csv")
"""

PYARROW = """
import numpy as np, pyarrow as pa, pyarrow.csv
a, x, b = (column.to_numpy() for column in pa.csv.read_csv("rows.csv").columns)
s = 1 / (1 + np.exp(-(a * x + b)))
slope = s * (1 - s)
answers = {"value": s + a, "d_a": slope * x + 1, "d_x": slope * a, "d_b": slope}
pa.csv.write_csv(pa.table(answers), "pyarrow.csv")
"""

COPY = """
import pyarrow.parquet as pq
pq.write_table(pq.read_table("rows.parquet"), "copy.parquet")
"""

AWK = (
    'BEGIN {FS = OFS = ","; OFMT = CONVFMT = "%.17g"; print "value,d_a,d_x,d_b"}'
    "NR > 1 {s = 1/(1 + exp(-($1*$2 + $3))); t = s*(1 - s); print s + $1, t*$2 + 1, t*$1, t}"
)
MILLER = (
    "s = 1/(1 + exp(-($a*$x + $b))); t = s*(1 - s); $value = s + $a; $d_a = t*$x + 1; $d_x = t*$a; $d_b = t;"
    "unset $a, $x, $b"
)


def write_rows() -> None:
    rng = np.random.default_rng(1)
    table = pa.table({name: rng.normal(size=ROWS).round(6) for name in "axb"})
    pyarrow.csv.write_csv(table, "rows.csv")
    pq.write_table(table, "rows.parquet")


def commands() -> dict[str, list[str]]:
    autodiff = [str(Path(sys.executable).parent / "autodiff"), "grad", EXPRESSION]
    found = {
        "autodiff, csv": [*autodiff, "--data", "rows.csv", "--out", "autodiff.csv"],
        "polars": [sys.executable, "-c", POLARS],
        "pyarrow and NumPy": [sys.executable, "-c", PYARROW],
        "mawk": ["mawk", AWK, "rows.csv"],
        "gawk": ["gawk", AWK, "rows.csv"],
        "Miller": ["mlr", "--csv", "put", MILLER, "rows.csv"],
        "autodiff, parquet": [*autodiff, "--data", "rows.parquet", "--out", "autodiff.parquet"],
        "pyarrow copies parquet": [sys.executable, "-c", COPY],
        "autodiff, start-up": [*autodiff, "a=1", "x=1", "b=1"],
    }
    return {name: command for name, command in found.items() if shutil.which(command[0])}


def answers(name: str) -> list[np.ndarray]:
    """The columns that a command has just written: into a file of its own, or to stdout."""
    file = Path(name.partition(",")[0].partition(" ")[0] + (".parquet" if "parquet" in name else ".csv"))
    table = pq.read_table(file) if file.suffix == ".parquet" else pa.csv.read_csv(file if file.exists() else "printed")
    return [table[column].to_numpy() for column in ("value", "d_a", "d_x", "d_b")]


def check(timed: dict[str, list[str]]) -> None:
    """Run each command once, which also warms up, and compare."""
    ours: list[np.ndarray] = []
    for name, command in timed.items():
        seconds(command)
        if "copies" not in name and "start-up" not in name:
            found = answers(name)
            ours = ours or found
            for a, b in zip(ours, found, strict=True):
                np.testing.assert_allclose(b, a, 1e-9, 1e-12, err_msg=name)


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    with open("printed", "wb") as printed:
        subprocess.run(command, check=True, stdout=printed)
    return time.perf_counter() - start


def first_answer_ms(lines: int = 20) -> float:
    """The median time from a line to its answer in a pipe that is slow."""
    command = [str(Path(sys.executable).parent / "autodiff"), "eval", "x^2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        times = []
        for _ in range(lines):
            start = time.perf_counter()
            process.stdin.write(b"3\n")
            process.stdin.flush()
            os.read(process.stdout.fileno(), 100)
            times.append(time.perf_counter() - start)
        process.stdin.close()
    return 1000 * statistics.median(times[1:])


def peak_memory_mb(rows: int) -> float:
    """Of a long pipe, in another process, since the peak is that of all children so far."""
    line = f"seq {rows} | {Path(sys.executable).parent}/autodiff grad 'sin(x)*x' > /dev/null"
    program = (
        "import resource, subprocess, sys\n"
        f"subprocess.run({line!r}, shell=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout) / 1024


def main() -> None:
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        write_rows()
        timed = commands()
        check(timed)
        rounds = [{name: seconds(command) for name, command in timed.items()} for _ in range(RUNS)]
        os.chdir("/")
    print(f"medians of {RUNS} rounds, each command once a round, {ROWS:,} rows\n")
    print(f"{'':24} {'ms':>6}   it / autodiff")
    for name in timed:
        ours = "autodiff, parquet" if "parquet" in name else "autodiff, csv"
        ratio = statistics.median(each[name] / each[ours] for each in rounds)
        print(f"{name:24} {1000 * statistics.median(each[name] for each in rounds):6.0f}   {ratio:.2f}")
    print(f"\na line of a slow pipe is answered in {first_answer_ms():.1f} ms")
    print(f"ten million rows through a pipe take {peak_memory_mb(10_000_000):.0f} MB")


if __name__ == "__main__":
    main()
