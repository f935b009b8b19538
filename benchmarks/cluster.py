"""Twenty million rows of parquet through one worker of a Dask cluster, through two, and through this machine's engine.

    pip install '.[dask]' && python benchmarks/cluster.py

Whole commands are timed, and so is each with a single row, which tells how much of that is start-up. A worker is a
process with one thread; the single-threaded engine is the same command, held to one core.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROUNDS = 5
FILES, GROUPS, ROWS = 10, 2, 1_000_000
EXPRESSION = "sigmoid(a*x+b)+a"
AUTODIFF = [str(Path(sys.executable).parent / "autodiff"), "grad", EXPRESSION, "--out", "answers/", "--data"]


def write_rows() -> None:
    rng = np.random.default_rng(1)
    Path("rows").mkdir()
    for i in range(FILES):
        table = pa.table({name: rng.normal(size=GROUPS * ROWS).round(6) for name in "axb"})
        pq.write_table(table, f"rows/{i:02}.parquet", row_group_size=ROWS)
    pq.write_table(table[:1], "row.parquet")


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers."""
    from distributed import Client

    file = Path(f"scheduler-{workers}.json")
    with ExitStack() as stack:

        def start(kind: str, *options: str) -> None:
            command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *options]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start("scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", str(file))
        while not file.exists() or not file.read_text():
            time.sleep(0.1)
        address: str = json.loads(file.read_text())["address"]
        for _ in range(workers):
            start("worker", address, "--nthreads", "1", "--no-nanny")
        with Client(address) as client:
            client.wait_for_workers(workers)
        yield address


def seconds(data: str, options: list[str], cores: set[int]) -> float:
    start = time.perf_counter()
    subprocess.run([*AUTODIFF, data, *options], check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    taken = time.perf_counter() - start
    shutil.rmtree("answers")
    return taken


def measured() -> dict[str, list[tuple[float, float]]]:
    """For every way the seconds of each round: for one row, and for all."""
    cores = os.sched_getaffinity(0)
    write_rows()
    with cluster(1) as one, cluster(2) as two:
        ways = {
            "one worker": (["--cluster", one], cores),
            "two workers": (["--cluster", two], cores),
            "this machine": ([], cores),
            "this machine, one core": ([], {min(cores)}),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(ROUNDS + 1):
            for name, way in ways.items():
                times[name].append((seconds("row.parquet", *way), seconds("rows", *way)))
    return {name: rounds[1:] for name, rounds in times.items()}  # the first was to warm up


def main() -> None:
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        times = measured()
        os.chdir("/")
    rows = FILES * GROUPS * ROWS
    print(f"medians of {ROUNDS} rounds, each command once a round, {rows:,} rows\n")
    print(f"{'':24} {'s':>5}   of which start-up   million rows/s   without start-up")
    for name, rounds in times.items():
        small, large = (statistics.median(each[i] for each in rounds) for i in (0, 1))
        work = statistics.median(large - small for small, large in rounds)
        print(f"{name:24} {large:5.2f}   {small:17.2f}   {rows / large / 1e6:14.2f}   {rows / work / 1e6:16.2f}")
    for name, other in (("two workers", "one worker"), ("one worker", "this machine, one core")):
        pairs = list(zip(times[name], times[other]))
        whole = statistics.median(theirs[1] / ours[1] for ours, theirs in pairs)
        work = statistics.median((theirs[1] - theirs[0]) / (ours[1] - ours[0]) for ours, theirs in pairs)
        print(f"\n{name}: {whole:.2f} times the rows a second of {other}, {work:.2f} without start-up", end="")
    print()


if __name__ == "__main__":
    main()
