"""Random programs are the same in every way to compute them, and what a judge says who shares no code with us."""

import pytest

from .support.judge import Judge, Unsure
from .support.random_programs import case
from .support.ways import Ways


@pytest.mark.parametrize("first", [pytest.param(i, marks=[pytest.mark.slow] * (i >= 120)) for i in range(0, 300, 30)])
def test_every_way_gives_what_the_judge_says(first: int) -> None:
    unsure = 0
    for seed in range(first, first + 30):
        try:
            Ways(case(seed)).check()
        except Unsure:
            unsure += 1
    assert unsure <= 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", -4),
        ("2^3^2 - 2**-1", 511.5),
        ("-2^-2*8", -2),
        ("8/2/2*3 - -1", 7),
        ("-7 % 3 + 7 % -3", 0),
        ("1 if 0 else 2 if 1 else 3", 2),
        ("not 1 == 2 and 0 < 1 < 2 ≤ 2", 1),
        ("f(u) = u*k; k = 3; f(2) + k", 17),  # k was an input, 7, where f was defined
        ("pi = 2; pi += 1; pi^2 # - 1", 9),
        ("[1, 2] @ [3, 4] + ([1, 2]*2)[-1] + max([1, 5], 2)[0]", 17),
        ("dot = 3; dot([1], [2])*dot", 6),
    ],
)
def test_the_judge_reads_as_people_do(text: str, value: float) -> None:
    assert float(Judge(text).verdict({"k": 7.0}, 0).value[0][0]) == value


def test_the_judge_differentiates() -> None:
    verdict = Judge("x^2*y + sin(0*y)").verdict({"x": 3.0, "y": 2.0}, 2)
    assert [float(x) for x, _ in verdict.gradient[0]] == [12, 9]
    assert [[float(x) for x, _ in row] for row in verdict.hessian or []] == [[4], [6, 0]]
    assert all(error < 1e-12 for x, error in verdict.gradient[0])
    with pytest.raises(Unsure):
        Judge("max(x, 0.1*3)").verdict({"x": 0.3})
