"""The same answers from a cluster: a real scheduler and real workers, each a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from autodiff.cli.main import main
from autodiff.rows import dask as cluster
from autodiff.rows import partition

from ..conftest import interruptible

pytestmark = pytest.mark.xdist_group("cluster")
AUTODIFF = str(Path(sys.executable).parent / "autodiff")
EXPRESSION = "sigmoid(a*x + b) + a"
FILES, ROWS, GROUP = 20, 4_000, 2_000


class Dask:
    """A scheduler, and as many workers as a test asks for."""

    def __init__(self, folder: Path) -> None:
        file = folder / "scheduler.json"
        self.log = (folder / "log").open("w")
        self.scheduler = self.start("scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", str(file))
        while not file.exists() or not file.read_text():
            time.sleep(0.02)
        self.address: str = json.loads(file.read_text())["address"]
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *options]
        return subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def workers(self, count: int) -> str:
        """The address, once there are so many workers."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            while len(self.running) > count:
                self.running.pop().terminate()
            while len(self.running) < count:
                self.running.append(self.start("worker", self.address, "--nthreads", "1", "--no-nanny"))
            while len(client.nthreads()) != count:
                time.sleep(0.05)
        return self.address

    def stop(self) -> None:
        for process in (*self.running, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    dask = Dask(tmp_path_factory.mktemp("dask"))
    yield dask
    dask.stop()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 20 parquet files of two row groups, and a csv of three blocks with line breaks in its cells."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "in").mkdir()
    rng = np.random.default_rng(1)
    for i in range(FILES):
        table = pa.table({**{name: rng.normal(size=ROWS) for name in "axb"}, "i": np.arange(ROWS) + i * ROWS})
        pq.write_table(table, folder / "in" / f"{i:02}.parquet", row_group_size=GROUP)
    note = 'two\nlines, ""quoted""' * 100
    lines = [f'{a!r},{x!r},"{note}",{b!r}\n' for a, x, b in rng.normal(size=(2_500, 3)).tolist()]
    (folder / "big.csv").write_text("a,x,note,b\n" + "".join(lines))
    return folder


@pytest.fixture
def run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> "Run":
    """A command line, run where the data are; what it prints comes back with its exit code."""
    monkeypatch.chdir(tmp_path)
    for name in ("in", "big.csv"):
        os.symlink(data / name, tmp_path / name)

    def command(*arguments: str) -> tuple[str, str, int]:
        code = main(list(arguments))
        printed, said = capfd.readouterr()
        return printed, said, code

    return command


Run = Callable[..., tuple[str, str, int]]
DONE = ("", "", 0)


def parts(folder: str) -> dict[str, bytes]:
    """The parts by their names."""
    return {file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())}


# --- The same answer --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_answer_bit_for_bit(run: Run, dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    """From this process, from one worker and from two; and the parts hold what one file holds."""
    monkeypatch.setattr(partition, "PART_BYTES", 1 << 20)
    grad = ["grad", EXPRESSION, "--data"]
    tables = {"kept": [*grad, "in", "--keep"], "csv": [*grad, "big.csv", "--keep"]}
    sums = [[*grad, rows, "--reduce", how, "--format", "csv"] for rows, how in (("in/*", "mean"), ("big.csv", "sum"))]
    for name, command in tables.items():
        assert run(*command, "--out", f"{name}/") == DONE
        assert run(*command, "--out", f"{name}.parquet") == DONE
        assert pq.read_table(name).equals(pq.read_table(f"{name}.parquet"))
    assert [len(parts(name)) for name in tables] == [40, 3]
    reduced = [run(*command) for command in sums]
    assert all(printed.startswith("value,d_a,d_x,d_b\n") for printed, _, _ in reduced)
    for count in (1, 2):
        cluster = ["--cluster", dask.workers(count)]
        for name, command in tables.items():
            assert run(*command, "--out", "there/", "--overwrite", *cluster) == DONE
            assert parts("there") == parts(name)
        assert [run(*command, *cluster) for command in sums] == reduced
    assert not [name for name in os.listdir() if name.startswith(".")]


@pytest.mark.slow
def test_a_cluster_of_this_machine(run: Run, request: pytest.FixtureRequest) -> None:
    cores = os.sched_getaffinity(0)
    request.addfinalizer(lambda: os.sched_setaffinity(0, cores))
    os.sched_setaffinity(0, {min(cores)})  # for one process
    command = ["eval", "x*c", "c=[1, 2] @ [0.5, 1e-3]", "--data", "in", "--gates", "fused", "--keep"]
    assert run(*command, "--out", "here/") == DONE
    assert run(*command, "--out", "there/", "--cluster", "local") == DONE
    assert parts("there") == parts("here")


# --- What goes wrong --------------------------------------------------------------------------------------------------


def long_job(rows: Path) -> None:
    """Files whose answers take a few seconds."""
    table = pa.table({"x": [str(i) for i in range(ROWS)], "i": np.arange(ROWS)})  # text is read number by number
    rows.mkdir()
    for i in range(30):
        pq.write_table(table.set_column(1, "i", pa.array(np.arange(ROWS) + ROWS * i)), rows / f"{i:02}.parquet")


def once_begun(tmp_path: Path, what: Callable[[], object]) -> threading.Thread:
    """Do something as soon as two parts are written."""

    def wait() -> None:
        while len(list(tmp_path.glob(".out.*/part-*"))) < 2:
            time.sleep(0.005)
        what()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_no_row_and_doubles_none(run: Run, dask: Dask, tmp_path: Path) -> None:
    long_job(tmp_path / "long")
    address = dask.workers(2)
    thread = once_begun(tmp_path, dask.running.pop().kill)
    assert run("eval", "x^2", "--data", "long", "--keep", "--out", "out/", "--cluster", address) == DONE
    thread.join()
    answer = pq.read_table("out").to_pydict()
    assert answer["i"] == list(range(30 * ROWS))
    assert answer["value"][:ROWS] == [float(i * i) for i in range(ROWS)]
    assert sorted(parts("out")) == [f"part-{i:05}.parquet" for i in range(30)]


@pytest.mark.slow
@pytest.mark.parametrize(("where", "sign", "code"), [("there", signal.SIGINT, 130), ("here", signal.SIGKILL, -9)])
def test_interrupt_and_kill_leave_nothing_under_a_final_name(
    dask: Dask, tmp_path: Path, where: str, sign: signal.Signals, code: int
) -> None:
    long_job(tmp_path / "long")
    command = [AUTODIFF, "eval", "x^2", "--data", "long", "--out", "out/"]
    command += ["--cluster", dask.workers(1)] if where == "there" else []
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=interruptible
    ) as process:
        once_begun(tmp_path, lambda: process.send_signal(sign)).join()
        assert process.stdout is not None
        assert (process.stdout.read(), process.wait(20)) == (b"", code)
    left = [name for name in os.listdir(tmp_path) if name != "long"]
    assert left == [] if sign == signal.SIGINT else left[0].startswith(".out.")


def test_a_bad_cell_in_a_late_block_is_named_as_on_one_machine(run: Run, dask: Dask, tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    for i in range(6):
        cells = [str(row) for row in range(300)]
        if i == 5:
            cells[150:152] = ["oops", "ouch"]  # in block 17
        pq.write_table(pa.table({"x": cells}), tmp_path / "text" / f"{i}.parquet", row_group_size=100)
    command = ["eval", "x + 1", "--data", "text"]
    address = dask.workers(1)
    reason = "text/5.parquet, row 151, column 'x': 'oops' is not a number\n"
    hint = "hint: go on at such rows with --on-error nan or skip\n"
    for options in (["--out", "one.parquet"], ["--out", "out/"], ["--out", "out/", "--cluster", address]):
        assert run(*command, *options) == ("", f"error: {reason}{hint}", 1)
        assert not Path("out").exists()
        skipped = run(*command, *options, "--on-error", "skip", "--rejects", "bad.txt")
        assert skipped == ("", f"warning: 2 rows skipped; the first: {reason}", 0)
        assert Path("bad.txt").read_text().startswith(f"{reason.strip()}\t{{'x': 'oops'}}\ntext/5.parquet, row 152, ")
        shutil.rmtree("out", ignore_errors=True)


def test_a_broken_row_group_is_named(run: Run, data: Path, dask: Dask, tmp_path: Path) -> None:
    whole = data / "in" / "00.parquet"
    start = pq.ParquetFile(whole).metadata.row_group(1).column(0).data_page_offset
    content = bytearray(whole.read_bytes())
    content[start : start + 100] = bytes(100)
    (tmp_path / "broken.parquet").write_bytes(content)
    for options in ([], ["--cluster", dask.workers(1)]):
        printed, said, code = run("eval", "a + x + b + i", "--data", "broken.parquet", "--out", "out/", *options)
        assert said.startswith("error: broken.parquet, from row 2,001 on cannot be read as parquet: "), said
        assert (printed, code, Path("out").exists()) == ("", 1, False)


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "arrow", "parquet"])
def test_every_format_goes_into_parts_from_files_and_urls(run: Run, ending: str) -> None:
    assert run("eval", "a - b", "--data", "in/00.parquet", "--keep", "--out", f"1.{ending}") == DONE
    shutil.copy(f"1.{ending}", f"2.{ending}")
    for rows in (f"[12].{ending}", f"file://{os.getcwd()}/[12].{ending}"):
        command = ["eval", "value*x + i", "--data", rows]
        assert run(*command, "--out", "one.parquet") == DONE
        assert run(*command, "--out", "out/", "--overwrite") == DONE
        assert pq.read_table("out").equals(pq.read_table("one.parquet"))
        assert pq.read_table("out").num_rows == 2 * ROWS


def test_a_bad_line_far_down_in_a_long_csv(run: Run, data: Path, dask: Dask, tmp_path: Path) -> None:
    text = (data / "big.csv").read_text() + "1,2,3,oops\n"
    (tmp_path / "bad.csv").write_text(text)
    message = f"error: line {text.count(chr(10)):,}, column 'b': 'oops' is not a number\n"
    for options in (["--out", "bad.parquet"], ["--out", "out/"], ["--out", "out/", "--cluster", dask.workers(1)]):
        assert run("eval", "b", "--data", "bad.csv", *options)[1].startswith(message)


def test_overwrite_takes_the_place_of_an_answer_only_when_all_is_written(run: Run, tmp_path: Path) -> None:
    command = ["eval", "x", "--data", "in", "--out", "out/"]
    assert run(*command) == DONE
    before = parts("out")
    assert run("eval", "x + b", *command[2:])[1:] == (
        "error: out/ holds an answer already\nhint: replace it with --overwrite\n",
        1,
    )
    assert run("eval", "log(x)", *command[2:], "--overwrite", "--strict")[2] == 1
    assert parts("out") == before
    assert run("eval", "x + b", *command[2:], "--overwrite") == DONE
    assert parts("out").keys() == before.keys()
    assert parts("out") != before
    assert sorted(os.listdir()) == ["big.csv", "in", "out"]


def test_rows_that_are_all_skipped_leave_the_columns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("x\noops\n")
    assert run("grad", "x^2", "--data", "bad.csv", "--out", "out/", "--on-error", "skip", "-q") == DONE
    assert pq.read_table("out").to_pydict() == {"value": [], "d_x": []}


def test_program_and_values_may_come_from_files_that_no_worker_sees(run: Run, dask: Dask, tmp_path: Path) -> None:
    (tmp_path / "program").write_text("# of three\nw @ [x, k, 1]\n")
    (tmp_path / "values.json").write_text('{"w": [-1e-300, 2, -0.0], "k": "-inf", "unused": 1}')
    (tmp_path / "x.csv").write_text("x\n1\n2\n")
    command = [
        "grad",
        "-f",
        "program",
        "--vars",
        "values.json",
        "--data",
        "x.csv",
        "--wrt",
        "w[1],x",
        "--reduce",
        "sum",
    ]
    here = run(*command, "--quiet")
    assert here == ("value,d_w[1],d_x\n-inf,-inf,-2e-300\n", "", 0)
    assert run(*command, "--quiet", "--cluster", dask.workers(1)) == here


def test_vectors_in_columns_and_several_outputs(run: Run, dask: Dask, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("w[0],w[1],x\n1,2,3\n4,5,6\n")
    command = ["grad", "w @ [x, 1], sum(w)", "--data", "?.csv", "--wrt", "w"]
    assert run(*command, "--out", "one.parquet") == DONE
    assert run(*command, "--out", "out/", "--cluster", dask.workers(1)) == DONE
    assert pq.read_table("out").equals(pq.read_table("one.parquet"))
    assert pq.read_table("out").num_columns == 6


def test_without_the_extra_the_option_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = "error: --cluster needs Dask, which is not installed\nhint: pip install 'autodiff-cli[dask]'\n"
    assert run("eval", "x", "--data", "in", "--out", "out/", "--cluster", "local") == ("", message, 2)
    assert sorted(os.listdir()) == ["big.csv", "in"]


def test_an_expression_with_an_error_never_reaches_the_cluster(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "workers", pytest.fail)
    for expression, message in (("x +", "expected"), ("sigmod(x)", "unknown function"), ("x*y", "no column 'y'")):
        _, said, code = run("eval", expression, "--data", "in", "--out", "out/", "--cluster", "tcp://127.0.0.1:9")
        assert (message in said, code) == (True, 2)


@pytest.mark.slow
def test_without_any_worker_the_job_ends(run: Run, dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 2)
    monkeypatch.setattr(cluster, "_SOON", 0)
    long_job(tmp_path / "long")
    address = dask.workers(1)
    thread = once_begun(tmp_path, dask.running.pop().kill)
    told = f"note: waiting for workers at {address}\nerror: no workers are left at {address}\n"
    told += f"hint: start some with: dask worker {address}\n"
    command = ("eval", "x^2", "--data", "long", "--out", "out/", "--cluster", address)
    assert run(*command) == ("", told, 1)
    thread.join()
    assert run(*command) == ("", told, 1)
    assert sorted(os.listdir()) == ["big.csv", "in", "long"]
