"""Twenty million rows of parquet through one worker of a Dask cluster, through two, and through this machine's engine.

    pip install '.[dask]' && python benchmarks/cluster.py

Whole commands are timed, start-up included; a worker is a process with one thread. The single-threaded engine is the
same command, held to one core.
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
FILES, GROUPS, ROWS = 10, 4, 500_000
EXPRESSION = "sigmoid(a*x+b)+a"
AUTODIFF = [str(Path(sys.executable).parent / "autodiff"), "grad", EXPRESSION, "--data", "rows", "--out", "answers/"]


def write_rows() -> None:
    rng = np.random.default_rng(1)
    Path("rows").mkdir()
    for i in range(FILES):
        table = pa.table({name: rng.normal(size=GROUPS * ROWS).round(6) for name in "axb"})
        pq.write_table(table, f"rows/{i:02}.parquet", row_group_size=ROWS)


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


def seconds(options: list[str], cores: set[int]) -> float:
    start = time.perf_counter()
    subprocess.run([*AUTODIFF, *options], check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    taken = time.perf_counter() - start
    shutil.rmtree("answers")
    return taken


def main() -> None:
    cores = os.sched_getaffinity(0)
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        write_rows()
        with cluster(1) as one, cluster(2) as two:
            runs = {
                "one worker": (["--cluster", one], cores),
                "two workers": (["--cluster", two], cores),
                "this machine": ([], cores),
                "this machine, one core": ([], {min(cores)}),
            }
            for run in runs.values():
                seconds(*run)  # warm up
            rounds = [{name: seconds(*run) for name, run in runs.items()} for _ in range(ROUNDS)]
        os.chdir("/")
    rows = FILES * GROUPS * ROWS
    print(f"medians of {ROUNDS} rounds, each command once a round, {rows:,} rows\n")
    print(f"{'':24} {'s':>5}   million rows/s")
    for name in runs:
        median = statistics.median(each[name] for each in rounds)
        print(f"{name:24} {median:5.2f}   {rows / median / 1e6:.2f}")
    for name, other in (("two workers", "one worker"), ("one worker", "this machine, one core")):
        ratio = statistics.median(each[other] / each[name] for each in rounds)
        print(f"\n{name}: {ratio:.2f} times the rows a second of {other}", end="")
    print()


if __name__ == "__main__":
    main()
