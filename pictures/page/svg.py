"""The picture of a page: what Graphviz drew, with names that a script finds and classes that a style sheet colours."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from autodiff.pictures.dot import GREEN, GREY, INK, RED, STOPPED
from autodiff.pictures.records import ASKED, DATA, OUTPUT

_FILLS = {"white": "white face", ASKED: "input face", DATA: "data face", OUTPUT: "output face"}
_LINES = {GREY: "line", STOPPED["color"]: "line", INK: "ink", "black": "ink"}
_TEXTS = {GREEN: "value", RED: "gradient", GREY: "faint"}
_PLACES = ("x", "y", "d", "points", "cx", "cy", "rx", "ry", "transform", "text-anchor", "font-size")


def marked(picture: bytes, names: Sequence[str], wires: Mapping[str, int]) -> str:
    """The SVG of a drawing as an element of an HTML page.

    The group of a node gets its name and position, that of a gate the position of its result, that of a wire its
    number in `wires`, which has them by their identifiers. Colours become classes. Tooltips go: their numbers change.
    """
    root = ElementTree.fromstring(picture.decode())
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    graph = root.find("g")
    assert graph is not None
    kept = {name: root.attrib[name] for name in ("viewBox", "width", "height")}
    root.attrib.clear()
    root.attrib |= {**kept, "role": "img", "aria-label": "The graph; the list of all stages has its numbers."}
    groups = [each for each in graph if each.tag == "g"]  # without the title and the background
    for group in groups:
        _mark(group, names, wires)
    graph[:] = groups
    graph.attrib = {"transform": graph.attrib["transform"]}
    return ElementTree.tostring(root, encoding="unicode")


def _mark(group: Element, names: Sequence[str], wires: Mapping[str, int]) -> None:
    key = group.attrib["id"]
    kind, place = key[0], key[1:]
    shapes = [each for each in group.iter() if each.tag not in ("g", "a", "title")]
    if kind == "n":
        attributes = {"class": "node", "data-node": names[int(place)], "data-position": place}
    elif kind == "o":
        attributes = {"class": "gate", "data-gate": place}
    else:
        attributes = {"class": "wire", **({"data-wire": str(wires[key])} if key in wires else {})}
    for shape in shapes:
        _paint(shape, kind)
    group.clear()
    group.attrib |= attributes
    group.extend(shapes)


def _paint(shape: Element, kind: str) -> None:
    """Give a shape the classes of its colours, in their place."""
    fill, line = shape.get("fill", ""), shape.get("stroke", "")
    kept = {name: shape.attrib[name] for name in _PLACES if name in shape.attrib}
    text, large = shape.text, shape.get("font-size") != "9.00"
    shape.clear()
    shape.attrib |= kept
    if shape.tag != "text":
        face = "face" if kind == "o" else "tip" if kind in "wr" and fill != "none" else _FILLS.get(fill, "none")
        shape.set("class", f"{face} {_LINES.get(line, 'bare')}")
        return
    role = _TEXTS.get(fill, "symbol" if kind == "o" and large else "name")
    role = "local" if kind == "w" else role
    if role == "gradient":
        shape.set("class", "number")
        SubElement(shape, "tspan", {"class": "sign"}).text = "\u2202 "
        SubElement(shape, "tspan", {"class": "gradient"}).text = text
    else:
        shape.set("class", role)
        shape.text = text
