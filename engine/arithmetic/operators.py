"""The operators of `Numeric` for numbers that their arithmetic makes: nodes of a graph, steps of a program."""

from typing import Any


class Operators:
    """Each operator applies the operation of the table that it stands for, by the arithmetic `m` of the number."""

    __slots__ = ()
    m: Any

    def __add__(self, other: Any) -> Any:
        return self.m.apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.m.apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self.m.apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.m.apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self.m.apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.m.apply("mul", other, self)

    def __neg__(self) -> Any:
        return self.m.apply("neg", self)

    def __lt__(self, other: Any) -> Any:
        return self.m.apply("less", self, other)

    def __le__(self, other: Any) -> Any:
        return self.m.apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.m.apply("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.m.apply("greater_equal", self, other)

    def __and__(self, other: Any) -> Any:
        return self.m.apply("and", self, other)

    def __rand__(self, other: Any) -> Any:
        return self.m.apply("and", other, self)

    def __or__(self, other: Any) -> Any:
        return self.m.apply("or", self, other)

    def __ror__(self, other: Any) -> Any:
        return self.m.apply("or", other, self)
