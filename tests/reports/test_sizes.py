"""What the report says of the way down the sizes."""

from typing import Any

import pytest
from tests.reports.conftest import Fake, Make
from tests.reports.test_decision import text

from fourfold.evidence import Entry

SAVES = {"cost_per_1000": 1.5, "seconds_p95": 0.8, "bytes": 6_400_000_000}


def sized(comparison: Make, saves: Any, **rung: Any) -> Entry:
    """A ladder of two sizes."""
    step = {"model": "small", "worse_by": 0.4, "p": 0.4, "holds": True, "could_show": True}
    ladder = {
        "largest": "large",
        "smallest": "small",
        "rungs": [{**step, **rung}],
        **({} if saves is None else {"saves": saves}),
    }
    systems = [Fake("large", 0.1), Fake("small", 0.2)]
    return comparison(systems, count=20, metrics=("chrf",), timed=False, ladder=ladder)


def test_the_smallest_that_holds_is_told_with_what_it_saves(comparison: Make) -> None:
    said = text(sized(comparison, SAVES))
    assert "Beside large it saves $1.50 for 1,000 tasks, 0.80 s of the wait" in said
    assert "6.4 GB of weights." in said
    german = text(sized(comparison, SAVES), "de")
    assert "Gegenüber large spart es 1,50 $ für 1.000 Aufgaben, 0,80 s der Wartezeit" in german
    assert "6,4 GB an Gewichten." in german


def test_what_the_smaller_one_takes_more_of_is_told_too(comparison: Make) -> None:
    said = text(sized(comparison, {"cost_per_1000": 1.5, "seconds_p95": -0.8, "bytes": None}))
    assert "it saves $1.50 for 1,000 tasks. It takes 0.80 s of the wait" in said
    assert "GB" not in said


@pytest.mark.parametrize("saves", [None, {"cost_per_1000": None, "seconds_p95": 0, "bytes": None}])
def test_where_nobody_knows_what_is_saved_nothing_is_said(comparison: Make, saves: Any) -> None:
    assert "Beside large" not in text(sized(comparison, saves))


def test_a_rung_says_when_a_loss_could_not_be_shown(comparison: Make) -> None:
    blind = sized(comparison, None, could_show=False)
    assert "holds here; a loss that matters could not be shown" in text(blind)
    assert "hält hier; ein Verlust, der zählt, war nicht zu zeigen" in text(blind, "de")
    assert "could not be shown" not in text(sized(comparison, None))


def gaps(comparison: Make, **more: Any) -> Entry:
    """A ladder with sizes that are no rungs."""
    entry = sized(comparison, None)
    entry.body["ladder"].update(more)
    return entry


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The largest, dead, has no figures: the others are held against large. Lost"),
        ("de", "Das größte, dead, hat keine Zahlen: Die anderen sind an large gemessen. Lost"),
    ],
)
def test_sizes_without_figures_are_named(comparison: Make, language: str, said: str) -> None:
    sizes = ["dead", "large", "Lost", "small"]
    assert said in text(gaps(comparison, sizes=sizes, missing=["dead", "Lost"]), language)


def test_sizes_that_the_policy_forbids_are_named(comparison: Make) -> None:
    barred: list[dict[str, Any]] = [{"model": name, "reasons": []} for name in ("huge", "tiny")]
    entry = gaps(comparison, sizes=["huge", "large", "small", "tiny"], excluded=barred)
    assert "The largest, huge, is out, since the licence policy forbids it" in text(entry)
    assert "tiny scheidet aus: Die Lizenzregeln verbieten es." in text(entry, "de")


def test_where_no_size_may_be_taken_none_is_named(comparison: Make) -> None:
    entry = gaps(
        comparison,
        sizes=["only"],
        largest=None,
        smallest=None,
        saves={},
        rungs=[],
        excluded=[{"model": "only", "reasons": []}],
    )
    said = text(entry)
    assert "No size may be taken. only is out: the licence policy forbids it." in said
    assert "None" not in said.partition("Down the sizes")[2].partition("By language")[0]
