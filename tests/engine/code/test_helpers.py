"""The functions that generated code brings along, run as the Python that they are, against mpmath."""

from math import inf, isnan, nan, nextafter
from random import Random
from typing import Any

import pytest
from mpmath import mp, mpf

from autodiff.engine.code import helpers

from ...support.truth import ulps

LGAMMA = "lgamma", helpers.lgamma, lambda x: mp.re(mp.loggamma(x)), mp.digamma
CASES: list[tuple[str, Any, Any, Any]] = [
    ("erf", helpers.erf, mp.erf, lambda x: mp.exp(-x * x) * 1.13),
    ("erfc", helpers.erfc, mp.erfc, lambda x: mp.exp(-x * x) * 1.13),
    ("gamma", helpers.gamma, mp.gamma, lambda x: mp.gamma(x) * mp.digamma(x)),
    LGAMMA,
    ("digamma", helpers.digamma, mp.digamma, lambda x: mp.psi(1, x)),
    *(
        (
            f"polygamma {n}",
            lambda x, n=n: helpers.polygamma(float(n), x),
            lambda x, n=n: mp.psi(n, x),
            lambda x, n=n: mp.psi(n + 1, x),
        )
        for n in (1, 2, 5, 30)
    ),
]


@pytest.mark.parametrize(("name", "function", "true", "derivative"), CASES, ids=[case[0] for case in CASES])
def test_within_four_ulp(name: str, function: Any, true: Any, derivative: Any) -> None:
    """Times 1 + the condition number, from the smallest numbers to large ones, and around 1, 2 and the roots."""
    random = Random(name)
    points = [random.uniform(-6, 6) for _ in range(80)] + [random.uniform(0, 30) for _ in range(80)]
    points += [random.choice((-1, 1)) * 10.0 ** random.uniform(-200, 0) for _ in range(20)]
    points += [
        k + random.choice((-1, 1)) * 2.0 ** -random.uniform(1, 50)
        for k in (0.5, 1, 2, 1.4616321449683623)
        for _ in range(20)
    ]
    points += [nextafter(k, 9.0 * s) for k in (0.5, 1.0, 6.0, 10.0, 13.0) for s in (-1, 1)]
    with mp.workprec(200):
        for x in points:
            value = true(mpf(x))
            if 2.0**-1000 < abs(value) < 2.0**1000:
                assert ulps(function(x), value) <= 4 * (1 + abs(x * derivative(mpf(x)) / value)), x


def test_at_the_ends() -> None:
    assert [helpers.erf(-inf), helpers.erf(inf), helpers.erfc(-inf), helpers.erfc(inf)] == [-1.0, 1.0, 2.0, 0.0]
    assert [helpers.gamma(inf), helpers.gamma(0.0), helpers.gamma(-0.0), helpers.lgamma(-3.0)] == [inf, inf, -inf, inf]
    assert helpers.lgamma(1e300) == pytest.approx(6.897755278982137e302, rel=1e-15)  # 1e300*(log(1e300) - 1)
    assert all(map(isnan, [helpers.gamma(-2.0), helpers.digamma(0.0), helpers.polygamma(0.5, 1.0), helpers.erf(nan)]))
    assert [helpers.round(x) for x in (0.5, 1.5, -2.5, 0.49999999999999994, 2.0**53 + 2)] == [
        0.0,
        2.0,
        -2.0,
        0.0,
        2.0**53 + 2,
    ]
    assert [helpers.mod(-1e-300, 2e-300), helpers.mod(5.5, -2.0), helpers.mod(-1.0, inf)] == [1e-300, -0.5, inf]
