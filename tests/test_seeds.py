"""What the four texts do that the project grew from, line by line with Scalars, and what their engines cannot do.

The numbers are printed in the texts, or derived by hand as the texts do it, in plain Python beside the Scalars.
"""

import math
import random
import sys
from collections.abc import Callable

import pytest

from autodiff import Scalar, exp, relu, sigmoid, tanh
from autodiff.engine.graph import topological_order

# --- The text on micrograd: Value -------------------------------------------------------------------------------------


def test_value_adds_and_multiplies() -> None:
    a, b, c = Scalar(2.0), Scalar(-3.0), Scalar(10.0)
    assert a.__add__(b).value == (a + b).value == -1.0
    assert a.__mul__(b).__add__(c).value == (a * b + c).value == 4.0
    d = a * b + c
    assert repr(d) == "Scalar(4)"
    assert {operand.value for operand in d.operands} == {-6.0, 10.0}
    assert d.operation is not None
    assert d.operation.symbol == "+"
    assert [operand.operation and operand.operation.symbol for operand in d.operands] == ["*", None]


def neuron(a: float = 2.0, b: float = -3.0, c: float = 10.0, f: float = -2.0) -> dict[str, Scalar]:
    """L = (a*b + c)*f with its steps, by their labels."""
    leaves = [Scalar(value, label=label) for value, label in zip((a, b, c, f), "abcf", strict=True)]
    e = leaves[0] * leaves[1]
    e.label = "e"
    d = e + leaves[2]
    d.label = "d"
    loss = d * leaves[3]
    loss.label = "L"
    return {node.label or "": node for node in (*leaves, e, d, loss)}


def test_value_traces_its_graph() -> None:
    """The function `trace` of the text, which its picture is drawn from."""
    nodes: set[Scalar] = set()
    edges: set[tuple[Scalar, Scalar]] = set()

    def build(v: Scalar) -> None:
        if v not in nodes:
            nodes.add(v)
            for child in v.operands:
                edges.add((child, v))
                build(child)

    build(neuron()["L"])
    assert {(n.label, n.value, n.grad) for n in nodes} == {
        ("a", 2.0, 0.0), ("b", -3.0, 0.0), ("c", 10.0, 0.0), ("f", -2.0, 0.0),
        ("e", -6.0, 0.0), ("d", 4.0, 0.0), ("L", -8.0, 0.0),
    }  # fmt: skip
    assert {f"{child.label}{v.label}" for child, v in edges} == {"ae", "be", "ed", "cd", "dL", "fL"}


def test_value_has_the_gradients_that_one_works_out_by_hand() -> None:
    n = neuron()
    assert n["L"].value == -8.0
    n["L"].backward()
    # dL/dd = f, dL/df = d; the plus passes dL/dd on to c and e; a and b are switched by the product.
    assert {label: node.grad for label, node in n.items()} == {
        "L": 1.0, "d": -2.0, "f": 4.0, "c": -2.0, "e": -2.0, "a": -3.0 * -2.0, "b": 2.0 * -2.0,
    }  # fmt: skip


@pytest.mark.parametrize("label", "abcf")
def test_value_agrees_with_small_steps(label: str) -> None:
    n = neuron()
    n["L"].backward()
    h = 2.0**-10
    start = n[label].value
    difference = neuron(**{label: start + h})["L"].value - neuron(**{label: start - h})["L"].value
    assert difference / (2 * h) == n[label].grad  # L is linear in each leaf, and h a power of two


def test_value_takes_a_step_down() -> None:
    n = neuron()
    n["L"].backward()
    for label in "abcf":
        n[label].value -= 0.01 * n[label].grad
    a, b, c, f = (n[label] for label in "abcf")
    assert [p.value for p in (a, b, c, f)] == pytest.approx([1.94, -2.96, 10.02, -2.04], rel=1e-15)
    # (1.94*-2.96 + 10.02)*-2.04 = (-5.7424 + 10.02)*-2.04 = 4.2776*-2.04
    loss = (a * b + c) * f
    assert loss.value == pytest.approx(-8.726304, rel=1e-14)
    loss.backward()
    assert f.grad == pytest.approx(4.2776, rel=1e-14)


def test_a_node_used_twice_gets_both_gradients() -> None:
    """The text keeps operands in a set, where `a + a` has one, and an engine that assigns a gradient loses one too."""
    a = Scalar(3.0)
    b = a + a
    assert b.operands == (a, a)
    b.backward()
    assert a.grad == 2.0
    (a * a * a).backward()
    assert a.grad == 27.0
    a, b = Scalar(-2.0), Scalar(3.0)
    d, e = a * b, a + b
    (d * e).backward()  # (a*b)*(a + b): 2*a*b + b^2 by a, a^2 + 2*a*b by b
    assert (a.grad, b.grad) == (-12.0 + 9.0, 4.0 - 12.0)


# --- The text with the class Node: a dense unit -----------------------------------------------------------------------


def test_node_dense_unit() -> None:
    w0, w1, b, x, t = (Scalar(value) for value in (-1.0, 2.0, 4.0, 2.0, 3.0))
    z = w0 * x + w1 * x + b
    u, y = z.tanh(), z.relu()
    assert (z.value, u.value, y.value) == (6.0, math.tanh(6.0), 6.0)
    y.backward()
    assert (w0.grad, w1.grad, b.grad) == (2.0, 2.0, 1.0)
    assert x.grad == -1.0 + 2.0  # x has two children
    assert (u.grad, t.grad) == (0.0, 0.0)  # y does not depend on them

    x1 = Scalar(1.7)
    z1 = w0 * x1 + w1 * x1 + b
    y1 = z1.relu()
    assert y1.value == pytest.approx(-1.7 + 3.4 + 4.0)
    y1.backward()
    assert (w0.grad, w1.grad, b.grad, x1.grad) == (1.7, 1.7, 1.0, 1.0)
    (y + y1).backward()  # shared parameters add up over several inputs: where both are behind one output
    assert (w0.grad, w1.grad, b.grad) == (2.0 + 1.7, 2.0 + 1.7, 2.0)


def test_node_operations_and_their_local_gradients() -> None:
    for x in (-1.5, 0.5, 2.0):
        node = Scalar(x)
        for result, value, local in (
            (relu(node), x * int(x > 0.0), float(x > 0)),
            (tanh(node), math.tanh(x), 1 - math.tanh(x) ** 2),
            (node**3, x**3, 3 * x**2),
            (-node, -x, -1.0),
            (node - Scalar(1), x - 1, 1.0),
            (Scalar(1) - node, 1 - x, -1.0),
        ):
            result.backward()
            assert result.value == value
            assert node.grad == pytest.approx(local, rel=1e-14)


def test_node_sorts_operands_before_their_users() -> None:
    a, b = Scalar(2.0), Scalar(3.0)
    late = a * b
    root = (late + a).tanh() * late
    order = topological_order([root])
    assert len(order) == 6
    assert order[-1] is root
    for i, node in enumerate(order):
        assert all(order.index(operand) < i for operand in node.operands)


# --- The text of CS231n: staged computation ---------------------------------------------------------------------------


def test_staged_neuron() -> None:
    w, x = [2, -3, -3], [-1, -2]
    # as in the text
    dot = w[0] * x[0] + w[1] * x[1] + w[2]
    f = 1.0 / (1 + math.exp(-dot))
    ddot = (1 - f) * f
    dx = [w[0] * ddot, w[1] * ddot]
    dw = [x[0] * ddot, x[1] * ddot, 1.0 * ddot]
    assert (round(f, 2), round(ddot, 1)) == (0.73, 0.2)  # the numbers of its picture

    gates: tuple[Callable[[Scalar], Scalar], ...] = (sigmoid, lambda dot: 1.0 / (1 + exp(-dot)))
    for gate in gates:  # one gate or several
        ws, xs = [Scalar(v) for v in w], [Scalar(v) for v in x]
        sdot = ws[0] * xs[0] + ws[1] * xs[1] + ws[2]
        out = gate(sdot)
        out.backward()
        assert out.value == pytest.approx(f, rel=1e-15)
        assert [sdot.grad, *(v.grad for v in xs), *(v.grad for v in ws)] == pytest.approx([ddot, *dx, *dw], rel=1e-14)


def test_staged_computation() -> None:
    """Every stage of (x + sigmoid(y))/(sigmoid(x) + (x + y)^2), and the line of the text that goes backward over it."""
    x, y = Scalar(3), Scalar(-4)
    sigy = 1.0 / (1 + exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + exp(-x))
    xpy = x + y
    xpysqr = xpy**2
    den = sigx + xpysqr
    invden = 1.0 / den
    f = num * invden
    f.backward()

    forward = hand_forward(3.0, -4.0)
    stages = {"sigy": sigy, "num": num, "sigx": sigx, "xpy": xpy, "xpysqr": xpysqr, "den": den, "invden": invden}
    assert {name: node.value for name, node in (stages | {"f": f}).items()} == pytest.approx(forward, rel=1e-15)
    backward = hand_backward(**forward)
    assert {name: node.grad for name, node in (stages | {"x": x, "y": y}).items()} == pytest.approx(backward, rel=1e-14)


def hand_forward(x: float, y: float) -> dict[str, float]:
    """The forward pass of the text."""
    sigy = 1.0 / (1 + math.exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + math.exp(-x))
    xpy = x + y
    xpysqr = xpy**2
    den = sigx + xpysqr
    invden = 1.0 / den
    stages = {"sigy": sigy, "num": num, "sigx": sigx, "xpy": xpy, "xpysqr": xpysqr, "den": den, "invden": invden}
    return stages | {"f": num * invden}


def hand_backward(
    sigy: float, num: float, sigx: float, xpy: float, xpysqr: float, den: float, invden: float, f: float
) -> dict[str, float]:
    """The backward pass of the text."""
    dnum = invden
    dinvden = num
    dden = (-1.0 / (den**2)) * dinvden
    dsigx = (1) * dden
    dxpysqr = (1) * dden
    dxpy = (2 * xpy) * dxpysqr
    dx = (1) * dxpy
    dy = (1) * dxpy
    dx += ((1 - sigx) * sigx) * dsigx
    dx += (1) * dnum
    dsigy = (1) * dnum
    dy += ((1 - sigy) * sigy) * dsigy
    grads = {"sigy": dsigy, "num": dnum, "sigx": dsigx, "xpy": dxpy, "xpysqr": dxpysqr, "den": dden, "invden": dinvden}
    return grads | {"x": dx, "y": dy}


def test_patterns_in_backward_flow() -> None:
    x, y, upstream = Scalar(3), Scalar(-4), 2.0
    (upstream * (x + y)).backward()
    assert (x.grad, y.grad) == (upstream, upstream)  # add distributes
    (upstream * x.max(y)).backward()
    assert (x.grad, y.grad) == (upstream, 0.0)  # max routes
    (upstream * (x * y)).backward()
    assert (x.grad, y.grad) == (-4 * upstream, 3 * upstream)  # multiply switches: MultiplyGate


# --- The text on mlfz: Scalar -----------------------------------------------------------------------------------------


def test_scalar_takes_numbers_left_and_right() -> None:
    assert (Scalar(1) + 2).value == (2 + Scalar(1)).value == 3.0
    assert ((2 * Scalar(3)).value, (2 - Scalar(3)).value, (3 / Scalar(2)).value) == (6.0, -1.0, 1.5)
    assert ((Scalar(3) - 2).value, (Scalar(3) / 2).value, (Scalar(3) ** 2).value) == (1.0, 1.5, 9.0)


def test_scalar_goes_forward_and_backward_through_the_example() -> None:
    """sigmoid(a*x + b) + a, in the small steps of the text; s' = s*(1 - s) by hand."""
    a, x, b = Scalar(0.2), Scalar(2), Scalar(0.6)
    c = a * x
    y = c + b
    s = sigmoid(y)
    z = s + a
    by_hand = 1 / (1 + math.exp(-(0.2 * 2 + 0.6)))
    slope = by_hand * (1 - by_hand)
    assert (c.value, y.value) == (0.4, 1.0)
    assert (s.value, z.value) == pytest.approx((by_hand, by_hand + 0.2), rel=1e-15)
    assert z.operands == (s, a)
    z.backward()
    assert (z.grad, s.grad) == (1.0, 1.0)
    assert (y.grad, c.grad, b.grad) == pytest.approx((slope, slope, slope), rel=1e-14)
    assert (x.grad, a.grad) == pytest.approx((0.2 * slope, 2 * slope + 1), rel=1e-14)


# --- Beyond the texts -------------------------------------------------------------------------------------------------


def test_a_neural_network_learns_exclusive_or() -> None:
    """The first gradient is that of the formulas for a layer of tanh; after training all four answers are right."""
    draw = random.Random(1)
    hidden = [[Scalar(draw.uniform(-1, 1)) for _ in "xyb"] for _ in range(4)]
    out = [Scalar(draw.uniform(-1, 1)) for _ in range(5)]
    parameters = [p for layer in (*hidden, out) for p in layer]
    data = [((x, y), 1.0 if x != y else -1.0) for x in (-1.0, 1.0) for y in (-1.0, 1.0)]

    def loss() -> Scalar:
        total = Scalar(0)
        for (x, y), target in data:
            layer = [tanh(u * x + v * y + b) for u, v, b in hidden]
            answer = sum(w * h for w, h in zip(out, layer, strict=False)) + out[-1]
            total += (answer - target) ** 2
        return total

    def by_hand() -> list[float]:
        in_hidden, in_out = [[0.0] * 3 for _ in hidden], [0.0] * 5
        for (x, y), target in data:
            h = [math.tanh(u.value * x + v.value * y + b.value) for u, v, b in hidden]
            error = 2 * (sum(w.value * each for w, each in zip(out, h, strict=False)) + out[-1].value - target)
            for i, each in enumerate(h):
                in_out[i] += error * each
                for j, data_or_one in enumerate((x, y, 1.0)):
                    in_hidden[i][j] += error * out[i].value * (1 - each**2) * data_or_one
            in_out[-1] += error
        return [g for layer in (*in_hidden, in_out) for g in layer]

    loss().backward()
    assert [p.grad for p in parameters] == pytest.approx(by_hand(), rel=1e-12)
    losses = []
    for _ in range(200):
        current = loss()
        current.backward()
        for p in parameters:
            p.value -= 0.05 * p.grad
        losses.append(current.value)
    assert losses[0] > 1.0
    assert losses[-1] < 0.01


def test_a_sum_of_100_000_terms() -> None:
    """A hundred times as deep as Python's recursion limit, where the engines of the texts stop."""
    n = 100_000
    assert n > sys.getrecursionlimit()
    w = Scalar(0.5)
    x = [Scalar(i) for i in range(n)]
    total = Scalar(0)
    for each in x:
        total = total + w * each
    assert total.value == n * (n - 1) / 4  # halves of whole numbers: exact in doubles
    total.backward()
    assert w.grad == n * (n - 1) / 2
    assert all(each.grad == 0.5 for each in x)
    del total  # nodes go away one inside the other; that must not overflow the stack either
    assert w.grad == n * (n - 1) / 2


def test_a_chain_of_100_000_functions() -> None:
    x = Scalar(0.25)
    y = x
    for _ in range(50_000):
        y = -(y.abs())
    y.backward()
    assert (y.value, x.grad) == (-0.25, -1.0)
