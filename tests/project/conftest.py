"""A project whose models are scripted and cost money; each module says what they answer."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Delta, Message
from fourfold.core.settings import Settings
from fourfold.models.prices import Price, charged
from fourfold.project.config_file import load_config
from fourfold.project.project import Project
from fourfold.project.scaffold import create_project
from fourfold.storage.database import Database
from fourfold.testing.models import Reply, ScriptedModel
from fourfold.tracing.tracer import Tracer

Script = Callable[[Sequence[Message], CompletionOptions], Reply]


class ChargingModel(ScriptedModel):
    """A scripted model with a price."""

    def __init__(self, script: Script, *, name: str, price: Price) -> None:
        super().__init__(script, name=name)
        self.price = price

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        async for delta in super().stream(messages, options):
            usage = delta.usage and charged(delta.usage, self.price)
            yield replace(delta, usage=usage)


class Fakes:
    """The models that answer instead of those of the project."""

    def __init__(self, script: Script, price: Price) -> None:
        self.script = script
        self.price = price
        self.made: dict[str, ChargingModel] = {}

    def make(self, name: str, *_: Any, **__: Any) -> ChatModel:
        made = ChargingModel(self.script, name=name, price=self.price)
        return self.made.setdefault(name, made)

    @property
    def asked(self) -> int:
        return sum(len(model.asked) for model in self.made.values())


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, script: Script, price: Price) -> Fakes:
    """`script` and `price` are fixtures of the module."""
    fakes = Fakes(script, price)
    monkeypatch.setattr("fourfold.project.wiring.chat_model", fakes.make)
    return fakes


@pytest.fixture
async def project(
    tmp_path: Path, database: Database, settings: Settings, fakes: Fakes, models: str
) -> AsyncIterator[Project]:
    """A project of the task `sentiment`; `models` is what the module adds to its file."""
    folder = tmp_path / "mood"
    create_project(folder, task="sentiment")
    with (folder / "fourfold.yaml").open("a", encoding="utf-8") as file:
        file.write(models)
    async with Tracer(database) as tracer:
        yield Project(folder, load_config(folder), settings, database, tracer)
