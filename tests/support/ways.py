"""Every way to compute a program, each compared with the judge."""

import io
import json
import pickle
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from mpmath import mp, mpf

import autodiff
from autodiff.grammar.print.text import print_program

from ..conftest import printed
from .judge import BITS, Judge, Unsure, Verdict, each, flat
from .random_programs import Case, Point

EXACT = mp.ldexp(1, -140)
Numbers = Sequence[tuple[Any, Any]]


class Wrong(AssertionError):
    """A way that does not give what the judge says."""

    def __init__(self, way: str, *details: object) -> None:
        super().__init__(": ".join(map(str, (way, *details))))
        self.way = way


class Ways:
    """One program at one point."""

    def __init__(self, case: Case) -> None:
        self.text = case.text
        self.lengths = {name: len(value) for name, value in case.point.items() if isinstance(value, list)}
        self.function = autodiff.parse(case.text, lengths=self.lengths)
        self.point: Point = {name: case.point[name] for name in self.function.inputs}
        self.scalars = not any(isinstance(value, list) for value in self.point.values())
        self.single = not self.function.program.several
        self.places = [
            f"{name}[{i}]" if i is not None else name
            for name, value in self.point.items()
            for i in (range(len(value)) if isinstance(value, list) else [None])
        ]
        self.bindings = [f"{name}={value}" for name, value in self.point.items()]

    def verdict(self, order: int) -> Verdict:
        return Judge(self.text).verdict(self.point, order)

    def check(self, order: int = 2) -> list[str]:
        """The ways that agree with the judge. Raises Wrong of the first that does not, Unsure where he is."""
        verdict = self.verdict(order if self.single else min(order, 1))
        agreed = []
        for way in WAYS:
            if way(self, verdict):
                agreed.append(way.__name__)
        return agreed


def near(way: str, found: Sequence[Any], true: Numbers, *details: object) -> bool:
    if len(found) != len(true):
        raise Wrong(way, f"{len(found)} numbers instead of {len(true)}", *details)
    for number, (truth, error) in zip(found, true, strict=True):
        if not (isfinite(number) and abs(mpf(number) - truth) <= error + 1e-300):
            raise Wrong(way, f"{number} instead of {mp.nstr(truth, 17)} ± {mp.nstr(error, 3)}", *details)
    return True


def numbers(answer: Any) -> list[Any]:
    """An answer of the library in a row: numbers in lists, dicts and tuples."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    return [x for each in answer for x in numbers(each)] if isinstance(answer, (list, tuple)) else [answer]


def call(ways: Ways, verdict: Verdict) -> bool:
    return near("call", numbers(ways.function(**ways.point)), verdict.value)


def gradient(ways: Ways, verdict: Verdict) -> bool:
    return near("gradient", numbers(ways.function.gradient(**ways.point)), flat(verdict.gradient))


def compiled(ways: Ways, verdict: Verdict) -> bool:
    if not ways.single:
        return False
    function, true = ways.function.compile(), [*verdict.value, *verdict.gradient[0]]
    elements = numbers(ways.point)
    near("compiled", numbers(function(*elements)), true)
    if elements:
        for x in zip(*[each.tolist() for each in numbers(function(*[np.full(3, x) for x in elements]))], strict=True):
            near("arrays", x, true)
    return True


def pickled(ways: Ways, verdict: Verdict) -> bool:
    twin = pickle.loads(pickle.dumps(ways.function))
    if twin(**ways.point) != ways.function(**ways.point) or str(twin) != str(ways.function):
        raise Wrong("pickled")
    return True


def gates(ways: Ways, verdict: Verdict) -> bool:
    """Other gates may round otherwise: their text says how far. It means the same to the judge."""
    as_written = print_program(ways.function.program.graph.outputs)
    for form in ("basic", "fused"):
        function = autodiff.parse(ways.text, lengths=ways.lengths, gates=form)
        text = print_program(function.program.graph.outputs)
        try:
            other = verdict if text == as_written else Judge(text).verdict(ways.point, 1)
        except Unsure:
            continue
        for (truth, _), (same, error) in zip(verdict.value, other.value, strict=True):
            if abs(truth - same) > error:
                raise Wrong(f"{form} text", text)
        near(form, numbers(function(**ways.point)), other.value, text)
        near(form, numbers(function.gradient(**ways.point)), flat(other.gradient), text)
    return True


def derivative(ways: Ways, verdict: Verdict) -> bool:
    """The text of a derivative is exact, and evaluates to it as well as its own operations allow; a second one too."""
    for i, name in enumerate(ways.places):
        printed_exactly(ways, [name], [row[i] for row in verdict.gradient])
    if verdict.hessian:
        for i, j in {(0, 0), (len(ways.places) - 1, 0)}:
            printed_exactly(ways, [ways.places[i], ways.places[j]], [verdict.hessian[i][j]])
    return True


def printed_exactly(ways: Ways, names: list[str], true: Numbers) -> None:
    function = ways.function.derivative(*names)
    text = str(function)
    with mp.workprec(BITS):
        exact, _ = Judge(text).values({name: each(mpf, value) for name, value in ways.point.items()})
    for x, (truth, error) in zip(exact, true, strict=True):
        if x is not None and abs(x - truth) > EXACT * (1 + abs(truth)) + error * 1e-9:
            raise Wrong("derivative", names, text, f"{mp.nstr(x, 17)} instead of {mp.nstr(truth, 17)}")
    twin = pickle.loads(pickle.dumps(function))
    if str(twin) != text:
        raise Wrong("pickled derivative", text, twin)
    try:
        rounding = Judge(text).verdict(ways.point, 0).value
    except Unsure:
        return
    again = autodiff.parse(text, lengths=ways.lengths)
    near("derivative", numbers(function(**ways.point)), rounding, names, text)
    near("derivative read", numbers(again(**{n: ways.point[n] for n in again.inputs})), rounding, names, text)


def hessian(ways: Ways, verdict: Verdict) -> bool:
    if verdict.hessian is None:
        return False
    found = ways.function.hessian(**ways.point)
    for i, row in enumerate(verdict.hessian):
        for j, true in enumerate(row):
            near("hessian", [found[ways.places[i], ways.places[j]]], [true], ways.places[i], ways.places[j])
    return True


def explained(ways: Ways, verdict: Verdict) -> bool:
    if not ways.single:
        return False
    arguments = ("explain", f" {ways.text}", *ways.bindings, "--format")  # --x would be an option
    code, text = printed(*arguments, "json")
    if code:
        raise Wrong("explain", code)
    document = json.loads(text)
    true = dict(zip(ways.places, verdict.gradient[0], strict=True))
    near("explain", [document["value"]], verdict.value)
    near("explain", [document["gradient"][name] for name in true], list(true.values()))
    code, program = printed(*arguments, "python")
    if code:
        if "polygamma(" in ways.text or "digamma(" in ways.text or "lgamma(" in ways.text or "gamma(" in ways.text:
            return True  # whose derivatives Python has not
        raise Wrong("explain python", code)
    with redirect_stdout(io.StringIO()) as out:
        exec(program, {})
    lines = {line.split()[0]: list(map(float, line.split()[1:])) for line in out.getvalue().splitlines()}
    near("explain python", [lines[document["output"]][0]], verdict.value, program)
    near("explain python", [lines[name][1] for name in true], list(true.values()), program)
    return True


def rows(ways: Ways, verdict: Verdict) -> bool:
    if not (ways.single and ways.scalars and ways.point):
        return False
    with TemporaryDirectory() as folder:
        path = Path(folder, "data.csv")
        lines = [",".join(ways.point), *[",".join(map(repr, ways.point.values()))] * 2]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        code, text = printed("grad", f" {ways.text}", "--data", str(path))
    if code:
        raise Wrong("rows", "no answer")
    for line in text.splitlines()[1:]:
        near("rows", list(map(float, line.split(","))), [*verdict.value, *verdict.gradient[0]], text)
    return True


WAYS: list[Callable[[Ways, Verdict], bool]]
WAYS = [call, gradient, compiled, pickled, explained, rows, hessian, gates, derivative]
