"""Every address of the server, but those under `/api`, which `server/api/routes.py` lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fourfold.core.errors import NotFound
from fourfold.core.records import Role
from fourfold.server.errors import WrongMethod
from fourfold.server.exchange import Exchange
from fourfold.server.health import HealthRoutes
from fourfold.server.openai.routes import OpenAIRoutes
from fourfold.server.openai.scoring import ScoringRoutes

Handler = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """An address, who may use it (`None`: everybody, without a key), and what answers."""

    method: str
    path: str
    role: Role | None
    handler: Handler


def all_routes(openai: OpenAIRoutes, scoring: ScoringRoutes, health: HealthRoutes) -> list[Route]:
    """The list."""
    return [
        Route("GET", "/healthz", None, health.alive),
        Route("GET", "/readyz", None, health.ready),
        Route("GET", "/metrics", "viewer", health.metrics),
        Route("POST", "/v1/chat/completions", "viewer", openai.chat),
        Route("POST", "/v1/completions", "viewer", openai.completions),
        Route("POST", "/v1/embeddings", "viewer", openai.embeddings),
        Route("POST", "/tokenize", "viewer", scoring.tokenize),
        Route("POST", "/detokenize", "viewer", scoring.detokenize),
        Route("GET", "/tokenizer_info", "viewer", scoring.tokenizer_info),
        Route("GET", "/v1/models", "viewer", openai.models),
        Route("GET", "/v1/models/{model}", "viewer", openai.model),
    ]


class Router:
    """Finds the route of a request: by its whole path, or by its last part as a parameter."""

    def __init__(self, routes: list[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._prefixes: dict[str, dict[str, Route]] = {}
        for route in routes:
            prefix, _, parameter = route.path.partition("{")
            table = self._prefixes if parameter else self._exact
            table.setdefault(prefix, {})[route.method] = route

    def find(self, exchange: Exchange) -> Route:
        """The route; raises `NotFound` or `WrongMethod`."""
        methods = self._exact.get(exchange.path) or self._by_prefix(exchange)
        if methods is None:
            raise NotFound(f"There is nothing at `{exchange.path[:200]}`.", hint="See /api/docs.")
        return _by_method(methods, exchange.scope["method"])

    def _by_prefix(self, exchange: Exchange) -> Mapping[str, Route] | None:
        # The raw path, so that a name with an escaped slash stays one name.
        raw: str = exchange.scope.get("raw_path", b"").decode("ascii", "replace")
        for prefix, methods in self._prefixes.items():
            name = raw.removeprefix(prefix)
            if raw.startswith(prefix) and name:
                parameter = next(iter(methods.values())).path[len(prefix) + 1 : -1]
                exchange.parameters[parameter] = unquote(name)
                return methods
        return None


def _by_method(methods: Mapping[str, Route], method: str) -> Route:
    if method not in methods:
        raise WrongMethod(
            f"This address knows no {method[:20]}.", hint=f"Use {' or '.join(methods)}."
        )
    return methods[method]
