"""A conversation over the OpenAI wire: a stream of deltas that keeps the rules of `ChatModel`."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from fourfold.core.records import (
    Completion,
    Delta,
    FinishReason,
    TokenLogprob,
    Usage,
)
from fourfold.models.client import Client
from fourfold.models.schema import check_schema, check_text
from fourfold.models.trouble import broken_off
from fourfold.models.wire import read_chunk


async def stream_chat(
    client: Client, body: Mapping[str, Any], *, json_schema: Mapping[str, Any] | None
) -> AsyncGenerator[Delta, None]:
    """Deltas of the answer to a body with `stream`; the last one carries why it ended and usage.

    With a JSON schema the whole text is checked before the last delta.
    """
    if json_schema is not None:
        check_schema(json_schema)
    text: list[str] = []
    finish_reason: FinishReason | None = None
    usage = Usage()
    async with aclosing(client.events("chat/completions", body)) as arrived:
        async for events in arrived:
            with client.hiding_key():
                deltas = [read_chunk(event) for event in events]
            for delta in deltas:
                finish_reason = delta.finish_reason or finish_reason
                usage = delta.usage or usage
            # What arrived together goes on together: who reads slowly is not slowed down further.
            piece = "".join(delta.text for delta in deltas)
            logprobs = tuple(one for delta in deltas for one in delta.logprobs)
            if piece or logprobs:
                text.append(piece)
                yield Delta(text=piece, logprobs=logprobs)
    if finish_reason is None:
        raise broken_off()
    if json_schema is not None:
        check_text("".join(text), json_schema, finish_reason)
    yield Delta(finish_reason=finish_reason, usage=usage)


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
    )


def up_to(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text up to the first stop of blanks alone, which Claude's protocols do not take."""
    ends = [text.find(stop) for stop in stops if not stop.strip() and stop in text]
    return (text[: min(ends)], True) if ends else (text, False)
