"""Chat models on this machine: any GGUF file through llama.cpp.

llama.cpp works in a process of its own and is asked over a unix socket in a folder that only this
user may enter. So nothing waits in our event loop, a request is taken back by closing its
connection, and no port is open.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import msgspec

from fourfold.core.errors import ModelError
from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    Message,
    TokenLogprob,
    Vocabulary,
)
from fourfold.models.answer import Arriving, Piece
from fourfold.models.chat import joined, stream_chat
from fourfold.models.client import Client, Timeouts
from fourfold.models.gguf import read_gguf_head
from fourfold.models.llama_process import LlamaProcess
from fourfold.models.llama_scoring import TokenScores
from fourfold.models.llama_tools import FormReader, check_allowed, form_of_calls, told_in_words
from fourfold.models.openai_replies import read_chunk
from fourfold.models.quoting import check_quotable, grammar_of_quotes
from fourfold.models.retry import Retries
from fourfold.models.schema import check_schema
from fourfold.models.tools import check_tools
from fourfold.models.wire import chat_body

_BATCH_TOKENS = 64  # read at once: a cancelled prompt is left after so many; 512 is hardly faster
_PATIENT = Timeouts(first_byte_seconds=3600, idle_seconds=600, total_seconds=7200)
_SPACED = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


class LlamaModel:
    """A GGUF file, loaded at the first use, once, beside the event loop.

    `context_tokens` is what each of `concurrent` requests may use, at most what the model was
    trained with; further requests wait in turn. `threads` 0 takes one for each physical core.
    Prompts are read again only from where they differ from an earlier one. A llama.cpp that died
    is started anew by the next request.
    """

    def __init__(
        self,
        *,
        path: Path,
        name: str = "",
        threads: int = 0,
        context_tokens: int = 4096,
        concurrent: int = 2,
        verbose: bool = False,
        new_id: Callable[[], str] = lambda: f"call_{uuid4().hex}",
    ) -> None:
        self._path = path
        self._name = name or path.stem
        self._threads = threads or _physical_cores()
        head = read_gguf_head(path)
        self._context_tokens = min(context_tokens, head.trained_context_tokens)
        self._byte_pairs = head.tokenizer == "gpt2"
        self._concurrent = concurrent
        self._verbose = verbose
        self._new_id = new_id
        self._turn = asyncio.Semaphore(concurrent)
        self._starting = Lock()
        self._process: LlamaProcess | None = None
        self._client: Client | None = None
        self._scores: TokenScores | None = None
        self._closed = False
        self._count = lru_cache(maxsize=4096)(self._count_now)

    @property
    def name(self) -> str:
        """The installed name, or the name of the file."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """The longest prompt and completion together, for each request."""
        return self._context_tokens

    async def load(self) -> None:
        """Load the weights now instead of at the first request."""
        await asyncio.to_thread(self._start)

    async def read_ahead(self, messages: Sequence[Message]) -> None:
        """Load the weights, and read what later prompts begin with."""
        await self.complete(messages, CompletionOptions(max_tokens=1))

    @property
    def can_quote(self) -> bool:
        """True with llguidance, which lets every word pass, in silence, for SentencePiece."""
        return self._byte_pairs and self._start().guided

    @property
    def can_call_tools(self) -> bool:
        """True when the chat template of the weights knows tools."""
        return _knows_tools(self._start().ask("GET", "/props"))

    def count_tokens(self, text: str) -> int:
        """Exact; under a millisecond, nothing when counted before.

        A model that is not loaded is loaded, and the caller waits: `load()` it first.
        """
        return self._count(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        return await joined(self.stream(messages, options), model=self._name)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece; closing the iterator stops the model."""
        check_tools(messages, options)
        if options.json_schema is not None:
            check_schema(options.json_schema)
        answer = Arriving(options, charge=lambda usage: usage, new_id=self._new_id)
        async with self._turn:
            client = await self._ready()
            body, read = await self._asked(messages, options)
            stream = stream_chat(client, "chat/completions", body, read=read, answer=answer)
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    yield delta

    async def tokens_of(self, text: str, *, special: bool = False) -> list[int]:
        """The numbers of its tokens."""
        body = {"content": text, "add_special": special, "parse_special": True}
        found: list[int] = (await self._ask("POST", "/tokenize", body))["tokens"]
        return found

    async def text_of(self, tokens: Sequence[int]) -> str:
        """The text of these tokens."""
        found = await self._ask("POST", "/detokenize", {"tokens": list(tokens)})
        return str(found["content"])

    async def vocabulary(self) -> Vocabulary:
        """Special tokens and chat template."""
        told = await self._ask("GET", "/props")
        return Vocabulary(
            begin=told.get("bos_token") or "",
            end=told.get("eos_token") or "",
            chat_template=told.get("chat_template") or "",
        )

    async def score_tokens(
        self, tokens: Sequence[int], *, likeliest: int = 1
    ) -> list[TokenLogprob | None]:
        """Each token with its log probability, as long to compute as it takes to write them."""
        async with self._turn:
            return await (await self._scorer()).of(tokens, likeliest=likeliest)

    async def next_token(self, tokens: Sequence[int], *, likeliest: int = 1) -> TokenLogprob:
        """The likeliest token behind these."""
        async with self._turn:
            return await (await self._scorer()).next(tokens, likeliest=likeliest)

    async def close(self) -> None:
        """Stop llama.cpp and give back its memory."""
        self._closed = True
        if self._client is not None:
            await self._client.close()
        if self._scores is not None:
            await self._scores.close()
        await asyncio.to_thread(self._stop)

    async def _ready(self) -> Client:
        """A client of the running llama.cpp."""
        if self._process is None or not self._process.alive:
            await self.load()
        socket = self._start().socket
        if self._client is None or self._client.socket != socket:
            before, self._client = self._client, _client_of(socket)
            if before is not None:
                await before.close()
        return self._client

    async def _asked(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> tuple[dict[str, Any], Callable[[bytes], Piece]]:
        """The request, and what reads its answer."""
        if options.tools or any(one.role == "tool" for one in messages):
            return await self._asked_with_tools(messages, options)
        return self._body(messages, options), read_chunk

    async def _asked_with_tools(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> tuple[dict[str, Any], Callable[[bytes], Piece]]:
        """With tools, llama.cpp holds no model to `required`: a grammar of the calls does."""
        knows_tools = _knows_tools(await self._ask("GET", "/props"))
        is_forced = options.tool_choice not in ("auto", "none")
        tools = options.tools if options.tool_choice != "none" else ()
        if tools:
            check_allowed(self._name, options, knows_tools=knows_tools)
        talk = messages if knows_tools else told_in_words(messages, tools)
        if not is_forced:
            body = self._body(talk, replace(options, tools=tools, tool_choice="auto"))
            return {**body, "parallel_tool_calls": True} if tools else body, read_chunk
        form = form_of_calls(tools, options.tool_choice)
        shown = replace(options, tool_choice="none", tools=tools if knows_tools else ())
        return self._body(talk, replace(shown, json_schema=form)), FormReader()

    def _body(self, messages: Sequence[Message], options: CompletionOptions) -> dict[str, Any]:
        body = chat_body(self._name, messages, options, stream=True)
        if options.json_schema and self.can_quote:
            del body["response_format"]
            body["grammar"] = _grammar(options.json_schema)
        if options.quote_from:
            body["grammar"] = self._quotes(options)
        return body

    def _quotes(self, options: CompletionOptions) -> str:
        if not self.can_quote:
            check_quotable(self._name, options)
        return grammar_of_quotes(options.quote_from)

    def _start(self) -> LlamaProcess:
        with self._starting:
            if self._closed:
                raise ModelError(f"The model `{self._name}` was closed.", hint="Open it again.")
            if self._process is not None and not self._process.alive:
                self._process.stop()
                self._process = None
            if self._process is None:
                self._process = LlamaProcess(
                    path=self._path,
                    threads=self._threads,
                    context_tokens=self._context_tokens,
                    concurrent=self._concurrent,
                    batch_tokens=_BATCH_TOKENS,
                    verbose=self._verbose,
                )
            return self._process

    def _stop(self) -> None:
        with self._starting:
            if self._process is not None:
                self._process.stop()
                self._process = None

    async def _scorer(self) -> TokenScores:
        """For the running llama.cpp; its memory ends with it."""
        await self._ready()
        socket = self._start().socket
        if self._scores is None or self._scores.socket != socket:
            if self._scores is not None:
                await self._scores.close()
            self._scores = TokenScores(socket, context_tokens=self._context_tokens)
        return self._scores

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer to a quick question, with the model loaded."""
        await self._ready()
        return await asyncio.to_thread(self._start().ask, method, path, body)

    def _count_now(self, text: str) -> int:
        return len(self._start().ask("POST", "/tokenize", {"content": text})["tokens"])


def _client_of(socket: Path) -> Client:
    return Client(url="http://llama/v1", socket=socket, timeouts=_PATIENT, retries=Retries(count=0))


def _knows_tools(properties: Mapping[str, Any]) -> bool:
    able = properties.get("chat_template_caps") or {}
    return bool(able.get("supports_tools") and able.get("supports_tool_calls"))


def _grammar(schema: Mapping[str, Any]) -> str:
    """JSON of this schema on one line: left free, small models fill it with white space."""
    spaced = {**schema, "x-guidance": _SPACED}
    return f"%llguidance {{}}\nstart: %json {msgspec.json.encode(spaced).decode()}"


def _physical_cores() -> int:
    """Those that this process may use; a second thread on one core slows llama.cpp down."""
    import psutil

    allowed = (
        len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else 64
    )
    return min(psutil.cpu_count(logical=False) or 1, allowed)
