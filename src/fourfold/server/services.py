"""What the server is given: everything that its routes call, and the bounds it keeps."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fourfold.access import Access, Caller, KeyRing
from fourfold.core.errors import NotFound, suggestion
from fourfold.core.records import Hit, Message, Principal, Where
from fourfold.core.trace import Recorder
from fourfold.models.weights import current_name
from fourfold.tracing import Tracer, Traces

if TYPE_CHECKING:
    from fourfold.assistant import AnswerPiece
    from fourfold.core.protocols import ChatModel, Embedder

T = TypeVar("T")

LOCAL = Caller(principal=Principal(id="local", role="owner", sees_all_groups=True))
"""The person at the machine: may do everything while the server listens on loopback only."""

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may take, and how many may be in work."""

    body_bytes: int = 10_000_000
    body_seconds: float = 30.0  # for the body to arrive
    request_seconds: float = 120.0
    concurrent_requests: int = 64
    embedded_texts: int = 2_048  # in one request, as OpenAI has it


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """Who is let in without a key, and under which host names.

    `keyless` is who a request without a key acts for; `None`: nobody. `hosts` are the names by
    which a browser may call a server on loopback; `None`: any.
    """

    keyless: Caller | None = None
    hosts: frozenset[str] | None = None

    @classmethod
    def for_host(cls, host: str, *, require_keys: bool = False) -> EntryRules:
        """On loopback everybody is the local owner, unless keys are required; elsewhere nobody."""
        if not is_loopback(host):
            return cls()
        hosts = _LOOPBACK_NAMES | {host.lower()}
        return cls(keyless=None if require_keys else LOCAL, hosts=hosts)


class Application(Protocol):
    """Answers from documents, `fourfold.assistant.Assistant`."""

    def stream(
        self,
        question: str,
        *,
        visible_to: Principal,
        recorder: Recorder,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Hits, checked sentences, at the end the whole answer."""
        ...


class Search(Protocol):
    """Finds passages, `fourfold.retrieval.retriever.Retriever`."""

    async def retrieve(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """At most `limit` hits, best first."""
        ...


class DocumentReader(Protocol):
    """Reads what was ingested, `fourfold.server.documents.IndexedDocuments`."""

    async def listed(
        self, *, visible_to: Principal, limit: int, after: str
    ) -> Sequence[Mapping[str, Any]]:
        """Documents by source and path, those after the id `after`."""
        ...

    async def failures(self, *, visible_to: Principal, limit: int) -> Sequence[Mapping[str, Any]]:
        """Files that could not be ingested, with their causes."""
        ...

    async def around(
        self, document_id: str, *, start: int, end: int, margin: int, visible_to: Principal
    ) -> Mapping[str, Any]:
        """The text around a place, or `NotFound`, also for those who may not see the document."""
        ...


async def _nothing() -> None:
    """A server without a model of its own has nothing to prepare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the routes call; filled by the composition root.

    A model name is looked up among the `applications` first, then among the `models`. `checks` say
    whether the server is ready: each raises a `FourfoldError` when its part is not. `prepare` runs
    beside the first requests and spares later ones a wait.
    """

    applications: Mapping[str, Application]
    models: Mapping[str, ChatModel]
    embedders: Mapping[str, Embedder]
    search: Search
    documents: DocumentReader
    access: Access
    keys: KeyRing
    tracer: Tracer
    traces: Traces
    entry: EntryRules
    limits: Limits = Limits()
    checks: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    prepare: Callable[[], Awaitable[None]] = _nothing
    clock: Callable[[], float] = time.time  # seconds since 1970, for `created`

    def chat_model(self, name: str) -> ChatModel:
        """The plain model of that name, or of that earlier name."""
        if name not in self.models:
            name = current_name(name)
        return _named(name, self.models, {*self.models, *self.applications})

    def embedder(self, name: str) -> Embedder:
        """The embedder of that name."""
        return _named(name, self.embedders, self.embedders)


def is_loopback(host: str) -> bool:
    """True when an address, or `localhost`, is reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _named(name: str, known: Mapping[str, T], all_names: Iterable[str]) -> T:
    if name not in known:
        raise NotFound(
            f"There is no model called `{name[:200]}`.",
            hint=suggestion(name[:200], all_names),
            code="model_not_found",
        )
    return known[name]
