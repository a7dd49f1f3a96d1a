"""Where a server that speaks OpenAI's protocol departs from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Body: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a provider does in another way than OpenAI; `adapt` turns our request into its own."""

    provider: str
    context_tokens: int = 8192  # when nobody says it: a guess on the safe side
    key_header: str = "Authorization"
    tells_logprobs: bool = True
    keeps_tool_choice: bool = True  # else the model alone decides whether to call
    cuts_silently: bool = False  # what does not fit is left out of the prompt, without a word
    adapt: Callable[[Body], Body] = lambda body: body


OPENAI: Final = Dialect(provider="openai")


def without(body: Body, *names: str) -> dict[str, Any]:
    """The request without the fields that a provider does not know."""
    return {name: value for name, value in body.items() if name not in names}
