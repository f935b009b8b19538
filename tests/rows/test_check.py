"""Gradients in columns of rows, beside ours: against programs in C, and against one row at a time."""

import csv
import json
import math
import shutil
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from autodiff import parse
from autodiff.cli.main import main
from autodiff.engine.graph import Graph, Input, Node
from autodiff.engine.passes import forward
from autodiff.engine.study.kinks import gates_at_kinks
from autodiff.engine.study.row_kinks import RowKinks
from autodiff.engine.table.operations import OPERATIONS

from ..conftest import Run

IN_C = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **given) {
    long rows = atol(given[1]), wrong = atol(given[2]);
    srand(1);
    puts("a,x,b,ga,gx,gb");
    for (long i = 1; i <= rows; i++) {
        double v[3];
        for (int k = 0; k < 3; k++) v[k] = 6.0 * rand() / RAND_MAX - 3;
        double s = 1 / (1 + exp(-(v[0] * v[1] + v[2]))), d = s * (1 - s);
        double gx = i == wrong ? -v[0] * d : v[0] * d;
        printf("%.17g,%.17g,%.17g,%g,%g,%g\n", v[0], v[1], v[2], v[1] * d + 1, gx, d);
    }
}
"""
PROGRAM = "sigmoid(a*x + b) + a"


def checks(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[dict[str, str]], int]:
    """The lines of csv that `check` prints, and its exit code."""
    code = main(["check", *arguments, "--format", "csv"])
    return list(csv.DictReader(capsys.readouterr().out.splitlines())), code


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize(
    ("rows", "wrong"), [(20_000, 12_345), pytest.param(1_000_000, 654_321, marks=pytest.mark.slow)]
)
def test_one_wrong_sign_of_a_program_in_c_is_found(shell: Run, tmp_path: Path, rows: int, wrong: int) -> None:
    (tmp_path / "mine.c").write_text(IN_C)
    against = "--against a=ga --against x=gx --against b=gb --rejects rejected"
    line = f"gcc -O2 mine.c -o mine -lm && ./mine {rows} {wrong} | autodiff check '{PROGRAM}' --data - {against}"
    done = shell(line)
    a, x, b = (found.split("\t") for found in done.stdout.splitlines())
    assert (a[:4], b[:4]) == (["a", "agree", str(rows), str(rows)], ["b", "agree", str(rows), str(rows)])
    assert x[:8] == ["x", "DISAGREE", str(rows), str(rows - 1), "1", "0", "0", f"line {wrong + 1:,}"]
    assert float(x[8]) == pytest.approx(-float(x[9]), rel=1e-5)
    assert done.stderr == "error: 1 of 3 formulas wrong\n"
    assert done.returncode == 1
    rejected = (tmp_path / "rejected").read_text().splitlines()
    assert len(rejected) == 1
    assert rejected[0].startswith(f"line {wrong + 1:,}, x: yours {x[8]}, ours {x[9]}\t")


def verdict(ours: float, theirs: float, value: float, rtol: float, atol: float) -> str:
    """How one row compares, in the words of the documentation."""
    if theirs == ours or (math.isnan(theirs) and math.isnan(ours)):
        return "agree"
    if not (math.isfinite(ours) and math.isfinite(value)):
        return "not_finite"
    return "agree" if abs(theirs - ours) <= atol + rtol * abs(ours) else "wrong"


@pytest.mark.parametrize(("rtol", "atol"), [(1e-5, 0.0), (0.0, 0.0), (1e-3, 1e-2)])
def test_the_counts_are_those_of_one_row_after_the_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rtol: float, atol: float
) -> None:
    dice, function = Random(7), parse("x*log(y)")
    lines, expected = ["x,y,g"], {"x": dict.fromkeys(("agree", "wrong", "not_finite"), 0)}
    for _ in range(3000):
        x, y = dice.choice((0.0, dice.gauss(0, 3), 1e300)), dice.choice((0.0, -1.0, 1.0, math.inf, dice.expovariate(1)))
        value, ours = function(x=x, y=y), function.gradient(x=x, y=y)["x"]
        off = dice.choice((0.0, 0.0, 1e-7, 5e-4, 1.0)) * dice.choice((1.0, abs(ours)))
        theirs = dice.choice((ours + off, ours - off, ours, math.nan, -math.inf))
        expected["x"][verdict(ours, theirs, value, rtol, atol)] += 1
        lines.append(f"{x!r},{y!r},{theirs!r}")
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    given = ("--data", str(tmp_path / "rows.csv"), "--against", "x=g", "--rtol", str(rtol), "--atol", str(atol))
    (found,), code = checks(capsys, "x*log(y)", *given)
    assert {key: int(found[key]) for key in expected["x"]} == expected["x"]
    assert (int(found["rows"]), code) == (3000, 1)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "arrow"])
def test_every_format_says_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path, ending: str) -> None:
    columns = {"x": [1.0, 2.0, 3.0], "g": [2.0, 4.0, -6.0], "unused": ["a", "b", "c"]}
    file, rejected, delimiter = tmp_path / f"rows.{ending}", tmp_path / "rejected", "\t" if ending == "tsv" else ","
    if ending == "parquet":
        pq.write_table(pa.table(columns), file)
    elif ending == "arrow":
        pa.feather.write_feather(pa.table(columns), file)
    elif ending == "jsonl":
        file.write_text("".join(json.dumps(dict(zip(columns, row))) + "\n" for row in zip(*columns.values())))
    else:
        lines = [list(columns), *zip(*columns.values())]
        file.write_text("".join(delimiter.join(map(str, line)) + "\n" for line in lines))
    arguments = ("x^2", "--data", str(file), "--against", "x=g", "--rejects", str(rejected))
    (found,), code = checks(capsys, *arguments)
    assert [found[key] for key in ("agree", "wrong", "yours", "ours")] == ["2", "1", "-6", "6"]
    assert code == 1
    place = {"csv": "line 4", "tsv": "line 4"}.get(ending, "line 3" if ending == "jsonl" else "row 3")
    assert found["worst"] == place
    reason, text = rejected.read_text().rstrip("\n").split("\t", 1)
    assert reason == f"{place}, x: yours -6, ours 6"
    assert "-6" in text
    assert ("c" in text) == (ending not in ("parquet", "arrow"))  # of which only the columns needed are read


@pytest.mark.parametrize(
    ("expression", "x", "at"),
    [
        ("x^3", 10.0, False),
        ("x^2.5", 1e6, False),
        ("exp(x)^2", 20.0, False),
        ("cbrt(x)", 1e-9, False),
        ("x == 2", 2.0, True),
        ("where(x == 2, 4, x^2)", 2.0, True),
        ("abs(x - 1)", 1.0, True),
        ("max(x, 3*x)", 0.0, True),
        ("max(x, 3*x)", 5e-324, False),
    ],
)
def test_steep_is_not_a_kink(expression: str, x: float, at: bool) -> None:
    graph = parse(expression).program.graph
    assert RowKinks(graph, [0]).at([np.array([x])]).tolist() == [at]
    assert bool(gates_at_kinks(graph, forward(graph, {"x": x}), [0])) == at


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.kinks])
def test_rows_at_kinks_are_those_that_single_points_are_at(name: str) -> None:
    operation = OPERATIONS[name]
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, -2.5, 3.0, 1e300, math.inf, math.nan, 0.1]
    count = int(min(3, operation.arity[1]))
    letters = "xyz"[:count]
    inputs = [Input(letter) for letter in letters]
    graph = Graph([Node(operation, tuple(inputs))], inputs)
    points = np.array(np.meshgrid(*[numbers] * count)).reshape(count, -1)
    for asked in ([0], list(range(count))):
        found = RowKinks(graph, asked).at(list(points))
        for point, at in zip(points.T.tolist(), found.tolist(), strict=True):
            values = forward(graph, dict(zip(letters, point)))
            assert at == bool(gates_at_kinks(graph, values, asked)), (name, point)
