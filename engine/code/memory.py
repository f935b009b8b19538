"""Memory for large results, which is used again when nobody refers to it any more.

New pages cost as much as a gradient: 4 million rows of four results take 25 ms to be zeroed by the system.
"""

from sys import getrefcount

import numpy as np

from autodiff.engine.arithmetic.arrays import Array

_SMALL, _LARGE = 2**20, 2**28  # bytes: below, malloc does as well; above, it is too much to hold on to


def _taken(arrays: list[Array]) -> tuple[Array, int]:
    """The last array, and how many references there are to it."""
    array = arrays.pop()
    return array, getrefcount(array)


_ALONE = _taken([np.empty(0)])[1]  # asked for, since it differs between versions of Python


class Memory:
    """Keeps the last results of a function, and hands out again those that nothing else refers to."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []

    def results(self, count: int, shape: tuple[int, ...]) -> list[Array]:
        arrays = [self.array(shape) for _ in range(count)]
        each = arrays[0].nbytes
        if each >= _SMALL and each * count <= _LARGE:
            self.arrays = arrays[:]
        return arrays

    def array(self, shape: tuple[int, ...]) -> Array:
        try:
            array, references = _taken(self.arrays)
        except IndexError:
            return np.empty(shape)
        return array if references == _ALONE and array.shape == shape else np.empty(shape)
