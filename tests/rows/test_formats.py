"""Formats of rows in and out, by the real command."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from autodiff.evaluation.numbers import shortest, shortest_rows

from ..conftest import Run

AUTODIFF = str(Path(sys.executable).parent / "autodiff")
FORMATS = ("csv", "tsv", "jsonl", "parquet", "arrow")


@pytest.mark.slow
def test_round_trips_between_all_pairs_of_formats(shell: Run, tmp_path: Path) -> None:
    """In a pipe whose formats are told by the first bytes, and in files."""
    numbers = np.random.default_rng(2).normal(size=2000) * 10.0 ** np.arange(-10, 10).repeat(100)
    (tmp_path / "in.csv").write_text("value\n" + "".join(f"{x!r}\n" for x in numbers.tolist()))
    circuit = ["csv"]  # through every pair once
    left = {kind: [other for other in FORMATS if other != kind] for kind in FORMATS}
    while left[circuit[-1]]:
        circuit.append(left[circuit[-1]].pop())
    assert len(circuit) == 21
    pipe = " | ".join(f"autodiff eval value --format {kind}" for kind in circuit[1:])
    done = shell(f"< in.csv {pipe}")
    assert (done.stdout.split()[1:], done.stderr) == ([shortest(x) for x in numbers.tolist()], "")
    files = " && ".join(
        f"autodiff eval value --data in.{a} --out in.{b}" for a, b in itertools.pairwise([*FORMATS, "csv"])
    )
    assert shell(files).stderr == ""
    assert (tmp_path / "in.csv").read_text() == done.stdout


@pytest.mark.slow
def test_a_million_rows_come_back_unchanged(shell: Run, tmp_path: Path) -> None:
    numbers = np.random.default_rng(5).normal(size=1_000_000)
    pyarrow.csv.write_csv(pa.table({"x": np.arange(1_000_000), "y": numbers}), tmp_path / "a.csv")
    done = shell(
        "autodiff eval y --data a.csv --keep --out b.parquet && autodiff eval value --data b.parquet --out c.jsonl &&"
        "autodiff eval value --data c.jsonl --out d.csv"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert np.array_equal(pq.read_table(tmp_path / "b.parquet")["x"], np.arange(1_000_000).astype(str))
    assert np.array_equal(pyarrow.csv.read_csv(tmp_path / "d.csv")["value"], numbers)


@pytest.mark.slow
def test_kept_json_is_as_it_was(shell: Run, tmp_path: Path) -> None:
    """What Arrow would read as something else: dates, large whole numbers, half characters, what some rows have not."""
    rows = [
        {"x": 1, "t": "2020-01-01", "n": 12345678901234567890, "f": 0.1, "late": None, "s": 'a "b" \\ é\n'},
        {"x": 2.5, "t": "", "n": 2**60 + 1, "f": 2, "late": "2020-01-01 00:00:00", "s": None},
        {"x": 3, "t": "tab\t", "n": 0.5, "f": 1e300, "late": 1, "s": "\ud800"},
        {"x": True, "t": None, "n": None, "f": None, "s": "%s"},
    ]
    for some in (rows, rows[:2], rows[1:2], rows[2:3]):
        (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
        done = subprocess.run([AUTODIFF, "eval", "x", "--data", tmp_path / "in.jsonl", "--keep"], capture_output=True)
        assert done.stderr == b""
        found = [json.loads(line.decode("utf-8", "surrogatepass")) for line in done.stdout.splitlines()]
        assert found == [{**dict.fromkeys(some[0]), **row, "value": float(row["x"])} for row in some]


@pytest.mark.slow
def test_typed_columns_are_numbers(shell: Run, tmp_path: Path) -> None:
    columns = {
        "i": pa.array([1, None, 3], pa.int8()),
        "t": pa.array([True, None, False]),
        "n": pa.nulls(3),
        "f": pa.array([0.5, 1.5, None], pa.float32()),
        "s": ["1", "x", "3"],
        "l": [[1], [2], [3]],
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    done = shell("autodiff eval i,t,n,f --data t.parquet --format plain --quiet")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["1", "1", "nan", "0.5"],
        ["nan", "nan", "nan", "1.5"],
        ["3", "0", "nan", "nan"],
    ]
    done = shell("autodiff eval s --data t.parquet --format csv")
    assert (done.stdout, done.returncode) == ("value\n1\n", 1)
    assert done.stderr.splitlines()[0] == "error: row 2, column 's': 'x' is not a number"
    assert shell("autodiff eval l --data t.parquet").stderr.startswith("error: t.parquet, column 'l' holds list")
    done = shell(
        "autodiff eval f --data t.parquet --keep --format arrow -q | autodiff eval i --from arrow --format csv -q"
    )
    assert (done.stdout.split(), done.stderr) == (["value", "1", "nan", "3"], "")
    done = shell("autodiff eval f --data t.parquet --keep --format csv")
    assert done.stderr == (
        "error: column 'l' holds list<element: int64>, which has no place in csv\n"
        "hint: leave out --keep, or use parquet or arrow\n"
    )


def test_numbers_are_written_as_the_scalar_command_writes_them() -> None:
    rng = np.random.default_rng(1)
    some = [0.0, -0.0, 1.0, -5.0, 1e15, 1e16, 1e17, 1e22, 1e-4, 1e-5, 1.5e-7, 5e-324, 1.7976931348623157e308]
    some += [math.inf, -math.inf, math.nan, 123456789012345.6, 0.1, 1e300, 9007199254740993.0]
    powers = 10.0 ** rng.integers(-320, 308, 5000) * rng.normal(size=5000)
    whole, normal = rng.integers(-1000, 1000, 999).astype(float), rng.normal(size=5000)
    for numbers in (
        np.array(some),
        powers,
        whole,
        normal,
        np.concatenate([normal, some]),
        np.array([2.0]),
        -normal[:1],
    ):
        assert shortest_rows(numbers[:, None], ",").decode() == "".join(f"{shortest(x)}\n" for x in numbers.tolist())
        pairs = np.stack([numbers, numbers[::-1]], axis=-1)
        lines = [f"{shortest(x)}\t{shortest(y)}\n" for x, y in pairs.tolist()]
        assert shortest_rows(pairs, "\t").decode() == "".join(lines)


def test_json_lines_hold_null_for_what_is_not_finite(shell: Run) -> None:
    done = shell("printf '{\"x\": 0}\\n{\"x\": 1e-7}\\n' | autodiff grad 'log(x)' -q")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"value": None, "d_x": None},
        {"value": math.log(1e-7), "d_x": 1e7},
    ]


def test_csv_of_pyarrow_and_ours_agree(shell: Run, tmp_path: Path) -> None:
    table = pa.table({"x": np.random.default_rng(3).normal(size=100_000)})
    pyarrow.csv.write_csv(table, tmp_path / "x.csv")
    shell("autodiff eval x --data x.csv --out y.csv")
    assert pyarrow.csv.read_csv(tmp_path / "y.csv")["value"].equals(table["x"])
