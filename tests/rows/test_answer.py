"""Rows through `eval` and `grad`, by the real command."""

import itertools
import json
import math
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from autodiff import parse
from autodiff.engine.graph import Input, Node
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.evaluation.numbers import shortest, shortest_rows
from autodiff.grammar.print.text import print_program
from autodiff.rows.batch import Batch
from autodiff.rows.query import BoundQuery

from ..conftest import Run, interruptible

AUTODIFF = str(Path(sys.executable).parent / "autodiff")
POINTS = "a,x,b\n0.2,2,0.6\n1,-2,3\n"
ANSWERS = """value,d_a,d_x,d_b
0.931058578630005,1.3932238664829637,0.039322386648296376,0.19661193324148185
"""
VECTOR = "printf 'w[0],w[1],x\\n1,2,3\\n4,5,6\\n'"
LATER_WITHOUT = '{"t": 2, "x": 1, "value": 1}\n{"t": null, "x": null, "value": null}\n'
SEVERAL = """value(y),d_x(y),value(x*y),d_x(x*y)
9,6,27,27
36,12,216,108
"""
EXACT = ("add", "sub", "mul", "div", "neg", "sqrt", "abs", "max", "min", "floor", "clip")


def rows(printed: str) -> list[list[float]]:
    """The numbers of csv with a header."""
    return [[float(cell) for cell in line.split(",")] for line in printed.splitlines()[1:]]


# --- What is printed --------------------------------------------------------------------------------------------------


def test_a_row_is_answered_as_the_scalar_command_would(shell: Run, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(POINTS)
    for line in ("grad 'sigmoid(a*x + b) + a' --data points.csv", "grad 'sigmoid(a*x + b) + a' < points.csv"):
        done = shell(f"autodiff {line} | head -2")
        assert (done.stdout, done.stderr, done.returncode) == (ANSWERS, "", 0)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("seq 5 | autodiff eval 'x^2'", "1\n4\n9\n16\n25\n"),
        ("seq 3 | autodiff grad 'x^2'", "1,2\n4,4\n9,6\n"),
        ("printf '1,2\\n3,4\\n' | autodiff eval 'a - b' --columns b,a", "1\n1\n"),
        ("printf '1,2,3\\n' | autodiff eval 'a - b' --columns b,_,a", "2\n"),
        ("printf 'a,x\\n1,2\\n' | autodiff grad 'a*x' a=3 --wrt x", "value,d_x\n6,3\n"),
        ("printf 'a,x\\n1,2\\n' | autodiff eval '1 + 1' --data -", "value\n2\n"),
        ("printf 'x\\n1\\n2\\n' | autodiff grad 'w @ [x, 1]' w=[2,3]", "value,d_w[0],d_w[1],d_x\n5,1,1,2\n7,2,1,2\n"),
        ("printf 'θ\\tb\\r\\n1\\t2\\r\\n' | autodiff grad 'θ*b'", "value\td_θ\td_b\n2\t2\t1\n"),
        ("printf '\\xef\\xbb\\xbfa,b\\n1,2' | autodiff eval 'a - b'", "value\n-1\n"),
        ('printf \'"a",b\\n"1","2"\\n\' | autodiff eval \'a - b\'', "value\n-1\n"),
        ("printf 'a,b\\n\\n1,2\\n\\n' | autodiff eval 'a - b'", "value\n-1\n"),
        ("printf 'a\\ntrue\\nFALSE\\n+1\\n' | autodiff eval a", "value\n1\n0\n1\n"),
        ("printf 'a,t\\n1,\"x\\ny, z\"\\n02,q\\n' | autodiff eval a --keep", 'a,t,value\n1,"x\ny, z",1\n02,q,2\n'),
        ('printf \'{"a": 1, "t": "q"}\\n\' | autodiff eval a+1 --keep', '{"a": 1, "t": "q", "value": 2}\n'),
        ("printf 'a,t\\n01,02\\n' | autodiff eval a --keep --format jsonl", '{"a": 1, "t": "02", "value": 1}\n'),
        ('printf \'{"a": true}\\n{"a": "2"}\\n\\n\' | autodiff eval a+1', '{"value": 2}\n{"value": 3}\n'),
        ("printf 'x\\n1\\n2\\n3\\n' | autodiff grad 'x^2' --reduce sum", "value,d_x\n14,12\n"),
        ("printf 'x\\n1\\n2\\n3\\n' | autodiff grad 'x^2' --reduce mean --format plain", f"{shortest(14 / 3)}\t4\n"),
        ("seq 100000 | autodiff eval x --reduce sum", "5000050000\n"),
        ("printf 'x\\n' | autodiff eval 'x^2'", "value\n"),
        ("printf 'x\\n5\\n' | autodiff eval x --format plain", "5\n"),
        ('seq 3 | while read i; do autodiff eval "x+$i" x=1; done', "2\n3\n4\n"),
        ("yes 1 | autodiff eval 'x+1' | head -3", "2\n2\n2\n"),
        ("(echo '{\"t\": 2, \"x\": 1}'; sleep 1; echo '{}') | autodiff eval x --keep -q", LATER_WITHOUT),
        (f"{VECTOR} | autodiff grad 'w @ [x, 1]'", "value,d_w[0],d_w[1],d_x\n5,3,1,1\n29,6,1,4\n"),
        (f"{VECTOR} | autodiff grad 'sum(w)*x' --wrt w[1],x", "value,d_w[1],d_x\n9,3,3\n54,6,9\n"),
        (f"{VECTOR} | tail -1 | autodiff eval 'max(w)' --columns 'w[0],w[1],x'", "5\n"),
        (f"{VECTOR} | autodiff eval 'w[0] - x' w=[8,9,10]", "value\n5\n2\n"),
        (f"{VECTOR} | autodiff eval w --reduce sum", "value(w[0]),value(w[1])\n5,7\n"),
        ("printf 'w,w[0]\\n1,2\\n' | autodiff eval w", "value\n1\n"),
        ("printf 'pi[0],x\\n1,2\\n' | autodiff eval 'cos(pi)*x'", "value\n-2\n"),
        (f"{VECTOR} | autodiff grad 'y = x^2; y, x*y' --wrt x", SEVERAL),
        (f"{VECTOR} | autodiff grad 'x, x' --wrt x --reduce mean --format plain", "4.5\t1\t4.5\t1\n"),
        ("printf '{\"x\": 2}\\n' | autodiff eval 'x, x' --keep", '{"x": 2, "value(x)": 2, "value(x (2))": 2}\n'),
    ],
)
def test_rows_in_a_pipe(shell: Run, line: str, printed: str) -> None:
    done = shell(line.replace("yes 1 |", "set +o pipefail; yes 1 |"))
    assert (done.stdout, done.stderr, done.returncode) == (printed, "", 0)


def test_thousands_of_columns(shell: Run, tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(5000)]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + (",".join(map(str, range(5000))) + "\n") * 3)
    assert shell("autodiff eval c7*c4999 --data wide.csv").stdout == "value\n34993\n34993\n34993\n"


def expression_of(operation: Operation) -> str:
    """A call of it, of variables."""
    return print_program([Node(operation, tuple(Input(name) for name in "xyz"[: max(operation.arity[0], 1)]))])


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_operation_gives_the_digits_of_the_scalar_command(operation: Operation) -> None:
    """Where NumPy's function is not libm's, the last of them may differ."""
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-3, -2.75, 3.0, 12.5, 700.0, -700.0, 1e-9, 123456.789]
    function = parse(expression_of(operation))
    step = 14 if operation.arity[0] > 2 else 1
    points = list(itertools.product(numbers, repeat=len(function.inputs)))[::step]
    ulps = 16 if "gamma" in operation.name else 4
    answers = BoundQuery(function.program, {}, function.inputs).compute
    columns = answers(Batch(len(points), list(np.array(points).T.copy()), [], str))
    text = shortest_rows(np.stack(columns, axis=-1), ",").decode()
    for point, line in zip(points, text.splitlines(), strict=True):
        expected = [function(*point), *function.gradient(*point).values()]
        for cell, number in zip(line.split(","), expected, strict=True):
            assert cell == shortest(number) or abs(float(cell) - number) <= ulps * math.ulp(number), point
            assert operation.name not in EXACT or cell == shortest(number)


# --- What is wrong ----------------------------------------------------------------------------------------------------


BAD = 'a,b\n1,2\n3,x\n4,5\n6\n"7",8\n'


@pytest.mark.parametrize(
    ("options", "printed", "code", "message"),
    [
        (
            "",
            "value\n2\n",
            1,
            "error: line 3, column 'b': 'x' is not a number\nhint: go on at such rows with --on-error nan or skip\n",
        ),
        (
            "--on-error nan",
            "value\n2\nnan\n20\nnan\n56\n",
            0,
            "warning: 2 rows read as nan; the first: line 3, column 'b': 'x' is not a number\n"
            "warning: 2 of 5 answers are not finite; the first: line 3: nan\n",
        ),
        (
            "--on-error skip",
            "value\n2\n20\n56\n",
            0,
            "warning: 2 rows skipped; the first: line 3, column 'b': 'x' is not a number\n",
        ),
        (
            "--rejects bad.txt --quiet && cat bad.txt",
            "value\n2\n20\n56\nline 3, column 'b': 'x' is not a number\t3,x\nline 5 has 1 cell, not 2: '6'\t6\n",
            0,
            "",
        ),
    ],
)
def test_bad_rows(shell: Run, tmp_path: Path, options: str, printed: str, code: int, message: str) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    done = shell(f"autodiff eval a*b --data bad.csv {options}")
    assert (done.stdout, done.returncode, done.stderr) == (printed, code, message)


def test_a_bad_row_far_down_is_named_and_all_above_it_are_answered(shell: Run, tmp_path: Path) -> None:
    with (tmp_path / "long.csv").open("w") as file:
        file.write("x,t\n" + '1,"two\nlines"\n' * 100_000 + "oops,\n" + "2,\n" * 100_000)
    done = shell("autodiff eval x --data long.csv")
    assert done.stdout == "value\n" + "1\n" * 100_000
    assert done.stderr.startswith("error: line 200,002, column 'x': 'oops' is not a number\n")


def test_not_finite_answers_are_summed_up(shell: Run) -> None:
    done = shell("printf 'x\\n1\\n0\\n-1\\n' | autodiff eval 'log(x)'")
    warning = "warning: 2 of 3 answers are not finite; the first: line 3: -inf\n"
    assert (done.stdout, done.stderr, done.returncode) == ("value\n0\n-inf\nnan\n", warning, 0)
    strict = shell("printf 'x\\n1\\n0\\n-1\\n' | autodiff eval 'log(x)' --strict --out out.csv; ls")
    assert (strict.stdout, strict.stderr) == ("", warning.replace("warning", "error"))


def test_broken_files(shell: Run, tmp_path: Path) -> None:
    for kind in ("csv", "jsonl", "arrow"):
        (tmp_path / f"random.{kind}").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "empty.csv").write_text("")
    pq.write_table(pa.table({"x": np.arange(99999.0)}), tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:50000])
    for name, message in {
        "random.csv": "random.csv is binary, not text",
        "empty.csv": "empty.csv is empty",
        "cut.parquet": "cut.parquet cannot be read as parquet: Parquet magic bytes not found in footer",
        "random.jsonl": "random.jsonl is binary, not jsonl",
        "random.arrow": "random.arrow cannot be read as arrow: Expected to read 50462976 metadata bytes, but only read"
        " 25596",
    }.items():
        done = shell(f"autodiff eval x --data {name}")
        assert (done.stdout, done.stderr, done.returncode) == ("", f"error: {message}\n", 1)
    done = shell("head -c 50000 whole.parquet | autodiff eval x --from parquet")
    assert done.stderr.startswith("error: stdin cannot be read as parquet")


# --- Files are written whole ------------------------------------------------------------------------------------------


def test_out_leaves_the_old_file_unless_all_is_written(shell: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    for name in ("out.csv", "out.parquet", "out.arrow"):
        (tmp_path / name).write_text("old")
        done = shell(f"autodiff eval b --data bad.csv --out {name}")
        assert done.stderr.splitlines()[1:] == ["hint: go on at such rows with --on-error nan or skip"]
        assert done.returncode == 1
        assert (tmp_path / name).read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["bad.csv", "out.arrow", "out.csv", "out.parquet"]
    done = shell("autodiff eval a --data bad.csv --out out.csv --on-error skip -q; cat out.csv")
    assert done.stdout == "value\n1\n3\n4\n7\n"


def test_kill_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    with subprocess.Popen([AUTODIFF, "eval", "x^2", "--out", str(out)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"1\n" * 1_000_000)
        process.stdin.flush()
        process.kill()
    assert out.read_text() == "old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("target", ["> /dev/full", "--format parquet > /dev/full", "--out /dev/full"])
def test_a_full_disk_is_a_failure_in_words(shell: Run, target: str) -> None:
    done = shell(f"seq 5 | autodiff eval 'x^2' {target}")
    name = "/dev/full" if "--out" in target else "the answer"
    assert (done.returncode, done.stderr) == (1, f"error: cannot write {name}: No space left on device\n")


# --- A pipe is answered as it flows -----------------------------------------------------------------------------------


def test_each_line_of_a_slow_pipe_is_answered_at_once() -> None:
    command = [AUTODIFF, "grad", "a*x"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"a,x\n1,2\n")
        process.stdin.flush()
        assert os.read(process.stdout.fileno(), 100) == b"value,d_a,d_x\n2,2,1\n"
        for _ in range(3):
            process.stdin.write(b"3,4\n5,")  # half a line is no line
            process.stdin.flush()
            assert os.read(process.stdout.fileno(), 100) == b"12,4,3\n"
            process.stdin.write(b"6\n")
            process.stdin.flush()
            assert os.read(process.stdout.fileno(), 100) == b"30,6,5\n"


def test_interrupt_leaves_whole_lines(tmp_path: Path) -> None:
    with (
        (tmp_path / "out.csv").open("wb") as out,
        subprocess.Popen(
            [AUTODIFF, "grad", "x^2/4"],
            bufsize=0,
            preexec_fn=interruptible,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdin is not None
        feeder = threading.Thread(target=feed, args=(process.stdin,))
        feeder.start()
        while (tmp_path / "out.csv").stat().st_size < 1_000_000:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        feeder.join()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    text = (tmp_path / "out.csv").read_text()
    assert set(text.splitlines()) == {"12.25,3.5"}
    assert text.endswith("\n")


def feed(pipe: object) -> None:
    """Lines without end, until nobody reads them."""
    try:
        while True:
            pipe.write(b"7\n" * 10_000)  # type: ignore[attr-defined]
    except OSError:
        return


@pytest.mark.slow
def test_memory_is_flat() -> None:
    """Three million rows take no more than a million would."""
    program = (
        "import resource, subprocess, sys\n"
        f"subprocess.run(['bash', '-c', 'seq 3000000 | {AUTODIFF} grad \"sin(x)*x\" > /dev/null'], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) < 300_000


@pytest.mark.slow
def test_a_long_job_shows_how_far_it_is(tmp_path: Path) -> None:
    """As jobs of half a second do, at once."""
    table = pa.table({"x": np.arange(1_000_000.0)})
    pyarrow.csv.write_csv(table, tmp_path / "x.csv")
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=10_000)
    at_once = "from autodiff.cli import console; console._SOON = 0; from autodiff.__main__ import run; run()"
    for name in ("x.csv", "x.arrow"):
        terminal, stderr = pty.openpty()
        command = [sys.executable, "-c", at_once, "grad", "sin(x)", "--data", name, "--out", "y.csv"]
        with subprocess.Popen(command, cwd=tmp_path, stderr=stderr):
            os.close(stderr)
            drawn = b""
            with suppress(OSError):  # at its end
                while more := os.read(terminal, 1000):
                    drawn += more
        os.close(terminal)
        assert len(set(re.findall(rb"(\d+)%", drawn))) > 1, drawn


def test_a_terminal_is_told_what_is_awaited() -> None:
    """Stdin is a pipe into which nothing comes, stderr a terminal."""
    terminal, stderr = pty.openpty()
    with subprocess.Popen(
        [AUTODIFF, "eval", "x*y", "y=1"], preexec_fn=interruptible, stdin=subprocess.PIPE, stderr=stderr
    ) as process:
        os.close(stderr)
        assert b"waiting for rows from stdin, with values of 'x'" in os.read(terminal, 1000)
        process.send_signal(signal.SIGINT)
    os.close(terminal)
    assert process.returncode == 130


@pytest.mark.skipif(shutil.which("mlr") is None, reason="needs Miller")
def test_gradients_go_on_in_a_pipe(shell: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    done = shell("autodiff grad x*y < a.csv | mlr --icsv --ojson cut -f d_x then sort -nr d_x")
    assert [row["d_x"] for row in json.loads(done.stdout)] == [4, 2]


@pytest.mark.slow
def test_gradient_descent_in_the_docs(shell: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rows.md").read_text("utf-8")
    (script,) = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    *_, printed = script.splitlines()
    assert shell(script).stdout == printed.removeprefix("# ") + "\n"


def test_the_answer_to_a_row_does_not_depend_on_the_rows_beside_it(shell: Run, tmp_path: Path) -> None:
    """Not even to the last bit, where some of these overflow in the quick way to compute them all."""
    numbers = np.random.default_rng(4).normal(size=2000) * 10
    (tmp_path / "alone.csv").write_text("x\n" + "".join(f"{x!r}\n" for x in numbers.tolist()))
    (tmp_path / "beside.csv").write_text("x\n" + "".join(f"{x!r}\n" for x in [*numbers.tolist(), -800.0, 800.0]))
    several = "sigmoid(x), silu(x)*tanh(x), log(1 + exp(x)), softplus(x)/cosh(x)"
    alone, beside = (
        shell(f"autodiff grad '{several}' --data {name}.csv -q").stdout.splitlines() for name in ("alone", "beside")
    )
    assert len(alone) == 2001
    assert beside[:-2] == alone


def test_a_signal_leaves_nothing_half_written(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        with subprocess.Popen(
            [AUTODIFF, "eval", "x", "--data", "-", "--out", "a.csv"], cwd=tmp_path, stdin=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            process.stdin.write(b"x\n1\n")
            process.stdin.flush()
            while not list(tmp_path.iterdir()):
                time.sleep(0.01)
            process.send_signal(number)
            assert process.wait(20) == 128 + number
        assert list(tmp_path.iterdir()) == []
