"""What an experiment keeps: requests to models, and what each system gave for each record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fourfold.core.errors import FourfoldError
from fourfold.core.records import Message, TokenLogprob, Usage


class BudgetReached(FourfoldError):
    """The next request could cost more than is left of the budget; it was not sent."""

    code = "budget_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request to a model as it was sent, and what came back, whole or not.

    `key` is the same for the same request to the same model. `seconds` and `first_text_seconds`
    (None where no text came) are those of the first time, also when it is read from memory.
    """

    id: str
    key: str
    model: str
    messages: tuple[Message, ...]
    options: Mapping[str, Any]
    text: str
    finish_reason: str
    usage: Usage
    seconds: float
    first_text_seconds: float | None
    at: datetime
    logprobs: tuple[TokenLogprob, ...] = ()  # where the request asked for them
    recalled: bool = False  # it was answered from memory this time
    error: str = ""  # code of what went wrong; the text is what had arrived until then

    @property
    def answered(self) -> bool:
        """True when the answer is whole, so that it need not be asked for again."""
        return not self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a system gave for a record.

    `evidence` are the texts that the output may rest on: the quotes that it cites, or the passages
    and the text that it was given. `cost_usd` inside `usage` counts requests answered from memory
    as if they had been sent, since that is what the system costs.
    """

    output: str
    refused: bool
    evidence: tuple[str, ...]
    usage: Usage
    seconds: float
    first_text_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An outcome, or why there is none, with the requests behind it.

    With an outcome and an error, the system answered in the wrong form: its output is empty.
    """

    system: str
    record_id: str
    outcome: Outcome | None
    exchanges: tuple[Exchange, ...]
    error_code: str = ""
    error_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a run has come."""

    done: int
    total: int
    failed: int
    cost_usd: float
    working_on: str
