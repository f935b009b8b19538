"""Proved digits against mpmath, which reads the same text by a reader of its own; not one digit may differ."""

from decimal import ROUND_HALF_EVEN, Context
from itertools import product
from typing import Any

import pytest
from mpmath import mp, mpf

from autodiff.cli.bindings import parse_constant
from autodiff.engine.table.operations import OPERATIONS
from autodiff.evaluation.numbers import shortest
from autodiff.evaluation.precise import Precise, evaluate_precisely, hessian_precisely
from autodiff.evaluation.reading import lengths_of, numbers_of, read

from ..support import judge
from ..support.judge import Judge

BITS, STEP = 4000, 600  # differences are good to 300 digits, second ones to 200
MOST = 10**17  # the greatest exponent of a Decimal is not far above


@pytest.fixture(autouse=True)
def _of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge of doubles leaves out what they cannot hold."""
    monkeypatch.setattr(judge, "HUGE", mp.inf)
    monkeypatch.setattr(judge, "TINY", 0)


def point_of(bindings: str) -> dict[str, str]:
    return dict(binding.split("=") for binding in bindings.split())


def precisely(text: str, bindings: str, digits: int, *, gradient: bool = True, nodes: bool = False) -> Precise:
    point = {name: parse_constant(name, value) for name, value in point_of(bindings).items()}
    program = read(text, lengths_of(numbers_of(point)))
    return evaluate_precisely(program, point, None, digits, gradient=gradient, nodes=nodes)


def printed(text: str, bindings: str, digits: int) -> tuple[list[str], list[str]]:
    """The values, and the derivatives one output after another."""
    found = precisely(text, bindings, digits)
    at = found.digits
    assert not found.doubts
    values = [shortest(at.values[i]) for i in at.outputs]
    return values, [shortest(at.derivative(i, k)) for k in range(len(at.outputs)) for i in at.asked]


class Truth:
    """A program at a point for mpmath: values, and differences of values along its inputs."""

    def __init__(self, text: str, bindings: str) -> None:
        self.judge = Judge(text)
        self.point: dict[str, Any] = {}
        for name, value in point_of(bindings).items():
            numbers, _ = Judge(value).values({})
            self.point[name] = [+mpf(x) for x in numbers] if value.startswith("[") else mpf(numbers[0])
        self.places = [
            (n, i) for n, x in self.point.items() for i in (range(len(x)) if isinstance(x, list) else [None])
        ]

    def values(self, *moves: tuple[int, int]) -> list[Any]:
        """The outputs where some inputs are so many steps away."""
        moved = {name: list(x) if isinstance(x, list) else x for name, x in self.point.items()}
        for place, steps in moves:
            name, i = self.places[place]
            if i is None:
                moved[name] += steps * self.step(place)
            else:
                moved[name][i] += steps * self.step(place)
        values, _ = self.judge.values(moved)
        assert None not in values, "the judge has no value here"
        return [mpf(x) for x in values]

    def step(self, place: int) -> Any:
        name, i = self.places[place]
        x = self.point[name] if i is None else self.point[name][i]
        return mp.ldexp(1, mp.mag(x or 1) - STEP)

    def derivatives(self, k: int) -> list[Any]:
        found = []
        for place in range(len(self.places)):
            above, below = self.values((place, 1))[k], self.values((place, -1))[k]
            still = abs(above - below) <= mp.ldexp(abs(above), 50 - BITS)  # noise
            found.append(mpf(0) if still else (above - below) / (2 * self.step(place)))
        return found

    def second(self, i: int, j: int) -> Any:
        corners = [(self.values((i, s), (j, t))[0], s * t) for s, t in product((1, -1), repeat=2)]
        difference = sum(value * sign for value, sign in corners)
        if abs(difference) <= mp.ldexp(max(abs(value) for value, _ in corners), 50 - BITS):
            return mpf(0)
        return difference / (4 * self.step(i) * self.step(j))


def agree(text: str, number: Any, digits: int) -> None:
    """Whether a text is a number of 200 right digits, correctly rounded, with all its digits."""
    wide = Context(prec=190, rounding=ROUND_HALF_EVEN, Emin=-MOST, Emax=MOST)  # what is exact there is exact
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=-MOST, Emax=MOST)
    exact = wide.create_decimal(mp.nstr(number, 260))
    assert context.create_decimal(text) == context.plus(exact), (text, exact)
    shown = text.lower().partition("e")[0].lstrip("-0.").replace(".", "")
    whole = "." not in text and "e" not in text
    assert len(shown) == digits or (len(shown) < digits and context.create_decimal(text) == exact) or whole


def compare(text: str, bindings: str, digits: int = 50) -> None:
    values, derivatives = printed(text, bindings, digits)
    with mp.workprec(BITS):
        truth = Truth(text, bindings)
        true = truth.values()
        for value, number in zip(values, true, strict=True):
            agree(value, number, digits)
        numbers = [d for k in range(len(true)) for d in truth.derivatives(k)]
        for derivative, number in zip(derivatives, numbers, strict=True):
            agree(derivative, number, digits)


ANYWHERE = "exp exp2 expm1 cbrt sin cos tan sec csc cot atan sinh cosh tanh asinh sigmoid softplus logsigmoid gelu silu"
ANYWHERE += (
    " mish softsign erf erfc normcdf normpdf deg rad abs sign step floor ceil round trunc relu leaky_relu elu selu"
)
ANYWHERE += " hardtanh neg"
POINTS = {
    **dict.fromkeys(ANYWHERE.split(), ("x=0.3", "x=-7/3", "x=40.25")),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "sqrt"), ("x=0.3", "x=1e-30", "x=123456.789")),
    **dict.fromkeys(("asin", "acos", "atanh"), ("x=0.3", "x=-0.999999999999", "x=1e-40")),
    **dict.fromkeys(("logit",), ("x=0.3", "x=1-1e-20")),
    **dict.fromkeys(("acosh",), ("x=1.3", "x=1+1e-20", "x=1e50")),
    **dict.fromkeys(("gamma", "lgamma"), ("x=0.3", "x=-2.5", "x=20.25")),
    "digamma": ("x=0.3", "x=12.5"),
}
UNARY = [(f"{'-x' if name == 'neg' else f'{name}(x)'}", point) for name in POINTS for point in POINTS[name]]
SEVERAL = [
    ("x*y + x/y - y", "x=0.1 y=0.3"),
    ("x % y", "x=7.1 y=-2.3"),
    ("x % y", "x=1e30 y=pi"),
    ("x^y", "x=0.7 y=-12.1"),
    ("x^3", "x=-1.1"),
    ("x^10", "x=-0.1"),
    ("hypot(x, y)", "x=1 y=1e-40"),
    ("atan2(y, x)", "y=1e-30 x=-3"),
    ("min(x, y, z), max(x, y, z)", "x=0.1 y=0.3 z=0.2"),
    ("clip(x, y, z)", "x=0.3 y=0.1 z=0.2"),
    ("where(x < y, x*y, log(x))", "x=0.1 y=0.3"),
    ("x < y, x <= y, x > y, x >= y, x == y, x != y, x and y, x or y, not x", "x=0.1 y=0.3"),
    ("x < 1/3 < y", "x=0.1 y=0.3"),
    ("sum(w), prod(w), mean(w), norm(w), logsumexp(w)", "w=[0.1,-0.2,3.3]"),
    ("logsumexp(w)", "w=[-2000,-2001.5,0.1]"),
    ("softmax(w)", "w=[1.1,-300,2]"),
    ("w @ v", "w=[0.1,0.2,0.3] v=[3,5,7]"),
    ("polygamma(2, x)", "x=0.3"),
    ("polygamma(1, x)", "x=40"),
    ("elu(x, a)", "x=-0.3 a=0.7"),
    ("leaky_relu(x, s)", "x=-0.3 s=0.2"),
    ("hardtanh(x, low, high)", "x=0.3 low=-0.2 high=0.1"),
]
COMPOSED = [
    ("0.1 + 0.2 - 0.3 + x", "x=0.7"),
    ("sigmoid(a*x + b) + a", "a=0.2 x=2 b=0.6"),
    ("exp(pi*sqrt(163)) + x", "x=0"),
    ("(1 - cos(x))/x^2", "x=1e-20"),
    ("(exp(x) - 1 - x)/x^2", "x=1e-15"),
    ("(tan(x) - sin(x))/x^3", "x=1e-30"),
    ("log(1 + exp(x))", "x=-500"),
    ("log(1 + exp(x))", "x=500"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "x=300"),
    ("1 - tanh(x)", "x=600"),
    ("x/expm1(x)", "x=1e-9"),
    ("sqrt(x + 1) - sqrt(x)", "x=1e60"),
    ("atan(x + 1) - atan(x)", "x=1e40"),
    ("exp(-log(x/m)^2/(2*s^2))/(x*s*sqrt(2*pi))", "x=1e-30 m=2 s=0.7"),
    ("1/(1 + x^2)", "x=1e70"),
    ("erfc(x)", "x=1000"),
    ("normcdf(-x)", "x=3000"),
    ("gelu(x)", "x=-3000"),
    ("mish(x)", "x=-5000"),
    ("silu(x)", "x=-5000"),
    ("softplus(x)", "x=-5000"),
    ("logsigmoid(x)", "x=5000"),
    ("sigmoid(x)", "x=-5000"),
    ("exp(x)", "x=1e6"),
    ("exp(-x^2)", "x=1e4"),
    ("x^1000000", "x=1.0000001"),
    ("1e400*x", "x=1e-400"),
    ("x*1e-400 + 1", "x=1e300"),
    ("x^2 + 1e-500", "x=1e-400"),
    ("gamma(x)", "x=2000.5"),
    ("lgamma(x)", "x=1e12"),
    ("gamma(x + 1)/gamma(x)", "x=100.1"),
    ("sin(x)", "x=1e22"),
    ("cos(1e40*x)", "x=1.1"),
    ("sin(x)^2 + cos(x)^3", "x=pi/4"),
    ("atanh(tanh(x))", "x=20"),
    ("acos(x)", "x=1-1e-60"),
    ("asin(sin(x))", "x=1.2"),
    ("log(log(log(x)))", "x=1e300"),
    ("x^x^x", "x=2.5"),
    ("floor(1e30*x) + x", "x=pi"),
    ("f(u, v) = u*exp(v); f(x, y)^2 + f(y, x)", "x=0.3 y=-0.7"),
    ("s = x; s += y; s *= x; s^2", "x=0.3 y=-0.7"),
    ("a if a > 1/3 else a^2", "a=0.3"),
    ("S*normcdf(d) - K*exp(-r*t)*normcdf(d - s*sqrt(t))", "S=100 d=0.6 K=95.5 r=0.05 t=0.25 s=0.2"),
    ("sqrt(x^2 + y^2)/(x + y)", "x=3e200 y=4e-200"),
    ("prod(w)", "w=[1e200,1e200,1e-300]"),
    ("sum(w)", "w=[1e16,1,-1e16]"),
    ("(x - 1)^7 - (x^7 - 7*x^6 + 21*x^5 - 35*x^4 + 35*x^3 - 21*x^2 + 7*x - 1) + x", "x=0.99"),
    ("log(softmax(w)[0])", "w=[-900,1,2]"),
    ("norm(w)/sum(w)", "w=[1/3,2/7,-0.1]"),
    ("deg(atan2(y, x)) + rad(y)", "y=0.5 x=-1"),
]
ALL = [*UNARY, *SEVERAL, *COMPOSED]


@pytest.mark.parametrize(("text", "bindings"), [*UNARY[::9], *SEVERAL[::3], *COMPOSED[::4]])
def test_fifty_digits(text: str, bindings: str) -> None:
    compare(text, bindings)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "bindings"), ALL)
def test_fifty_digits_of_everything(text: str, bindings: str) -> None:
    compare(text, bindings)
    compare(text, bindings, 3)


def test_every_operation_is_among_them() -> None:
    texts = " ".join(text for text, _ in ALL)
    signs = "add sub mul div mod pow neg less less_equal greater greater_equal equal not_equal and or not".split()
    assert len(ALL) > 200
    assert all(f"{name}(" in texts for name in OPERATIONS if name not in signs)


HESSIANS = [
    ("tanh(x)", "x=300"),
    ("log(1 + exp(x))", "x=-700"),
    ("x/expm1(x)", "x=1e-9"),
    ("hypot(x, y)", "x=3e100 y=1e-100"),
    ("softsign(x)", "x=1e80"),
    ("x^2*y + sin(y)", "x=0.1 y=pi/3"),
    ("leaky_relu(x)^2 + elu(y)^2", "x=-0.1 y=-0.2"),
    ("sigmoid(a*x + b)", "a=0.2 x=2 b=0.6"),
    ("gelu(x)", "x=-40"),
    ("lgamma(x)*x", "x=3.3"),
    ("norm(w)", "w=[0.1,0.2]"),
    ("logsumexp(w)", "w=[0.1,200]"),
]


@pytest.mark.parametrize(("text", "bindings"), HESSIANS)
def test_fifty_digits_of_second_derivatives(text: str, bindings: str) -> None:
    point = {name: parse_constant(name, value) for name, value in point_of(bindings).items()}
    found = hessian_precisely(read(text, lengths_of(numbers_of(point))), point, None, 50)
    assert not found.doubts
    with mp.workprec(BITS):
        truth = Truth(text, bindings)
        for i, row in enumerate(found.matrix):
            for j, entry in enumerate(row):
                agree(shortest(entry), truth.second(i, j), 50)


@pytest.mark.parametrize(
    ("text", "value", "known"),
    [
        ("0.1 + 0.2", "0.3", True),
        ("sqrt(2)^2 - 2", "0e-1935", False),
        ("sqrt(2)^2", "2.000000000", True),
        ("floor(sqrt(2)^2)", "nan", False),
        ("1/0", "inf", True),
        ("log(-pi)", "nan", True),
        ("min(0.1, -inf)", "-inf", True),
        ("exp(-1/0)", "0", True),
        ("1e400*3", "3e+400", True),
        ("10^-400", "1e-400", True),
        ("2^1e9", "4.612976001e+301029995", True),
        ("round(2.5)", "2", True),
        ("1e300 % 7", "1", True),  # 10^6 = 1 mod 7
    ],
)
def test_what_is_exact_at_a_pole_or_not_known(text: str, value: str, known: bool) -> None:
    found = precisely(text, "", 10, gradient=False)
    assert [shortest(found.digits.values[i]) for i in found.digits.outputs] == [value]
    assert (not found.doubts) == known


def test_a_tie_that_is_not_decided_has_one_more_digit() -> None:
    found = precisely("sqrt(4.5)/sqrt(2)", "", 1, gradient=False)
    assert shortest(found.digits.values[found.digits.outputs[0]]) == "1.5"
    assert found.doubts
    exact = precisely("1.5, 2.5", "", 1, gradient=False).digits
    assert [shortest(exact.values[i]) for i in exact.outputs] == ["2", "2"]
