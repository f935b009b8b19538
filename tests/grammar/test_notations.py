"""Formulas as other places write them: what the hint says, typed instead, is what was meant."""

import math
import random
import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from autodiff.evaluation.evaluation import evaluate
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import parse

Meant = Callable[[float, float], float]


TABLE: list[tuple[str, str, Meant | None]] = [
    # Python, NumPy, JavaScript, C
    ("math.sin(x)", "sin(x)", lambda x, y: math.sin(x)),
    ("np.exp(-x)*np.pi", "exp(-x)*pi", lambda x, y: math.exp(-x) * math.pi),
    ("numpy.log(np.abs(x))", "log(abs(x))", lambda x, y: math.log(abs(x))),
    ("Math.pow(x, 2) + Math.PI", "pow(x, 2) + pi", lambda x, y: x * x + math.pi),
    ("Math.round(x)", "floor(x + 0.5)", lambda x, y: math.floor(x + 0.5)),
    ("Math.E^x", "exp(1)^x", lambda x, y: math.e**x),
    ("math.fmod(-x, y)", "(-x) - y*trunc((-x)/y)", lambda x, y: math.fmod(-x, y)),
    ("scipy.special.expit(x)", "expit(x)", lambda x, y: 1 / (1 + math.exp(-x))),
    ("np.linalg.norm([x, y])", "norm([x, y])", math.hypot),
    ("scipy.stats.norm.cdf(x)", "normcdf(x)", lambda x, y: math.erfc(-x / math.sqrt(2)) / 2),
    ("std::exp(x)", "exp(x)", lambda x, y: math.exp(x)),
    ("torch.sigmoid(x) + np.array([y])[0]", "sigmoid(x) + [y][0]", lambda x, y: 1 / (1 + math.exp(-x)) + y),
    ("lambda x, y: x**2 + y;", "x**2 + y;", lambda x, y: x * x + y),
    ("(x) => x^2", "x^2", lambda x, y: x * x),
    ("x // 2", "floor(x/2)", lambda x, y: x // 2),
    ("y + x//2*3", "y + floor(x/2)*3", lambda x, y: y + x // 2 * 3),
    ("0x1F + x", "31 + x", lambda x, y: 31 + x),
    ("0b101*x", "5*x", lambda x, y: 5 * x),
    ("1.5f*x", "1.5*x", lambda x, y: 1.5 * x),
    ("x > 2 ? 1 : 0", "where(x > 2, 1, 0)", lambda x, y: 1 if x > 2 else 0),
    (
        "x > 2 ? 1 : x > 1 ? 5 : 7",
        "where(x > 2, 1, where(x > 1, 5, 7))",
        lambda x, y: 1 if x > 2 else 5 if x > 1 else 7,
    ),
    ("x > 1 && y < 9", "x > 1 and y < 9", lambda x, y: float(x > 1 and y < 9)),
    ("x < 1 || !(y < 9)", "x < 1 or not (y < 9)", lambda x, y: float(x < 1 or not y < 9)),
    ("factorial(x)", "gamma(x + 1)", lambda x, y: math.gamma(x + 1)),
    ("fabs(x) + log(x, 10)", "abs(x) + log10(x)", lambda x, y: abs(x) + math.log10(x)),
    ("log(x, 2)", "log2(x)", lambda x, y: math.log2(x)),
    ("2^log(x, y)", "2^(log(x)/log(y))", lambda x, y: 2 ** math.log(x, y)),
    ("int(-x)", "trunc(-x)", lambda x, y: int(-x)),
    # Matlab, Mathematica, textbooks
    ("x.^2 + x.*y ./ 2", "x^2 + x*y / 2", lambda x, y: x**2 + x * y / 2),
    ("@(x) x.^2", "x^2", lambda x, y: x**2),
    ("rem(-x, y)", "(-x) - y*trunc((-x)/y)", lambda x, y: math.fmod(-x, y)),
    ("sind(x)", "sin(rad(x))", lambda x, y: math.sin(math.radians(x))),
    ("Sin[x]", "sin(x)", lambda x, y: math.sin(x)),
    ("Exp[-x^2] + Pi", "exp(-x^2) + pi", lambda x, y: math.exp(-x * x) + math.pi),
    ("exp[-x]", "exp(-x)", lambda x, y: math.exp(-x)),
    ("Log[10, x]", "log10(x)", lambda x, y: math.log10(x)),
    ("Log[y, x]", "log(x)/log(y)", lambda x, y: math.log(x, y)),
    ("ArcTan[x, y]", "atan2(y, x)", lambda x, y: math.atan2(y, x)),
    ("If[x > 2, 1, y]", "where(x > 2, 1, y)", lambda x, y: 1 if x > 2 else y),
    ("|x - y|", "abs(x - y)", lambda x, y: abs(x - y)),
    ("|x| + |y|", "abs(x) + abs(y)", lambda x, y: abs(x) + abs(y)),
    ("2|x|", "2*abs(x)", lambda x, y: 2 * abs(x)),
    ("x!", "gamma(x + 1)", lambda x, y: math.gamma(x + 1)),
    ("(x + 1)!", "gamma((x + 1) + 1)", lambda x, y: math.gamma(x + 2)),
    ("2*x!", "2*gamma(x + 1)", lambda x, y: 2 * math.gamma(x + 1)),
    ("(1 if x > 2 else 3)!", "gamma((1 if x > 2 else 3) + 1)", lambda x, y: 1.0 if x > 2 else 6.0),
    ("sin x", "sin(x)", lambda x, y: math.sin(x)),
    ("ln x", "ln(x)", lambda x, y: math.log(x)),
    ("2 sin 3x + 1", "2*sin(3*x) + 1", lambda x, y: 2 * math.sin(3 * x) + 1),
    ("sin x cos y", "sin(x)*cos(y)", lambda x, y: math.sin(x) * math.cos(y)),
    ("sin x^2", "sin(x^2)", lambda x, y: math.sin(x * x)),
    ("sin^2(x)", "sin(x)^2", lambda x, y: math.sin(x) ** 2),
    ("sin²x + cos^2 x", "sin(x)^2 + cos(x)^2", lambda x, y: 1.0),
    ("sin^-1(1/x)", "asin(1/x)", lambda x, y: math.asin(1 / x)),
    ("tg(x) + ctg(y)", "tan(x) + cot(y)", lambda x, y: math.tan(x) + 1 / math.tan(y)),
    ("lg(x)", "log10(x)", lambda x, y: math.log10(x)),
    ("SIN(x)", "sin(x)", lambda x, y: math.sin(x)),
    ("fmod(x, y)", "x - y*trunc(x/y)", math.fmod),
    ("x mod 3", "x % 3", lambda x, y: x % 3),
    ("√x + √(x + y)", "sqrt(x) + sqrt(x + y)", lambda x, y: math.sqrt(x) + math.sqrt(x + y)),
    ("x² + y⁻¹", "x^2 + y^-1", lambda x, y: x * x + 1 / y),
    ("sin(45°)", "sin(rad(45))", lambda x, y: math.sin(math.pi / 4)),
    ("1 000*x", "1_000*x", lambda x, y: 1000 * x),
    ("1 234 567.5 + x", "1_234_567.5 + x", lambda x, y: 1234567.5 + x),
    ("2x(x + 1)", "2*x*(x + 1)", lambda x, y: 2 * x * (x + 1)),
    ("(x + 1)(x - 1)", "(x + 1)*(x - 1)", lambda x, y: x * x - 1),
    ("x(y + 1)", "x*(y + 1)", lambda x, y: x * (y + 1)),
    ("2π", "2*π", lambda x, y: math.tau),
    # LaTeX
    (r"\frac{x}{y}", "x/y", lambda x, y: x / y),
    (r"\frac{x+1}{y^{2}} \cdot 3", "((x+1)/(y^2)) * 3", lambda x, y: (x + 1) / y**2 * 3),
    (r"\frac12 x", "(1/2)*x", lambda x, y: x / 2),
    (r"$\sqrt{x^2 + y^2}$", "sqrt(x^2 + y^2)", math.hypot),
    (r"\sqrt[3]{x}", "cbrt(x)", lambda x, y: math.cbrt(x)),
    (r"e^{-x}", "exp(-x)", lambda x, y: math.exp(-x)),
    (r"\sin^2 x + \cos \left( y \right)", "sin(x)^2 + cos(y)", lambda x, y: math.sin(x) ** 2 + math.cos(y)),
    (r"\left| x - y \right|", "abs(x - y)", lambda x, y: abs(x - y)),
    (r"\log_{10} x", "log10(x)", lambda x, y: math.log10(x)),
    (r"\frac{e^{x}}{1 + e^{x}}", "exp(x)/(1 + exp(x))", lambda x, y: 1 / (1 + math.exp(-x))),
    # Spreadsheets
    ("=x^2", "x^2", lambda x, y: x * x),
    ("=-x^2", "(-x)^2", lambda x, y: x * x),
    ("=y-x^2", "y-x^2", lambda x, y: y - x * x),
    ("=IF(x>2;1;0)", "where(x>2, 1, 0)", lambda x, y: 1 if x > 2 else 0),
    ("=IF(x=y,1,LN(x))", "where(x==y, 1, ln(x))", lambda x, y: math.log(x)),
    ("if(x>2,1,0)", "where(x>2, 1, 0)", lambda x, y: 1 if x > 2 else 0),
    ("=LOG(x)+INT(-y)", "log10(x)+floor(-y)", lambda x, y: math.log10(x) + math.floor(-y)),
    ("=LOG(x, 2)", "log2(x)", lambda x, y: math.log2(x)),
    ("=ATAN2(x, y)*PI()", "atan2(y, x)*pi", lambda x, y: math.atan2(y, x) * math.pi),
    ("=$A$1*2", "A1*2", None),
]


def value(text: str, x: float, y: float) -> float:
    at = evaluate(parse(text), {"x": x, "y": y}, gradient=False)
    return at.values[at.outputs[0]]


def hinted(text: str) -> str:
    with pytest.raises(ProgramError) as caught:
        parse(text)
    return caught.value.hint or ""


@pytest.mark.parametrize(("typed", "instead", "meant"), TABLE, ids=[row[0] for row in TABLE])
def test_what_the_hint_says_is_what_was_meant(typed: str, instead: str, meant: Meant | None) -> None:
    found = re.sub(r"^(write|a product needs its sign:|for a product write) ", "", hinted(typed))
    assert found == instead
    for x, y in ((2.5, 1.25), (1.5, 7.0)) if meant else ():
        assert value(instead, x, y) == pytest.approx(meant(x, y), rel=1e-14)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("sin x * y", "the operand of sin needs parentheses: sin(...)"),
        ("sin 2*x", "the operand of sin needs parentheses: sin(...)"),
        ("LOG(x)", "LOG of a spreadsheet is log10, LOG of Fortran is log"),
        ("sigmod(x)", "did you mean 'sigmoid'?"),
        ("x if x > 0", ""),
        ("x +", ""),
    ],
)
def test_what_may_mean_two_things_is_not_guessed(typed: str, hint: str) -> None:
    assert hinted(typed) == hint


@pytest.mark.parametrize("typed", ["=2^3^x", "-x//2", "x^2//2", "!x == y", "log^-1(x)", "Math.random()", "x..y"])
def test_no_hint_is_better_than_one_to_another_number(typed: str) -> None:
    assert not hinted(typed).startswith("write")


@pytest.mark.parametrize(
    "typed", ["\\frac{" * 80 + "x", "(" * 400 + "x!", "|" * 499, "x! " * 20_000, "?:" * 200, "?:" * 5, "sin " * 120]
)
def test_nothing_takes_long_or_recurses(typed: str) -> None:
    hinted(typed)


PIECES = "x sin Log if ( ) [ ] { } | || ! ° √ ? : , ; = ^ - / // mod 2 0x 0b . np. f( ½ ² # $ && fmod( @".split()
PIECES += ["\\frac", "\\"]


def test_nonsense_is_an_error_like_any_other() -> None:
    draw = random.Random(18)
    for _ in range(3000):
        text = "".join(draw.choice(PIECES) + draw.choice(["", " "]) for _ in range(draw.randint(1, 8)))
        with suppress(ProgramError):
            parse(text)


def test_nothing_behind_a_sign_is_an_error() -> None:
    assert hinted("x //") == ""
