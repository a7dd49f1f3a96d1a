"""Holding a model to the words of given texts: the grammar of llguidance, and the plain refusal."""

from collections.abc import Sequence

import msgspec

from fourfold.core.errors import InvalidInput
from fourfold.core.records import CompletionOptions


def grammar_of_quotes(texts: Sequence[str]) -> str:
    """A grammar whose texts are the runs of whole words of one of these."""
    names = [f"QUOTE{number}" for number in range(len(texts))]
    runs = [msgspec.json.encode({"substring_words": text}).decode() for text in texts]
    rules = [f"{name}: %regex {run}" for name, run in zip(names, runs, strict=True)]
    return "\n".join(["%llguidance {}", f"start: {' | '.join(names)}", *rules])


def check_quotable(name: str, options: CompletionOptions) -> None:
    """Raise `InvalidInput` when a model that cannot be held to quotes is asked to."""
    if options.quote_from:
        raise InvalidInput(
            f"The model `{name}` cannot be held to the words of given texts.",
            hint="Ask without `quote_from`, or use an embedded model such as qwen2.5-coder-0.5b.",
        )
