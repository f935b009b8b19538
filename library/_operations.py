"""Where an editor finds the operations: `_operations.pyi` beside it, made from the table by `python tests/stub.py`."""


class _Methods:
    """Every operation as a method of Scalars, which are set when these are defined."""

    __slots__ = ()
