"""Generated code is compiled and run, and gives what the passes over the graph give."""

import json
import subprocess
from collections.abc import Iterator
from math import isfinite, nextafter, ulp
from pathlib import Path

import pytest

from autodiff.engine.code.compiled import careful
from autodiff.engine.code.javascript import all_nodes
from autodiff.engine.code.source import Missing, function_of
from autodiff.engine.code.targets import LANGUAGES
from autodiff.engine.graph import Graph
from autodiff.engine.passes import backward, forward, local_derivatives
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse

from ...support import truth
from ...support.languages import Case, request, results, tool
from .test_compiled import close, conditions, flat, gate, points_of

_GAMMAS = {"gamma", "lgamma", "digamma", "polygamma"}
_ERFS = {"erf", "erfc", "normcdf", "gelu"}
LACKING = {
    "javascript": _ERFS | _GAMMAS,
    "c": _GAMMAS,
    "rust": _ERFS | _GAMMAS,
    "python": _GAMMAS,
    "numpy": _ERFS | _GAMMAS,
}
"""What is refused, since the language has no such function and neither have we."""


def hard_points(row: Operation, count: int) -> list[tuple[float, ...]]:
    """Its hard points and the edges of its domain, their neighbours, special numbers, and any."""
    edges = [x for bounds in row.domain for x in bounds if isfinite(x)]
    at = [x for edge in (*row.hard, *edges) for x in (edge, nextafter(edge, 9e9), nextafter(edge, -9e9))]
    points = [(float(x),) * count for x in at] + points_of(count)
    return points + [point for point in truth.points(row)[:60] if len(point) == count]


def gates(language: str) -> Iterator[tuple[Graph, list[tuple[float, ...]]]]:
    """Every operation that the language has, by itself, with points."""
    lacking = set()
    for row in OPERATIONS.values():
        for count in {row.arity[0], int(min(row.arity[1], 3))}:
            graph = gate(row, count)
            try:
                function_of(request(graph, "f"), LANGUAGES[language].target())
            except Missing:
                lacking.add(row.name)
                continue
            points = hard_points(row, count)
            if row.name == "polygamma":
                points = [(float(round(abs(n)) % 7) if isfinite(n) else n, x) for n, x in points]
            yield graph, points
    assert lacking == LACKING[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation(language: str, tmp_path: Path) -> None:
    """Within 4 ulp times 1 + the condition number, at its hard points and at any."""
    tried = list(gates(language))
    cases = [Case(request(graph, f"f{k}"), points) for k, (graph, points) in enumerate(tried)]
    for (graph, points), rows in zip(tried, results(language, cases, tmp_path), strict=True):
        for point, found in zip(points, rows, strict=True):
            expected = flat(careful(graph, range(len(point)), point))
            for ours, theirs, change in zip(found, expected, conditions(graph, point, expected), strict=True):
                assert close(ours, theirs, 4.0, 4 * ulp(1.0) * change), (
                    graph.nodes[-1].operation,
                    point,
                    found,
                    expected,
                )


def test_all_nodes_in_javascript(tmp_path: Path) -> None:
    """Values, adjoints and what flows along each wire are those of the passes, and null where nothing flows."""
    text = "u = a*x + b*2; y = max(u, relu(x)) if a > b else log(x*x); y^2 + [a, 3]@[x, b]"
    graph = parse(text).graph
    points = [{"a": 0.2, "x": 2.0, "b": -0.6}, {"a": 0.2, "x": -2.0, "b": -0.6}, {"a": -1.0, "x": 2.0, "b": 3.0}]
    calls = ", ".join(f"f({list(point.values())})" for point in points)
    (tmp_path / "all.mjs").write_text(f"{all_nodes(graph)}\nconsole.log(JSON.stringify([{calls}]));\n", "utf-8")
    done = subprocess.run([tool("javascript"), "all.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    for point, found in zip(points, json.loads(done.stdout), strict=True):
        values = forward(graph, point)
        adjoints = backward(graph, values, graph.outputs[0])
        assert found["values"] == pytest.approx(values, rel=1e-15)
        assert [x is None for x in found["adjoints"]] == [x is None for x in adjoints]
        assert [x or 0 for x in found["adjoints"]] == pytest.approx([x or 0 for x in adjoints], rel=1e-15)
        for i in range(len(graph.nodes)):
            locals = [None if adjoints[i] is None else x for x in local_derivatives(graph, values, i)]
            assert [x is None for x in found["flows"][i]] == [x is None for x in locals]
            assert [x or 0 for x in found["flows"][i]] == pytest.approx([(adjoints[i] or 0) * (x or 0) for x in locals])
            reached = [x for x, local in zip(found["locals"][i], locals, strict=True) if local is not None]
            assert reached == pytest.approx([x for x in locals if x is not None])
