"""A page that plays both passes: one HTML file with the picture, the stages, and the arithmetic in JavaScript."""

import json
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from html import escape
from importlib.resources import files
from math import isfinite
from typing import TYPE_CHECKING, Any

from autodiff.engine.code.javascript import operation_functions
from autodiff.engine.code.source import Missing
from autodiff.engine.graph import Constant, Node, dependent, topological_order
from autodiff.engine.study.steps import gate_formulas, stages
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.explanation import gradient_names, idle, on_the_board, product, short_names
from autodiff.evaluation.numbers import shortest
from autodiff.grammar.print.text import print_expression
from autodiff.pictures.drawing import Drawing
from autodiff.pictures.page.svg import marked
from autodiff.pictures.renderer import rendered

if TYPE_CHECKING:
    from graphviz import Digraph

_DIGITS = 6
_IN_BOXES = 4
_ROOM = "\u2202 -0.8888"
"""As wide as a number of four digits usually gets, and its sign; the script sets a wider one in smaller type."""


class _Roomy(Drawing):
    """A drawing whose boxes have room for a number that is not known yet."""

    def number(self, number: float, digits: int) -> str:
        return _ROOM


def page(drawing: Drawing, draw: "Callable[[Drawing], Digraph]") -> bytes:
    """The page of an evaluation, as one file that needs nothing else.

    WrongRequest where the inputs have no values, NotMet where JavaScript lacks an operation.
    """
    evaluation = drawing.evaluation
    if not evaluation.values:
        raise WrongRequest("a page needs a value for every variable", "give them as NAME=VALUE")
    names, inside = short_names(evaluation), _inside(drawing)
    wires = _wires(drawing, inside)
    picture = draw(_Roomy(evaluation, drawing.options))
    svg = marked(rendered(picture, "svg"), names, {key: k for k, key in enumerate(wires)})
    try:
        functions, keys = operation_functions(evaluation.program.graph)
    except Missing as error:
        raise NotMet(f"a page cannot compute {error.operation}, which JavaScript does not have") from None
    data = _data(evaluation, names, keys) | {
        "wires": list(wires.values()),
        # The gate that is drawn for each one inside of it.
        "drawn": {j: i for i, members in inside.items() for j in members if j != i},
        "short": drawing.options.digits or _IN_BOXES,
    }
    parts = {name: (files("autodiff.pictures.page") / name).read_text("utf-8") for name in _FILES}
    script = "\n".join([_plain(parts["passes.js"]), functions, _plain(parts["page.js"])])
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(parts['page.css'])}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    filled = {
        "POLICY": policy,
        "TITLE": escape(evaluation.program.text),
        "/* STYLE */": parts["page.css"],
        "PICTURE": svg,
        # Neither a `</script>` nor a comment can begin in it.
        '"DATA"': json.dumps(data).replace("<", "\\u003c"),
        "/* SCRIPT */": script,
    }
    # A policy allows a script by all that stands between its tags, so no blanks are left there.
    places = rf"\s*({'|'.join(map(re.escape, filled))})\s*"
    return re.sub(places, lambda found: filled[found[1]], parts["page.html"]).encode()


_FILES = ("page.html", "page.css", "passes.js", "page.js")


def _plain(module: str) -> str:
    """A module of ours in one script with the others, without its imports and exports."""
    return re.sub(r"^export ", "", re.sub(r"^import [^;]*;\n", "", module, flags=re.M), flags=re.M)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _data(evaluation: Evaluation, names: list[str], keys: dict[int, str]) -> dict[str, Any]:
    """What the script knows of the graph: nothing that changes with the inputs, but for their values at the start."""
    program, graph = evaluation.program, evaluation.program.graph
    wanted = dependent(graph, evaluation.asked)
    gradients = gradient_names(names)
    nodes: list[dict[str, Any]] = [
        {
            "name": name,
            "title": program.title(node),
            "gradient": gradients[i],
            "operands": list(graph.operands[i]),
            "wanted": i in wanted and not isinstance(node, Constant),
            **({"number": _javascript(node.number)} if isinstance(node, Constant) else {}),
        }
        for i, (node, name) in enumerate(zip(graph.nodes, names, strict=True))
    ]
    for stage in stages(graph, names):
        nodes[stage.position] |= _gate(evaluation, names, gradients, stage.position) | {
            "operation": keys[stage.position],
            "formula": print_expression(stage.formula),
        }
    groups = {node: name for name, value in program.inputs.items() if isinstance(value, tuple) for node in value}
    return {
        "nodes": nodes,
        "inputs": [
            {"name": node.name, "value": _javascript(x), "group": groups.get(node)}
            for node, x in zip(graph.inputs, evaluation.values)
        ],
        "outputs": evaluation.outputs,
        "gradient": evaluation.adjoints is not None,
        "digits": _DIGITS,
    }


def _gate(evaluation: Evaluation, names: list[str], gradients: list[str], i: int) -> dict[str, Any]:
    """What the script says of a gate, and what it must know to tell a kink."""
    operation = evaluation.program.graph.nodes[i].operation
    assert operation is not None
    formulas, deed = gate_formulas(evaluation.program.graph, names, i)
    return {
        "products": [_product(gradients[i], formula) for formula in formulas],
        "deed": f"{operation.name} {deed}",
        "idle": idle(operation, deed),
        "truth": operation.is_truth,
        "chooses": operation.chooses,
        "kinked": bool(operation.kinks),
        "variadic": operation.variadic,
    }


def _product(gradient: str, formula: Node | None) -> str | None:
    """What flows back, as a formula; None where it has a choice, whose outcome changes with the inputs."""
    if formula is None or any(node.operation and node.operation.chooses for node in topological_order([formula])):
        return None
    return on_the_board(product(gradient, formula))


def _javascript(number: float) -> float | str:
    """A number for JSON, which has no notation for what is not finite."""
    return number if isfinite(number) else {"inf": "Infinity", "-inf": "-Infinity"}.get(shortest(number), "NaN")


def _inside(drawing: Drawing) -> dict[int, list[int]]:
    """For each gate that is drawn the gates that it stands for, itself among them."""
    inside = dict[int, list[int]]()
    for i, gate in drawing.gates.items():
        found, pending = dict.fromkeys([i]), list(drawing.graph.operands[i])
        while pending:
            j = pending.pop()
            if j not in gate.operands and j not in found and drawing.graph.nodes[j].operation:
                found[j] = None
                pending.extend(drawing.graph.operands[j])
        inside[i] = list(found)
    return inside


def _wires(drawing: Drawing, inside: dict[int, list[int]]) -> dict[str, dict[str, Any]]:
    """The wires by their identifiers in the picture: the gate that each leads to, and the ports of gates behind it."""
    wires = dict[str, dict[str, Any]]()
    for i, members in inside.items():
        ports = defaultdict[int, list[tuple[int, int]]](list)
        for member in members:
            for port, j in enumerate(drawing.graph.operands[member]):
                ports[j].append((member, port))
        alone = len(members) == 1
        for k, j in enumerate(drawing.gates[i].operands):
            wires[f"w{i}-{k}"] = {"to": i, "ports": [(i, k)] if alone else ports[j]}
    return wires
