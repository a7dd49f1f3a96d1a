"""Numbers that are none, or none that anything can be counted with."""

from math import inf, nan

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.core.finite import require_finite


@pytest.mark.parametrize("value", [nan, inf, -inf, -0.01, 1e308])
def test_what_no_amount_can_be_is_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match="`budget` cannot be") as caught:
        require_finite("budget", value)
    assert "from 0 to 1e+12" in caught.value.hint


@pytest.mark.parametrize("value", [None, 0, 0.02, 1])
def test_a_number_within_the_bounds_or_none_at_all_passes(value: float | None) -> None:
    require_finite("relevant", value, most=1)


def test_a_number_above_its_own_bound_is_refused() -> None:
    with pytest.raises(InvalidInput, match="`relevant` cannot be 2"):
        require_finite("relevant", 2, most=1)
