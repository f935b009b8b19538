"""A program at a point, below the command line."""

import math
import pickle

import pytest

from autodiff.evaluation.errors import UnknownVariable, WrongRequest
from autodiff.evaluation.evaluation import evaluate, unevaluated
from autodiff.evaluation.reading import Reading, doubts, selected
from autodiff.evaluation.remarks import notes, warnings
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import parse
from autodiff.grammar.program import Program


def test_values_and_derivatives_by_name() -> None:
    at = evaluate(parse("u = x*y; u + y"), {"x": 3.0, "y": 2.0, "z": 7.0})
    assert [at.values[i] for i in at.outputs] == [8.0]
    assert {at.names[i]: at.derivative(i, 0) for i in at.asked} == {"x": 2.0, "y": 4.0}
    assert at.inputs == {"x": 3.0, "y": 2.0}


def test_a_gradient_is_by_the_names_asked_for_in_their_order() -> None:
    program = parse("a @ b", {"a": 2, "b": 2})
    at = evaluate(program, {"a": [1.0, 2.0], "b": [3.0, 4.0]}, ["b", "a[1]", "b"])
    assert at.wrt == ("b", "a[1]")
    assert [at.derivative(i, 0) for i in at.asked] == [1.0, 2.0, 4.0]


def test_without_a_gradient_there_are_no_adjoints() -> None:
    at = evaluate(parse("x^2"), {"x": 3.0}, gradient=False)
    assert (at.adjoints, at.wrt, at.is_finite()) == (None, (), True)
    bare = unevaluated(parse("x^2"))
    assert (bare.values, bare.adjoints, bare.is_finite()) == ([], None, True)


def test_no_more_nodes_are_named_than_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    titled: list[str] = []
    title = Program.title
    monkeypatch.setattr(Program, "title", lambda self, node: titled.append(title(self, node)) or titled[-1])
    at = evaluate(parse("+".join(f"x{i}*x{i}" for i in range(100))), {f"x{i}": 1.0 for i in range(100)})
    assert [at.names[i] for i in at.asked] == [f"x{i}" for i in range(100)]
    assert len(titled) == 100
    assert [at.names[i] for i in range(len(at.values))] == at.program.names()


def test_only_a_variable_can_be_differentiated_by() -> None:
    with pytest.raises(UnknownVariable, match="'z'") as error:
        selected(parse("x*y"), ["x", "z"])
    assert (error.value.name, error.value.hint) == ("z", "the variables are x, y")
    assert pickle.loads(pickle.dumps(error.value)).hint == error.value.hint


def test_a_value_for_a_name_that_is_no_variable_is_wrong_where_a_variable_has_none() -> None:
    with pytest.raises(WrongRequest, match="'alfa' is not a variable"):
        _ = Reading("alpha*x", {"alfa": 1.0, "x": 2.0}, ["alfa", "x"]).program
    spare = Reading("2*x", {"x": 2.0, "y": 1.0, "z": 1.0}, ["x", "y", "z"])
    assert doubts(spare.program, spare.given) == ["nothing depends on 'y' and 'z'"]
    assert doubts(spare.program, ["x"]) == []


def test_values_tell_what_are_vectors_and_what_is_free() -> None:
    reading = Reading("sum(w)*x + b", {"w": [1.0, 2.0]})
    assert reading.free == ["x", "b"]
    assert Reading("w @ x", {}).free == ["w", "x"]
    assert Reading("w @ x", {"b": 1.0}).program_with({"w": 3, "x": 3}).inputs.keys() == {"w", "x"}
    with pytest.raises(ProgramError):
        _ = Reading("(x", {}).free


def test_warnings_name_the_cause_and_notes_the_kinks() -> None:
    at = evaluate(parse("log(x) + relu(y)"), {"x": 0.0, "y": 0.0})
    (first,) = {warning.cause for warning in warnings(at)} and [warnings(at)[0]]
    assert first.consequences[0] == "the value is -inf"
    assert at.program.text[slice(*first.span or (0, 0))] == "log(x)"
    assert len(notes(at)) == 1
    assert math.isinf(at.derivative(0, 0))
    assert warnings(evaluate(parse("x"), {"x": 1.0})) == []
