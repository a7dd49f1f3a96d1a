"""Keeping a prompt inside the model's context, and short enough to be read quickly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fourfold.core.errors import ContextTooLong
from fourfold.core.records import Message
from fourfold.prompts.template import Prompt

_TURN_TOKENS = 8  # the marks that a chat template puts around a message, generously


def fitted(
    prompt: Prompt,
    *,
    question: str,
    passages: Sequence[str],
    count_tokens: Callable[[str], int],
    limit_tokens: int,
) -> list[Message]:
    """Render the prompt with as many of the passages, best first, as the limit allows.

    Raises `ContextTooLong` when not even the question fits.
    """
    bare = prompt.render(question=question, passages=())
    left = limit_tokens - tokens_of(bare, count_tokens)
    if left < 0:
        raise ContextTooLong(
            f"The question and the prompt need {limit_tokens - left} tokens, the model has room "
            f"for {limit_tokens}.",
            hint="Ask a shorter question, or shorten the prompt and its examples.",
        )
    return prompt.render(question=question, passages=_first(passages, count_tokens, left))


def tokens_of(messages: Sequence[Message], count_tokens: Callable[[str], int]) -> int:
    """What a conversation takes in a context, a little more rather than less."""
    return sum(count_tokens(message.content) + _TURN_TOKENS for message in messages)


def recent(
    history: Sequence[Message], *, count_tokens: Callable[[str], int], limit_tokens: int
) -> list[Message]:
    """The latest turns that fit into the limit, in order; system messages are never taken over."""
    kept: list[Message] = []
    for message in reversed([one for one in history if one.role != "system"]):
        limit_tokens -= count_tokens(message.content) + _TURN_TOKENS
        if limit_tokens < 0:
            break
        kept.insert(0, message)
    return kept


def _first(passages: Sequence[str], count_tokens: Callable[[str], int], left: int) -> list[str]:
    kept: list[str] = []
    for number, passage in enumerate(passages, 1):
        left -= count_tokens(f"[{number}] {passage}\n") + 1
        if left < 0:
            break
        kept.append(passage)
    return kept
