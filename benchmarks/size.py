"""How time and memory grow with the size of a program: the sum of n terms sigmoid(w_i*x_i + b_i), all inputs different.

Beside it micrograd and mlfz, which build the same graph from Python and run backward, with their recursion limit raised
in a thread with a large stack; and SymPy, on a few terms. Each measurement is a process of its own; those of a round
follow each other.

    pip install '.[bench]' && python benchmarks/size.py
"""

import gc
import json
import math
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

SIZES = (20_000, 200_000)
ROUNDS = 3
SYMPY_TERMS = 20  # it takes 152 s for 200


def laps(*steps: tuple[str, Callable[[], object]]) -> dict[str, float]:
    """The seconds that each step takes, and the peak memory over what the process had before, in bytes."""
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = {}
    for name, step in steps:
        start = time.perf_counter()
        step()
        seconds[name] = time.perf_counter() - start
    return seconds | {"memory": 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)}


def text_of(n: int) -> str:
    return " + ".join(f"sigmoid(w{i}*x{i} + b{i})" for i in range(n))


def autodiff_from_text(n: int) -> dict[str, float]:
    gc.disable()  # as the command does
    from autodiff.engine.passes import backward, forward
    from autodiff.grammar.parser import parse

    parse("sigmoid(a*x + b)")  # the parser itself is built once
    text, made = text_of(n), {}
    values = {f"{name}{i}": 0.5 for i in range(n) for name in "wxb"}

    def read() -> None:
        made["program"] = parse(text)

    def build() -> None:
        made["graph"] = made["program"].graph

    def evaluate() -> None:
        made["values"] = forward(made["graph"], values)

    def differentiate() -> None:
        made["adjoints"] = backward(made["graph"], made["values"], made["graph"].outputs[0])

    return laps(("parse", read), ("build", build), ("forward", evaluate), ("backward", differentiate))


def autodiff_from_python(n: int) -> dict[str, float]:
    gc.disable()
    from autodiff.engine.graph import Graph, Input, Node
    from autodiff.engine.passes import backward, forward
    from autodiff.engine.table.operations import OPERATIONS

    made = {}

    def build() -> None:
        add, multiply, sigmoid = OPERATIONS["add"], OPERATIONS["mul"], OPERATIONS["sigmoid"]
        total, inputs = None, []
        for i in range(n):
            w, x, b = Input(f"w{i}"), Input(f"x{i}"), Input(f"b{i}")
            inputs += [w, x, b]
            term = Node(sigmoid, (Node(add, (Node(multiply, (w, x)), b)),))
            total = term if total is None else Node(add, (total, term))
        assert total is not None
        made["graph"] = Graph([total], inputs)

    def evaluate() -> None:
        made["values"] = forward(made["graph"], {variable.name: 0.5 for variable in made["graph"].inputs})

    def differentiate() -> None:
        made["adjoints"] = backward(made["graph"], made["values"], made["graph"].outputs[0])

    return laps(("build", build), ("forward", evaluate), ("backward", differentiate))


def peer(make: Callable[[float], object], sigmoid: Callable[[object], object], n: int) -> dict[str, float]:
    """A library whose nodes compute their values as they are built."""
    made = {}

    def build() -> None:
        total = None
        for _ in range(n):
            term = sigmoid(make(0.5) * make(0.5) + make(0.5))
            total = term if total is None else total + term
        made["total"] = total

    return laps(("build", build), ("backward", lambda: made["total"].backward()))


def micrograd(n: int) -> dict[str, float]:
    from micrograd.engine import Value

    def sigmoid(x: Value) -> Value:  # it has relu only: this is a gate in its own style
        s = 1 / (1 + math.exp(-x.data))
        out = Value(s, (x,), "sigmoid")

        def _backward() -> None:
            x.grad += s * (1 - s) * out.grad

        out._backward = _backward
        return out

    return peer(Value, sigmoid, n)


def mlfz(n: int) -> dict[str, float]:
    from mlfz.nn.scalar import Scalar
    from mlfz.nn.scalar.functional import sigmoid

    return peer(Scalar, sigmoid, n)


def sympy(n: int) -> dict[str, float]:
    import sympy

    made = {}

    def build() -> None:
        w, x, b = (sympy.symbols(f"{name}:{n}") for name in "wxb")
        terms = [1 / (1 + sympy.exp(-(wi * xi + bi))) for wi, xi, bi in zip(w, x, b, strict=True)]
        made["f"], made["inputs"] = sympy.Add(*terms), [*w, *x, *b]

    def differentiate() -> None:
        point = dict.fromkeys(made["inputs"], 0.5)
        made["gradient"] = [made["f"].diff(variable).subs(point) for variable in made["inputs"]]

    return laps(("build", build), ("backward", differentiate))


MEASURED = {each.__name__: each for each in (autodiff_from_text, autodiff_from_python, micrograd, mlfz, sympy)}


def in_large_stack(name: str, n: int) -> None:
    """Run one measurement with room for the recursion of the peers, and print it."""
    sys.setrecursionlimit(10**7)
    threading.stack_size(1 << 30)
    thread = threading.Thread(target=lambda: print(json.dumps(MEASURED[name](n))))
    thread.start()
    thread.join()


def measure(name: str, n: int) -> dict[str, float] | None:
    done = subprocess.run([sys.executable, __file__, name, str(n)], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None


def main() -> None:
    jobs = [(name, n) for n in SIZES for name in MEASURED if name != "sympy"] + [("sympy", SYMPY_TERMS)]
    rounds = [{job: measure(*job) for job in jobs} for _ in range(ROUNDS)]
    print(f"medians of {ROUNDS} rounds; ms for each step, KB of peak memory an operation (four a term)\n")
    totals: dict[tuple[str, int], list[float]] = {}
    for name, n in jobs:
        runs = [each[name, n] for each in rounds]
        if any(run is None for run in runs):
            print(f"{name:22}{n:>8}  failed")
            continue
        seconds = [{step: s for step, s in run.items() if step != "memory"} for run in runs if run]
        totals[name, n] = [sum(run.values()) for run in seconds]
        steps = "  ".join(f"{s} {1000 * statistics.median(run[s] for run in seconds):.0f}" for s in seconds[0])
        memory = statistics.median(run["memory"] for run in runs if run) / (4 * n) / 1024
        total = 1000 * statistics.median(totals[name, n])
        print(f"{name:22}{n:>8}  total {total:6.0f}  memory {memory:5.2f}  {steps}")
    print("\nratios, the medians of those in each round")
    small, large = SIZES
    pairs = [
        ("text to gradient / micrograd", ("autodiff_from_text", small), ("micrograd", small)),
        ("micrograd / build + forward + backward", ("micrograd", small), ("autodiff_from_python", small)),
        ("mlfz / build + forward + backward", ("mlfz", small), ("autodiff_from_python", small)),
        (f"text to gradient, {large} / {small} terms", ("autodiff_from_text", large), ("autodiff_from_text", small)),
    ]
    for title, a, b in pairs:
        if a in totals and b in totals:
            print(f"{title:42} {statistics.median(x / y for x, y in zip(totals[a], totals[b], strict=True)):.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        in_large_stack(sys.argv[1], int(sys.argv[2]))
    else:
        main()
