"""Google's Gemini API: `generateContent`, whole and as a stream.

Written from the types of the official SDK (`google-genai`) and compared with it in
`tests/models/test_google.py`; not run against the live service.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from random import random
from typing import Any, Final
from urllib.parse import quote

import msgspec
from pydantic import SecretStr

from fourfold.core.errors import ModelError
from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    FinishReason,
    Message,
    TokenLogprob,
    Usage,
)
from fourfold.models.client import Client, Timeouts
from fourfold.models.openai import estimate_tokens
from fourfold.models.prices import Tariff, charged, unknown
from fourfold.models.quoting import check_quotable
from fourfold.models.retry import Retries
from fourfold.models.schema import check_schema, check_text
from fourfold.models.trouble import broken_off, filtered
from fourfold.models.wire import stream_error

_NOTHING: Mapping[str, Any] = {}
_USUAL_CONTEXT_TOKENS: Final = 1_000_000
_ROLES: Final = {"user": "user", "assistant": "model"}
_ENDS: Final[dict[str, FinishReason]] = {"STOP": "stop", "MAX_TOKENS": "length"}


class GoogleModel:
    """A Gemini model at `url`, that of Google's public API when left out.

    `extra` replaces fields of `generationConfig` in every request; `None` leaves one out.
    """

    def __init__(
        self,
        *,
        model: str,
        url: str = "https://generativelanguage.googleapis.com/v1beta",
        api_key: SecretStr | None = None,
        name: str = "",
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        retries: int = 4,
        extra: Mapping[str, Any] = _NOTHING,
        tariff: Tariff = unknown,
        draw: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._path = f"models/{quote(model, safe='')}"
        self._name = name or f"google:{model}"
        self._context_tokens = context_tokens or _USUAL_CONTEXT_TOKENS
        self._extra = extra
        self._tariff = tariff
        self._client = Client(
            url=url,
            api_key=api_key,
            timeouts=timeouts,
            retries=Retries(count=retries, draw=draw, sleep=sleep),
            key_header="x-goog-api-key",
        )

    @property
    def name(self) -> str:
        """`google:` and the model's name, unless another was given."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """As given; 1,000,000 when nobody says it."""
        return self._context_tokens

    def count_tokens(self, text: str) -> int:
        """An upper estimate: we do not have the vocabulary."""
        return estimate_tokens(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        reply = await self._client.post(
            f"{self._path}:generateContent", self._body(messages, options)
        )
        with self._client.hiding_key():
            said = _decoded(reply)
        finish_reason = said.finish_reason or "stop"
        if options.json_schema is not None:
            check_text(said.text, options.json_schema, finish_reason)
        return Completion(
            text=said.text,
            model=self._name,
            usage=charged(said.usage, self._tariff),
            finish_reason=finish_reason,
            logprobs=said.logprobs,
        )

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece; closing the iterator stops the server."""
        texts: list[str] = []
        usage = Usage(cost_usd=None)
        finish_reason: FinishReason | None = None
        body = self._body(messages, options)
        events = self._client.events(f"{self._path}:streamGenerateContent?alt=sse", body)
        async with aclosing(events) as arrived:
            async for together in arrived:
                for data in together:
                    with self._client.hiding_key():
                        said = _decoded(data)
                    finish_reason = said.finish_reason or finish_reason
                    usage = said.usage if said.usage_metadata else usage
                    if said.text or said.logprobs:
                        texts.append(said.text)
                        yield Delta(text=said.text, logprobs=said.logprobs)
        if finish_reason is None:
            raise broken_off()
        if options.json_schema is not None:
            check_text("".join(texts), options.json_schema, finish_reason)
        yield Delta(finish_reason=finish_reason, usage=charged(usage, self._tariff))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _body(self, messages: Sequence[Message], options: CompletionOptions) -> dict[str, Any]:
        check_quotable(self._name, options)
        if options.json_schema is not None:
            check_schema(options.json_schema)
        config = {
            "temperature": options.temperature,
            "topP": options.top_p,
            "maxOutputTokens": options.max_tokens,
            "stopSequences": list(options.stop) or None,
            "seed": options.seed,
            "responseMimeType": "application/json" if options.json_schema is not None else None,
            "responseJsonSchema": options.json_schema,
            "responseLogprobs": True if options.top_logprobs is not None else None,
            "logprobs": options.top_logprobs,
            **self._extra,
        }
        rules = "\n\n".join(one.content for one in messages if one.role == "system")
        body: dict[str, Any] = {
            "contents": [
                _content(_ROLES[one.role], one.content) for one in messages if one.role != "system"
            ],
            "generationConfig": {key: one for key, one in config.items() if one is not None},
        }
        return {**body, "systemInstruction": _content("user", rules)} if rules else body


def _content(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


class _Part(msgspec.Struct):
    text: str = ""
    thought: bool = False


class _Content(msgspec.Struct):
    parts: list[_Part] = []


class _Likely(msgspec.Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class _Position(msgspec.Struct):
    candidates: list[_Likely] = []


class _Logprobs(msgspec.Struct, rename="camel"):
    chosen_candidates: list[_Likely] = []
    top_candidates: list[_Position] = []


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content = msgspec.field(default_factory=_Content)
    finish_reason: str | None = None
    logprobs_result: _Logprobs | None = None


class _Counts(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Reply(msgspec.Struct, rename="camel"):
    """A whole reply, or one event of a stream: they have the same form."""

    candidates: list[_Candidate] = []
    usage_metadata: _Counts | None = None
    prompt_feedback: _Feedback | None = None
    error: Any = None

    @property
    def text(self) -> str:
        """What was said; what was only thought is left out."""
        parts = self.candidates[0].content.parts if self.candidates else []
        return "".join(part.text for part in parts if not part.thought)

    @property
    def finish_reason(self) -> FinishReason | None:
        """Raises `ModelFiltered` where a filter stopped question or answer."""
        word = self.candidates[0].finish_reason if self.candidates else None
        blocked = self.prompt_feedback.block_reason if self.prompt_feedback else None
        if blocked or (word and word not in _ENDS):
            raise filtered(f"{blocked or word}.")
        return _ENDS[word] if word else None

    @property
    def usage(self) -> Usage:
        """Thoughts are charged as what is written."""
        counts = self.usage_metadata or _Counts()
        return Usage(
            prompt_tokens=counts.prompt_token_count,
            completion_tokens=counts.candidates_token_count + counts.thoughts_token_count,
            cached_tokens=counts.cached_content_token_count,
        )

    @property
    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """Of each token, where they were asked for."""
        found = self.candidates[0].logprobs_result if self.candidates else None
        if found is None:
            return ()
        likeliest = [
            {one.token: one.log_probability for one in position.candidates}
            for position in found.top_candidates
        ] or [{}] * len(found.chosen_candidates)
        return tuple(
            TokenLogprob(token=one.token, logprob=one.log_probability, likeliest=likely)
            for one, likely in zip(found.chosen_candidates, likeliest, strict=False)
        )


_REPLY: Final = msgspec.json.Decoder(_Reply)


def _decoded(data: bytes) -> _Reply:
    try:
        reply = _REPLY.decode(data)
    except msgspec.DecodeError as error:
        raise ModelError(
            f"The model's server sent what is no reply of the Gemini API: {error}.",
            hint="Check that the address ends where `/models` begins, mostly in `/v1beta`.",
        ) from error
    if reply.error is not None:
        raise stream_error(reply.error)
    return reply
