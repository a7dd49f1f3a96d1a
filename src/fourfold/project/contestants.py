"""Who is compared: the project's models with its prompts, made into systems."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Usage
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.estimate import CountingModel, Estimate, estimate
from fourfold.evaluation.kept import KeptModel
from fourfold.evaluation.systems import ApplicationSystem
from fourfold.models.client import told_address
from fourfold.project import wiring
from fourfold.project.application import application, prompts_of
from fourfold.project.pricing import price_facts

if TYPE_CHECKING:
    from fourfold.core.protocols import ChatModel
    from fourfold.datasets import Record
    from fourfold.evaluation.journal import Journal
    from fourfold.evaluation.kept import Memory
    from fourfold.models.prices import Tariff
    from fourfold.project.project import Project


_SAMPLES, _SAMPLE_BYTES = 33, 65_536  # of a file of weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A model with a prompt, before it is made into a system; `identity` tells it from others."""

    name: str
    model: str
    prompt: Path | None
    chat_model: ChatModel | None
    identity: str
    tariff: Tariff
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """True when it computes on this machine."""
        return self.identity.startswith(("weights:", wiring.EXTRACTIVE))


def contestants(
    project: Project, models: Sequence[str], prompts: Sequence[Path]
) -> list[Contestant]:
    """Each model with each prompt; no prompt means the project's own."""
    variants: Sequence[Path | None] = prompts or (None,)
    found = []
    for model in models:
        chat_model, identity, tariff, facts = _model(project, model)
        for prompt in variants:
            file = None if prompt is None else prompt.resolve()
            short = Path(model).stem if model.endswith(".gguf") else model
            name = short if len(variants) == 1 else f"{short} · {file.stem if file else 'own'}"
            found.append(
                Contestant(
                    name=name,
                    model=model,
                    prompt=file,
                    chat_model=chat_model,
                    identity=identity,
                    tariff=tariff,
                    facts={**facts, "prompt": file.name if file else "the project's"},
                )
            )
    names = [one.name for one in found]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(
            f"`{twins[0]}` would be compared with itself.",
            hint="Name each model once, and prompts in files of different names.",
        )
    return found


def _model(project: Project, name: str) -> tuple[ChatModel | None, str, Tariff, dict[str, Any]]:
    """The model of that name, what tells it from others, its price, and what to say of it."""
    if name == wiring.EXTRACTIVE:
        return None, wiring.EXTRACTIVE, _free, {"where": "this machine", "kind": "baseline"}
    remote = {one.name: one for one in project.config.models}
    made = wiring.chat_model(
        name, project.config, project.settings, project.folder, resend="unserved"
    )
    if name in remote:
        config = remote[name]
        url = told_address(wiring.address(config))
        identity = f"remote:{config.provider}:{url}:{config.model}"
        if config.extra:
            identity += f":{_extra_hash(config.extra)}"
        facts = {
            "where": url,
            "kind": "remote",
            "model": config.model,
            "price": price_facts(config, on=datetime.now(UTC).date()),
        }
        return made, identity, wiring.tariff(config), facts
    file = wiring.weights_file(name, project.config, project.settings, project.folder)
    size = file.stat().st_size
    identity = f"weights:{size}:{_sampled_hash(file, size)}"
    known = {"where": "this machine", "kind": "weights", "file": file.name, "bytes": size}
    return made, identity, _free, known


def _free(usage: Usage) -> float:
    return 0.0


def _extra_hash(extra: Mapping[str, Any]) -> str:
    """Tells fields apart without their values, which may be secret: identities are kept."""
    said = json.dumps(extra, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(said.encode()).hexdigest()


def _sampled_hash(file: Path, size: int) -> str:
    """Of pieces all over the file: two models of one kind differ in their weights alone, and
    hashing gigabytes takes too long.
    """
    found = sha256()
    with file.open("rb") as opened:
        for place in range(_SAMPLES):
            opened.seek(place * max(0, size - _SAMPLE_BYTES) // (_SAMPLES - 1))
            found.update(opened.read(_SAMPLE_BYTES))
    return found.hexdigest()[:16]


def systems(
    project: Project,
    those: Sequence[Contestant],
    journal: Journal,
    budget: Budget,
    *,
    parallel: int,
) -> list[ApplicationSystem]:
    """A model with several prompts is given back after the last of them."""
    found = []
    for place, one in enumerate(those):
        model = one.chat_model and KeptModel(
            one.chat_model, identity=one.identity, memory=journal, budget=budget, tariff=one.tariff
        )
        needed_later = any(other.model == one.model for other in those[place + 1 :])
        found.append(
            ApplicationSystem(
                name=one.name,
                application=application(project, model, prompt=one.prompt),
                embedder=project.embedder,
                parallel=1 if one.is_local else parallel,
                is_local=one.is_local,
                facts=one.facts,
                model=None if needed_later else one.chat_model,
            )
        )
    return found


async def estimates(
    project: Project,
    those: Sequence[Contestant],
    left: Mapping[str, Sequence[Record]],
    memory: Memory,
) -> list[Estimate]:
    """What those who cost money will cost for what is left, beyond what `memory` holds."""
    found = []
    for one in those:
        if one.chat_model is None or one.is_local:
            continue
        model = CountingModel(one.chat_model, identity=one.identity, memory=memory)
        system = ApplicationSystem(
            name=one.name,
            application=application(project, model, prompt=one.prompt),
            embedder=project.embedder,
        )
        count_tokens = one.chat_model.count_tokens
        found.append(await estimate(system, left[one.name], one.tariff, count_tokens))
    return found


def prompt_hash(project: Project, one: Contestant) -> str:
    """The same as long as the prompts say the same."""
    said = [
        [language, prompt.system, prompt.user, [repr(each) for each in prompt.examples]]
        for language, prompt in prompts_of(project, one.prompt).items()
    ]
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]
