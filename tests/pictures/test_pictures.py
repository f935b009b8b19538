"""The drawn graph, as the real renderer draws it."""

import math
import re
import shlex
import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import graphviz
import pytest

from autodiff.evaluation.errors import NotMet
from autodiff.pictures import renderer

from ..conftest import Run, printed

SVG = "{http://www.w3.org/2000/svg}"
NEURON = "autodiff grad 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6"


def output(line: str) -> str:
    """What a command prints, without a process of its own."""
    code, text = printed(*shlex.split(line)[1:])
    assert code == 0
    return text


def texts(svg: str) -> list[str]:
    """Everything that is written in a picture."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def position(svg: str, text: str) -> tuple[float, float]:
    """Where a text stands; y grows downwards."""
    (found,) = [t for t in ElementTree.fromstring(svg).iter(f"{SVG}text") if "".join(t.itertext()) == text]
    return float(found.attrib["x"]), float(found.attrib["y"])


def fill(svg: str, text: str) -> str:
    (found,) = [t for t in ElementTree.fromstring(svg).iter(f"{SVG}text") if "".join(t.itertext()) == text]
    return found.attrib["fill"]


def test_boxes_hold_name_value_and_gradient() -> None:
    written = texts(output(f"{NEURON} --format svg"))
    for text in ["a", "x", "b", "a*x", "0.2", "1.393", "0.03932", "0.7311", "0.9311", "sigmoid", "+", "*"]:
        assert text in written
    assert written.count("0.1966") == 3  # b, a*x and a*x + b


def test_value_and_gradient_differ_in_place_and_colour() -> None:
    svg = output("autodiff grad 'L = a*b' a=2 b=-3 --format svg")
    value, one = position(svg, "-6"), position(svg, "1")
    assert value[0] < one[0]
    assert value[1] == one[1]
    assert fill(svg, "-6") != fill(svg, "1")


def test_an_eval_picture_has_no_gradient() -> None:
    written = texts(output("autodiff eval 'a*b' a=2 b=-3 --format svg"))
    assert sorted(written) == sorted(["a", "2", "b", "-3", "*", "a*b", "-6"])


def test_data_and_weights_look_different() -> None:
    dot = output("autodiff grad 'w*x' w=2 x=3 --wrt w --format dot")
    w, x = (next(line for line in dot.splitlines() if f">{name}</TD>" in line) for name in "wx")
    assert re.findall('BGCOLOR="(.*?)"', w) != re.findall('BGCOLOR="(.*?)"', x)
    assert re.findall("<FONT", w) == ["<FONT"] * 2  # value and gradient
    assert re.findall("<FONT", x) == ["<FONT"]


def test_a_shared_node_is_drawn_once_and_used_twice() -> None:
    svg = output("autodiff grad 'x*x' x=3 --format svg")
    assert texts(svg).count("x") == 1
    assert len(re.findall(r'class="edge"', svg)) == 3  # twice into the gate, once out of it


@pytest.mark.parametrize(
    ("expression", "upper", "lower"),
    [
        ("a*x + b", "a*x", "b"),
        ("b + a*x", "b", "a*x"),
        ("a - x*b", "a", "x*b"),
        ("x*b - a", "x*b", "a"),
        ("a*x*b", "a*x", "b"),
    ],
)
def test_operands_stand_in_written_order(expression: str, upper: str, lower: str) -> None:
    svg = output(f"autodiff eval '{expression}' a=2 x=3 b=5 --format svg")
    assert position(svg, upper)[1] < position(svg, lower)[1]


@pytest.mark.parametrize(
    ("expression", "ports"),
    [
        ("x - y", ["left", "right"]),
        ("x / y", ["num", "den"]),
        ("x ^ y", ["base", "exponent"]),
        ("x * y", []),
        ("x + y", []),
    ],
)
def test_gates_tell_unlike_operands_apart(expression: str, ports: list[str]) -> None:
    written = texts(output(f"autodiff eval '{expression}' x=2 y=3 --format svg"))
    assert [text for text in written if text in ("left", "right", "num", "den", "base", "exponent")] == ports


def test_tooltips_hold_the_exact_numbers() -> None:
    svg = output(f"{NEURON} --format svg")
    titles = re.findall(r'xlink:title="(.*?)"', svg, re.DOTALL)
    assert any("a*x + b = 1" in title and "0.19661193324148185" in title for title in titles)


def test_letters_that_mean_something_to_the_renderer() -> None:
    svg = output("autodiff eval 'θ_1 = x*(y/2)\nθ_1 - 日本' x=1 y=2 日本=3 --format svg")
    assert {"θ_1", "日本", "θ_1 - 日本"} <= set(texts(svg))


DOCS = Path(__file__).parents[2] / "docs"
KEPT = re.findall(r"^\$ (autodiff .* --render (\S+\.svg))$", (DOCS / "pictures.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("command", "name"), KEPT, ids=[name for _, name in KEPT])
def test_the_pictures_in_the_docs_are_what_their_commands_draw(
    shell: Run, tmp_path: Path, command: str, name: str
) -> None:
    """By what is written where, since the bytes also depend on the renderer's version."""
    kept = (DOCS / name).read_text("utf-8")
    assert shell(command).returncode == 0
    drawn = (tmp_path / name).read_text("utf-8")
    assert texts(kept) == texts(drawn)
    assert len(re.findall(r'class="(?:node|edge)"', kept)) == len(re.findall(r'class="(?:node|edge)"', drawn))
    for one, other in zip(*(ElementTree.fromstring(svg).iter(f"{SVG}text") for svg in (kept, drawn)), strict=True):
        assert float(one.attrib["x"]) == pytest.approx(float(other.attrib["x"]), abs=20)
        assert float(one.attrib["y"]) == pytest.approx(float(other.attrib["y"]), abs=20)


def test_every_picture_in_the_docs_has_its_command() -> None:
    assert {name for _, name in KEPT} == {file.name for file in DOCS.glob("*.svg")}
    assert len(KEPT) >= 5


def test_the_same_bytes_every_run() -> None:
    for kind in ("svg", "dot"):
        assert output(f"{NEURON} --format {kind}") == output(f"{NEURON} --format {kind}")


def test_a_png_is_twice_the_size_of_the_svg(shell: Run, tmp_path: Path) -> None:
    assert shell(f"{NEURON} --render g.png && {NEURON} --render g.svg").returncode == 0
    width, height = struct.unpack(">II", (tmp_path / "g.png").read_bytes()[16:24])
    svg = ElementTree.fromstring((tmp_path / "g.svg").read_text())
    points = [float(svg.attrib[side].removesuffix("pt")) for side in ("width", "height")]
    assert width / points[0] == pytest.approx(2 * 96 / 72, rel=0.03)
    assert height / points[1] == pytest.approx(2 * 96 / 72, rel=0.03)


def test_nothing_is_written_outside_the_picture() -> None:
    svg = output(f"{NEURON} --format svg")
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for text in root.iter(f"{SVG}text"):
        length = 0.45 * float(text.attrib["font-size"]) * len("".join(text.itertext()))
        start = float(text.attrib["x"]) - (length / 2 if text.attrib["text-anchor"] == "middle" else 0)
        assert start >= 0
        assert start + length < width
        assert -height < float(text.attrib["y"]) < 0


def sum_of(terms: int) -> str:
    return f"'{'+'.join(f'x{i}' for i in range(terms))}' {' '.join(f'x{i}={i}' for i in range(terms))}"


def test_a_graph_of_sixty_nodes_is_drawn_and_a_large_one_refused(shell: Run) -> None:
    drawn = output(f"autodiff eval {sum_of(30)} --format svg")
    assert len(re.findall('class="node"', drawn)) == 59 + 29  # boxes and gates
    refused = shell(f"autodiff eval {sum_of(300)} --format svg")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "a graph of 599 nodes is too large to draw (the limit is 500)" in refused.stderr
    assert output(f"autodiff eval {sum_of(300)} --format dot --max-drawn 599")


def test_an_edge_along_which_nothing_flows_is_dashed() -> None:
    dot = output("autodiff grad 'where(x > 0, x*a, b) + 0*b' x=2 a=3 b=5 --format dot")

    def dashed(node: str) -> list[bool]:
        return sorted("dashed" in line for line in dot.splitlines() if line.strip().startswith(f"{node}:e ->"))

    assert dashed("n0") == [False, True]  # x: into x*a, and into x > 0
    assert dashed("n1") == [False]  # a
    assert dashed("n2") == [False, True]  # b: a computed 0 is a flow, a branch not taken is none
    assert "dashed" not in output("autodiff eval 'where(x > 0, x, 0)' x=2 --format dot")


def test_without_values_the_bare_graph_is_drawn(shell: Run, tmp_path: Path) -> None:
    done = shell("autodiff eval 'a*x + b' --render g.svg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(texts((tmp_path / "g.svg").read_text())) == sorted(["a", "x", "b", "*", "+", "a*x", "a*x + b"])


CS231N = "'1/(1 + exp(-(w0*x0 + w1*x1 + w2)))' w0=2 x0=-1 w1=-3 x1=-2 w2=-3"


def test_a_circuit_has_the_numbers_of_cs231n_on_its_wires() -> None:
    drawn = texts(output(f"autodiff grad {CS231N} --style circuit --format svg"))
    chain = ["1", "0.197", "-1", "-0.197", "0.368", "-0.534", "1.37", "0.731"]
    assert set(chain) <= set(drawn)
    assert drawn.count("*") == 2
    assert "×" not in "".join(drawn)
    assert "× 0.197" in texts(output("autodiff grad 'sigmoid(x)' x=1 --style circuit --local --format svg"))


def test_a_circuit_names_what_the_user_named() -> None:
    drawn = texts(
        output("autodiff grad 'out_1 = x*θ; where(out_1 > 0, out_1, 2)' x=3 θ=4 --style circuit --format svg")
    )
    assert any("out_1" in text for text in drawn)
    assert {"x", "θ", "12", "where"} <= {text.strip() for text in drawn}


def test_collapsed_calls_and_sums_are_one_gate_each() -> None:
    program = "'n(w, x) = tanh(w @ x + 1); n(u, x)*n(v, x) + a + b' u=[1,2] v=[3,-4] x=[0.5,0.25] a=1 b=2"
    for style in ("record", "circuit"):
        whole = texts(output(f"autodiff grad {program} --style {style} --format svg"))
        drawn = texts(output(f"autodiff grad {program} --style {style} --collapse --format svg"))
        assert (whole.count("tanh"), whole.count("+")) == (2, 4)
        assert [drawn.count(name) for name in ("n", "+", "*", "tanh")] == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("program", "gates", "wires"),
    [
        ("f(v) = softmax(v); f([x, y])[0]*2", "written", ["f: x, y", "*: (f([x, y]))[0], 2"]),
        ("f(v) = v @ v; f([x, y]) - 1", "written", ["f: x, y", "-: f([x, y]), 1"]),
        ("f(t) = 2*3; f(x)*y", "written", ["*: 2, 3", "*: f(x), y"]),  # a call without operands shows its inside
        ("f(t) = sigmoid(t)*2; f(x)/y", "basic", ["f: x", "/: f(x), y"]),
        ("sigmoid(x) + mish(y)", "basic", ["sigmoid: x", "mish: y", "+: sigmoid(x), mish(y)"]),
    ],
)
def test_a_collapsed_gate_has_the_wires_of_its_call(program: str, gates: str, wires: list[str]) -> None:
    chart = output(f"autodiff eval '{program}' x=1 y=2 --gates {gates} --collapse --format mermaid")
    text = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), chart)
    name = dict(re.findall(r"([no]\d+)\(?\[\"([^<\"]*)", text))
    found: dict[str, list[str]] = {}
    for start, end in re.findall(r"(n\d+) --> (o\d+)", text):
        found.setdefault(end, []).append(name[start])
    assert [f"{name[gate]}: {', '.join(operands)}" for gate, operands in found.items()] == wires


def test_numbers_and_flow_are_the_same_through_collapsed_gates() -> None:
    """The local derivative by x, through both gates inside; and none by what was not chosen there."""
    program = "'f(x, y) = where(x > 0, sin(x)*x, y); f(x, y)*2' x=1 y=3"
    circuit = texts(output(f"autodiff grad {program} --collapse --style circuit --local --format svg"))
    assert {f"× {math.sin(1) + math.cos(1):.3g}", "2.76", "0.841", "1.68"} <= set(circuit)
    dot = output(f"autodiff grad {program} --collapse --format dot")
    assert ["dashed" in line for line in dot.splitlines() if re.match(r"\s*n[01]:e -> ", line)] == [False, True]
    mermaid = output(f"autodiff grad {program} --collapse --format mermaid")
    assert [line.split()[1] for line in mermaid.splitlines() if re.match(r"\s*n[01] -", line)] == ["-->", "-.->"]
    tree = output(f"autodiff grad {program} --collapse --format tree")
    assert [line.split(" = ")[0].lstrip("└├│─ ") for line in tree.splitlines()] == [
        "f(x, y)*2",
        "f(x, y)",
        "x",
        "y",
        "2",
    ]


def test_a_term_that_is_used_elsewhere_stays_out_of_a_collapsed_sum() -> None:
    drawn = texts(output("autodiff eval 's = a + b; t = a + b + c + d; t*s*(a + c)' --collapse --format svg"))
    assert [drawn.count(name) for name in ("+", "s", "t", "a + b", "a + c")] == [3, 1, 1, 0, 1]


def test_a_fused_gate_shows_what_it_stands_for() -> None:
    for style in ("record", "circuit"):
        options = f"--style {style} --format svg"
        fused = texts(output(f"autodiff grad 's = 1/(1 + exp(-x)); log1p(s)' x=2 --gates fused {options}"))
        assert {"sigmoid", "1/(1 + exp(-x))", "log1p"} <= set(fused)
        assert fused.count("log1p(s)") == (style == "record")  # which is the name of a box
    assert "× nan" not in texts(output("autodiff grad 'x^2' x=-2 --style circuit --local --format svg"))


def test_the_inputs_of_a_circuit_stand_at_the_left_in_order() -> None:
    svg = output(f"autodiff grad {CS231N} --style circuit --format svg")
    places = [position(svg, name) for name in ("w0", "x0", "w1", "x1", "w2")]
    assert max(x for x, _ in places) < 10
    assert sorted(places, key=lambda place: place[1]) == places


def test_an_svg_fits_its_page_and_says_what_it_shows() -> None:
    root = ElementTree.fromstring(output("autodiff grad 'where(a < b, a*b, a)' a=2 b=3 --format svg"))
    assert "max-width: 100%" in root.attrib["style"]
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == "where(a < b, a*b, a)"
    assert (root[1].text or "").endswith("5 nodes with values and gradients")  # a, b, a < b, a*b, where


def test_a_system_dot_draws_where_the_embedded_renderer_is_missing_or_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = graphviz.Digraph("g")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    for embedded in ("", str(broken)):
        monkeypatch.setattr(renderer, "_embedded_renderer", lambda embedded=embedded: embedded)
        (tmp_path / "dot").unlink(missing_ok=True)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NotMet) as error:
            renderer.rendered(source, "svg")
        assert "pip install graphviz-pure" in str(error.value.hint)
        assert "dot" in str(error.value.hint)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        (tmp_path / "dot").write_text("#!/bin/sh\ncat > /dev/null\necho drawn by dot\n")
        (tmp_path / "dot").chmod(0o755)
        assert renderer.rendered(source, "svg") == b"drawn by dot\n"
