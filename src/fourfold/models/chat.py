"""A conversation with a model's server: a stream of deltas that keeps the rules of `ChatModel`."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from fourfold.core.errors import ModelError
from fourfold.core.records import Completion, Delta, TokenLogprob, Usage
from fourfold.models.answer import Arriving, Piece
from fourfold.models.client import Client


async def stream_chat(
    client: Client,
    path: str,
    body: Mapping[str, Any],
    *,
    read: Callable[[bytes], Piece],
    answer: Arriving,
) -> AsyncGenerator[Delta, None]:
    """Deltas of the answer to a body that asks for a stream, read event by event.

    The last one says why it ended and what it took. It is held back until the whole answer was
    checked; one in the wrong form tells its usage in a delta of its own before the error.
    """
    async with aclosing(client.events(path, body)) as arrived:
        async for events in arrived:
            with client.hiding_key():
                pieces = [read(event) for event in events]
            # What arrived together goes on together: who reads slowly is not slowed down further.
            delta = answer.add(pieces)
            if delta.text or delta.logprobs:
                yield delta
            if answer.has_ended:
                break
    try:
        with client.hiding_key():
            last = answer.last()
    except ModelError as error:
        if error.usage is not None:
            yield Delta(usage=error.usage)
        raise
    yield last


async def joined(deltas: AsyncIterator[Delta], *, model: str) -> Completion:
    """The completion that a stream of deltas amounts to."""
    text: list[str] = []
    logprobs: list[TokenLogprob] = []
    last = Delta()
    async for last in deltas:
        text.append(last.text)
        logprobs.extend(last.logprobs)
    return Completion(
        text="".join(text),
        model=last.model or model,
        usage=last.usage or Usage(),
        finish_reason=last.finish_reason or "stop",
        logprobs=tuple(logprobs),
        tool_calls=last.tool_calls,
    )
