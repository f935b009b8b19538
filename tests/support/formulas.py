"""Formulas as people write them, and what mpmath says of them and their derivatives: nothing here is the project's."""

import ast
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

from mpmath import mp, mpf

# --- Where numbers and constants meet ---------------------------------------------------------------------------------

_CONSTANTS = ("2*pi", "pi/3", "sqrt(2)", "1.2", "sqrt(2*pi)", "3^(1/3)", "tau/7", "0.5*sqrt(3)", "1/sqrt(8)", "pi^2/6")
_TEMPLATES = (
    "{a}*x",
    "{a}*x^3*y",
    "sin({a}*x)*y",
    "x/({a}*y)",
    "x^{b}*y",
    "exp(-{a}*x*y)/{b}",
    "sqrt({a}*x/y)",
    "sqrt({a}*x)^3*y",
    "erf(x*y/({a}))",
    "log({a}*x + {b}*y)",
    "({a}*x - y/({b}))^2",
    "({a})^x*y",
    "{a}*(x + {b})/({b}*x + {a}*y)",
    "x*atan({a}*y)/{b}",
    "{a}*x*{a}*y - x^2/({a})",
    "sqrt({a}*x^2 + ({b}*y)^2)",
    "{a}/x + {b}/(x*y)",
    "cos({a}*x + {b})*{b}*y",
    "x*y*sqrt({a})*sqrt({b}*x)",
    "tanh(x/({a}))*({b})^2*y",
    "where(x > {a}, {a}*x^2, {b}*x*y)",
    "(x*{a})^({b})*y",
    "{a}*y*{b}^2*x^2/({a}*{b})",
    "log(x/({a}))/log({b} + 3)*y",
    "sigmoid({a}*x)*{b}*y^2",
)


def with_constants() -> list[str]:
    """Some 250 formulas of x and y in which constants and roots of numbers meet."""
    parts = [f"({constant})" for constant in _CONSTANTS]
    pairs = [(a, b) for i, a in enumerate(parts) for b in (parts[(3 * i + 1) % len(parts)],)]
    return [template.format(a=a, b=b) for template, (a, b) in product(_TEMPLATES, pairs)] + CORNERS


CORNERS = [
    "sqrt(2*x)^4 + y",
    "sqrt(-(x - 9))^4*y",
    "sqrt((2*x)^3)*y",
    "sqrt((y/-x)^4)",
    "sqrt((x - 9)^2)*y",
    "sqrt(x^2*y)",
    "(x^2)^0.5*y",
    "(x*y)^(1/3)*(x*y)^(2/3)",
    "sqrt(x/y)*sqrt(y/x)",
    "sqrt(x*sqrt(y))",
    "1/sqrt(x/y)^3",
    "x^x*y^y",
    "x^y",
    "(x/y)^(x*y)",
    "abs(x - y)^3",
    "cbrt(x - 9)^4*y",
    "hypot(x, 2*y)^3",
    "(x - y)^3*(y - x)^2",
    "x*1e20*y*1e20/1e20",
    "k = 0.5; exp(k*x)*y",
    "tau = 1; exp(tau*x*y)",
    "pi = 3; sin(pi*x)*y",
    "f(t) = t*pi; pi = 2; f(x)*pi*y",
    "x = x*2; x -= y; x*pi*x",
]

# --- As they stand in textbooks ---------------------------------------------------------------------------------------

TEXTBOOK: list[tuple[str, str]] = [
    # physics
    ("2*pi*sqrt(L/g)", "g"),
    ("m*v^2/2", "v"),
    ("G*m1*m2/r^2", "r"),
    ("k*q1*q2/r^2", "r"),
    ("q/(4*pi*e*r^2)", "r"),
    ("m*c^2/sqrt(1 - v^2/c^2)", "v"),
    ("A*cos(2*pi*f*t + phi)", "t"),
    ("A*exp(-b*t)*cos(w*t)", "t"),
    ("sqrt(3*k*T/m)", "T"),
    ("h*f/(exp(h*f/(k*T)) - 1)", "T"),
    ("2*h*f^3/(c^2*(exp(h*f/(k*T)) - 1))", "f"),
    ("4/3*pi*r^3", "r"),
    ("V*R/(r + R)", "R"),
    ("V^2*R/(r + R)^2", "R"),
    ("1/(2*pi*sqrt(L*C))", "C"),
    ("V/sqrt(R^2 + (w*L)^2)", "w"),
    ("sqrt(R^2 + (w*L - 1/(w*C))^2)", "w"),
    ("R1*R2/(R1 + R2)", "R1"),
    ("1/(1/f - 1/u)", "u"),
    ("v0*t*sin(a) - g*t^2/2", "t"),
    ("v0^2*sin(2*a)/g", "a"),
    ("x*tan(a) - g*x^2/(2*v0^2*cos(a)^2)", "a"),
    ("asin(n1/n2*sin(a))", "a"),
    ("mu*I/(2*pi*r)", "r"),
    ("s*A*T^4", "T"),
    ("4*e*((s/r)^12 - (s/r)^6)", "r"),
    ("D*(1 - exp(-a*(r - r0)))^2", "r"),
    ("I0*(sin(b)/b)^2", "b"),
    ("f*(c + v)/(c - u)", "u"),
    ("sqrt(2*g*h)", "h"),
    # chemistry
    ("A*exp(-E/(R*T))", "T"),
    ("Vm*S/(Km + S)", "S"),
    ("Vm*S/(Km*(1 + I/Ki) + S)", "I"),
    ("Vm*S^n/(K^n + S^n)", "S"),
    ("n*R*T/(V - n*b) - a*n^2/V^2", "V"),
    ("E0 - R*T/(n*F)*log(Q)", "Q"),
    ("c0*exp(-k*t)", "k"),
    ("pKa + log10(A/(c - A))", "A"),
    ("4*pi*(m/(2*pi*k*T))^1.5*v^2*exp(-m*v^2/(2*k*T))", "v"),
    ("P*exp(-H/R*(1/T - 1/T0))", "T"),
    ("K*c/(1 + K*c)", "c"),
    ("c/sqrt(4*pi*D*t)*exp(-x^2/(4*D*t))", "x"),
    ("c/sqrt(4*pi*D*t)*exp(-x^2/(4*D*t))", "t"),
    # finance
    ("P*(1 + r/n)^(n*t)", "r"),
    ("P*exp(r*t)", "t"),
    ("P*r/(1 - (1 + r)^(-n))", "r"),
    ("C/r*(1 - (1 + r)^(-n)) + F/(1 + r)^n", "r"),
    (
        "N(x) = erfc(-x/sqrt(2))/2; d = (log(S/K) + (r + s^2/2)*T)/(s*sqrt(T)); S*N(d) - K*exp(-r*T)*N(d - s*sqrt(T))",
        "S",
    ),
    (
        "N(x) = erfc(-x/sqrt(2))/2; d = (log(S/K) + (r + s^2/2)*T)/(s*sqrt(T)); S*N(d) - K*exp(-r*T)*N(d - s*sqrt(T))",
        "s",
    ),
    ("exp(-d^2/2)/sqrt(2*pi)", "d"),
    ("D/(r - g)", "g"),
    ("w^2*a^2 + (1 - w)^2*b^2 + 2*w*(1 - w)*a*b*c", "w"),
    ("(m - r)/s", "s"),
    ("c^(1 - g)/(1 - g)", "c"),
    ("A*K^a*L^(1 - a)", "K"),
    ("A*K^a*L^(1 - a)", "a"),
    # learning
    ("(a*x + b - y)^2", "a"),
    ("sigmoid(a*x + b)", "x"),
    ("tanh(a*x + b)", "a"),
    ("-y*log(p) - (1 - y)*log(1 - p)", "p"),
    ("log(1 + exp(-y*w*x))", "w"),
    ("softplus(w*x) - y*w*x", "w"),
    ("exp(-(x - mu)^2/(2*s^2))/(s*sqrt(2*pi))", "x"),
    ("exp(-(x - mu)^2/(2*s^2))/(s*sqrt(2*pi))", "s"),
    ("-(x - mu)^2/(2*s^2) - log(s) - log(2*pi)/2", "s"),
    ("exp(u)/(exp(u) + exp(v))", "u"),
    ("log(s2/s1) + (s1^2 + (m1 - m2)^2)/(2*s2^2) - 1/2", "s2"),
    ("x*sigmoid(b*x)", "x"),
    ("d^2*(sqrt(1 + (r/d)^2) - 1)", "r"),
    ("exp(-g*(x - z)^2)", "z"),
    ("x/2*(1 + erf(x/sqrt(2)))", "x"),
    ("0.5*x*(1 + tanh(0.8*(x + 0.044715*x^3)))", "x"),
    # engineering
    ("w*L^4/(8*E*I)", "I"),
    ("5*w*L^4/(384*E*I)", "L"),
    ("P*L^3/(3*E*I)", "L"),
    ("w*x*(L^3 - 2*L*x^2 + x^3)/(24*E*I)", "x"),
    ("pi^2*E*I/(K*L)^2", "L"),
    ("b*h^3/12", "h"),
    ("pi*(D^4 - d^4)/64", "d"),
    ("f*L/D*rho*v^2/2", "D"),
]

# --- The judge --------------------------------------------------------------------------------------------------------

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
    ast.Pow: lambda x, y: mp.power(x, y),
}
_COMPARE: dict[type, Callable[[Any, Any], bool]] = {ast.Gt: lambda x, y: x > y, ast.Lt: lambda x, y: x < y}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(mp, name) for name in ("exp", "log", "log10", "sqrt", "sin", "cos", "tan", "asin", "atan", "tanh")
    },
    **{name: getattr(mp, name) for name in ("erf", "erfc", "hypot")},
    "abs": abs,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "where": lambda c, x, y: x if c else y,
}


def judged(text: str, point: Mapping[str, Any]) -> Any:
    """The value of a program by mpmath, read as Python reads it."""
    names: dict[str, Any] = {"pi": mp.pi, "tau": 2 * mp.pi, **point}
    functions: dict[str, tuple[list[str], ast.expr, dict[str, Any]]] = {}
    *statements, last = [part.strip().replace("^", "**") for part in text.split(";")]
    for statement in statements:
        head, operator, body = statement.partition("=")
        tree = ast.parse(body.strip(), mode="eval").body
        if "(" in head:
            name, _, parameters = head.strip().rstrip(")").partition("(")
            functions[name] = [parameter.strip() for parameter in parameters.split(",")], tree, dict(names)
        elif head.endswith("-"):
            names[head[:-1].strip()] -= _value(tree, names, functions)
        else:
            assert operator
            names[head.strip()] = _value(tree, names, functions)
    return _value(ast.parse(last, mode="eval").body, names, functions)


def _value(tree: ast.expr, names: Mapping[str, Any], functions: Mapping[str, Any]) -> Any:
    if isinstance(tree, ast.BinOp):
        return _BINARY[type(tree.op)](_value(tree.left, names, functions), _value(tree.right, names, functions))
    if isinstance(tree, ast.UnaryOp):
        return -_value(tree.operand, names, functions)
    if isinstance(tree, ast.Compare):
        left, right = _value(tree.left, names, functions), _value(tree.comparators[0], names, functions)
        return _COMPARE[type(tree.ops[0])](left, right)
    if isinstance(tree, ast.Call):
        assert isinstance(tree.func, ast.Name)
        operands = [_value(operand, names, functions) for operand in tree.args]
        if tree.func.id in functions:
            parameters, body, captured = functions[tree.func.id]
            return _value(body, {**captured, **dict(zip(parameters, operands, strict=True))}, functions)
        return _FUNCTIONS[tree.func.id](*operands)
    if isinstance(tree, ast.Constant):
        return mpf(str(tree.value)) if str(tree.value) != "inf" else mp.inf
    assert isinstance(tree, ast.Name)
    return names[tree.id]


def point(text: str, names: Sequence[str], dice: Random) -> dict[str, float]:
    """A point at which a formula is real."""
    while True:
        at = {name: round(dice.uniform(0.3, 0.9), 3) for name in names}
        if not isinstance(judged(text, {name: mpf(x) for name, x in at.items()}), mp.mpc):
            return at


def truth(text: str, at: Mapping[str, float], *names: str) -> Any:
    """The derivative by the names in turn, by differences of mpmath's values at 60 digits."""
    orders = {name: names.count(name) for name in dict.fromkeys(names)}

    def along(*values: Any) -> Any:
        return judged(text, {**{name: mpf(x) for name, x in at.items()}, **dict(zip(orders, values, strict=True))})

    with mp.workdps(60):
        values, times = tuple(mpf(at[name]) for name in orders), tuple(orders.values())
        return mp.diff(along, values if len(values) > 1 else values[0], times if len(times) > 1 else times[0])
