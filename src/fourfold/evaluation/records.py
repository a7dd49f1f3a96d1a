"""What an experiment keeps: requests to models, and what each system gave for each record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fourfold.core.errors import FourfoldError
from fourfold.core.records import Message, TokenLogprob, Usage
from fourfold.core.tools import ToolCall

FINAL: Final = frozenset({"", "invalid_output", "model_filtered"})
"""Codes of exchanges that would end alike if they were sent again."""


class BudgetReached(FourfoldError):
    """The next request could cost more than is left of the budget; it was not sent."""

    code = "budget_reached"


class ExperimentBusy(FourfoldError):
    """Another process makes the same comparison at this moment."""

    code = "experiment_busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A request that is about to be sent, written down before it is; its exchange has the same id.

    One without an exchange was in flight when its process was killed: it may have been paid.
    `most_usd` is None when nobody knows the price.
    """

    id: str
    key: str
    model: str
    most_usd: float | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """US dollars that the runs of an experiment spent, with those that it may have paid.

    `unanswered` requests were in flight when a run was killed; `unanswered_usd` is the most that
    they cost, and part of `usd`: 0 where nobody knows their price.
    """

    usd: float = 0.0
    unanswered: int = 0
    unanswered_usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request to a model as it was sent, and what came back, whole or not.

    `key` is the same for the same request to the same model, which `identity` tells from others.
    `seconds` and `first_text_seconds` (None where no text came) are those of the first time, also
    when it is read from memory.
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
    tool_calls: tuple[ToolCall, ...] = ()
    recalled: bool = False  # it was answered from memory this time
    error: str = ""  # code of what went wrong; the text is what had arrived until then
    error_message: str = ""
    identity: str = ""  # empty for those that were kept before it was
    delayed_seconds: float = 0.0  # that we kept it waiting this time; not kept

    @property
    def answered(self) -> bool:
        """True when the model has said all that it had to say, be it wrong: it is not asked again.

        An answer in the wrong form and one that a filter stopped were paid like others.
        """
        return self.error in FINAL


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
    """How far a run has come; its cost is that of all runs of the experiment."""

    done: int
    total: int
    failed: int
    cost_usd: float
    working_on: str
