"""Many rows: a straight line of NumPy calls over a block of rows that fits the cache, and a loop over the blocks."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from autodiff.engine.arithmetic import arrays
from autodiff.engine.arithmetic.arrays import Array
from autodiff.engine.code.memory import Memory
from autodiff.engine.code.steps import CONDITIONS, Lowering, Operand, RawLowering, Term
from autodiff.engine.code.target import used
from autodiff.engine.graph import Graph
from autodiff.engine.table.operations import OPERATIONS

# Bytes of numbers in all arrays of a block. Calls on smaller blocks are so short that threads mostly wait for the
# interpreter: two took longer than one with a quarter of it.
_CACHE = 2**23
_ALIKE = 2.0**-46  # of two kernels that are both right, relative
_LEAST, _MOST = 2**10, 2**17  # rows of a block


class Kernel:
    """The code for one block: it reads the inputs, writes the outputs and keeps what is between in few buffers."""

    def __init__(
        self, inputs: Sequence[Term], outputs: Sequence[Operand], terms: Sequence[Term], *, delicate: bool = False
    ) -> None:
        """`delicate` code may lose digits where a step underflows."""
        self.delicate = delicate
        self.places: dict[Operand, str] = {term: f"i{k}" for k, term in enumerate(inputs)}
        self.lines: list[str] = []
        self.functions: dict[str, Any] = {"copyto": np.copyto, "inf": np.inf, "nan": np.nan}
        self.free: list[str] = []
        self.buffers = 0
        uses = used(outputs, terms)
        steps = [term for term in terms if term in uses and term not in self.places]
        self.last: dict[Operand, Term | None] = {x: term for term in steps for x in term.operands if type(x) is Term}
        self.last.update(dict.fromkeys(outputs))  # which are kept to the end
        # Reversed, so that a term that is several outputs is computed into the first of them.
        self.targets = {x: f"o{k}" for k, x in reversed(list(enumerate(outputs)))}
        for term in steps:
            self.step(term)
        for k, x in enumerate(outputs):
            if self.place(x) != f"o{k}":
                self.lines.append(f"copyto(o{k}, {self.place(x)})")
        self.chooses = any(term.name in OPERATIONS and OPERATIONS[term.name].chooses for term in steps)
        self.compiled = self.function(len(inputs), len(outputs))

    def step(self, term: Term) -> None:
        """Add the call for a step. Its result may overwrite an operand that no later step reads."""
        function = self.functions[f"f_{term.name}"] = arrays.function(term.name)
        call = f"f_{term.name}({', '.join(map(self.place, term.operands))}"
        done = [self.places[x] for x in dict.fromkeys(term.operands) if type(x) is Term and self.last[x] is term]
        # Only buffers are used again: inputs are the caller's, and outputs are kept. They are free before the result
        # gets its place, since a ufunc may write where it reads.
        self.free += [place for place in done if place.startswith("b")]
        if isinstance(function, np.ufunc) and term.name not in CONDITIONS:
            self.places[term] = self.targets.get(term) or self.buffer()
            self.lines.append(f"{call}, {self.places[term]})")
        else:
            self.places[term] = f"v{term.index}"
            self.lines.append(f"v{term.index} = {call})")
        self.lines += [f"{place} = None" for place in done if place.startswith("v")]

    def place(self, x: Operand) -> str:
        return self.places[x] if type(x) is Term else repr(float(x))

    def buffer(self) -> str:
        if not self.free:
            self.free.append(f"b{self.buffers}")
            self.buffers += 1
        return self.free.pop()

    def function(self, inputs: int, outputs: int) -> Callable[..., None]:
        """A function of the lists of inputs, outputs and buffers."""
        lines = ["def kernel(i, o, b):"]
        for kind, count in (("i", inputs), ("o", outputs), ("b", self.buffers)):
            lines.append(f"[{', '.join(f'{kind}{k}' for k in range(count))}] = {kind}[:{count}]")
        exec(compile("\n ".join([*lines, *self.lines]), "<compiled>", "exec"), self.functions)
        kernel: Callable[..., None] = self.functions["kernel"]
        return kernel


class ArrayLowering(RawLowering):
    """Simplifications that are right for arrays as long as NumPy raises nothing."""

    delicate = False
    """Whether a step was made that loses digits where it underflows."""

    def damped(self, x: Operand, tail: Operand) -> Operand:
        # 0 times infinity is an invalid operation, at which NumPy raises; Python's floats give nan in silence.
        return x * tail

    def over_square(self, x: Operand, y: Operand) -> Operand:
        self.delicate = True
        return self.div(self.div(x, y), y)

    def exponent(self, x: Operand) -> Operand:
        self.delicate = True
        return 0.0

    def ldexp(self, x: Operand, exponent: Operand) -> Operand:
        return x

    def mean(self, *x: Operand) -> Operand:
        return self.div(self.sum(*x), float(len(x)))


def compile_arrays(graph: Graph, wrt: Sequence[int], threads: int) -> Callable[..., Any]:
    """A function of arrays and numbers, the inputs, that gives an array and a tuple of arrays."""
    simple, m = ArrayLowering(), Lowering()
    raw = Kernel(*simple.lowered(graph, wrt), simple.terms, delicate=simple.delicate)
    careful = Kernel(*m.lowered(graph, wrt), m.terms)
    # Both branches of a choice are computed, and the one not taken often raises: the raw kernel would run in vain.
    kernels = [careful] if raw.chooses else [raw, careful]
    memory = Memory()
    pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def compiled(*operands: Any) -> Any:
        arguments = [numbers(x) for x in operands]
        shape = np.broadcast_shapes(*[x.shape for x in arguments])
        results = memory.results(1 + len(wrt), shape)
        rows, flat = [spread(x, shape) for x in arguments], [x.reshape(-1) for x in results]
        block = rows_of_a_block(len(rows) + len(flat) + careful.buffers)

        def part(start: int) -> None:
            here = slice(start, start + share)
            run_blocks(kernels, [x[here] for x in rows], [x[here] for x in flat], block)

        # Whole blocks for each thread: only the last block of all is shorter.
        share = max(1, -(-flat[0].size // (threads * block))) * block
        starts = range(0, flat[0].size, share)
        list((pool.map if pool and len(starts) > 1 else map)(part, starts))
        if not shape and not any(isinstance(x, np.ndarray) for x in operands):
            return float(results[0]), tuple(map(float, results[1:]))
        return results[0], tuple(results[1:])

    return compiled


def numbers(x: object) -> Array:
    """An operand as an array of doubles; TypeError where it holds anything but real numbers."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"an operand must be real numbers, not {array.dtype}")
    return array.astype(np.float64, copy=False)


def rows_of_a_block(arrays: int) -> int:
    """The number of rows for which that many arrays fit the cache: a power of two."""
    most = _CACHE // (8 * arrays)
    return max(_LEAST, min(_MOST, 1 << (most.bit_length() - 1)))


def spread(x: Array, shape: tuple[int, ...]) -> Array:
    """An array, broadcast to a shape, as one row of numbers; a single number is not copied."""
    if x.size == 1:
        return np.broadcast_to(x.reshape(1), (int(np.prod(shape)),))
    return np.broadcast_to(x, shape).reshape(-1)


def run_blocks(kernels: Sequence[Kernel], inputs: list[Array], outputs: list[Array], block: int) -> None:
    """The first kernel that does not raise, block by block; the last one never does.

    Where it comes to that one, rows for which the first is good keep its bits: they do not depend on the rows beside.
    """
    *raw, careful = kernels
    free = list(np.empty((max(kernel.buffers for kernel in kernels), block)))
    rows = outputs[0].size
    for start in range(0, rows, block):
        if start + block > rows:
            free = [x[: rows - start] for x in free]
        here = slice(start, start + block)
        arguments = [x[here] for x in inputs], [x[here] for x in outputs], free
        if any(succeeds(kernel, arguments) for kernel in raw):
            continue
        with np.errstate(all="ignore"):
            for kernel in raw:
                kernel.compiled(*arguments)
            into = [np.empty_like(x) for x in arguments[1]] if raw else arguments[1]
            careful.compiled(arguments[0], into, arguments[2])
            for result, right in zip(arguments[1], into if raw else ()):
                # Not (... <= ...) rather than (... > ...), so that nan in either result counts as a difference.
                np.copyto(result, right, where=~(np.abs(result - right) <= _ALIKE * np.abs(right)))


def succeeds(kernel: Kernel, arguments: tuple[list[Array], ...]) -> bool:
    # An underflow mostly rounds as it should; every other flag means that the careful kernel may know better.
    with np.errstate(all="raise", under="raise" if kernel.delicate else "ignore"):
        try:
            kernel.compiled(*arguments)
        except FloatingPointError:
            return False
    return True
