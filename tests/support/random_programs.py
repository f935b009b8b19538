"""Random programs as people write them, and worse: each as its text and a point to evaluate it at."""

import re
from random import Random
from typing import NamedTuple

Point = dict[str, float | list[float]]

INPUTS = ("x", "y", "z", "θ", "σ1", "k", "e", "dx", "t1", "exp", "dot", "f", "s_", "λ")
SHADOWING = ("pi", "tau", "sin", "sum", "a", "y", "c2", "π", "log")
NUMBERS = ("2", "3", "0.1", "0.5", "1.2", "7", "1e-3", "2.50", ".25", "1_0", "0.3333", "1.5e1", "4", "1")
ROOTS = ("sqrt(2)", "2^(1/3)", "10^0.5", "sqrt(3)/2", "2**-0.5", "cbrt(5)", "sqrt(2*pi)", "(4/3)^(1/2)", "1/sqrt(2)")
NAMED = ("pi", "tau", "π", "2*pi", "pi/4", "4/3*pi", "pi^2", "1/(4*pi)", "tau/3", "0.1*pi", "log(2)", "exp(1)")


def templates(text: str) -> list[str]:
    """Three spaces lie between one and the next."""
    return re.split(r"\s{3,}", text.strip())


ONE = templates(
    """
    exp({}/3)   exp2({})   expm1({})   log(1.5 + ({})^2)   log2(abs({}) + 0.3)   log10(2 + sin({}))
    ln(({})^2)   log1p(({})^2)   sqrt(1 + ({})^2)   sqrt({}*{})   cbrt({})   sin({})   cos({})   tan({}/4)
    asin(sin({})/2)   acos(tanh({}))   atan({})   deg({})   rad({})   sinh({}/2)   cosh({}/2)   tanh({})
    asinh({})   acosh(1.1 + ({})^2)   atanh(sin({})*0.9)   abs({})   sign({})*({})   floor({}) + {}
    round({})*{}   ceil({})*0.5   trunc({}) - {}   sigmoid({})   logit(sigmoid({})*0.9)   softplus({})
    logsigmoid({})   relu({})   leaky_relu({})   leaky_relu({}, 0.2)   elu({})   elu({}, 1.5)   selu({})
    gelu({})   silu({})   mish({})   softsign({})   hardtanh({})   hardtanh({}, -2, 0.5)   erf({})   erfc({})
    gamma(1.2 + sigmoid({}))   lgamma(0.5 + ({})^2)   digamma(1.5 + abs({}))   polygamma(1, 2 + cos({}))
    ({})^2   ({})^3   ({})**-2   -{}   -({})^2   (-{})^2   +{}   --{}   2^-{}   ({})^-1   abs({})^1.2   {}*{}
    1/({})   log({})   sqrt({})   min({}, 0.7)   max({}, {}, 0)   clip({}, -1, 2)   ({})^0   3^({})   0*({})
    ({})/2*3   (({}))   swish({})   sec({}/3)   csc(1 + sigmoid({}))   cot({})   step({})*({})   normcdf({})
    normpdf({})
    """
)
TWO = templates(
    """
    {} + {}   {} - {}   {}*{}   ({})*({})   {}/({})   ({})/({})   {} × {}   {} · ({})   ({}) ÷ ({})   {} − {}
    {} - ({})   -({})*{}   {}*-{}   {}/-({})   ({}) % ({})   {} % 3 * {}   ({})^({})   abs({})**({})
    hypot({}, {})   atan2({}, {})   max({}, {})   min({}, {})   where({} > 0.3, {}, {})
    ({} if {} >= {} else {})   ({}) - {} - {}   {}/({})/({})   ({} if {} else {})
    where(not {} <= {}, {}, {})   (0 < {} < 2)*({})   ({} ≥ {})*{} + {}   [{}, {}] @ [{}, {}]   sum([{}, {}])
    prod([{}, {}])   norm([{}, {}])   mean([{}, {}])   logsumexp([{}, {}])   softmax([{}, {}, 0.5])[1]
    max([{}, {}])   [{}, {}][-1]   [{}]@[{}]   norm([{}])*({})   softmax([{}])[0]*({})   sum([{}])*prod([{}])
    logsumexp([{}]) - ({})   ({} and {})*{}   ({} or {}) + {}   ({} == {}) + {}   dot([{}], [{}])
    log(exp({}) + exp({}))   sqrt(({})^2 + ({})^2)   1/(1 + exp(-({}))) + {}   log(1 + exp({}))*({})
    {} != {} < {}
    """
)
VECTORS = templates(
    """
    w   [{}, {}]*w   w + {}   sin(w)   -w   softmax(w)   w^2   w*w - {}   where(w > {}, w, 0)   max(w, {})
    """
)
REDUCED = templates(
    """
    sum({})   prod({})   mean({})   norm({})   max({})   min({})   logsumexp({})   {} @ w   dot(w, {})
    """
)


class Case(NamedTuple):
    text: str
    point: Point
    """Of every input, in order of first appearance or not; of some more perhaps."""


class Writer:
    """The scope of one program."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = random.sample(INPUTS, random.choice((1, 2, 2, 3)))
        self.functions: list[tuple[str, int]] = []
        self.length = random.choice((None, None, None, 1, 2, 3))

    def leaf(self) -> str:
        pools = (self.names, self.names, self.names, self.names, NUMBERS, NAMED, ROOTS)
        return self.enclosed(self.random.choice(self.random.choice(pools)))

    def enclosed(self, text: str) -> str:
        """In parentheses, perhaps where none are needed, and perhaps not where they would change the meaning."""
        if re.search(r" (if|and|or) |not |[<>=≥]", text):
            return f"({text})"
        return text if text.isidentifier() or self.random.random() < 0.4 else f"({text})"

    def expression(self, depth: int) -> str:
        random = self.random
        if depth <= 0 or random.random() < 0.1:
            return self.leaf()
        kind = random.random()
        if self.functions and kind < 0.2:
            name, count = random.choice(self.functions)
            return f"{name}({', '.join(self.expression(depth - 1) for _ in range(count))})"
        if self.length and kind < 0.3:
            vector = self.filled(random.choice(VECTORS[:1] + VECTORS[2:] if self.length != 2 else VECTORS), 0)
            if kind < 0.23:
                return f"({vector})[{random.randrange(-self.length, self.length)}]"
            return self.enclosed(random.choice(REDUCED).format(f"({vector})"))
        return self.enclosed(self.filled(random.choice(ONE if kind < 0.6 else TWO), depth - 1))

    def filled(self, template: str, depth: int) -> str:
        first, *rest = template.split("{}")
        repeated = self.expression(depth) if self.random.random() < 0.2 else None
        return first + "".join((repeated or self.expression(depth)) + piece for piece in rest)

    def statement(self) -> str:
        random, depth = self.random, self.random.choice((1, 2, 2))
        kind = random.random()
        if kind < 0.3:
            name = random.choice(("g", "h", "sigmoid", "F", "q"))
            parameters = random.sample(("u", "v", "x", "pi"), 1 if name == "sigmoid" else random.choice((1, 1, 2)))
            self.functions = [(n, c) for n, c in self.functions if n != name]
            outer, self.names = self.names, [*parameters, random.choice(self.names)]
            body = re.sub(rf"\b{name}\(", "sin(", self.expression(depth))  # it may not call itself
            self.names = outer
            self.functions.append((name, len(parameters)))
            return f"{name}({', '.join(parameters)}) = {body}"
        if kind < 0.5:
            sign = random.choice(("+=", "-=", "*=", "/=", "**=", "^="))
            return f"{random.choice(self.names)} {sign} {self.expression(depth)}"
        name = random.choice(SHADOWING)
        value = random.choice((self.expression(depth), random.choice(NUMBERS), random.choice(NAMED)))
        self.names.append(name)
        return f"{name} = {value}"


def case(seed: int) -> Case:
    """The program of a seed."""
    random = Random(seed)
    writer = Writer(random)
    inputs = list(writer.names)
    statements = [writer.statement() for _ in range(random.choice((0, 0, 1, 1, 2, 3)))]
    outputs = [writer.expression(random.choice((1, 2, 3, 3))) for _ in range(random.choice((1, 1, 1, 1, 1, 2)))]
    text = random.choice(("; ", "; ", "\n", " ;; # so\n")).join([*statements, ", ".join(outputs)])
    point: Point = {name: number(random) for name in [*inputs, *SHADOWING]}
    if writer.length:
        point["w"] = [number(random) for _ in range(writer.length)]
    return Case(text, point)


def number(random: Random) -> float:
    """Nobody's choice."""
    return random.choice((-1, 1, 1)) * random.choice(
        (random.uniform(0.05, 1), random.uniform(0.5, 3), random.uniform(1, 9))
    )
