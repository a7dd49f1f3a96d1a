"""Keeping a prompt inside the model's context, and short enough to be read quickly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fourfold.core.errors import ContextTooLong
from fourfold.core.records import Message
from fourfold.prompts.template import Prompt

_TURN_TOKENS = 8  # the marks that a chat template puts around a message, generously


def passages_that_fit(
    prompt: Prompt,
    *,
    text: str,
    passages: Sequence[str],
    count_tokens: Callable[[str], int],
    limit_tokens: int,
) -> int:
    """How many of the passages, best first, the prompt can hold within the limit.

    Raises `ContextTooLong` when not even the text fits.
    """
    needed = tokens_of(prompt.render(text=text), count_tokens)
    if needed > limit_tokens:
        raise ContextTooLong(
            f"The text and the prompt need {needed} tokens, the model has room for {limit_tokens}.",
            hint="Give a shorter text, or shorten the prompt and its examples.",
        )
    for number, passage in enumerate(passages):
        needed += count_tokens(f"[{number + 1}] {passage}\n") + 1
        if needed > limit_tokens:
            return number
    return len(passages)


def tokens_of(messages: Sequence[Message], count_tokens: Callable[[str], int]) -> int:
    """What a conversation takes in a context, a little more rather than less."""
    return sum(count_tokens(message.content) + _TURN_TOKENS for message in messages)
