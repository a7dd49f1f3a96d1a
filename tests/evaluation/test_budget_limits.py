"""A budget that is no amount would never be reached."""

from math import inf, nan

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.budget import Budget


@pytest.mark.parametrize("limit", [nan, inf, -1.0])
def test_a_limit_that_nothing_reaches_is_refused(limit: float) -> None:
    with pytest.raises(InvalidInput, match="`budget` cannot be"):
        Budget(limit)


def test_no_limit_and_a_limit_of_nothing_are_limits() -> None:
    assert Budget(None).left_usd is None
    assert Budget(0.0).left_usd == 0.0
