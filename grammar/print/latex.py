"""Graph to LaTeX mathematics: the sister of the printer, for people to read.

Two choices keep it from misleading. A product has a dot before a digit, beside a word and before a parenthesis, but for
one after a number: what stands before a parenthesis without a dot is a number or a function. And what binds loosely in
one notation and tightly in another (a minus sign, the remainder, a truth used as a number) gets parentheses, or for a
truth brackets.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import copysign

from autodiff.engine.graph import Constant, Input, Node, topological_order
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.print.text import (
    ATOM,
    BINDING,
    COMPARISON,
    VALUE,
    Part,
    Parts,
    assemble,
    call,
    regrouped,
    shared,
    sides,
)

_ADD, _MUL, _POW = BINDING["add"], BINDING["mul"], BINDING["pow"]
FACTOR = _MUL
"""The tightness with which a factor of a product must bind."""

# Operations with a notation of their own, where @ stands for an operand, and how tightly it binds.
_NOTATION = {
    "neg": ("-@", _ADD),
    "div": (r"\frac{@}{@}", _POW),
    "mod": (r"@ \bmod @", VALUE),
    "pow": ("@^{@}", _POW),
    "exp2": ("2^{@}", _POW),
    "sqrt": (r"\sqrt{@}", ATOM),
    "cbrt": (r"\sqrt[3]{@}", ATOM),
    "abs": (r"\left|@\right|", ATOM),
    "floor": (r"\left\lfloor @\right\rfloor", ATOM),
    "ceil": (r"\left\lceil @\right\rceil", ATOM),
    "lgamma": (r"\ln\left|\Gamma\left(@\right)\right|", _POW),
    "polygamma": (r"\psi^{\left(@\right)}\left(@\right)", ATOM),
    "not": (r"\lnot\left(@\right)", ATOM),
}
# How tightly operands must bind; all others stand between marks or braces.
_OPERANDS = {"neg": (_MUL,), "mod": (_POW, _POW), "pow": (ATOM, VALUE), "not": (0,)}

_HEADS = {name: rf"\{name}" for name in "sin cos tan sec csc cot sinh cosh tanh exp min max".split()} | {
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "log": r"\ln",
    "log2": r"\log_{2}",
    "log10": r"\log_{10}",
    "gamma": r"\Gamma",
    "digamma": r"\psi",
}
_SIGNS = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne", "and": r"\land", "or": r"\lor"}
_NUMBERS = {"pi": r"\pi", "π": r"\pi", "tau": r"\tau", "inf": r"\infty", "nan": r"\mathrm{NaN}"}
_FEW = 20
"""How many factors of a product are searched for its first one."""

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
        "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
        strict=True,
    )
)
_LETTERS = str.maketrans({"_": r"\_"} | {letter: rf"\{name} " for letter, name in _GREEK.items()})
_NAME = re.compile(r"(?P<stem>.+?)(?P<digits>(_?[0-9]+)*)(\[(?P<index>[0-9]+)\])?")


def latex(outputs: Sequence[Node], *, brief: bool = False) -> str:
    """Mathematics for the outputs: what is used more than once becomes an equation before them.

    What a brief one leaves out `print_program` says.
    """
    outputs = _with_signs_first(outputs)
    inputs: dict[Node, str] = {node: node.name for node in topological_order(outputs) if isinstance(node, Input)}
    equations = shared(outputs, brief=brief)
    text_of = distinct_names([*inputs.values(), *equations.values()])
    names = {node: text_of[name] for node, name in inputs.items()}
    rows = []
    for node, name in equations.items():
        rows.append(rf"{text_of[name]} &= {_expression(node, names, VALUE, brief=brief)} \\")
        names[node] = text_of[name]
    answer = r",\quad ".join(_expression(output, names, brief=brief) for output in outputs)
    return "\n".join([r"\begin{aligned}", *rows, f"& {answer}", r"\end{aligned}"]) if rows else answer


def expression(node: Node, names: Mapping[str, str], binding: int = VALUE) -> str:
    """Mathematics for a node, whose inputs go by the names that `distinct_names` gave them."""
    (node,) = _with_signs_first([node])
    inputs = [other for other in topological_order([node]) if isinstance(other, Input)]
    return _expression(node, {other: names[other.name] for other in inputs}, binding, brief=False)


def _with_signs_first(outputs: Sequence[Node]) -> list[Node]:
    """The outputs with -(a*b) for (-a)*b, as mathematics writes -2 x: they are the same to the last bit."""
    moved: dict[Node, Node] = {}
    for node in topological_order(outputs):
        operands = tuple(moved.get(operand, operand) for operand in node.operands)
        operation = node.operation
        opposite = _opposite(operands[0]) if operation and operation.name in ("mul", "div") else None
        if opposite:
            moved[node] = Node(OPERATIONS["neg"], (Node(operation, (opposite, *operands[1:])),), node.label)
        elif operands != node.operands:
            moved[node] = Node(operation, operands, node.label)
    return [moved.get(output, output) for output in outputs]


def _opposite(node: Node) -> Node | None:
    """What a minus sign stands before."""
    if isinstance(node, Constant):
        return Constant(-node.number) if copysign(1.0, node.number) < 0 else None
    return node.operands[0] if node.operation and node.operation.name == "neg" else None


def _expression(root: Node, names: dict[Node, str], binding: int = 0, *, brief: bool) -> str:
    return assemble(root, names, regrouped(_parts) if brief else _parts, _enclosed, binding)


def _enclosed(parts: list[Part], own: int, binding: int) -> list[Part]:
    """In parentheses; or in Iverson's brackets, a truth that is used as a number."""
    left, right = ("[", "]") if own <= COMPARISON and binding >= VALUE else ("(", ")")
    return [rf"\left{left}", *parts, rf"\right{right}"]


def _parts(node: Node) -> Parts:
    operation, operands = node.operation, node.operands
    if operation is None:
        return _number(node)
    if operation.name == "where":
        return _choice(*operands)
    if operation.name in _NOTATION:
        return _notation(operation.name, operands)
    if operation.symbol is None:
        head = _HEADS.get(operation.name) or rf"\operatorname{{{operation.name.translate(_LETTERS)}}}"
        return call(rf"{head}\left(", operands, r"\right)", VALUE), ATOM
    own, left, right = sides(operation)
    sign = _product(*operands) if operation.name == "mul" else _SIGNS.get(operation.symbol, operation.symbol)
    return [(operands[0], left), f" {sign} ".replace("  ", " "), (operands[1], right)], own


def _notation(name: str, operands: tuple[Node, ...]) -> Parts:
    text, own = _NOTATION[name]
    first, *rest = text.split("@")
    bindings = _OPERANDS.get(name, (VALUE,) * len(operands))
    pieces = zip(operands, bindings, rest, strict=True)
    return [first, *(part for operand, binding, after in pieces for part in ((operand, binding), after))], own


def _choice(condition: Node, taken: Node, other: Node) -> Parts:
    is_truth = condition.operation and condition.operation.symbol and sides(condition.operation)[0] <= COMPARISON
    test: list[Part] = [(condition, 0)] if is_truth else [(condition, VALUE), r" \ne 0"]
    rows: list[Part] = [(taken, VALUE), r" & \text{if } ", *test, r" \\ ", (other, VALUE), r" & \text{otherwise} "]
    return [r"\begin{cases} ", *rows, r"\end{cases}"], VALUE


def _product(left: Node, right: Node) -> str:
    """The sign between two factors: none between letters, and no 2 before a fraction, which would be a mixed number."""
    first, binding = _first(right)
    if binding is None or _is_digits(first) or _is(first, "div", "exp2") or _is_word(first) or _is_word(_last(left)):
        return r"\cdot"
    enclosed = _is(right, "mul") or _parts(first)[1] < binding
    return r"\cdot" if enclosed and not _is_digits(left) else ""


def _first(node: Node) -> tuple[Node, int | None]:
    """The first factor of a product, and how tightly it must bind; None where it is too far away."""
    for _ in range(_FEW):
        if _is(node, "pow"):
            return node.operands[0], ATOM
        if not _is(node, "mul") or node.label:
            return node, _MUL
        node = node.operands[0]
    return node, None


def _last(node: Node) -> Node:
    return node.operands[1] if _is(node, "mul") and not node.label else node


def _is(node: Node, *names: str) -> bool:
    return node.operation is not None and node.operation.name in names


def _is_word(node: Node) -> bool:
    """Whether a name is more than a letter."""
    name = node.name if isinstance(node, Input) else node.label if node.operation else None
    return name is not None and _pretty(name).startswith(r"\mathrm")


def _is_digits(node: Node) -> bool:
    return isinstance(node, Constant) and str(_number(node)[0][0])[0].isdigit()


def _number(node: Node) -> Parts:
    """A number as it is written, or as Python writes it."""
    number = node.number if isinstance(node, Constant) else 0.0
    text = (getattr(node, "written", None) or repr(number)).replace("_", "").lower()
    if text.startswith("-"):
        return ["-", *_number(Constant(-number, written=text[1:]))[0]], _ADD
    mantissa, _, exponent = text.removesuffix(".0").partition("e")
    if text in _NUMBERS or not exponent:
        return [_NUMBERS.get(text, mantissa)], ATOM
    power = f"10^{{{int(exponent)}}}"
    return ([power], _POW) if mantissa == "1" else ([rf"{mantissa} \cdot {power}"], _MUL)


def distinct_names(names: Iterable[str]) -> dict[str, str]:
    """Each name as mathematics; as it is, where two would look the same, such as x1 and x_1."""
    pretty = {name: _pretty(name) for name in names}
    count = Counter(pretty.values())
    return {name: text if count[text] == 1 else _upright(name) for name, text in pretty.items()}


def _pretty(name: str) -> str:
    match = _NAME.fullmatch(name)
    stem, digits, index = match.group("stem", "digits", "index") if match else (name, "", None)
    subscripts = re.findall("[0-9]+", digits) + [index] * bool(index)
    head, _, rest = stem.partition("_")
    if rest.isalnum() and not _letter(head).startswith(r"\mathrm"):  # x_max, but not learning_rate
        stem, subscripts = head, [_letter(rest), *subscripts]
    return _letter(stem) + (f"_{{{','.join(subscripts)}}}" if subscripts else "")


def _letter(word: str) -> str:
    """A letter of the Latin or Greek alphabet as it is, a longer word upright."""
    if word in _GREEK.values():
        return rf"\{word}"
    return word.translate(_LETTERS).strip() if len(word) == 1 and word != "_" else _upright(word)


def _upright(word: str) -> str:
    return rf"\mathrm{{{word.translate(_LETTERS)}}}"
