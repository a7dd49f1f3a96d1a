"""A small experiment: records, a kept model and the system that asks it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fourfold.assistant import TaskAssistant
from fourfold.assistant.generators.model import ModelGenerator
from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Delta, Message
from fourfold.datasets import Record
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import KeptModel, Memory
from fourfold.evaluation.records import Exchange, Intent
from fourfold.evaluation.systems import ApplicationSystem
from fourfold.models.prices import Price, charged
from fourfold.prompts import parse_prompt
from fourfold.testing.embedders import HashingEmbedder
from fourfold.testing.models import ScriptedModel

PRICE = Price(input=1_000_000, output=1_000_000)  # a dollar a token, so that sums can be read


@dataclass
class Notes:
    """A memory that keeps everything at hand."""

    kept: list[Exchange] = field(default_factory=list)
    intended: list[Intent] = field(default_factory=list)
    underway: dict[str, asyncio.Future[Exchange | None]] = field(default_factory=dict)

    def recall(self, key: str) -> Exchange | None:
        return next((one for one in self.kept if one.key == key and one.answered), None)

    async def intend(self, intent: Intent) -> bool:
        await asyncio.sleep(0)
        self.intended.append(intent)
        return True

    def remember(self, exchange: Exchange) -> None:
        self.kept.append(exchange)


class PricedModel(ScriptedModel):
    """A scripted model whose provider charges for it."""

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        async for delta in super().stream(messages, options):
            yield replace(delta, usage=charged(delta.usage, PRICE)) if delta.usage else delta


SystemMaker = Callable[..., ApplicationSystem]


@pytest.fixture
def make_system() -> SystemMaker:
    """Makes a system around a model, with a memory and a budget."""

    def make(model: ChatModel, memory: Memory, budget: Budget | None = None, **more: Any) -> Any:
        kept = KeptModel(
            model,
            identity=more.pop("identity", f"test:{model.name}"),
            memory=memory,
            budget=budget or Budget(),
            tariff=more.pop("tariff", PRICE),
        )
        prompt = parse_prompt("# User\n{{ text }}", origin="the test's prompt")
        generator = ModelGenerator(
            kept, prompts={"de": prompt, "en": prompt}, max_tokens=more.pop("max_tokens", 8)
        )
        return ApplicationSystem(
            name=more.pop("name", model.name),
            application=TaskAssistant(generator=generator),
            embedder=HashingEmbedder(),
            **{"is_local": False, **more},
        )

    return make


@pytest.fixture
def records() -> list[Record]:
    """Three records."""
    return [
        Record(id=str(n), text=f"text number {n}", references=(f"text {n}",)) for n in (1, 2, 3)
    ]
