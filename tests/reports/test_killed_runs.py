"""What a report says of runs that were killed."""

from dataclasses import replace
from typing import Any

import pytest
from tests.reports.conftest import HELPDESK, Make
from tests.reports.test_decision import text

LEFT = {
    "en": "Requests in flight when a run was killed: 3. They may have been charged",
    "de": "Anfragen, die unterwegs waren, als ein Lauf abgebrochen wurde: 3.",
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("paid", "is_said"),
    [({"requests": 3, "usd": 0.25}, True), ({"requests": 3, "usd": 0.0}, False), ({}, False)],
)
def test_what_may_have_been_paid_is_told(
    comparison: Make, language: str, paid: dict[str, Any], is_said: bool
) -> None:
    entry = comparison(HELPDESK)
    entry = replace(entry, body={**entry.body, "possibly_paid": paid})
    assert (LEFT[language] in text(entry, language)) is is_said
