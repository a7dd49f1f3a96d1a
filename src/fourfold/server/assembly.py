"""From an open project to a running server."""

from __future__ import annotations

from collections.abc import Callable

from fourfold.access import KeyRing
from fourfold.project import Project
from fourfold.server.app import create_app
from fourfold.server.documents import IndexedDocuments
from fourfold.server.run import serve
from fourfold.server.services import EntryRules, Limits, Services
from fourfold.tracing import Traces


async def serve_project(project: Project, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` hears the address once requests are accepted."""
    settings = project.settings
    services = services_of(project)

    def started(host: str, port: int) -> None:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    await serve(create_app(services), settings.host, settings.port, started=started)


def services_of(project: Project) -> Services:
    """What the routes call, made from the parts of a project."""
    settings = project.settings
    documents = IndexedDocuments(project.database)

    async def database_answers() -> None:
        async with project.database.connect():
            pass

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
    )
