"""Generated code is compiled and run, and gives what the passes over the graph give."""

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from itertools import product
from math import exp, hypot, isfinite, isnan, nextafter, ulp
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from autodiff.engine.arithmetic.duals import Duals
from autodiff.engine.code.compiled import careful
from autodiff.engine.code.javascript import operation_functions
from autodiff.engine.code.targets import LANGUAGES
from autodiff.engine.graph import Graph
from autodiff.engine.hessians import second_derivatives
from autodiff.engine.passes import backward, forward, local_derivatives
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS
from autodiff.grammar.parser import parse
from autodiff.grammar.program import Program

from ...support import random_programs, truth
from ...support.languages import Case, program_request, request, results, tool
from .test_compiled import close, conditions, flat, gate, points_of

Expected = list[tuple[float, float]]
"""Numbers, each with how far rounding may carry it."""


def hard_points(row: Operation, count: int) -> list[tuple[float, ...]]:
    """Its hard points and the edges of its domain, their neighbours, special numbers, and any."""
    edges = [x for bounds in row.domain for x in bounds if isfinite(x)]
    at = [x for edge in (*row.hard, *edges) for x in (edge, nextafter(edge, 9e9), nextafter(edge, -9e9))]
    points = [(float(x),) * count for x in at] + points_of(count)
    points += [point for point in truth.points(row)[:60] if len(point) == count]
    if row.name == "polygamma":  # of a whole order
        points = [(float(round(abs(n)) % 7) if isfinite(n) else n, x) for n, x in points]
    return points


@cache
def gates() -> list[tuple[str, Graph, list[tuple[float, ...]], list[Expected]]]:
    """Every operation by itself, points, and what is right there: within 4 ulp times 1 + the condition number."""
    found = []
    for row in OPERATIONS.values():
        for count in sorted({row.arity[0], int(min(row.arity[1], 3))}):
            graph, points = gate(row, count), hard_points(row, count)
            answers = []
            for point in points:
                numbers = flat(careful(graph, range(count), point))
                answers.append(
                    [(x, 4 * change) for x, change in zip(numbers, conditions(graph, point, numbers), strict=True)]
                )
            found.append((row.name, graph, points, answers))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation(language: str, tmp_path: Path) -> None:
    cases = [Case(request(graph, f"f{k}"), points) for k, (_, graph, points, _) in enumerate(gates())]
    for (name, _, points, answers), rows in zip(gates(), results(language, cases, tmp_path), strict=True):
        for point, expected, found in zip(points, answers, rows, strict=True):
            for i, (ours, (theirs, change)) in enumerate(zip(found, expected, strict=True)):
                near = close(ours, theirs, 4.0, ulp(1.0) * change)
                if not near and name == "lgamma" and not i:  # Python's is 30 ulp off at 1.28; libm's and ours are not
                    near = truth.ulps(ours, truth.true_value(OPERATIONS[name], point)) <= 4 + change / abs(theirs)
                assert near, (name, point, found, expected)


# --- Programs ---------------------------------------------------------------------------------------------------------


def point_of(program: Program, point: Mapping[str, Any]) -> dict[str, float]:
    """The value of every scalar input, by its name."""
    inputs = [x.name for x in program.graph.inputs]
    values = [x for name in program.inputs for x in (point[name] if isinstance(point[name], list) else [point[name]])]
    return dict(zip(inputs, values, strict=True))


def second(program: Program, point: Mapping[str, float]) -> list[float]:
    """The Hessian of the one output in doubles, row by row."""
    inputs = program.graph.inputs
    duals, every = Duals(FLOATS, OPERATIONS), range(len(inputs))
    entries = second_derivatives(program.graph, point, inputs, every, duals, lambda node: node.number, 1.0)
    size = range(len(inputs))
    return [entries.get((max(i, j), min(i, j)), 0.0) for i in size for j in size]


def answer(program: Program, point: Mapping[str, float], order: int) -> list[float]:
    """Outputs, their derivatives and the second ones by the passes over the graph."""
    graph = program.graph
    values = forward(graph, point)
    found = [values[graph.position[output]] for output in graph.outputs]
    for output in graph.outputs:
        adjoints = backward(graph, values, output)
        found += [adjoints[i] or 0.0 for i in range(len(graph.inputs))]
    return found + (second(program, point) if order > 1 else [])


class Tried(NamedTuple):
    """A program at a point, with what is right there, as near as a change of the operands by some ulps leads."""

    program: Program
    point: tuple[Any, ...]
    order: int
    expected: Expected


@cache
def tried(seed: int) -> Tried:
    """The random program of a seed; with its Hessian, for every second one that has one output."""
    case = random_programs.case(seed)
    program = parse(case.text, {name: len(x) for name, x in case.point.items() if isinstance(x, list)})
    order = 1 if program.several or seed % 2 else 2
    point = point_of(program, case.point)
    numbers = answer(program, point, order)
    errors = [64 * ulp(1.0) * abs(x) for x in numbers]
    for name, factor in product(point, (1 - 2.0**-47, 1 + 2.0**-47)):
        moved = answer(program, {**point, name: point[name] * factor}, order)
        errors = [old + abs(a - b) for old, a, b in zip(errors, moved, numbers, strict=True)]
    given = tuple(case.point[name] for name in program.inputs)
    return Tried(program, given, order, list(zip(numbers, errors, strict=True)))


@pytest.mark.parametrize(
    "seeds", [range(60), pytest.param(range(60, 360), marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_random_programs(language: str, seeds: range, tmp_path: Path) -> None:
    asked = [(each, program_request(each.program, f"f{k}", each.order)) for k in seeds if (each := tried(k))]
    cases = [Case(it, [each.point]) for each, it in asked]
    for (each, _), (found,) in zip(asked, results(language, cases, tmp_path), strict=True):
        for ours, (theirs, error) in zip(found, each.expected, strict=True):
            unsure = isnan(error) and isfinite(theirs)  # a rounding error away from what is not finite, or from a kink
            assert unsure or close(ours, theirs, 64.0, error), (each.program.text, each.point, found, each.expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_second_derivatives_by_hand(language: str, tmp_path: Path) -> None:
    """Among them what no formula of doubles can see from the branch that is not taken."""
    x, y = 1.5, 0.25
    programs = [
        (
            "x^3*y + exp(x*y)",
            [6 * x * y + y * y * exp(x * y), 3 * x * x + (1 + x * y) * exp(x * y), x * x * exp(x * y)],
        ),
        ("where(x > 1, x^2*y, sqrt(x - 9)) + max(x, y^3)", [2 * y, 2 * x, 0.0]),
        (
            "relu(y - x) + abs(x)*y + hypot(x, y)",
            [y * y / hypot(x, y) ** 3, 1 - x * y / hypot(x, y) ** 3, x * x / hypot(x, y) ** 3],
        ),
    ]
    cases = [Case(program_request(parse(text), f"f{k}", 2), [(x, y)]) for k, (text, _) in enumerate(programs)]
    for (_, (xx, xy, yy)), (found,) in zip(programs, results(language, cases, tmp_path), strict=True):
        assert found[3:] == pytest.approx([xx, xy, xy, yy], rel=1e-14, abs=1e-15)


def test_operations_in_javascript(tmp_path: Path) -> None:
    """Values and local derivatives are those of the passes, and null where nothing flows."""
    text = "u = a*x + b*2; y = max(u, relu(x)) if a > b else log(x*x); y^2 + [a, 3]@[x, b]"
    graph = parse(text).graph
    functions, names = operation_functions(graph)
    points = [{"a": 0.2, "x": 2.0, "b": -0.6}, {"a": 0.2, "x": -2.0, "b": -0.6}, {"a": -1.0, "x": 2.0, "b": 3.0}]
    values = [forward(graph, point) for point in points]
    gates = [[at[j] for j in graph.operands[i]] for at in values for i in names]
    calls = [f"operations.{name}({', '.join(map(repr, each))})" for name, each in zip([*names.values()] * 3, gates)]
    (tmp_path / "all.mjs").write_text(f"{functions}\nconsole.log(JSON.stringify([{', '.join(calls)}]));\n", "utf-8")
    done = subprocess.run([tool("javascript"), "all.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = iter(json.loads(done.stdout))
    for at in values:
        for i in names:
            value, locals = next(found)
            expected = local_derivatives(graph, at, i)
            assert value == pytest.approx(at[i], rel=1e-15)
            assert [x is None for x in locals] == [x is None for x in expected]
            assert [x or 0.0 for x in locals] == pytest.approx([x or 0.0 for x in expected], rel=1e-15)


HOSTILE = """# */ x /* ??/ \\
# \u2028 \u202e coding: latin-1 \"\"\" ' \" `` ${x} //
int = let*self + lambda/Math
A = np + INFINITY; f + gradient + v1*V1 + exp + damped + None + θ*theta + A + _x + __x"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_and_no_name_leaves_its_place(language: str, tmp_path: Path) -> None:
    """Comments that end comments, keywords, names of libraries and of the code itself, and names of other case only."""
    program = parse(HOSTILE)
    point = {x.name: 1.0 + k / 8 for k, x in enumerate(program.graph.inputs)}
    case = Case(program_request(program, "f"), [tuple(point.values())])
    ((found,),) = results(language, [case], tmp_path)
    assert found == pytest.approx(answer(program, point, 1), rel=1e-14)
