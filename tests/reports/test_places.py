"""Where a model computes, as the report says it: one's own machine is not one's own network."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.reports.conftest import Fake, licence, remote
from tests.reports.test_decision import text

from fourfold.evidence import Entry

Make = Callable[..., Entry]


def site(kind: str) -> dict[str, Any]:
    return {"kind": kind, "address": "x", "host": None, "regions": [], "stated": False}


@pytest.mark.parametrize(
    ("where", "kind", "said"),
    [
        ("http://127.0.0.1:8000/v1", "own-machine", "on your own machine"),
        ("http://10.1.2.3:8000/v1", "own-network", "in your own network"),
        ("http://127.0.0.1:8000/v1", "unknown", "http://127.0.0.1:8000/v1"),
    ],
)
def test_a_model_behind_a_server_is_where_its_address_says(
    comparison: Make, where: str, kind: str, said: str
) -> None:
    facts = {**remote("Near", licence(), host=None), "where": where}
    facts["catalogue"] = {**facts["catalogue"], "kind": "open-weights"}
    near = Fake("near", 0.1, 0.1, facts={**facts, "site": site(kind)})
    page = text(comparison([near, Fake("b", 0.8)]))
    assert f"; {said}" in page


def test_a_closed_model_at_an_address_of_one_s_own_is_passed_on_nobody_knows_where(
    comparison: Make,
) -> None:
    facts = {**remote("Far", licence(), host=None), "where": "http://127.0.0.1:4000/v1"}
    for known in ({**facts, "site": site("unknown")}, facts):
        page = text(comparison([Fake("far", 0.1, 0.1, facts=known), Fake("b", 0.8)]))
        assert "; http://127.0.0.1:4000/v1" in page
        assert "on your own machine" not in page
