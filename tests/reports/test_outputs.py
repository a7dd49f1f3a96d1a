"""The page of outputs shows every text as it is, the greatest differences first."""

import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Usage
from fourfold.datasets import Record
from fourfold.evaluation.records import Case, Exchange, Outcome
from fourfold.evaluation.side_by_side import side_by_side
from fourfold.reports.outputs import Outputs, outputs_page

AT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


def record(name: str, reference: str, text: str = "Frage") -> Record:
    return Record(id=name, text=text, references=(reference,))


def gave(system: str, name: str, output: str, **more: Any) -> Case:
    outcome = Outcome(
        output=output,
        refused=False,
        evidence=(),
        usage=Usage(),
        seconds=1.0,
        first_text_seconds=None,
    )
    return Case(system=system, record_id=name, outcome=outcome, **{"exchanges": (), **more})


def failed(system: str, name: str, message: str) -> Case:
    return Case(
        system=system,
        record_id=name,
        outcome=None,
        exchanges=(),
        error_code="model_overloaded",
        error_message=message,
    )


def said(text: str) -> Exchange:
    return Exchange(
        id="1",
        key="k",
        model="a",
        messages=(),
        options={},
        text=text,
        finish_reason="stop",
        usage=Usage(),
        seconds=1.0,
        first_text_seconds=None,
        at=AT,
        error="invalid_output",
    )


def page(
    cases: Sequence[Case],
    records: Sequence[Record],
    *,
    language: str = "en",
    metric: str = "f1",
    **more: Any,
) -> str:
    systems = list(dict.fromkeys(case.system for case in cases))
    outputs = {
        "experiment": "895945a33fc0",
        "application": "Helpdesk",
        "made_at": AT,
        "dataset": "golden.jsonl",
        "has_changed": False,
        "lost": 0,
        "shown": side_by_side(cases, records, systems, metric),
        **more,
    }
    return outputs_page(Outputs(**outputs), language=language)


def order(written: str) -> list[str]:
    return re.findall(r'class="id">\w+ (\w+)<', written)


RECORDS = [record("same", "eins zwei"), record("near", "eins zwei"), record("far", "eins zwei")]
CASES = [
    *(gave("a", one.id, "eins zwei") for one in RECORDS),
    gave("b", "same", "eins zwei"),
    gave("b", "near", "eins drei"),
    gave("b", "far", "etwas anderes"),
]


def test_the_records_on_which_systems_differ_most_come_first() -> None:
    written = page(CASES, RECORDS)
    assert order(written) == ["far", "near", "same"]
    assert re.findall(r"apart by ([\d.]+)", written) == ["1.00", "0.50", "0.00"]
    assert re.findall(r'class="value">([\d.]+)<', written) == [
        *("1.00", "0.00"),
        *("1.00", "0.50"),
        *("1.00", "1.00"),
    ]


def test_edits_are_told_as_less_is_better_and_the_order_is_the_same() -> None:
    written = page(CASES, RECORDS, metric="hter")
    assert order(written) == ["far", "near", "same"]
    assert "less is better" in written


def test_a_failed_case_comes_last_with_its_error() -> None:
    cases = [*CASES[:3], gave("b", "same", "eins"), failed("b", "near", "Too <slow>."), CASES[5]]
    written = page(cases, RECORDS)
    assert order(written) == ["far", "same", "near"]
    assert "Failed: Too &lt;slow&gt;." in written.split('class="id">Record near')[1]
    assert "Gescheitert: Too" in page(cases, RECORDS, language="de")


def test_who_was_not_asked_and_who_said_nothing_are_told_apart() -> None:
    written = page([CASES[0], CASES[3], gave("a", "near", "")], RECORDS[:2])
    last = written.split('class="id">Record near')[1]
    assert "empty" in last
    assert "Not asked." in last


def test_an_answer_in_the_wrong_form_is_shown_as_it_was_written() -> None:
    wrong = gave(
        "a",
        "same",
        "",
        exchanges=(said("Gerne! {kaputt"),),
        error_code="invalid_output",
        error_message="It is not JSON.",
    )
    written = page([wrong], RECORDS[:1])
    assert "Failed: It is not JSON." in written
    assert "Gerne! {kaputt" in written


EVIL = "<script>alert('x')</script><img src=https://example.com/a onerror=alert(1)> {{ 7*7 }}"


def test_nothing_that_a_text_says_becomes_markup() -> None:
    evil = Record(id=EVIL, text=EVIL, references=(EVIL,), passages=(EVIL * 20,))
    cases = [gave(EVIL, EVIL, EVIL * 20), failed("b", EVIL, EVIL)]
    written = page(cases, [evil], application=EVIL, dataset=EVIL, has_changed=True)
    assert "<script" not in written
    assert "<img" not in written
    assert written.count(html.escape(EVIL).replace("&#x27;", "&#39;")) > 10
    assert "default-src 'none'" in written


def test_a_long_text_is_folded_and_whole() -> None:
    long = "Wort " * 400 + "Ende"
    written = page([gave("a", "same", long)], RECORDS[:1])
    assert written.count("<details>") == 1
    assert long in written


def test_german_has_german_words_and_numbers() -> None:
    written = page(CASES, RECORDS, language="de", has_changed=True, lost=2)
    assert '<html lang="de">' in written
    for words in (
        *("Die Ausgaben nebeneinander", "vom 22.11.2026", "Abstand 0,50", "mehr ist besser"),
        *("Eingabe", "Vorlage", "nicht mehr im Datensatz und hier nicht gezeigt: 2"),
    ):
        assert words in written
    assert "apart" not in re.sub(r"<style>.*</style>|class=\"\w+\"", "", written, flags=re.S)


def test_where_the_decisive_metric_says_nothing_of_one_text_right_or_wrong_does() -> None:
    cases = [gave("a", "x", "positive"), gave("b", "x", "negative")]
    written = page(cases, [record("x", "positive")], metric="macro_f1")
    assert re.findall(r'class="value">([\d.]+)<', written) == ["1.00", "0.00"]
    assert "share of right labels" in written
    assert "says nothing of a single text" in written


def test_probes_of_safety_are_no_records() -> None:
    cases = [CASES[0], gave("a", "safety:1", "nein")]
    assert order(page(cases, [*RECORDS, record("safety:1", "x")])) == ["same"]


def test_another_language_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no page in `fr`"):
        page(CASES, RECORDS, language="fr")
