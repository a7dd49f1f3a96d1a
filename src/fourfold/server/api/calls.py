"""What the routes of `/api` do: each parses, calls one function, renders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from fourfold.access import ApiKey, AuditEntry, Caller, User
from fourfold.core.errors import InvalidInput, NotFound, suggestion
from fourfold.core.records import Message
from fourfold.server.api.bodies import (
    AskIn,
    DocumentId,
    KeyIn,
    Line,
    SearchIn,
    UserIn,
    where_of,
)
from fourfold.server.exchange import Exchange
from fourfold.server.metrics import Metrics
from fourfold.server.openai.replies import evidence, hit_json
from fourfold.server.services import Application, Services
from fourfold.server.speakers import Reply
from fourfold.tracing import TraceView


def exchange_of(request: Request) -> Exchange:
    """The request as the door knows it."""
    exchange: Exchange = request.scope["fourfold.exchange"]
    return exchange


def caller_of(request: Request) -> Caller:
    """Who the door let in."""
    return exchange_of(request).caller


CallerNow = Annotated[Caller, Depends(caller_of)]
ExchangeNow = Annotated[Exchange, Depends(exchange_of)]
PageSize = Annotated[int, Query(ge=1, le=500)]


class ApiCalls:
    """The handlers over the services."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics

    async def me(self, caller: CallerNow) -> Any:
        """Tell who the server takes you for."""
        who = caller.principal
        return {
            "id": who.id,
            "role": who.role,
            "groups": sorted(who.groups),
            "sees_all_groups": who.sees_all_groups,
            "act_for_users": caller.act_for_users,
        }

    async def ask(self, body: AskIn, caller: CallerNow, exchange: ExchangeNow) -> Any:
        """Ask an application; the answer carries its citations."""
        name, application = self._application(body.application)
        if not body.question.strip():
            raise InvalidInput("There is no question.", hint="Send a text that is not blank.")
        who = caller.principal
        with self._services.tracer.record("ask", principal=who, application=name) as recorder:
            recorder.asked(body.question)
            stream = application.stream(
                body.question,
                visible_to=who,
                recorder=recorder,
                history=[Message(turn.role, turn.content) for turn in body.history],
                where=where_of(body.where),
            )
            async with exchange.until_client_leaves(), aclosing(stream):
                answer = [piece.answer async for piece in stream if piece.answer][-1]
            recorder.answered(answer)
        self._metrics.answer(name, answer.usage, refused=answer.refused)
        return {
            "question": body.question,
            "answer": answer.text,
            **evidence(Reply(answer=answer), recorder.trace_id, hits=False),
            "model": answer.model,
            "usage": answer.usage.as_json(),
            "seconds": recorder.seconds,
        }

    async def search(self, body: SearchIn, caller: CallerNow) -> Any:
        """Find passages, best first."""
        who = caller.principal
        with self._services.tracer.record("search", principal=who) as recorder:
            recorder.asked(body.query)
            with recorder.span("retrieve"):
                hits = await self._services.search.retrieve(
                    body.query, limit=body.limit, visible_to=who, where=where_of(body.where)
                )
            recorder.found(len(hits))
        return {"query": body.query, "hits": [hit_json(hit) for hit in hits]}

    async def documents(
        self, caller: CallerNow, limit: PageSize = 100, after: DocumentId | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """List the documents that you may see; `after` is the id of the last one already seen."""
        return await self._services.documents.listed(
            visible_to=caller.principal, limit=limit, after=after or ""
        )

    async def failures(
        self, caller: CallerNow, limit: PageSize = 100
    ) -> Sequence[Mapping[str, Any]]:
        """List what could not be ingested, and why."""
        return await self._services.documents.failures(visible_to=caller.principal, limit=limit)

    async def passage(
        self,
        document_id: DocumentId,
        caller: CallerNow,
        start: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        end: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        margin: Annotated[int, Query(ge=0, le=20_000)] = 500,
    ) -> Mapping[str, Any]:
        """Show a cited passage in its document."""
        return await self._services.documents.around(
            document_id, start=start, end=end, margin=margin, visible_to=caller.principal
        )

    async def traces(
        self,
        caller: CallerNow,
        limit: PageSize = 50,
        before: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
    ) -> list[TraceView]:
        """List traces, newest first: yours, or everybody's for an engineer."""
        if before is None:
            return await self._services.traces.recent(visible_to=caller.principal, limit=limit)
        return await self._services.traces.recent(
            visible_to=caller.principal, limit=limit, before=before
        )

    async def trace(self, trace_id: str, caller: CallerNow) -> TraceView:
        """Show one request: its stages, tokens, hits, answer."""
        return await self._services.traces.get(trace_id, visible_to=caller.principal)

    async def users(self) -> list[User]:
        """List all users."""
        return await self._services.access.users()

    async def create_user(self, body: UserIn, caller: CallerNow) -> User:
        """Add a user."""
        return await self._services.access.create_user(
            body.name, role=body.role, groups=body.groups, actor=caller.principal.id
        )

    async def revoke_user(self, name: Line, caller: CallerNow) -> None:
        """Shut a user out, with all their keys."""
        await self._services.access.revoke_user(name, actor=caller.principal.id)

    async def keys(self) -> list[ApiKey]:
        """List all keys; their secrets are not kept."""
        return await self._services.access.keys()

    async def create_key(self, body: KeyIn, caller: CallerNow) -> Any:
        """Make a key; its secret is in this answer and nowhere else."""
        made = await self._services.access.create_key(
            body.name,
            role=body.role,
            groups=body.groups,
            user=body.user,
            act_for_users=body.act_for_users,
            expires_at=body.expires_at,
            actor=caller.principal.id,
        )
        return {"key": made.key, "secret": made.secret}

    async def revoke_key(self, key_id: Line, caller: CallerNow) -> None:
        """Stop a key."""
        await self._services.access.revoke_key(key_id, actor=caller.principal.id)

    async def audit(self, limit: PageSize = 100) -> list[AuditEntry]:
        """List who changed what, newest first."""
        return await self._services.access.audit_log(limit=limit)

    def _application(self, name: str | None) -> tuple[str, Application]:
        known = self._services.applications
        chosen = name if name is not None else next(iter(known), "")
        if chosen not in known:
            raise NotFound(
                f"There is no application called `{chosen}`.", hint=suggestion(chosen, known)
            )
        return chosen, known[chosen]
