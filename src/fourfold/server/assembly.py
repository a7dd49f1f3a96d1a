"""From an open project to a running server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from sqlalchemy import text

from fourfold.access import KeyRing
from fourfold.core.errors import FourfoldError, StorageError
from fourfold.project import Project
from fourfold.server.app import create_app
from fourfold.server.documents import IndexedDocuments
from fourfold.server.run import serve
from fourfold.server.services import EntryRules, Limits, Services
from fourfold.tracing import Traces

_ANSWER_SECONDS = 2.0  # a database that takes longer than this is not ready


async def serve_project(project: Project, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` hears the address once requests are accepted."""
    settings = project.settings
    _check_port(settings.host, settings.port)
    project.check_licences()
    services = services_of(project)

    def started(host: str, port: int) -> None:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    await serve(create_app(services), settings.host, settings.port, started=started)


def _check_port(host: str, port: int) -> None:
    """Say in words what the server could only say by ending: somebody else has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise FourfoldError(
                f"The server cannot listen on {host}, port {port}: {error.strerror}.",
                hint="Choose another with `--port`, or stop what listens there.",
                code="cannot_listen",
            ) from error


def services_of(project: Project) -> Services:
    """What the routes call, made from the parts of a project."""
    settings = project.settings
    documents = IndexedDocuments(project.database)

    async def database_answers() -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), project.database.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except TimeoutError as error:
            raise StorageError("The database does not answer.", hint="Look at its log.") from error

    return Services(
        applications={project.config.name: project.assistant},
        models=project.models,
        embedders={project.embedder.name: project.embedder},
        search=project.retriever,
        documents=documents,
        access=project.access,
        keys=KeyRing(project.database),
        tracer=project.tracer,
        traces=Traces(project.database, groups_of=documents.groups_of),
        entry=EntryRules.for_host(settings.host, require_keys=settings.require_keys),
        limits=Limits(
            body_bytes=settings.max_request_bytes,
            request_seconds=settings.request_timeout_seconds,
            concurrent_requests=settings.max_concurrent_requests,
        ),
        checks={"database": database_answers},
        prepare=project.prepare,
    )
