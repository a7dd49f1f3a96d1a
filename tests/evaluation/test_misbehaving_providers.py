"""A provider that fails, stalls, stops halfway, talks nonsense or says no for a while."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.evaluation.conftest import PRICE, SystemMaker

from fourfold.datasets import Record
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.records import Case
from fourfold.evaluation.run import Run
from fourfold.evaluation.store import Experiments
from fourfold.models.client import Timeouts
from fourfold.models.openai import OpenAIModel
from fourfold.storage.database import Database

pytestmark = pytest.mark.anyio
KINDS = ("fine", "fails", "stalls", "half", "broken", "busy", "fine too")
BUSY_TIMES = 6


class Provider:
    """Speaks OpenAI's protocol as badly as the text asks for; counts what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.is_mended = False
        self.let_go = asyncio.Event()

    async def chat(self, request: web.Request) -> web.StreamResponse:
        kind = (await request.json())["messages"][-1]["content"]
        self.asked[kind] += 1
        if self.is_mended or kind.startswith("fine"):
            return await self._answer(request, kind)
        if kind == "fails":
            return web.json_response({"error": {"message": "It broke."}}, status=500)
        if kind == "busy" and self.asked[kind] <= BUSY_TIMES:
            return web.json_response(
                {"error": {"message": "Slow down."}}, status=429, headers={"Retry-After": "0.01"}
            )
        if kind == "stalls":
            await self.let_go.wait()
        return await self._answer(request, kind)

    async def _answer(self, request: web.Request, kind: str) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await reply.prepare(request)
        if kind == "broken" and not self.is_mended:
            await reply.write(b"data: {this is no JSON}\n\n")
            return reply
        await reply.write(_event({"content": "zwei"}))
        if kind == "half" and not self.is_mended:
            assert request.transport is not None
            request.transport.close()
            return reply
        await reply.write(_event({}, finish="stop", usage=True) + b"data: [DONE]\n\n")
        self.answered[kind] += 1
        return reply


def _event(delta: dict[str, str], *, finish: str | None = None, usage: bool = False) -> bytes:
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **({"usage": {"prompt_tokens": 3, "completion_tokens": 1}} if usage else {}),
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@pytest.fixture
async def provider() -> AsyncIterator[tuple[Provider, str]]:
    provider = Provider()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", provider.chat)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield provider, str(server.make_url("/v1"))
    provider.let_go.set()
    await server.close()


async def run(database: Database, make_system: SystemMaker, url: str, budget: Budget) -> list[Case]:
    records = [Record(id=kind, text=kind, references=("zwei",)) for kind in KINDS]

    async def no_sleep(seconds: float) -> None:
        await asyncio.sleep(0.001)

    model = OpenAIModel(
        model="m",
        url=url,
        name="bad",
        timeouts=Timeouts(first_byte_seconds=0.3),
        retries=2,
        sleep=no_sleep,
        tariff=PRICE,
    )
    experiments = Experiments(database)
    await experiments.begin("one", "test", {}, datetime.now(UTC))
    done = {(c.system, c.record_id): c for c in await experiments.cases("one") if c.outcome}
    async with experiments.journal("one", ["test:bad"]) as journal:
        system = make_system(model, journal, budget, parallel=4)
        pass_over = Run(
            systems=[system],
            records=records,
            journal=journal,
            budget=budget,
            done=done,
            sleep=no_sleep,
        )
        await pass_over.run()
    await model.close()
    return await experiments.cases("one")


async def test_a_run_ends_with_each_case_named_and_nothing_counted_or_paid_twice(
    database: Database, make_system: SystemMaker, provider: tuple[Provider, str]
) -> None:
    server, url = provider
    budget = Budget(limit_usd=10_000)
    cases = {case.record_id: case for case in await run(database, make_system, url, budget)}
    assert {kind: cases[kind].error_code for kind in KINDS} == {
        "fine": "",
        "fine too": "",
        "busy": "",
        "fails": "model_overloaded",
        "stalls": "model_overloaded",
        "half": "model_overloaded",
        "broken": "model_error",
    }
    # What may have been answered, and so charged for, was asked once.
    assert {kind: server.asked[kind] for kind in ("fine", "stalls", "half", "broken")} == {
        "fine": 1,
        "stalls": 1,
        "half": 1,
        "broken": 1,
    }
    assert server.answered == {"fine": 1, "fine too": 1, "busy": 1}
    assert cases["half"].exchanges[0].text == "zwei"
    answered = [case.outcome for case in cases.values() if case.outcome]
    assert sum(one.usage.cost_usd or 0 for one in answered) == 3 * 4  # 3 + 1 tokens at a dollar

    server.is_mended = True
    again = {case.record_id: case for case in await run(database, make_system, url, Budget())}
    assert all(case.outcome for case in again.values())
    assert len(again) == len(KINDS)
    assert (server.asked["fine"], server.asked["half"]) == (1, 2)
