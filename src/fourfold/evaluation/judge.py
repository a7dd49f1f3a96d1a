"""A language model that marks outputs by a rubric; what it could not mark never becomes a mark."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fourfold.core.errors import InvalidInput, InvalidOutput
from fourfold.core.records import CompletionOptions, Message, Usage
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import Score, score_figures
from fourfold.prompts.quoting import without_turn_marks

if TYPE_CHECKING:
    from fourfold.core.protocols import ChatModel
    from fourfold.metrics.base import Figures

MARKS: Final = (1, 2, 3, 4, 5)
_VERSION: Final = 1  # raised whenever the same rubric could lead to another mark
_LANGUAGES: Final = ("de", "en")
_MOST_TOKENS: Final = 200  # of a mark with its reason
_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 160},
        "score": {"type": "integer", "enum": list(MARKS)},
    },
    "required": ["reason", "score"],
    "additionalProperties": False,
}
_TAGS = re.compile(r"<(?=/?(?:source|reference|output)>)")


@dataclass(frozen=True)
class Rubric:
    """What a judge is told, by language; it needs the marks 1 to 5, and where each is due."""

    texts: Mapping[str, str]

    def text(self, language: str) -> str:
        """The rubric in German (`de`) or English (anything else)."""
        return self.texts["de" if language == "de" else "en"]

    @cached_property
    def hash(self) -> str:
        """The same as long as the words are."""
        said = json.dumps([self.texts[one] for one in _LANGUAGES], ensure_ascii=False)
        return sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A mark, and why; `usage` is what it cost."""

    score: int
    reason: str
    usage: Usage


class Judge:
    """Marks one output at a time beside its references: it never sees whose output it is.

    The reason comes before the mark, so that the mark can follow from it. `identity` tells apart
    judges that could mark differently.
    """

    def __init__(self, model: ChatModel, *, identity: str, rubric: Rubric) -> None:
        self.model = model
        self.identity = identity
        self.rubric = rubric

    @property
    def signature(self) -> str:
        """What marks, in enough detail to mark again."""
        scale = f"{MARKS[0]}-{MARKS[-1]}"
        return (
            f"judge|model:{self.identity}|rubric:{self.rubric.hash}|scale:{scale}"
            f"|version:{_VERSION}"
        )

    async def mark(
        self, output: str, references: Sequence[str], *, source: str = "", language: str = "en"
    ) -> Judgement:
        """Mark an output; raises `InvalidOutput` when the model gives none of the marks.

        Nothing, where the references say something, has the lowest mark without being asked about.
        """
        if not output.strip() and all(one.strip() for one in references):
            return Judgement(score=MARKS[0], reason="The output is empty.", usage=Usage())
        completion = await self.model.complete(
            self.messages(output, references, source=source, language=language),
            CompletionOptions(max_tokens=_MOST_TOKENS, seed=0, json_schema=_SCHEMA),
        )
        mark, reason = _mark(completion.text)
        return Judgement(score=mark, reason=reason, usage=completion.usage)

    def messages(
        self, output: str, references: Sequence[str], *, source: str = "", language: str = "en"
    ) -> list[Message]:
        """What the model is asked; what all outputs of a record share comes first, read once."""
        parts = [_tagged("source", source)] if source else []
        parts += [_tagged("reference", one) for one in references]
        parts.append(_tagged("output", output))
        return [
            Message("system", self.rubric.text(language)),
            Message("user", "\n\n".join(parts)),
        ]


class JudgeMetric:
    """The mean mark as a metric, for intervals and tests; the figures of a text are its mark's row.

    Marks come from a `Judge`, since asking one waits and costs money, and a metric only computes.
    """

    name = "judge"
    higher_is_better = True

    def __init__(self, signature: str) -> None:
        self._signature = signature

    def signature(self, references: int | None = 1) -> str:
        """That of the judge, whatever the number of references."""
        return self._signature

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """Marks as texts, `"4"`, one a row; references do not matter any more."""
        return figures_of([int(mark) for mark in hypotheses])

    def value(self, figures: Figures) -> float:
        """The mean mark."""
        import numpy as np

        count = figures.sum()
        return float(figures @ np.array(MARKS) / count) if count else 0.0


def default_rubric() -> Rubric:
    """The rubric that ships with Fourfold: is what the reference says there, and nothing else."""
    folder = files("fourfold.prompts") / "templates"
    return Rubric(
        {one: (folder / f"judge.{one}.md").read_text(encoding="utf-8") for one in _LANGUAGES}
    )


def read_rubric(file: Path) -> Rubric:
    """A team's own rubric, for texts of any language."""
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The rubric `{file}` cannot be read: {error}.",
            hint="It must be a readable Markdown file in UTF-8.",
        ) from error
    if not text:
        raise InvalidInput(
            f"The rubric `{file}` is empty.", hint="Say what each mark from 1 to 5 stands for."
        )
    return Rubric(dict.fromkeys(_LANGUAGES, text))


def figures_of(marks: Sequence[int]) -> Figures:
    """A row for each text with a one in the column of its mark."""
    import numpy as np

    rows: Figures = (np.array(marks)[:, None] == np.array(MARKS)).astype(np.float64)
    return rows


def score_marks(marks: Sequence[int], signature: str, how: Resampling) -> Score:
    """The mean mark with its interval; marks that are all alike tell nothing of others."""
    found = score_figures(JudgeMetric(signature), figures_of(marks), how, references=1)
    if len(set(marks)) == 1:
        return replace(found, interval=replace(found.interval, low=nan, high=nan))
    return found


def _tagged(name: str, text: str) -> str:
    """Text from outside, unable to end its part of the prompt or the turn."""
    return f"<{name}>\n{_TAGS.sub('< ', without_turn_marks(text)).strip()}\n</{name}>"


def _mark(text: str) -> tuple[int, str]:
    """The mark and its reason."""
    try:
        value: Any = json.loads(text)
        mark, reason = value["score"], value["reason"]
    except (ValueError, TypeError, KeyError):
        mark, reason = None, ""
    if isinstance(mark, bool) or mark not in MARKS:
        raise InvalidOutput(
            "The judge gave no mark from 1 to 5.",
            hint="Use a larger model as the judge, or simplify the rubric.",
        )
    return int(mark), str(reason)
