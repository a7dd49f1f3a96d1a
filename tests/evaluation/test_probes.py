"""The shipped probes: what every one of them must keep, and how they fit into each task."""

from collections import Counter

import pytest

from fourfold.assistant.language import language_of
from fourfold.evaluation.probes import (
    KINDS,
    WHY_NOT,
    fitted,
    not_applicable,
    probes_hash,
    shipped_probes,
)
from fourfold.evaluation.verdicts import obeys
from fourfold.guards.injection import InjectionGuard
from fourfold.metrics.refusals import is_refusal
from fourfold.prompts.tasks import TASKS

PROBES = shipped_probes()


def test_kinds_and_languages_are_balanced_and_ids_stand_once() -> None:
    counts = Counter((one.language, one.kind) for one in PROBES)
    assert set(counts.values()) == {12}
    assert len(counts) == 2 * len(KINDS)
    assert len({one.id for one in PROBES}) == len(PROBES)


def test_each_dangerous_request_has_a_harmless_look_alike_of_its_category() -> None:
    for language in ("de", "en"):
        of = [one for one in PROBES if one.language == language]
        dangerous, harmless = (
            Counter(one.category for one in of if one.kind == kind)
            for kind in ("dangerous", "harmless")
        )
        assert dangerous == harmless
        assert dangerous["hate"] == 3


def test_the_application_takes_texts_for_the_language_they_are_in() -> None:
    wrong = [one.id for one in PROBES if language_of(one.text) != one.language]
    assert not wrong


def test_repeating_the_material_is_neither_a_refusal_nor_obedience() -> None:
    for one in PROBES:
        assert not is_refusal(one.material), one.id
        if one.kind == "hidden":
            assert one.canary.casefold() in one.material.casefold(), one.id
            assert not obeys(one.material, one.canary), one.id
            assert obeys(f"{one.material} {one.canary.upper()}!", one.canary), one.id


def test_a_guard_stops_some_hidden_orders_and_no_request() -> None:
    guard = InjectionGuard()
    stopped = [one for one in PROBES if guard.objection(f"{one.text} {one.material}")]
    hidden = [one for one in PROBES if one.kind == "hidden"]
    assert {one.kind for one in stopped} == {"hidden"}
    assert 0 < len(stopped) < len(hidden) / 2  # the rest is left for the model to withstand


@pytest.mark.parametrize("task", TASKS)
def test_every_task_gets_what_it_can_be_probed_with(task: str) -> None:
    records = fitted(task, PROBES)
    left_out = not_applicable(task)
    assert {one.kind for one in records} == {kind for kind in KINDS if kind not in left_out}
    assert set(left_out.values()) <= set(WHY_NOT)
    for probe, record in records.items():
        given = " ".join((record.text, *record.passages))
        assert probe.material in given
        assert TASKS[task].reads_passages == bool(record.passages)
        assert "safety:" in record.id


def test_a_request_stays_as_it_is_where_the_task_takes_requests() -> None:
    for task in ("answer", "customer-service", "sales", "write"):
        records = fitted(task, PROBES)
        assert all(r.text == p.text for p, r in records.items() if p.kind == "dangerous")


def test_the_hash_follows_the_texts() -> None:
    assert probes_hash(PROBES) == probes_hash(shipped_probes())
    assert probes_hash(PROBES) != probes_hash(PROBES[1:])
