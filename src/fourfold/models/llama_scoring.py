"""How likely a model of llama.cpp finds each token of a given text.

llama.cpp tells probabilities only of tokens that it writes. So it is made to write the text: at
each position it is asked for one token, which a bias forces to be the one of the text, while the
probabilities that it tells are those before the bias. What was read before stays in its memory, so
that a position costs what writing a token costs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from fourfold.core.errors import ContextTooLong, ModelError
from fourfold.core.records import TokenLogprob
from fourfold.models.client import Client
from fourfold.models.retry import Retries

_FORCED: Final = 1_000.0  # added to a logit: no other token can be chosen
_ALL: Final = 1_000_000  # more than any vocabulary has
_REMEMBERED: Final = 16  # texts whose beginnings need not be read again


class TokenScores:
    """Scores token by token; the common beginning of texts is scored once."""

    def __init__(self, socket: Path, *, context_tokens: int) -> None:
        self.socket = socket
        self._client = Client(url="http://llama", socket=socket, retries=Retries(count=0))
        self._context_tokens = context_tokens
        self._known: OrderedDict[tuple[int, ...], list[TokenLogprob]] = OrderedDict()

    async def of(self, tokens: Sequence[int], *, likeliest: int) -> list[TokenLogprob | None]:
        """The token, its log probability and the likeliest ones at each position.

        Of the first nobody knows: nothing stands before it. Raises `ContextTooLong`.
        """
        if len(tokens) >= self._context_tokens:
            raise ContextTooLong(
                f"The text has {len(tokens)} tokens, the model takes {self._context_tokens - 1}.",
                hint="Score a shorter text.",
            )
        wanted = max(1, likeliest)
        begun = self._begun(tokens, wanted)
        for place in range(len(begun) + 1, len(tokens)):
            begun.append(await self._written(tokens[:place], tokens[place], wanted))
        self._remember(tokens, begun)
        return [None, *begun][: len(tokens)]

    async def next(self, tokens: Sequence[int], *, likeliest: int) -> TokenLogprob:
        """The likeliest token behind these."""
        return await self._written(tokens, None, max(1, likeliest))

    async def _written(
        self, before: Sequence[int], token: int | None, likeliest: int
    ) -> TokenLogprob:
        """One token more: that one, or the likeliest."""
        body = {
            "prompt": list(before),
            "n_predict": 1,
            "n_probs": likeliest,
            "temperature": 0.0,
            "logit_bias": [] if token is None else [[token, _FORCED]],
            "cache_prompt": True,
        }
        found = _probabilities(await self._client.post("completion", body))
        if found is None:
            return await self._looked_up(before, token, likeliest)
        if token not in {None, found["id"]}:
            raise ModelError("llama.cpp wrote another token than the one that was forced.")
        top = {one["token"]: one["logprob"] for one in found["top_logprobs"]}
        return TokenLogprob(token=found["token"], logprob=found["logprob"], likeliest=top)

    async def _looked_up(
        self, before: Sequence[int], token: int | None, likeliest: int
    ) -> TokenLogprob:
        """The token among all, while another one is written.

        Of a token that ends inside a letter, as those of emoji do, llama.cpp tells nothing.
        """
        told = await self._client.post("tokenize", {"content": "a"})
        whole = msgspec.json.decode(told)["tokens"][-1]
        body = {
            "prompt": list(before),
            "n_predict": 1,
            "n_probs": _ALL,
            "temperature": 0.0,
            "logit_bias": [[whole, _FORCED]],
            "cache_prompt": True,
        }
        found = _probabilities(await self._client.post("completion", body))
        every: Sequence[Mapping[str, Any]] = found["top_logprobs"] if found else ()
        for one in every[:1] if token is None else every:
            if token in {None, one["id"]}:
                top = {other["token"]: other["logprob"] for other in every[:likeliest]}
                return TokenLogprob(token=one["token"], logprob=one["logprob"], likeliest=top)
        raise ModelError("llama.cpp told no probabilities.")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _begun(self, tokens: Sequence[int], likeliest: int) -> list[TokenLogprob]:
        """What is known of the longest common beginning with a text before."""
        best: list[TokenLogprob] = []
        for known, scores in self._known.items():
            if scores and len(scores[0].likeliest) < likeliest:
                continue
            common = 0
            for ours, theirs in zip(tokens, known, strict=False):
                if ours != theirs:
                    break
                common += 1
            if common - 1 > len(best):
                best = scores[: common - 1]
        return list(best)

    def _remember(self, tokens: Sequence[int], scores: list[TokenLogprob]) -> None:
        self._known[tuple(tokens)] = scores
        self._known.move_to_end(tuple(tokens))
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _probabilities(reply: bytes) -> Mapping[str, Any] | None:
    """Those of the only token written; None where it ends inside a letter."""
    try:
        value: Any = msgspec.json.decode(reply)
        if "completion_probabilities" not in value and "content" in value:
            return None
        found: Mapping[str, Any] = value["completion_probabilities"][0]
    except (msgspec.DecodeError, KeyError, IndexError, TypeError) as error:
        raise ModelError("llama.cpp told no probabilities.") from error
    return found
