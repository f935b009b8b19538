"""How quick a compiled function is: value and gradient of one point and of arrays, and how long compiling takes.

Beside it peers, those that are installed: micrograd and mlfz, which rebuild their graph and run backward every time;
autograd, SymPy and CasADi, JAX, PyTorch and numexpr; and what one would write by hand in Python and in NumPy. All
compute the same, which is checked before anything is timed. Those of a round follow each other.

    pip install '.[bench]' && python benchmarks/engine.py
"""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from timeit import Timer
from typing import Any

import numpy as np

import autodiff

ROUNDS = 7
THREADS = 2
TERMS = (1_000, 2_000, 4_000, 8_000)

Run = Callable[..., tuple[Any, Iterable[Any]]]
"""A function of the inputs: the value, and the derivatives."""


@dataclass(frozen=True)
class Workload:
    name: str
    text: str
    by_hand: str
    """The value and each derivative `d_NAME`, as one would write them by hand."""
    point: Mapping[str, float]
    wrt: tuple[str, ...]
    rows: int

    def written(self, **functions: Any) -> Callable[..., Any]:
        """The text as a Python function, on whatever numbers a peer brings."""
        *statements, last = self.text.replace("^", "**").split("; ")
        return self._function([*statements, f"return {last}"], functions)

    def hand_written(self, **functions: Any) -> Run:
        derivatives = "".join(f"d_{name}, " for name in self.wrt)
        return self._function([*self.by_hand.split("; "), f"return value, ({derivatives})"], functions)

    def _function(self, lines: list[str], namespace: dict[str, Any]) -> Callable[..., Any]:
        exec(f"def run({', '.join(self.point)}):\n " + "\n ".join(lines), namespace)
        return namespace["run"]

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(list(self.point).index(name) for name in self.wrt)

    def columns(self) -> list[np.ndarray]:
        random = np.random.default_rng(0)  # near the point: further away 10/f of micrograd's README has a pole
        return [number + random.uniform(-0.05, 0.05, self.rows) for number in self.point.values()]


# --- What is computed


def sigmoid() -> Workload:
    by_hand = "s = 1/(1 + exp(-(a*x + b))); value = s + a; d_b = s*(1 - s); d_a = d_b*x + 1; d_x = d_b*a"
    point = {"a": 0.2, "x": 2.0, "b": 0.6}
    return Workload("sigmoid(a*x + b) + a", "sigmoid(a*x + b) + a", by_hand, point, ("a", "x", "b"), 4_000_000)


def micrograd_readme() -> Workload:
    text = (
        "c = a + b; d = a*b + b^3; c += c + 1; c += 1 + c + (-a); d += d*2 + relu(b + a); d += 3*d + relu(b - a); "
        "e = c - d; f = e^2; g = f/2.0; g += 10.0/f; g"
    )
    by_hand = (
        "u = b + a; v = b - a; p = u > 0; q = v > 0; c = 4*u + 3 - a; d = 4*(3*(a*b + b*b*b) + u*p) + v*q; "
        "e = c - d; f = e*e; r = 10/f; value = f/2 + r; k = e*(1 - 2*r/f); "
        "d_a = k*(3 - 12*b - 4*p + 1*q); d_b = k*(4 - 12*(a + 3*b*b) - 4*p - 1*q)"
    )
    return Workload("micrograd's README", text, by_hand, {"a": -4.0, "b": 2.0}, ("a", "b"), 4_000_000)


def burtorch() -> Workload:
    text = "c = a + b; d = a*b + b^3; e = c - d; e^2/2"
    by_hand = "e = a + b - (a*b + b*b*b); value = e*e/2; d_a = e*(1 - b); d_b = e*(1 - a - 3*b*b)"
    return Workload("BurTorch's tiny graph", text, by_hand, {"a": -41.0, "b": 2.0}, ("a", "b"), 4_000_000)


def rosenbrock(n: int = 10) -> Workload:
    text = " + ".join(f"100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2" for i in range(n - 1))
    lines = [f"t{i} = x{i + 1} - x{i}*x{i}; s{i} = 1 - x{i}" for i in range(n - 1)]
    lines.append("value = " + " + ".join(f"100*t{i}*t{i} + s{i}*s{i}" for i in range(n - 1)))
    lines.append("d_x0 = -400*t0*x0 - 2*s0")
    lines += [f"d_x{i} = 200*t{i - 1} - 400*t{i}*x{i} - 2*s{i}" for i in range(1, n - 1)]
    lines.append(f"d_x{n - 1} = 200*t{n - 2}")
    first_seen = [1, 0, *range(2, n)]
    point = {f"x{i}": (-1.2, 1.1)[i % 2] for i in first_seen}
    return Workload(f"Rosenbrock, {n} inputs", text, "; ".join(lines), point, tuple(point), 400_000)


def network() -> Workload:
    """Three inputs, four hidden neurons, one output, the squared loss."""
    sums = [" + ".join(f"w{j}{i}*x{i}" for i in range(3)) + f" + b{j}" for j in range(4)]
    output = " + ".join(f"v{j}*h{j}" for j in range(4)) + " + c"
    hidden = [f"h{j} = tanh({sums[j]})" for j in range(4)]
    text = "; ".join([*hidden, f"p = sigmoid({output})", "(p - y)^2"])
    lines = [*hidden, f"p = 1/(1 + exp(-({output})))", "r = p - y", "value = r*r", "d_c = 2*r*p*(1 - p)"]
    for j in range(4):
        lines += [f"d_v{j} = d_c*h{j}", f"d_b{j} = d_c*v{j}*(1 - h{j}*h{j})"]
        lines += [f"d_w{j}{i} = d_b{j}*x{i}" for i in range(3)]
    names = [f"{name}{i}" for i in range(3) for name in ("w0", "x")] + ["b0"]
    names += [name for j in range(1, 4) for name in (*(f"w{j}{i}" for i in range(3)), f"b{j}")]
    names += [*(f"v{j}" for j in range(4)), "c", "y"]
    point = {name: math.sin(1.0 + 5 * i) for i, name in enumerate(names)}
    weights = tuple(name for name in names if name[0] in "wbvc")
    return Workload("network 3-4-1", text, "; ".join(lines), point, weights, 400_000)


WORKLOADS = (sigmoid(), micrograd_readme(), burtorch(), rosenbrock(), network())


# --- One point


def ours(work: Workload) -> Run:
    return autodiff.parse(work.text).compile(wrt=work.wrt)


def python(work: Workload) -> Run:
    return work.hand_written(exp=math.exp, tanh=math.tanh)


def rebuilt(work: Workload, make: Any, value: str, gradient: str, **functions: Any) -> Run:
    """A library whose nodes compute their values as they are built."""
    f, places = work.written(**functions), work.places

    def run(*numbers: float) -> tuple[Any, Iterable[Any]]:
        inputs = [make(number) for number in numbers]
        output = f(*inputs)
        output.backward()
        return getattr(output, value), [getattr(inputs[i], gradient) for i in places]

    return run


def micrograd(work: Workload) -> Run:
    from micrograd.engine import Value

    def gate(x: Value, result: float, local: float) -> Value:  # it has relu only: this is a gate in its own style
        out = Value(result, (x,))

        def _backward() -> None:
            x.grad += local * out.grad

        out._backward = _backward
        return out

    def tanh(x: Value) -> Value:
        t = math.tanh(x.data)
        return gate(x, t, 1 - t * t)

    def sigmoid(x: Value) -> Value:
        s = 1 / (1 + math.exp(-x.data))
        return gate(x, s, s * (1 - s))

    return rebuilt(work, Value, "data", "grad", tanh=tanh, sigmoid=sigmoid, relu=Value.relu)


def mlfz(work: Workload) -> Run:
    from mlfz.nn.scalar import Scalar, functional

    gates = {name: getattr(functional, name) for name in ("tanh", "sigmoid", "relu")}
    return rebuilt(work, Scalar, "value", "backwards_grad", **gates)


def autograd(work: Workload) -> Run:
    import autograd.numpy as anp
    from autograd import value_and_grad

    gates = {"tanh": anp.tanh, "sigmoid": lambda x: 1 / (1 + anp.exp(-x)), "relu": lambda x: anp.maximum(x, 0)}
    return value_and_grad(work.written(**gates), argnum=work.places)


def sympy(work: Workload) -> Run:
    import sympy as sp

    inputs = sp.symbols(list(work.point))
    gates = {"sigmoid": lambda x: 1 / (1 + sp.exp(-x)), "relu": lambda x: sp.Piecewise((x, x > 0), (0, True))}
    f = work.written(tanh=sp.tanh, **gates)(*inputs)
    results = (f, tuple(f.diff(inputs[i]) for i in work.places))
    return sp.lambdify(inputs, results, modules="math", cse=True)


def casadi(work: Workload) -> Run:
    import casadi as ca

    inputs = [ca.SX.sym(name) for name in work.point]
    gates = {"sigmoid": lambda x: 1 / (1 + ca.exp(-x)), "relu": lambda x: ca.fmax(x, 0), "tanh": ca.tanh}
    f = work.written(**gates)(*inputs)
    gradient = ca.gradient(f, ca.vertcat(*(inputs[i] for i in work.places)))
    return ca.Function("f", inputs, [f, gradient])


# --- Arrays: a function of columns, and the columns as the peer wants them

Columns = list[Any]


def ours_on_threads(work: Workload, columns: Columns) -> tuple[Run, Columns]:
    return autodiff.parse(work.text).compile(wrt=work.wrt, threads=THREADS), columns


def ours_on_one(work: Workload, columns: Columns) -> tuple[Run, Columns]:
    return autodiff.parse(work.text).compile(wrt=work.wrt, threads=1), columns


def numpy(work: Workload, columns: Columns) -> tuple[Run, Columns]:
    return work.hand_written(exp=np.exp, tanh=np.tanh), columns


def numexpr(work: Workload, columns: Columns) -> tuple[Run, Columns]:
    """The lines written by hand, one after the other."""
    import numexpr as ne

    ne.set_num_threads(THREADS)
    lines = [line.split(" = ") for line in work.by_hand.split("; ")]

    def run(*arrays: np.ndarray) -> tuple[Any, Iterable[Any]]:
        known = dict(zip(work.point, arrays, strict=True))
        for name, expression in lines:
            known[name] = ne.evaluate(expression, known, {})
        return known["value"], [known[f"d_{name}"] for name in work.wrt]

    return run, columns


def jax(work: Workload, columns: Columns) -> tuple[Run, Columns]:
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    gates = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}
    compiled = jax.jit(jax.vmap(jax.value_and_grad(work.written(**gates), argnums=work.places)))
    return lambda *arrays: jax.block_until_ready(compiled(*arrays)), [jnp.asarray(column) for column in columns]


def torch(work: Workload, columns: Columns) -> tuple[Run, Columns]:
    import torch

    torch.set_num_threads(THREADS)
    f, places = work.written(tanh=torch.tanh, sigmoid=torch.sigmoid, relu=torch.relu), work.places
    tensors = [torch.from_numpy(column).requires_grad_(i in places) for i, column in enumerate(columns)]
    ones = torch.ones(work.rows, dtype=torch.float64)

    def run(*inputs: Any) -> tuple[Any, Iterable[Any]]:
        value = f(*inputs)
        return value.detach(), torch.autograd.grad(value, [inputs[i] for i in places], ones)

    return run, tensors


# --- Measuring


def flat(result: tuple[Any, Iterable[Any]]) -> np.ndarray:
    value, gradient = result
    if hasattr(gradient, "nz"):  # CasADi's column
        gradient = gradient.nonzeros()
    return np.stack([np.ravel(np.asarray(part, dtype=float)) for part in (value, *gradient)])


def agree(theirs: np.ndarray, expected: np.ndarray) -> bool:
    scale = np.max(np.abs(expected), axis=1, keepdims=True)
    return bool(np.all(np.abs(theirs - expected) <= 1e-9 * scale))


def prepared(peers: Iterable[Callable[..., Any]], work: Workload, *columns: Any) -> dict[str, Timer]:
    """A timer for every peer that is installed and right; the first one is ours, and says what is right."""
    timers: dict[str, Timer] = {}
    expected = None
    for peer in peers:
        try:
            made = peer(work, *columns)
        except ImportError as error:
            print(f"  {peer.__name__:18} skipped: {error}")
            continue
        run, inputs = made if columns else (made, work.point.values())
        names = dict(zip(work.point, inputs, strict=True))
        result = flat(run(*inputs))
        expected = result if expected is None else expected
        if agree(result, expected):
            timers[peer.__name__] = Timer(f"run({', '.join(names)})", globals={"run": run, **names})
        else:
            print(f"  {peer.__name__:18} left out: its result is another")
    return timers


def measure(timers: Mapping[str, Timer], per: int = 1) -> dict[str, list[float]]:
    """The nanoseconds of each in each round; every call takes its turn."""
    counts = {name: max(1, round(0.03 / timer.timeit(3) * 3)) for name, timer in timers.items()}
    rounds = [
        {name: timer.timeit(counts[name]) / counts[name] for name, timer in timers.items()} for _ in range(ROUNDS)
    ]
    return {name: [1e9 * each[name] / per for each in rounds] for name in timers}


def report(times: Mapping[str, list[float]], unit: str, hand: str) -> None:
    """The median of each, and of its ratios in each round: to ours, to what was written by hand, and to the seeds."""
    bases = {"ours": next(iter(times.values()))} | {
        name: times[name] for name in (hand, "micrograd", "mlfz") if name in times
    }
    for name, seen in times.items():
        ratios = [f"{ratio(seen, base):8.2f} x {title}" for title, base in bases.items()]
        print(f"  {name:18}{statistics.median(seen):12.1f} {unit} {''.join(ratios)}")


def ratio(seen: list[float], base: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(seen, base, strict=True))


def milliseconds_to_first_answer(text: str, point: Iterable[float]) -> float:
    """What compiling takes, the first call included; reading the text is not."""
    seconds = []
    for _ in range(3):
        f = autodiff.parse(text)
        start = time.perf_counter()
        f.compile()(*point)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def main() -> None:
    print(f"medians of {ROUNDS} rounds\n\nvalue and gradient of one point")
    for work in WORKLOADS:
        assert autodiff.parse(work.text).inputs == tuple(work.point)
        print(work.name)
        report(measure(prepared((ours, python, sympy, casadi, autograd, micrograd, mlfz), work)), "ns", "python")
    print(f"\nvalue and gradient of arrays, {THREADS} threads where a peer has them; NumPy has one")
    for work in WORKLOADS:
        print(f"{work.name}, {work.rows} rows")
        timers = prepared((ours_on_threads, ours_on_one, numpy, numexpr, jax, torch), work, work.columns())
        report(measure(timers, work.rows), "ns a row", "numpy")
    print("\ncompiling, with the first call")
    for work in WORKLOADS:
        print(f"  {work.name:24}{milliseconds_to_first_answer(work.text, work.point.values()):8.1f} ms")
    for n in TERMS:
        text = " + ".join(f"sigmoid(w{i}*x{i} + b{i})" for i in range(n))
        took = milliseconds_to_first_answer(text, [0.5] * (3 * n))
        print(f"  {f'a sum of {n} terms':24}{took:8.1f} ms, {1000 * took / n:.1f} ms a thousand terms")


if __name__ == "__main__":
    main()
