"""Tokens and their probabilities: what public benchmarks ask a server for.

`/tokenize`, `/detokenize` and `/tokenizer_info` speak vLLM's form; `/v1/completions` with `echo`
and `logprobs` OpenAI's. They need a model on this machine: nobody else shows its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from fourfold.core.errors import InvalidInput
from fourfold.core.protocols import ChatModel, ScoringModel
from fourfold.core.records import TokenLogprob
from fourfold.server.exchange import Exchange
from fourfold.server.openai.requests import CompletionRequest, decoded, texts_of
from fourfold.server.services import Services

_MOST_PROMPTS: Final = 64
_MOST_LIKELIEST: Final = 20


class TokenizeRequest(Struct):
    """The body of `/tokenize`."""

    prompt: Annotated[str, Meta(max_length=1_000_000)]
    model: str = ""
    add_special_tokens: bool = True


class DetokenizeRequest(Struct):
    """The body of `/detokenize`."""

    tokens: Annotated[list[Annotated[int, Meta(ge=0, le=2**31 - 1)]], Meta(max_length=1_000_000)]
    model: str = ""


_TOKENIZE: Final = msgspec.json.Decoder(TokenizeRequest)
_DETOKENIZE: Final = msgspec.json.Decoder(DetokenizeRequest)


class ScoringRoutes:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def tokenize(self, exchange: Exchange) -> None:
        """The tokens of a text."""
        request = decoded(_TOKENIZE, await exchange.body())
        name, model = self._model(request.model)
        async with exchange.until_client_leaves():
            tokens = await model.tokens_of(request.prompt, special=request.add_special_tokens)
        context = self._services.chat_model(name).context_tokens
        answer = {"count": len(tokens), "max_model_len": context, "tokens": tokens}
        await exchange.answer(msgspec.json.encode(answer))

    async def detokenize(self, exchange: Exchange) -> None:
        """The text of tokens."""
        request = decoded(_DETOKENIZE, await exchange.body())
        _, model = self._model(request.model)
        async with exchange.until_client_leaves():
            text = await model.text_of(request.tokens)
        await exchange.answer(msgspec.json.encode({"prompt": text}))

    async def tokenizer_info(self, exchange: Exchange) -> None:
        """Special tokens and chat template."""
        name, model = self._model("")
        async with exchange.until_client_leaves():
            known = await model.vocabulary()
        answer = {
            "model": name,
            "bos_token": known.begin or None,
            "eos_token": known.end or None,
            "pad_token": known.end or None,
            "chat_template": known.chat_template or None,
            "model_max_length": self._services.chat_model(name).context_tokens,
        }
        await exchange.answer(msgspec.json.encode(answer))

    async def echo(self, exchange: Exchange, request: CompletionRequest) -> None:
        """The probabilities of each prompt's own tokens, and of one token more if asked for."""
        name, model = self._model(request.model)
        likeliest = min(max(request.logprobs or 0, 1), _MOST_LIKELIEST)
        principal = exchange.caller.principal
        with self._services.tracer.record("score", principal=principal, application=name) as trace:
            async with exchange.until_client_leaves():
                prompts = await _prompts(request.prompt, model)
                trace.note(texts=len(prompts), tokens=sum(map(len, prompts)))
                choices = [
                    await _choice(place, tokens, model, likeliest, request.max_tokens or 0)
                    for place, tokens in enumerate(prompts)
                ]
        count = sum(map(len, prompts))
        answer = {
            "id": f"cmpl-{trace.trace_id}",
            "object": "text_completion",
            "created": int(self._services.clock()),
            "model": name,
            "choices": choices,
            "usage": {"prompt_tokens": count, "completion_tokens": 0, "total_tokens": count},
        }
        await exchange.answer(msgspec.json.encode(answer))

    async def prompt_in_words(self, request: CompletionRequest) -> str:
        """The one prompt of a request as text, also where it came as token numbers."""
        prompt = request.prompt
        if isinstance(prompt, list) and len(prompt) == 1 and not isinstance(prompt[0], int):
            prompt = prompt[0]
        if isinstance(prompt, str):
            return prompt
        if not _are_tokens(prompt):
            texts_of(prompt, "prompt")  # raises where they are not even texts
            raise InvalidInput("There is more than one prompt.", hint="Send one a request.")
        _, model = self._model(request.model)
        return await model.text_of(prompt)

    def _model(self, name: str) -> tuple[str, ScoringModel]:
        """That model or, where none is named, the only one on this machine, or the first."""
        models = self._services.models
        if name:
            return name, _scoring(name, self._services.chat_model(name))
        for known, model in models.items():
            if isinstance(model, ScoringModel):
                return known, model
        raise InvalidInput(
            "No model of this server shows its tokens.",
            hint="Set `model` in fourfold.yaml to installed weights or a GGUF file.",
        )


def wants_scores(request: CompletionRequest) -> bool:
    """True when a request asks how likely its own prompt is."""
    return bool(request.echo) and request.logprobs is not None


def _scoring(name: str, model: ChatModel) -> ScoringModel:
    if isinstance(model, ScoringModel):
        return model
    raise InvalidInput(
        f"`{name}` does not show the probabilities of its tokens.",
        hint="Ask a model that runs on this machine, without limits and fallbacks around it.",
    )


async def _prompts(prompt: str | list[Any], model: ScoringModel) -> list[list[int]]:
    """Each prompt as tokens; texts and lists of token numbers are understood."""
    several = [prompt] if _is_one(prompt) else list(prompt)
    if not 0 < len(several) <= _MOST_PROMPTS:
        raise InvalidInput(f"Send between 1 and {_MOST_PROMPTS} prompts.")
    found = []
    for one in several:
        if isinstance(one, str):
            found.append(await model.tokens_of(one))
        elif _are_tokens(one):
            found.append(one)
        else:
            raise InvalidInput("`prompt` must hold texts, or lists of token numbers.")
    if not all(found):
        raise InvalidInput("A prompt is empty.", hint="Send at least one token.")
    return found


def _is_one(prompt: str | list[Any]) -> bool:
    return isinstance(prompt, str) or _are_tokens(prompt)


def _are_tokens(prompt: Any) -> bool:
    return (
        isinstance(prompt, list)
        and bool(prompt)
        and all(isinstance(token, int) and 0 <= token < 2**31 for token in prompt)
    )


async def _choice(
    place: int, tokens: Sequence[int], model: ScoringModel, likeliest: int, more: int
) -> dict[str, Any]:
    scores: list[TokenLogprob | None] = await model.score_tokens(tokens, likeliest=likeliest)
    if more:
        scores.append(await model.next_token(tokens, likeliest=likeliest))
    first = await model.text_of(tokens[:1])
    written = [first, *(one.token for one in scores[1:] if one)]
    offsets = [sum(map(len, written[:count])) for count in range(len(written))]
    return {
        "index": place,
        "text": "".join(written),
        "finish_reason": "length",
        "logprobs": {
            "tokens": written,
            "token_logprobs": [one.logprob if one else None for one in scores],
            "top_logprobs": [dict(one.likeliest) if one else None for one in scores],
            "text_offset": offsets,
        },
    }
