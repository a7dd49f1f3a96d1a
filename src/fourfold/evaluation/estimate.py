"""What a run will cost, before it is begun: the prompts are made, and not sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fourfold.core.errors import FourfoldError
from fourfold.core.protocols import ChatModel
from fourfold.core.records import Completion, CompletionOptions, Delta, Message, Usage
from fourfold.evaluation.kept import Memory
from fourfold.evaluation.requests import most_usage, request_key
from fourfold.models.prices import Tariff

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.systems import System

_SAMPLE = 30  # records whose prompts are made; the sum is scaled to all


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """US dollars for a system: what is likely, and the most. None: nobody knows the price."""

    system: str
    likely_usd: float | None
    most_usd: float | None

    def too_dear_for(self, left_usd: float) -> str:
        """Why a budget cannot pay it."""
        if self.likely_usd is None:
            return "Nobody knows its price, so no budget can be kept."
        return f"It would cost about {self.likely_usd:.2f} $; {max(left_usd, 0.0):.2f} $ are left."


def beyond(estimates: Sequence[Estimate], left_usd: float) -> list[Estimate]:
    """Those that a budget cannot pay: their price is unknown, or the cheaper ones use it up."""
    found = []
    for one in sorted(estimates, key=lambda one: (one.likely_usd is None, one.likely_usd or 0.0)):
        if one.likely_usd is None or (one.likely_usd and one.likely_usd > left_usd):
            found.append(one)
        else:
            left_usd -= one.likely_usd
    return found


class _MadeNotSentError(Exception):
    """The prompt is made; its tokens are known."""

    def __init__(self, prompt_tokens: int, most_tokens: int) -> None:
        super().__init__()
        self.prompt_tokens = prompt_tokens
        self.most_tokens = most_tokens


class CountingModel:
    """A chat model that counts the tokens of a request instead of sending it.

    A request that `memory` has answered already takes none.
    """

    def __init__(
        self, model: ChatModel, *, identity: str = "", memory: Memory | None = None
    ) -> None:
        self._model = model
        self._identity = identity
        self._memory = memory

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    @property
    def context_tokens(self) -> int:
        """That of the model."""
        return self._model.context_tokens

    def count_tokens(self, text: str) -> int:
        """That of the model."""
        return self._model.count_tokens(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Raise what the request would take."""
        raise self._counted(messages, options)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Raise what the request would take."""
        raise self._counted(messages, options)
        yield Delta()  # never reached: it makes this function a generator

    async def close(self) -> None:
        """The model belongs to who made it."""

    def _counted(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> _MadeNotSentError:
        key = request_key(self._identity, messages, options)
        if self._memory and self._memory.recall(key):
            return _MadeNotSentError(0, 0)
        most = most_usage(self._model, messages, options)
        return _MadeNotSentError(most.prompt_tokens, most.completion_tokens)


async def estimate(
    system: System,
    records: Sequence[Record],
    tariff: Tariff,
    count_tokens: Callable[[str], int],
) -> Estimate:
    """Make the prompts of some records, and price them with outputs as long as the references.

    `system` answers with a `CountingModel`. Token counts of remote models are upper estimates, so
    the likely sum is a little high.
    """
    likely = most = 0.0
    sample = records[:: max(1, len(records) // _SAMPLE)] if records else []
    for record in sample:
        try:
            await system.answer(record)
        except _MadeNotSentError as made:
            written = max((count_tokens(text) for text in record.references), default=0)
            prices = [
                tariff(Usage(prompt_tokens=made.prompt_tokens, completion_tokens=tokens))
                for tokens in (min(written, made.most_tokens), made.most_tokens)
            ]
            if prices[0] is None or prices[1] is None:
                return Estimate(system=system.name, likely_usd=None, most_usd=None)
            likely, most = likely + prices[0], most + prices[1]
        except FourfoldError:
            continue  # a record that cannot be asked costs nothing
    scale = len(records) / len(sample) if sample else 0.0
    return Estimate(system=system.name, likely_usd=likely * scale, most_usd=most * scale)
