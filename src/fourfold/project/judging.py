"""The judge of a comparison: a model of the project with a rubric."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidInput, NotFound
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.estimate import CountingModel, Estimate, estimate
from fourfold.evaluation.judge import Judge, Rubric, default_rubric, read_rubric
from fourfold.evaluation.judging import JUDGE, JudgingSystem, Marks, marks_of, to_judge
from fourfold.evaluation.kept import KeptModel, Memory
from fourfold.project.contestants import Contestant, contestants
from fourfold.project.licences import check_licences

if TYPE_CHECKING:
    from fourfold.core.protocols import ChatModel
    from fourfold.datasets import Record
    from fourfold.evaluation.agreement import Agreement
    from fourfold.evaluation.journal import Journal
    from fourfold.evaluation.measured import Comparison
    from fourfold.evaluation.records import Case
    from fourfold.evaluation.run import Run
    from fourfold.project.project import Project

_AGREEMENT = "agreement"
_FAMILY = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """A project's model with a rubric, before it judges."""

    contestant: Contestant
    chat_model: ChatModel
    rubric: Rubric

    @property
    def name(self) -> str:
        """As it stands among the systems of an experiment."""
        return f"judge: {self.contestant.name}"

    @property
    def signature(self) -> str:
        """That of its judge."""
        return self._judge(self.chat_model).signature

    def system(self, journal: Journal, budget: Budget, parallel: int) -> JudgingSystem:
        """The judge, whose requests are kept and paid once."""
        kept = KeptModel(
            self.chat_model,
            identity=self.contestant.identity,
            memory=journal,
            budget=budget,
            tariff=self.contestant.tariff,
        )
        local = self.contestant.is_local
        parallel = 1 if local else parallel
        return JudgingSystem(self.name, self._judge(kept), parallel=parallel, is_local=local)

    async def marks(
        self,
        run: Run,
        cases: Sequence[Case],
        records: Sequence[Record],
        done: Mapping[tuple[str, str], Case],
        *,
        parallel: int,
    ) -> Marks:
        """Mark the outputs of a run that has ended, in the same way and out of the same budget."""
        judging = replace(
            run,
            systems=[self.system(run.journal, run.budget, parallel)],
            records=to_judge(cases, records),
            done={key: case for key, case in done.items() if key[0] == self.name},
            stopped={},
        )
        found = await judging.run()
        if reached := judging.reached():
            raise reached
        return marks_of(found, self.signature)

    async def estimates(
        self,
        systems: Collection[str],
        records: Sequence[Record],
        done: Mapping[tuple[str, str], Case],
        memory: Memory,
    ) -> list[Estimate]:
        """What is still to be paid for the marks of these systems' outputs.

        Outputs that are there are counted as they are, others as long as the references.
        """
        if self.contestant.is_local:
            return []
        there = to_judge((case for case in done.values() if case.system in systems), records)
        outputs = [one for one in there if (self.name, one.id) not in done]
        outputs += [
            replace(record, text=record.references[0], passages=(record.text,))
            for name in systems
            for record in records
            if (name, record.id) not in done
        ]
        counting = CountingModel(self.chat_model, identity=self.contestant.identity, memory=memory)
        system = JudgingSystem(self.name, self._judge(counting))
        tariff, count_tokens = self.contestant.tariff, self.chat_model.count_tokens
        return [await estimate(system, outputs, tariff, count_tokens)]

    def _judge(self, model: ChatModel) -> Judge:
        told_apart = sha256(self.contestant.identity.encode()).hexdigest()[:8]
        identity = f"{self.contestant.name}@{told_apart}"
        return Judge(model, identity=identity, rubric=self.rubric)


def examiner(project: Project, model: str, rubric: Path | None) -> Examiner:
    """The judge of that name; raises `InvalidInput` for what is no language model."""
    model = project.config.current_name(model)
    (contestant,) = contestants(project, (model,), ())
    if contestant.chat_model is None:
        raise InvalidInput(
            f"`{model}` cannot judge: it is no language model.",
            hint="Name installed weights, or a model under `models` in fourfold.yaml.",
        )
    check_licences(project.folder, project.config, [model])
    return Examiner(
        contestant=contestant,
        chat_model=contestant.chat_model,
        rubric=read_rubric(rubric) if rubric else default_rubric(),
    )


async def keep_agreement(project: Project, judge: Examiner, agreed: Agreement) -> None:
    """Add to the evidence how far people agree with a judge on this project's task."""
    body = {"model": judge.contestant.model, "task": project.config.task, **agreed.as_json()}
    await project.evidence.append(_AGREEMENT, _measured(project, judge), body)


async def newest_agreement(project: Project, judge: Examiner) -> dict[str, Any] | None:
    """How far people agreed with the same model, rubric and task last, and when; else None."""
    try:
        entry = await project.evidence.latest(_AGREEMENT, _measured(project, judge))
    except NotFound:
        return None
    figures = {name: entry.body[name] for name in ("count", "equal", "kappa", "rho")}
    return {**figures, "date": entry.at.date().isoformat(), "evidence": entry.number}


def _measured(project: Project, judge: Examiner) -> str:
    return f"{judge.signature}|task:{project.config.task}"


def about_judge(
    project: Project, judge: Examiner, comparison: Comparison, models: Sequence[str]
) -> dict[str, Any]:
    """What a comparison says of its judge; `compared` records have marks for all systems."""
    own = _family(project, judge.contestant.model)
    kin = [name for name in models if _family(project, name) == own]
    warnings = [
        f"The judge and `{name}` are of one family ({own}): a model may prefer what its family "
        "writes. Check its marks with `fourfold judge --human`, or take another judge."
        for name in kin
    ]
    counts = [one.scores[JUDGE].count for one in comparison.measured if JUDGE in one.scores]
    return {
        "judge": {
            "model": judge.contestant.model,
            "signature": judge.signature,
            "compared": max(counts, default=0),
            "warnings": warnings,
        }
    }


def _family(project: Project, name: str) -> str:
    """The catalogue's word for it, or what the model's own name begins with."""
    from fourfold.catalogue import read_catalogue

    remote = {one.name: one.catalogue or one.model for one in project.config.models}
    known = read_catalogue(project.folder).offered_as(remote.get(name, name))
    if known:
        return known.family
    plain = Path(remote.get(name, name)).name.rpartition("/")[2].casefold()
    begin = _FAMILY.match(plain)
    return begin.group() if begin else plain
