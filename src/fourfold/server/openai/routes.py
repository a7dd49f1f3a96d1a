"""`/v1/…`: chat, completions, embeddings and models, for every client that speaks OpenAI."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fourfold.core.errors import FourfoldError, InvalidInput
from fourfold.core.records import CompletionOptions, Message
from fourfold.server.errors import openai_error
from fourfold.server.exchange import Exchange
from fourfold.server.metrics import Metrics
from fourfold.server.openai import replies
from fourfold.server.openai.replies import Head
from fourfold.server.openai.requests import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    Sampling,
    chat_options,
    completion_options,
    decoded,
    messages_of,
    texts_of,
)
from fourfold.server.openai.scoring import ScoringRoutes, wants_scores
from fourfold.server.services import Services
from fourfold.server.speakers import Reply, Speaker, speaker_for
from fourfold.tracing import TraceRecorder

if TYPE_CHECKING:
    from fourfold.core.protocols import Embedder, Vectors

_CHAT: Final = msgspec.json.Decoder(ChatRequest)
_COMPLETION: Final = msgspec.json.Decoder(CompletionRequest)
_EMBEDDING: Final = msgspec.json.Decoder(EmbeddingRequest)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a route writes its answers."""

    kind: str
    prefix: str
    chunk_kind: str
    whole: Callable[..., bytes]
    chunk: Callable[..., bytes]


_CHAT_SHAPE: Final = Shape(
    "chat", "chatcmpl-", "chat.completion.chunk", replies.chat_completion, replies.chat_chunk
)
_TEXT_SHAPE: Final = Shape(
    "completion", "cmpl-", "text_completion", replies.text_completion, replies.text_chunk
)


class OpenAIRoutes:
    """The handlers of `/v1`."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics
        self._started = int(services.clock())
        self._scoring = ScoringRoutes(services)

    async def chat(self, exchange: Exchange) -> None:
        """Answer a conversation."""
        request = decoded(_CHAT, await exchange.body())
        options = chat_options(request)
        await self._speak(exchange, request, messages_of(request), options, _CHAT_SHAPE)

    async def completions(self, exchange: Exchange) -> None:
        """Continue a prompt; it reaches the model as what a user says."""
        request = decoded(_COMPLETION, await exchange.body())
        if wants_scores(request):
            await self._scoring.echo(exchange, request)
            return
        prompt = await self._scoring.prompt_in_words(request)
        messages = [Message("user", prompt.replace("\x00", ""))]
        options = completion_options(request)
        await self._speak(exchange, request, messages, options, _TEXT_SHAPE)

    async def embeddings(self, exchange: Exchange) -> None:
        """Turn texts into vectors."""
        request = decoded(_EMBEDDING, await exchange.body())
        embedder = self._services.embedder(request.model)
        texts = texts_of(request.input, "input")
        self._check_embedding(request, embedder, texts)
        with self._services.tracer.record(
            "embedding", principal=exchange.caller.principal, application=request.model
        ) as recorder:
            recorder.note(texts=len(texts))
            async with exchange.until_client_leaves():
                vectors = await _embedded(embedder, texts, request)
        tokens = await asyncio.to_thread(sum, map(embedder.count_tokens, texts))
        await exchange.answer(_embedding_list(request, vectors, tokens))

    async def models(self, exchange: Exchange) -> None:
        """List what can stand in `model`."""
        await exchange.answer(
            msgspec.json.encode({"object": "list", "data": list(self._models().values())})
        )

    async def model(self, exchange: Exchange) -> None:
        """Tell of one of them."""
        name = exchange.parameters["model"]
        known = self._models()
        if name not in known:
            self._services.chat_model(name)  # raises, with a suggestion
        await exchange.answer(msgspec.json.encode(known[name]))

    def _models(self) -> dict[str, dict[str, Any]]:
        services = self._services
        names = [*services.applications, *services.models, *services.embedders]
        return {
            name: {
                "id": name,
                "object": "model",
                "created": self._started,
                "owned_by": "fourfold",
                "fourfold": {"kind": _kind_of(name, services)},
            }
            for name in names
        }

    async def _speak(
        self,
        exchange: Exchange,
        request: Sampling,
        messages: Sequence[Message],
        options: CompletionOptions,
        shape: Shape,
    ) -> None:
        principal = exchange.caller.principal
        tracer = self._services.tracer
        if request.model not in self._services.applications:
            self._services.chat_model(request.model)  # an unknown name leaves no trace
        with tracer.record(shape.kind, principal=principal, application=request.model) as recorder:
            speaker = speaker_for(
                self._services,
                request.model,
                messages,
                options,
                visible_to=principal,
                recorder=recorder,
            )
            trace = recorder.trace_id
            created = int(self._services.clock())
            head = Head(shape.prefix + trace, created, request.model, trace)
            if request.stream:
                await self._stream(exchange, speaker, request, head, shape, recorder)
                return
            async with exchange.until_client_leaves():
                reply = await speaker.whole()
            self._keep(recorder, reply, request.model)
        await exchange.answer(shape.whole(head, reply, hits=request.wants_hits))

    async def _stream(
        self,
        exchange: Exchange,
        speaker: Speaker,
        request: Sampling,
        head: Head,
        shape: Shape,
        recorder: TraceRecorder,
    ) -> None:
        first = True
        try:
            async with exchange.until_client_leaves(), aclosing(speaker.pieces()) as pieces:
                async for piece in pieces:
                    if piece.text:
                        recorder.first_text()
                    if piece.reply:
                        self._keep(recorder, piece.reply, request.model)
                    chunk = shape.chunk(head, piece, first=first, hits=request.wants_hits)
                    await exchange.event(chunk)
                    first = False
                    if piece.reply and request.wants_usage:
                        usage = piece.reply.answer.usage
                        await exchange.event(replies.usage_chunk(head, shape.chunk_kind, usage))
        except FourfoldError as error:
            if not exchange.status:
                raise  # the answer has not begun: it can still become an error
            recorder.failed(error.code)
            await exchange.event(msgspec.json.encode(openai_error(error)))
        await exchange.end_events()

    def _keep(self, recorder: TraceRecorder, reply: Reply, model: str) -> None:
        recorder.answered(reply.answer)
        self._metrics.answer(model, reply.answer.usage, refused=reply.answer.refused)

    def _check_embedding(
        self, request: EmbeddingRequest, embedder: Embedder, texts: Sequence[str]
    ) -> None:
        most = self._services.limits.embedded_texts
        if len(texts) > most:
            raise InvalidInput(f"There are {len(texts)} texts.", hint=f"Send at most {most}.")
        if request.dimensions not in (None, embedder.dimensions):
            raise InvalidInput(
                f"`{request.model}` has vectors of {embedder.dimensions} dimensions only.",
                hint="Leave `dimensions` out.",
            )


def _kind_of(name: str, services: Services) -> str:
    if name in services.applications:
        return "application"
    return "model" if name in services.models else "embedder"


async def _embedded(
    embedder: Embedder, texts: Sequence[str], request: EmbeddingRequest
) -> Sequence[Vectors]:
    if request.fourfold and request.fourfold.input_type == "query":
        return [await embedder.embed_query(text) for text in texts]
    return list(await embedder.embed_passages(texts))


def _embedding_list(request: EmbeddingRequest, vectors: Sequence[Vectors], tokens: int) -> bytes:
    in_base64 = request.encoding_format == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _base64(vector) if in_base64 else vector.tolist(),
        }
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return msgspec.json.encode(
        {"object": "list", "data": data, "model": request.model, "usage": usage}
    )


def _base64(vector: Vectors) -> str:
    return b64encode(vector.astype("<f4").tobytes()).decode()
