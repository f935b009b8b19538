"""A judge of the language: it evaluates a program with mpmath, and shares no code with the project.

Besides the value, the gradient and the Hessian, as differences at 360 bits, it knows how far rounding may carry them:
it computes again with every number and every result of an operation a little wrong. A whole number of the text is exact
in doubles, and a Python int here; what has no finite value of moderate size is None.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from random import Random
from typing import Any, NamedTuple

from mpmath import mp, mpf

from .reader import Reader, Tree, names_in

BITS, STEP = 360, 90
NOISE = 2.0**-50  # an operation's 4 ulp, and those of its operands
DRAWS, SAFETY = 3, 8  # of draws of noise the greatest deviation is not far from the worst
HUGE, TINY = mpf(10) ** 280, mpf(10) ** -280

# --- The operations ---------------------------------------------------------------------------------------------------


def power(x: Any, y: Any) -> Any:
    if x == 0:
        return None  # a corner, whose derivatives are a convention
    if x < 0 and y != int(y):
        return None
    return x**y if isinstance(x, int) and isinstance(y, int) and 0 <= y < 9 else mp.power(x, y)


def digamma(n: Any, x: Any) -> Any:
    return None if x <= 0 and x == int(x) else mp.psi(int(n), x)


def logsumexp(*x: Any) -> Any:
    return mp.log(sum(map(mp.exp, x)))


def gelu(x: Any) -> Any:
    return x * mp.erfc(-x / mp.sqrt(2)) / 2


def unit(inverse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: inverse(x) if abs(x) < 1 else None


def positive(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: function(x) if x > 0 else None


def above(x: Any, y: Any, below: Callable[[Any], Any]) -> Any:
    return x if x > y else below(x)


def sign(x: Any) -> int:
    return (x > 0) - (x < 0)


SELU_SCALE, SELU_ALPHA = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"

SMOOTH: dict[str, Callable[..., Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: None if y == 0 else mpf(x) / y,
    "^": power,
    "exp": mp.exp,
    "exp2": lambda x: mp.power(2, x),
    "expm1": mp.expm1,
    "log": positive(mp.log),
    "log2": positive(lambda x: mp.log(x) / mp.log(2)),
    "log10": positive(mp.log10),
    "log1p": lambda x: mp.log1p(x) if x > -1 else None,
    "sqrt": positive(mp.sqrt),
    "cbrt": lambda x: None if x == 0 else sign(x) * mp.cbrt(abs(x)),
    "hypot": lambda x, y: positive(mp.sqrt)(mpf(x) * x + mpf(y) * y),
    **{name: getattr(mp, name) for name in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh")},
    "atan2": lambda y, x: mp.atan2(y, x) if x or y else None,
    **{name: getattr(mp, name) for name in ("sec", "csc", "cot")},
    "asin": unit(mp.asin),
    "acos": unit(mp.acos),
    "acosh": lambda x: mp.acosh(x) if x > 1 else None,
    "atanh": unit(mp.atanh),
    "deg": mp.degrees,
    "rad": mp.radians,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "logit": lambda p: mp.log(p / (1 - mpf(p))) if 0 < p < 1 else None,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "logsigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "gelu": gelu,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "softsign": lambda x: mpf(x) / (1 + abs(x)),
    "normcdf": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "normpdf": lambda x: mp.exp(-mpf(x) * x / 2) / mp.sqrt(2 * mp.pi),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "gamma": lambda x: None if x <= 0 and x == int(x) else mp.gamma(x),
    "lgamma": lambda x: None if x <= 0 and x == int(x) else mp.re(mp.loggamma(x)),
    "digamma": lambda x: digamma(0, x),
    "polygamma": digamma,
    "sum": lambda *x: sum(x),
    "mean": lambda *x: mpf(sum(x)) / len(x),
    "prod": lambda *x: mp.fprod(x),
    "norm": lambda *x: positive(mp.sqrt)(sum(mpf(each) * each for each in x)),
    "logsumexp": logsumexp,
}
WOBBLY = {"gamma": 4, "lgamma": 4, "digamma": 4, "polygamma": 4}  # good to 16 ulp

# What chooses: the choice, as something to compare, and the value, which may be exact and is not rounded.
CHOOSING: dict[str, Callable[..., tuple[Any, Any]]] = {
    "<": lambda x, y: (x < y, int(x < y)),
    "<=": lambda x, y: (x <= y, int(x <= y)),
    ">": lambda x, y: (x > y, int(x > y)),
    ">=": lambda x, y: (x >= y, int(x >= y)),
    "==": lambda x, y: (sign(x - y), int(x == y)),
    "!=": lambda x, y: (sign(x - y), int(x != y)),
    "and": lambda x, y: ((sign(x), sign(y)), int(x != 0 and y != 0)),
    "or": lambda x, y: ((sign(x), sign(y)), int(x != 0 or y != 0)),
    "not": lambda x: (sign(x), int(x == 0)),
    "abs": lambda x: (sign(x), abs(x)),
    "sign": lambda x: (sign(x), sign(x)),
    "step": lambda x: (sign(x), int(x > 0)),
    "floor": lambda x: (int(mp.floor(x)),) * 2,
    "ceil": lambda x: (int(mp.ceil(x)),) * 2,
    "round": lambda x: (int(mp.nint(x)),) * 2,
    "trunc": lambda x: (sign(x) * int(mp.floor(abs(x))),) * 2,
    "min": lambda *x: (x.index(min(x)), min(x)),
    "max": lambda *x: (x.index(max(x)), max(x)),
    "clip": lambda x, low, high: ((x < low, x > high, low > high), min(max(x, low), high)),
    "relu": lambda x: (sign(x), max(x, 0)),
    "hardtanh": lambda x, low=-1, high=1: ((x < low, x > high, low > high), min(max(x, low), high)),
    "leaky_relu": lambda x, slope=None: (sign(x), x if x > 0 else x / 100 if slope is None else slope * x),
    "elu": lambda x, alpha=1: (sign(x), x if x > 0 else alpha * mp.expm1(x)),
    "selu": lambda x: (sign(x), mpf(SELU_SCALE) * (x if x > 0 else mpf(SELU_ALPHA) * mp.expm1(x))),
    "%": lambda x, y: (None, None) if y == 0 else (int(mp.floor(mpf(x) / y)), x - y * int(mp.floor(mpf(x) / y))),
}
LINEAR = {"+", "-", "sum", "mean"}  # whose local derivatives are exact, or all the same
ROUNDED = {"leaky_relu", "elu", "selu", "%"}
VARIADIC = {"sum", "mean", "prod", "norm", "logsumexp", "min", "max"}
ALIASES = {"ln": "log", "arcsin": "asin", "arctan2": "atan2", "swish": "silu", "power": "^", "pow": "^"}
ALIASES |= {"maximum": "max", "minimum": "min", "psi": "digamma", "expit": "sigmoid", "degrees": "deg", "clamp": "clip"}
CONSTANTS: dict[str, Callable[[], Any]] = {
    **{"pi": lambda: +mp.pi, "π": lambda: +mp.pi, "tau": lambda: 2 * mp.pi},
    **{"inf": lambda: mp.inf, "nan": lambda: None},
}

# --- The meaning ------------------------------------------------------------------------------------------------------


class Function(NamedTuple):
    parameters: tuple[str, ...]
    body: Tree
    scope: dict[str, Any]
    functions: dict[str, "Function"]


class Noise:
    """A little wrong factor for every step of an evaluation, and the same ones for the next evaluation."""

    def __init__(self, seed: int, size: float = NOISE) -> None:
        self.random, self.size = Random(seed), size
        self.factors: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        for i in count():
            if i == len(self.factors):
                self.factors.append(1 + mpf(self.random.uniform(-1, 1) * self.size))
            yield self.factors[i]


class Evaluation:
    """One run through a program: its outputs, and what was chosen on the way.

    Noise makes every number and every result a little wrong; and, since local derivatives are rounded one by one, of
    an operation with several operands also how far each has moved from where it was without noise.
    """

    def __init__(self, program: "Judge", point: dict[str, Any], noise: Noise | None, base: list[Any]) -> None:
        self.factors = iter(noise) if noise else None
        self.base = iter(base)
        self.moved: list[Sequence[Any]] = []
        """The operands of every operation that has several."""
        self.choices: list[Any] = []
        self.scope: dict[str, Any] = {}
        self.functions: dict[str, Function] = {}
        self.point = point
        self.outputs: list[Any] = []
        for name, parameters, trees in program.statements:
            if name is None:
                self.outputs = [self.value(tree, {}) for tree in trees]
            elif parameters is None:
                self.scope[name] = self.value(trees[0], {})
                self.outputs = [self.scope[name]]
            else:
                free = {n: self.lookup(n) for n in names_in(trees[0]) if n not in parameters}
                self.functions[name] = Function(parameters, trees[0], free, dict(self.functions))

    def lookup(self, name: str) -> Any:
        if name not in self.scope:
            if name not in self.point:
                return self.wrong(CONSTANTS[name]())
            self.scope[name] = each(self.wrong, self.point[name])
        return self.scope[name]

    def wrong(self, x: Any, much: int = 1) -> Any:
        if self.factors is None or x is None or isinstance(x, int) or not mp.isfinite(x):
            return x
        return x * next(self.factors) ** much

    def value(self, tree: Tree, local: dict[str, Any], call: Function | None = None) -> Any:
        kind, *parts = tree
        if kind == "number":
            return int(parts[0]) if parts[0].isdigit() else self.wrong(mpf(parts[0]))
        if kind == "name":
            scope = local if parts[0] in local else call.scope if call else {}
            return scope[parts[0]] if parts[0] in scope else self.lookup(parts[0])
        if kind == "vector":
            return [self.value(part, local, call) for part in parts]
        if kind == "index":
            return self.value(parts[0], local, call)[int(self.value(parts[1], local, call))]
        name, *operands = parts
        values = [self.value(operand, local, call) for operand in operands]
        function = (call.functions if call else self.functions).get(name)
        if function:
            return self.value(function.body, dict(zip(function.parameters, values, strict=True)), function)
        return self.apply(ALIASES.get(name, name), values)

    def apply(self, name: str, values: list[Any]) -> Any:
        if name in ("@", "dot"):
            return self.apply("sum", [self.apply("*", values)])
        if name == "softmax":
            powers = self.apply("exp", [self.apply("-", [values[0], self.apply("max", values)])])
            return self.apply("/", [powers, self.apply("sum", [powers])])
        if name in VARIADIC and len(values) == 1 and isinstance(values[0], list):
            return self.scalar(name, values[0])
        lengths = {len(value) for value in values if isinstance(value, list)}
        if not lengths:
            return self.scalar(name, values)
        (length,) = lengths
        columns = [value if isinstance(value, list) else [value] * length for value in values]
        return [self.scalar(name, row) for row in zip(*columns, strict=True)]

    def scalar(self, name: str, x: Sequence[Any]) -> Any:
        if name == "where":
            condition, yes, no = x
            self.choices.append(condition if condition is None else sign(condition))
            return None if condition is None else yes if condition != 0 else no
        if None in x:
            return None
        if name == "neg":
            return -x[0]
        try:
            if name in CHOOSING:
                choice, value = CHOOSING[name](*x)
                self.choices.append(choice)
                exact = name not in ROUNDED
            else:
                value, exact = SMOOTH[name](*(self.operands(x) if len(x) > 1 and name not in LINEAR else x)), False
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
        if exact or isinstance(value, int) or value is None:
            return value
        if not mp.isfinite(value) or abs(value) > HUGE or 0 < abs(value) < TINY:
            return None
        return self.wrong(value, WOBBLY.get(name, 1))

    def operands(self, x: Sequence[Any]) -> Sequence[Any]:
        self.moved.append(x)
        if self.factors is None:
            return x
        base = next(self.base, None)
        if base is None:  # there was no value here without the noise: 0/sqrt(0)
            raise Unsure("at the edge of a domain")
        return [still + self.wrong(y - still) for y, still in zip(x, base, strict=True)]


def each(function: Callable[[Any], Any], value: Any) -> Any:
    return [function(x) for x in value] if isinstance(value, list) else function(value)


def flat(values: Sequence[Any]) -> list[Any]:
    return [x for value in values for x in (value if isinstance(value, list) else [value])]


class Unsure(Exception):
    """The program has no finite value here, or a rounding error away another branch is taken."""


class Verdict(NamedTuple):
    """True numbers, each with how far rounding may carry it."""

    value: list[tuple[Any, Any]]
    gradient: list[list[tuple[Any, Any]]]
    hessian: list[list[tuple[Any, Any]]] | None


class Judge:
    """A program as the judge reads it."""

    def __init__(self, text: str) -> None:
        self.statements = list(Reader(text).statements())

        self.base: list[Any] = []

    def values(self, point: dict[str, Any], noise: Noise | None = None) -> tuple[list[Any], list[Any]]:
        run = Evaluation(self, point, noise, self.base)
        self.base = self.base if noise else run.moved
        return flat(run.outputs), run.choices

    def verdict(self, point: dict[str, Any], order: int = 1, seed: int = 0) -> Verdict:
        """The numbers at a point: values only, with the gradient, or with the Hessian too. Raises Unsure."""
        with mp.workprec(BITS):
            exact = {name: each(mpf, value) for name, value in point.items()}
            outputs, choices = self.values(exact)
            if None in outputs:
                raise Unsure("no finite value")
            for k in range(8):
                if self.values(exact, Noise(k, 2.0**-44))[1] != choices:
                    raise Unsure("at a kink")
            self.choices = choices
            true = self.derivatives(exact, order, None)
            self.values(exact)
            spread = [0 * x for x in true]
            for k in range(DRAWS):
                noisy = self.derivatives(exact, order, Noise(seed + k))
                spread = [max(s, abs(a - b)) for s, a, b in zip(spread, noisy, true, strict=True)]
            floor = mp.ldexp(1 + max(map(abs, true)), -140)  # of differences
            errors = [SAFETY * each + floor for each in spread]
            return self.shaped(list(zip(true, errors, strict=True)), point, len(outputs), order)

    def derivatives(self, point: dict[str, Any], order: int, noise: Noise | None) -> list[Any]:
        """Values, then the derivatives by every scalar input, then the second ones of the first output, in a row."""
        step = mp.ldexp(1, -STEP)
        places = [(name, i) for name, x in point.items() for i in (range(len(x)) if isinstance(x, list) else [None])]

        def at(*moves: tuple[tuple[str, int | None], int]) -> list[Any]:
            moved = {name: list(x) if isinstance(x, list) else x for name, x in point.items()}
            for (name, i), sign in moves:
                if i is None:
                    moved[name] += sign * step
                else:
                    moved[name][i] += sign * step
            values, choices = self.values(moved, noise)
            if None in values or choices != self.choices:
                raise Unsure("at a kink")
            return values

        here = at()
        if not order:
            return [mpf(x) for x in here]
        both = [(at((place, 1)), at((place, -1))) for place in places]
        found = [*here, *((above[k] - below[k]) / (2 * step) for k in range(len(here)) for above, below in both)]
        for i, (above, below) in enumerate(both if order > 1 else ()):
            for j in range(i):  # along the diagonal, less what the axes do
                along = at((places[i], 1), (places[j], 1))[0] + at((places[i], -1), (places[j], -1))[0]
                axes = above[0] + below[0] + both[j][0][0] + both[j][1][0]
                found.append((along - axes + 2 * here[0]) / (2 * step * step))
            found.append((above[0] - 2 * here[0] + below[0]) / (step * step))
        return [mpf(x) for x in found]

    def shaped(self, found: list[Any], point: dict[str, Any], outputs: int, order: int) -> Verdict:
        inputs = len(flat(list(point.values())))
        rest = iter(found)
        value = [next(rest) for _ in range(outputs)]
        gradient = [[next(rest) for _ in range(inputs)] for _ in range(outputs if order else 0)]
        hessian = [[next(rest) for _ in range(i + 1)] for i in range(inputs)] if order > 1 else None
        return Verdict(value, gradient, hessian)
