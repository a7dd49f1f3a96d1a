"""Each sentence of a report is true of the comparison that it stands in."""

from dataclasses import replace
from typing import Any

import pytest
from tests.reports.conftest import HELPDESK, Fake, Make
from tests.reports.test_decision import text, turned

from fourfold.evidence import Entry
from fourfold.reports.found import Found
from fourfold.reports.words import words

PAIR = (Fake("a", 0.1, 0.001), Fake("b", 0.3, 0.001, seconds=2.0))


def pair(comparison: Make, **more: Any) -> Entry:
    """Two systems, few records, one metric: quickly made."""
    return comparison(PAIR, **{"count": 20, "metrics": ("chrf",), "timed": False, **more})


def choosing(entry: Entry, **choice: Any) -> Entry:
    """The same entry with another choice."""
    chosen = {**entry.body["recommendation"], **choice}
    return replace(entry, body={**entry.body, "recommendation": chosen})


def saying(entry: Entry, warnings: list[Any]) -> Entry:
    """The same entry with warnings of its models."""
    return replace(entry, body={**entry.body, "warnings": warnings})


def test_outputs_in_the_wrong_form_count_as_wrong_and_are_in_the_figures(comparison: Make) -> None:
    entry = pair(comparison)
    for one in entry.body["models"]:
        one["failed"] = {"invalid_output": 5}
    assert "Unusable outputs of a: 5. They count as wrong." in text(entry)
    assert "Unbrauchbare Ausgaben von a: 5. Sie zählen als falsch." in text(entry, "de")
    assert "are not in its figures" not in text(entry)
    for one in entry.body["models"]:
        one["failed"] = {"invalid_output": 5, "model_overloaded": 1}
    assert "Records on which a failed: 1. They are not in its figures." in text(entry)


@pytest.mark.parametrize(
    ("code", "english", "german"),
    [
        ("silent", "dear answered nothing", "dear hat nichts beantwortet"),
        ("too_dear", "dear was not asked, for the budget", "dear wurde nicht gefragt"),
        ("stopped", "dear was stopped before it had answered all", "dear wurde angehalten"),
        (None, "dear is in none of the figures; the entry", "dear fehlt in allen Zahlen; warum"),
        ("new", "dear is in none of the figures; the entry", "dear fehlt in allen Zahlen; warum"),
    ],
)
def test_a_system_that_was_left_out_is_told_with_its_reason(
    comparison: Make, code: str | None, english: str, german: str
) -> None:
    left = {"model": "dear", "message": "…", **({"code": code} if code else {})}
    entry = pair(comparison, left_out=[left])
    assert english in text(entry)
    assert german in text(entry, "de")
    assert ("answered nothing" in text(entry)) is (code == "silent")


def test_minutes_that_speak_against_the_choice_are_told_without_a_false_reason(
    comparison: Make,
) -> None:
    entry = comparison(PAIR, count=20, metrics=("chrf",))
    for one in entry.body["models"]:
        one["cost_per_1000"] = 1.0
        one["minutes_per_1000"]["value"] = 90.0 if one["model"] == "a" else 60.0
    worse = [{"model": "b", "worse_by": 9.0, "p": 0.01, "holds": False, "could_show": True}]
    against = choosing(entry, model="a", best="a", others=worse)
    assert "ahead" not in turned(against)
    assert "yet the choice follows the figure that decides, not the minutes" in text(against)
    assert "because it is faster" not in text(against)
    equal = choosing(entry, model="a", best="a", others=[{**worse[0], "holds": True}])
    assert "a was taken because it is faster at the same quality" in text(equal)


def test_what_a_set_can_show_is_asked_of_the_pairs_that_are_open(comparison: Make) -> None:
    entry = comparison(HELPDESK[1:], timed=False)
    for test in entry.body["tests"]:
        is_open = {test["a"], test["b"]} == {"acme-mini", "open-7b"}
        test["detectable"] = 0.06 if is_open else 0.3
    plain = {"worse_by": 0.4, "p": 0.001, "holds": False, "could_show": False}
    others = [
        {**plain, "model": "open-7b", "worse_by": 0.01, "p": 0.4, "holds": True},
        {**plain, "model": "extractive"},
    ]
    entry = choosing(entry, model="acme-mini", best="acme-mini", others=others)
    assert Found(entry).detectable == 0.06
    assert "for the least sure pair" in text(entry)


@pytest.mark.parametrize("language", ["de", "en"])
def test_where_nothing_is_right_nothing_is_recommended_for_that_reason(
    comparison: Make, language: str
) -> None:
    warned = [{"code": "nothing_right", "text": "Nothing is right.", "values": {}}]
    entry = pair(comparison)
    none = text(choosing(entry, model=None, best=None, others=[], warnings=warned), language)
    said = words("answer")["because_nothing_right"][language]
    assert none.count(said) == 1
    assert "licence policy" not in none.partition("Method")[0]
    still = text(choosing(entry, warnings=warned), language)
    assert words("answer")["nothing_right"][language] in still


def test_a_warning_of_another_release_is_told_in_its_own_words(comparison: Make) -> None:
    warned = [{"code": "new", "text": "Beware <b>.", "values": {"model": "a", "x": "y"}}]
    assert "Beware &lt;b&gt;." in text(choosing(pair(comparison), warnings=warned))


@pytest.mark.parametrize("safety", [None, {"tested": False, "because": "No place for it."}])
def test_a_task_of_labels_is_not_told_to_test_safety(comparison: Make, safety: Any) -> None:
    labels = {"task": "sentiment", "metrics": ("macro_f1", "accuracy"), "safety": safety}
    said = text(pair(comparison, **labels))
    assert "This task cannot be probed, so nothing was tested." in said
    assert said.count("one of three labels") == 3
    assert "compare --safety" not in said


def test_the_method_speaks_of_correcting_only_where_somebody_corrects(comparison: Make) -> None:
    labels = {"task": "sentiment", "metrics": ("macro_f1", "accuracy")}
    assert "What people correct" not in text(pair(comparison, **labels))
    assert "What people correct" not in text(pair(comparison))
    assert "What people correct" not in text(pair(comparison, metrics=("hter",)))
    timed = pair(comparison, metrics=("hter",), timed=True)
    assert "What people correct decides" in text(timed)


def test_the_method_names_the_intervals_that_are_computed(comparison: Make) -> None:
    said = text(pair(comparison))
    assert "studentised bootstrap (bootstrap-t) below fifty" in said
    assert "unter fünfzig Fällen oder Stoffen der studentisierte Bootstrap (Bootstrap-t)" in text(
        pair(comparison), "de"
    )


def test_a_metric_keeps_its_case_in_german_sentences(comparison: Make) -> None:
    said = text(pair(comparison, task="sentiment", metrics=("macro_f1",)), "de")
    assert "Unterschied in richtige" not in said
    assert "richtige Urteile, jedes gleich (Makro-F1): Diese Fälle konnten" in said


@pytest.mark.parametrize("section", ["sources", "method", "figures", "answer", "change", "safety"])
def test_words_hold_no_sign_that_a_page_reads_as_markup(section: str) -> None:
    texts = [text for both in words(section).values() for text in both.values()]
    assert [text for text in texts if set("<>&") & set(text)] == []


@pytest.mark.parametrize(
    ("language", "sure", "unsure"),
    [("en", "Take a.", "Take a for now."), ("de", "Nehmen Sie a.", "Nehmen Sie vorerst a.")],
)
def test_the_advice_is_as_sure_as_the_choice(
    comparison: Make, language: str, sure: str, unsure: str
) -> None:
    entry = pair(comparison)
    assert sure in text(choosing(entry, model="a", best="a", settled=True), language)
    assert unsure in text(choosing(entry, model="a", best="a", settled=False), language)


@pytest.mark.parametrize(
    ("language", "headline", "caution", "knows"),
    [
        (
            "en",
            "No model is measurably better than a, which is none.",
            "a is no model: it gives back",
            "b does not know German, says its maker",
        ),
        (
            "de",
            "Kein Modell ist messbar besser als a, das keines ist.",
            "a ist kein Modell: Es gibt zurück",
            "b kann nach Angabe seines Herstellers kein Deutsch",
        ),
    ],
)
def test_a_baseline_and_a_language_that_a_model_does_not_know_are_told(
    comparison: Make, language: str, headline: str, caution: str, knows: str
) -> None:
    entry = pair(comparison)
    taken = {"code": "baseline_taken", "text": "x", "values": {"model": "a"}}
    values = {"model": "b", "knows": ["en"], "missing": ["de"]}
    told = [{"code": "language", "text": "y", "values": values}]
    said = text(saying(choosing(entry, model="a", best="a", warnings=[taken]), told), language)
    assert headline in said
    assert caution in said
    assert knows in said
    older = saying(choosing(entry, model="a", best="a"), ["a sentence of an older entry"])
    assert knows not in text(older, language)


def against(comparison: Make, p: float, cost: float = 0.001, **more: Any) -> Entry:
    """`a` is taken by chrF; `b` leaves less to correct, at that p."""
    entry = comparison(PAIR, count=20, metrics=("chrf", "hter"), **more)
    for one in entry.body["models"]:
        value = 900.0 if one["model"] == "a" else 600.0
        one["minutes_per_1000"] |= {"value": value, "low": value - 50, "high": value + 50}
        if people := one.get("correction_cost_per_1000"):
            people |= {"value": value * 0.75, "low": None, "high": None}
        one["cost_per_1000"] = 1.0 if one["model"] == "a" else cost
    for test in entry.body["tests"]:
        test["p"] = p
    worse = [{"model": "b", "worse_by": 9.0, "p": 0.01, "holds": False, "could_show": True}]
    return choosing(entry, model="a", best="a", others=worse)


def advice(entry: Entry, language: str = "en") -> str:
    """What stands in the box on page one."""
    return text(entry, language).partition(words("options")["options"][language])[0]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The money speaks against this: b leaves about 300 minutes less to correct"),
        ("de", "Das Geld spricht dagegen: b lässt bei 1.000 Aufgaben etwa 300 Minuten weniger"),
    ],
)
def test_advice_against_the_money_of_the_report_says_so_in_its_box(
    comparison: Make, language: str, said: str
) -> None:
    entry = against(comparison, 0.001)
    assert said in advice(entry, language)
    assert ("€225 less" if language == "en" else "225 € weniger") in advice(entry, language)
    dearer = against(comparison, 0.001, cost=500.0)  # US dollars, and nobody states a rate
    assert "b leaves about 300 minutes less" in advice(dearer)
    assert "For that its model costs $499.00 more for 1,000 tasks." in advice(dearer)
    assert "The money speaks" not in advice(dearer)
    same = against(comparison, 0.001, cost=500.0, currency="USD")  # dearer with the people, too
    assert "speak" not in advice(same)


def test_without_a_price_of_an_hour_the_minutes_speak(comparison: Make) -> None:
    entry = against(comparison, 0.001, per_hour=None)
    assert "The minutes speak against this: b leaves about 300 minutes less" in advice(entry)
    assert "Die Minuten sprechen dagegen: b lässt" in advice(entry, "de")


def test_fewer_minutes_that_may_be_chance_are_no_caution_and_said_to_be_chance(
    comparison: Make,
) -> None:
    entry = against(comparison, 0.2)
    assert "speak" not in advice(entry)
    assert "300 minutes less to correct here (which may be chance) for 1,000 tasks" in text(entry)
    assert "300 Minuten weniger zu korrigieren (hier; das kann Zufall sein)" in text(entry, "de")
    sure = against(comparison, 0.01)
    assert "may be chance" not in text(sure)
    assert "kann Zufall sein" not in text(sure, "de")


def test_where_none_holds_nobody_claims_that_none_is_as_good(comparison: Make) -> None:
    entry = against(comparison, 0.2)
    assert "none is shown to be as good" in text(entry)
    assert "Von keinem ist gezeigt, dass es ebenso gut ist." in text(entry, "de")


@pytest.mark.parametrize("language", ["de", "en"])
def test_where_no_test_was_made_none_is_described(comparison: Make, language: str) -> None:
    line = words("sources")["tests_text"][language].partition("{")[0]
    assert line in text(pair(comparison), language)
    alone = comparison(PAIR[:1], count=20, metrics=("chrf",), timed=False)
    assert line not in text(alone, language)


def test_a_difference_that_nobody_set_is_called_the_default(comparison: Make) -> None:
    assert "0.02 of the metric's scale, which is the default" in text(pair(comparison))
    said = text(pair(comparison, relevant=0.05))
    assert "0.05 of the metric's scale, as set with fourfold compare --relevant." in said


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "invented records that come with Fourfold"), ("de", "erfundenen Fällen, die mit")],
)
def test_records_that_ship_are_not_called_one_s_own(
    comparison: Make, language: str, said: str
) -> None:
    entry = pair(comparison)
    assert said not in text(entry, language)
    ours = {**entry.body["dataset"], "ships": True}
    shown = text(replace(entry, body={**entry.body, "dataset": ours}), language)
    assert said in shown
    assert words("answer")["ships"][language].partition("{")[0] in shown


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Too few records to choose; a is ahead here."), ("de", "Zu wenige Fälle für eine")],
)
def test_of_a_handful_of_records_nothing_is_advised(
    comparison: Make, language: str, said: str
) -> None:
    few = [{"code": "too_few", "text": "x", "values": {"count": 4, "fewest": 8}}]
    entry = choosing(pair(comparison), model="a", best="a", settled=False, warnings=few)
    assert said in text(entry, language)
