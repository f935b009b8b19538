"""Random programs: choices pass gradients as if only the branch taken were written, and gates in any form agree."""

from math import isfinite, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.random_expressions import POINTS, run, smooth, with_choices


@settings(max_examples=300)
@given(st.data(), POINTS)
def test_a_choice_is_the_branch_taken(data: st.DataObject, point: dict[str, float]) -> None:
    written, taken = data.draw(st.composite(with_choices)(point, 3))
    for ours, plain in zip(run(written, point), run(taken, point), strict=True):
        assert ours == plain or (isnan(ours) and isnan(plain)), (written, taken)


@settings(max_examples=300)
@given(smooth(), POINTS, st.sampled_from(["basic", "fused"]))
def test_gates_in_every_form_agree(text: str, point: dict[str, float], form: str) -> None:
    written, other = run(text, point), run(text, point, form)
    scale = max((abs(number) for number in written if isfinite(number)), default=0.0)
    if form == "basic" and not isfinite(other[0]):
        return  # exp(1000)/exp(1000) in the place of tanh(1000)
    for one, two in zip(written, other, strict=True):
        if form == "fused" and isfinite(one):
            assert isfinite(two), text
        if isfinite(one) and isfinite(two):
            assert two == pytest.approx(one, rel=1e-8, abs=1e-8 * (1 + scale)), text
