"""Traces: written in batches, rolled up, never in the way of a request, read with permission."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from fourfold.core.errors import ModelOverloaded, NotFound
from fourfold.core.records import Answer, Chunk, Citation, Hit, Place, Principal, Usage
from fourfold.storage.database import Database
from fourfold.tracing import Tracer, TraceRecorder, Traces
from fourfold.tracing.rows import HISTOGRAM_SECONDS

pytestmark = pytest.mark.anyio

ANNA = Principal(id="anna", role="viewer", groups=frozenset({"board"}))
BEN = Principal(id="ben", role="viewer")
ENGINEER = Principal(id="erik", role="engineer")
NOON_NS = int(datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()) * 1_000_000_000


def hit(path: str, *groups: str) -> Hit:
    chunk = Chunk(
        document_id=f"id of {path}", source="documents", path=path, text="Zwei Jahre.",
        place=Place(start=0, end=11, page=3), groups=frozenset(groups),
    )  # fmt: skip
    return Hit(chunk=chunk, score=0.9)


def answer_from(*hits: Hit) -> Answer:
    return Answer(
        text="Zwei Jahre [1].",
        model="small",
        citations=tuple(citation(number, one) for number, one in enumerate(hits, 1)),
        usage=Usage(prompt_tokens=100, completion_tokens=7, cost_usd=0.004),
        hits=hits,
    )


def citation(number: int, one: Hit) -> Citation:
    return Citation(
        number=number,
        document=one.chunk.path,
        source="documents",
        place=one.chunk.place,
        quote=one.chunk.text,
        chunk_id=one.chunk.id,
    )


def record(tracer: Tracer, answer: Answer | None = None, *, who: Principal = ANNA) -> TraceRecorder:
    with tracer.record("chat", principal=who, application="helpdesk") as recorder:
        recorder.asked("Wie lange ist die Garantie?")
        with recorder.span("retrieve", limit=5):
            pass
        if answer:
            recorder.answered(answer)
    return recorder


async def rows(database: Database, table: str) -> list[dict[str, Any]]:
    async with database.begin() as transaction:
        found = await transaction.execute(text(f"SELECT * FROM {table}"))
        return [dict(row) for row in found.mappings()]


async def test_a_request_can_be_read_with_all_it_took(database: Database) -> None:
    async with Tracer(database, now_ns=lambda: NOON_NS) as tracer:
        recorder = record(tracer, answer_from(hit("a.pdf")))
    view = await Traces(database).get(recorder.trace_id, visible_to=ANNA)
    assert view.started_at == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert (view.kind, view.application, view.model, view.outcome) == (
        "chat", "helpdesk", "small", "ok",
    )  # fmt: skip
    assert (view.prompt_tokens, view.completion_tokens, view.cost_usd) == (100, 7, 0.004)
    assert view.question == "Wie lange ist die Garantie?"
    assert view.answer == "Zwei Jahre [1]."
    assert [span["name"] for span in view.spans] == ["retrieve"]
    assert view.spans[0]["attributes"] == {"limit": 5}
    assert view.hits[0]["document"] == "a.pdf"
    assert view.citations[0]["quote"] == "Zwei Jahre."


async def test_facts_and_payload_lie_apart_in_partitions_of_a_month(database: Database) -> None:
    async with Tracer(database, now_ns=lambda: NOON_NS) as tracer:
        record(tracer, answer_from(hit("a.pdf")))
    facts = await rows(database, "traces_2026_11")
    assert "Garantie" not in str(facts)
    payload = await rows(database, "trace_payloads_2026_11")
    assert payload[0]["question"] == "Wie lange ist die Garantie?"


async def test_every_month_gets_its_partition(database: Database) -> None:
    days = [
        datetime(2026, month, 31 if month != 11 else 30, 23, 59, tzinfo=UTC)
        for month in (10, 11, 12)
    ]
    times = iter(int(day.timestamp()) * 10**9 for day in days)
    async with Tracer(database, now_ns=lambda: next(times)) as tracer:
        for _ in days:
            record(tracer)
    for month in (10, 11, 12):
        assert len(await rows(database, f"traces_2026_{month}")) == 1


async def test_an_error_is_the_outcome_and_goes_on_its_way(database: Database) -> None:
    async with Tracer(database) as tracer:
        with (
            pytest.raises(ModelOverloaded),
            tracer.record("chat", principal=ANNA, application="m") as recorder,
        ):
            raise ModelOverloaded("busy")
    view = await Traces(database).get(recorder.trace_id, visible_to=ANNA)
    assert (view.outcome, view.error_code) == ("error", "model_overloaded")


async def test_a_request_whose_client_left_is_cancelled(database: Database) -> None:
    async with Tracer(database) as tracer:
        with (
            pytest.raises(asyncio.CancelledError),
            tracer.record("chat", principal=ANNA) as recorder,
        ):
            raise asyncio.CancelledError
    view = await Traces(database).get(recorder.trace_id, visible_to=ANNA)
    assert view.outcome == "cancelled"


async def test_a_refusal_keeps_its_cause(database: Database) -> None:
    async with Tracer(database) as tracer:
        refusal = Answer(text="Das steht nicht darin.", model="m", refused_because="off topic")
        recorder = record(tracer, refusal)
    view = await Traces(database).get(recorder.trace_id, visible_to=ANNA)
    assert view.outcome == "refused"
    assert view.facts["refused_because"] == "off topic"


async def test_hours_are_rolled_up_over_batches(database: Database) -> None:
    for _ in range(2):
        ticks = iter([0.0, 0.0, 0.0, 0.3]).__next__
        async with Tracer(database, now_ns=lambda: NOON_NS, seconds=ticks) as tracer:
            record(tracer, answer_from(hit("a.pdf")))
    (hour,) = await rows(database, "trace_hours")
    assert hour["hour"] == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert (hour["requests"], hour["prompt_tokens"], hour["completion_tokens"]) == (2, 200, 14)
    assert hour["seconds"] == pytest.approx(0.6)
    assert hour["histogram"][HISTOGRAM_SECONDS.index(0.5)] == 2
    assert sum(hour["histogram"]) == 2


async def test_two_processes_write_at_once(database: Database) -> None:
    tracers = [Tracer(database), Tracer(database)]
    for tracer in tracers:
        for _ in range(100):
            record(tracer)
    await asyncio.gather(*(tracer.flush() for tracer in tracers))
    assert len(await rows(database, "traces")) == 200
    assert sum(hour["requests"] for hour in await rows(database, "trace_hours")) == 200


async def test_what_ends_while_a_batch_is_written_waits_for_the_next(database: Database) -> None:
    tracer = Tracer(database)
    record(tracer)
    flushing = asyncio.create_task(tracer.flush())
    while not flushing.done():  # a busy server: there is always something more
        await asyncio.sleep(0)
        record(tracer)
    assert tracer.written == 1
    await tracer.flush()
    assert len(await rows(database, "traces")) == tracer.written > 1


async def test_the_oldest_are_dropped_and_counted_when_the_queue_is_full(
    database: Database,
) -> None:
    tracer = Tracer(database, queue_size=3)
    recorders = [record(tracer) for _ in range(5)]
    await tracer.flush()
    assert tracer.dropped == 2
    assert tracer.written == 3
    kept = {row["id"] for row in await rows(database, "traces")}
    assert kept == {one.trace_id for one in recorders[2:]}


async def test_traces_wait_while_the_database_is_away(database: Database) -> None:
    async with Tracer(database, wait_seconds=0.01) as tracer:
        async with database.begin() as transaction:
            await transaction.execute(text("ALTER TABLE trace_hours RENAME TO away"))
        record(tracer)
        await asyncio.sleep(0.1)
        assert tracer.written == 0
        async with database.begin() as transaction:
            await transaction.execute(text("ALTER TABLE away RENAME TO trace_hours"))
    assert tracer.written == 1
    assert tracer.dropped == 0


async def test_a_dropped_partition_is_made_again(database: Database) -> None:
    async with Tracer(database, now_ns=lambda: NOON_NS, wait_seconds=0.01) as tracer:
        record(tracer)
        await tracer.flush()
        async with database.begin() as transaction:
            await transaction.execute(text("DROP TABLE traces_2026_11"))
        record(tracer)
        await asyncio.sleep(0.2)
    assert len(await rows(database, "traces")) == 1


HOSTILE = {
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "long number": "1234567890123456789",
    "object": object(),
    "nested": {"list": [1, 2.5, None, {"deep\x00": b"bytes"}]},
}


async def test_nothing_that_is_noted_can_spoil_a_trace(database: Database) -> None:
    async with Tracer(database) as tracer:
        with tracer.record("chat", principal=ANNA) as recorder:
            recorder.asked("a\x00b\ud800")
            recorder.note(**HOSTILE)
    view = await Traces(database).get(recorder.trace_id, visible_to=ANNA)
    assert view.question == "ab?"
    assert view.facts["nul"] == "ab"
    assert view.facts["nested"]["list"][:3] == [1, 2.5, None]


async def test_secrets_do_not_reach_a_trace(database: Database) -> None:
    secret = "ff_" + "k" * 43
    async with Tracer(database) as tracer:
        with tracer.record("chat", principal=ANNA) as recorder:
            recorder.asked(f"My key is {secret}")
            recorder.note(headers={"authorization": f"Bearer {secret}"})
            recorder.answered(replace(answer_from(), text=f"Your key is {secret}"))
    assert secret not in str(await rows(database, "traces"))
    assert secret not in str(await rows(database, "trace_payloads"))


async def test_others_do_not_even_learn_that_a_trace_exists(database: Database) -> None:
    async with Tracer(database) as tracer:
        recorder = record(tracer)
    traces = Traces(database)
    with pytest.raises(NotFound) as of_another:
        await traces.get(recorder.trace_id, visible_to=BEN)
    with pytest.raises(NotFound) as of_nobody:
        await traces.get(recorder.trace_id[::-1], visible_to=ANNA)
    assert of_another.value.hint == of_nobody.value.hint
    assert await traces.recent(visible_to=BEN) == []
    assert len(await traces.recent(visible_to=ENGINEER)) == 1


async def test_an_engineer_sees_the_trace_but_not_what_rests_on_closed_documents(
    database: Database,
) -> None:
    async with Tracer(database) as tracer:
        recorder = record(tracer, answer_from(hit("open.pdf"), hit("board.pdf", "board")))
    view = await Traces(database).get(recorder.trace_id, visible_to=ENGINEER)
    assert view.withheld
    assert view.answer == ""
    assert [one["document"] for one in view.hits] == ["open.pdf"]
    assert [one["document"] for one in view.citations] == ["open.pdf"]
    assert "board" not in json.dumps([view.hits, view.citations, view.facts, view.spans])


async def test_a_document_that_was_closed_later_is_closed_in_old_traces(
    database: Database,
) -> None:
    async def groups_of(documents: Any) -> dict[str, frozenset[str]]:
        return dict.fromkeys(documents, frozenset({"secret"}))

    async with Tracer(database) as tracer:
        recorder = record(tracer, answer_from(hit("a.pdf")))
    view = await Traces(database, groups_of=groups_of).get(recorder.trace_id, visible_to=ANNA)
    assert view.withheld
    assert view.answer == ""


async def test_an_application_sees_what_it_asked_for_its_users(database: Database) -> None:
    async with Tracer(database) as tracer:
        record(tracer, who=Principal(id="key_1/anna", role="viewer"))
    traces = Traces(database)
    application = Principal(id="key_1", role="viewer")
    assert len(await traces.recent(visible_to=application)) == 1
    for other in ("key_1/an", "key_1/ben", "key_", "anna"):
        assert await traces.recent(visible_to=Principal(id=other, role="viewer")) == []


async def test_pages_of_traces_follow_each_other(database: Database) -> None:
    async with Tracer(database) as tracer:
        ids = [record(tracer).trace_id for _ in range(7)]
    traces, seen = Traces(database), list[str]()
    while page := await traces.recent(
        visible_to=ANNA, limit=3, **({"before": seen[-1]} if seen else {})
    ):
        seen += [view.id for view in page]
    assert seen == sorted(ids, reverse=True)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "z" * 32, "f" * 32, "0" * 31, "٣" * 32])
async def test_what_is_no_trace_id_is_not_found(database: Database, name: str) -> None:
    with pytest.raises(NotFound):
        await Traces(database).get(name, visible_to=ENGINEER)
