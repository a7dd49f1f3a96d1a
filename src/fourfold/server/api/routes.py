"""Every address under `/api`, and who may use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from fourfold.access import ApiKey, AuditEntry, User
from fourfold.core.errors import FourfoldError, InvalidInput, NotFound
from fourfold.core.records import Role
from fourfold.server.api import bodies
from fourfold.server.api.calls import ApiCalls, CallerNow
from fourfold.server.api.page import docs_page
from fourfold.server.entry import require
from fourfold.server.errors import Unexpected, WrongMethod, api_error, headers_of, status_of
from fourfold.server.metrics import Metrics
from fourfold.server.services import Services
from fourfold.tracing import TraceView


def build_api(services: Services, metrics: Metrics) -> FastAPI:
    """The application that answers below `/api`; it loads nothing from elsewhere."""
    api = FastAPI(
        title="Fourfold",
        description="Questions, searches, documents, traces, users and keys.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses={
            "4XX": {"model": bodies.ErrorOut, "description": "What to change."},
            "5XX": {"model": bodies.ErrorOut, "description": "Try again, or see the log."},
        },
    )
    _add_routes(api, ApiCalls(services, metrics))
    api.add_api_route("/api/docs", _docs(api), include_in_schema=False)
    api.add_exception_handler(FourfoldError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_exception_handler(Exception, _answer_bug)
    return api


def _add_routes(api: FastAPI, calls: ApiCalls) -> None:
    def add(
        method: str, path: str, role: Role, handler: Callable[..., Any], gives: Any, **more: Any
    ) -> None:
        api.add_api_route(
            path,
            handler,
            methods=[method],
            response_model=gives,
            dependencies=[Depends(_needs(role))],
            response_model_exclude_unset=gives in _PLACED,
            openapi_extra={"x-fourfold-role": role},
            **more,
        )

    add("GET", "/api/me", "viewer", calls.me, bodies.MeOut)
    add("POST", "/api/ask", "viewer", calls.ask, bodies.AnswerOut)
    add("POST", "/api/search", "viewer", calls.search, bodies.SearchOut)
    add("GET", "/api/documents", "viewer", calls.documents, list[bodies.DocumentOut])
    add("GET", "/api/documents/{document_id}/text", "viewer", calls.passage, bodies.PassageOut)
    add("GET", "/api/failures", "engineer", calls.failures, list[bodies.FailureOut])
    add("GET", "/api/traces", "viewer", calls.traces, list[TraceView])
    add("GET", "/api/traces/{trace_id}", "viewer", calls.trace, TraceView)
    add("GET", "/api/users", "owner", calls.users, list[User])
    add("POST", "/api/users", "owner", calls.create_user, User, status_code=201)
    add("DELETE", "/api/users/{name}", "owner", calls.revoke_user, None, status_code=204)
    add("GET", "/api/keys", "owner", calls.keys, list[ApiKey])
    add("POST", "/api/keys", "owner", calls.create_key, bodies.NewKeyOut, status_code=201)
    add("DELETE", "/api/keys/{key_id}", "owner", calls.revoke_key, None, status_code=204)
    add("GET", "/api/audit", "owner", calls.audit, list[AuditEntry])


_PLACED = (bodies.AnswerOut, bodies.SearchOut)  # places leave out what is unknown


def _needs(role: Role) -> Callable[..., None]:
    def check(caller: CallerNow) -> None:
        require(caller.principal.role, role)

    return check


def _docs(api: FastAPI) -> Callable[[], Any]:
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(api.openapi()))

    return docs


async def _answer_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FourfoldError)
    headers = {name.decode(): value.decode() for name, value in headers_of(error)}
    return JSONResponse(api_error(error), status_code=status_of(error), headers=headers)


async def _answer_bug(request: Request, _error: Exception) -> JSONResponse:
    return await _answer_error(request, Unexpected())


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return await _answer_error(request, bodies.invalid(list(error.errors())))


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    """What Starlette itself objects to: an unknown address, a wrong method, a broken body."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        known: FourfoldError = NotFound("There is nothing at this address.", hint="See /api/docs.")
    elif error.status_code == 405:
        known = WrongMethod("This address does not know this method.", hint="See /api/docs.")
    elif isinstance(error.__cause__, UnicodeDecodeError):
        known = InvalidInput("The body is not UTF-8.", hint="Send JSON encoded as UTF-8.")
    else:
        known = InvalidInput(str(error.detail), hint="See /api/docs.")
    answer = await _answer_error(request, known)
    answer.headers.update(error.headers or {})
    return answer
