"""Counters and histograms for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fourfold.core.records import Usage
from fourfold.tracing import Tracer

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)


class Metrics:
    """The figures of one server. Labels hold names of routes and models, never a client's text."""

    def __init__(self, tracer: Tracer, *, in_flight: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fourfold_requests", "Requests answered.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "fourfold_request_seconds",
            "Time until the end of the answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter(
            "fourfold_tokens",
            "Tokens read and written.",
            ("model", "kind"),
            registry=self._registry,
        )
        self._refusals = Counter(
            "fourfold_refusals", "Questions not answered.", ("model",), registry=self._registry
        )
        self._show("fourfold_requests_in_flight", "Requests in work.", in_flight)
        self._show("fourfold_traces_written", "Traces kept.", lambda: tracer.written)
        self._show(
            "fourfold_traces_dropped", "Traces lost to a full queue.", lambda: tracer.dropped
        )
        # Finding the series of some labels costs as much as counting in it.
        self._requests_of = lru_cache(maxsize=1_000)(self._requests.labels)
        self._seconds_of = lru_cache(maxsize=1_000)(self._seconds.labels)
        self._tokens_of = lru_cache(maxsize=1_000)(self._tokens.labels)

    def request(self, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests_of(route, status).inc()
        self._seconds_of(route).observe(seconds)

    def answer(self, model: str, usage: Usage, *, refused: bool) -> None:
        """One answer of a model or an application was given."""
        self._tokens_of(model, "prompt").inc(usage.prompt_tokens)
        self._tokens_of(model, "completion").inc(usage.completion_tokens)
        if refused:
            self._refusals.labels(model).inc()

    def text(self) -> bytes:
        """All of them, in the text format."""
        text: bytes = generate_latest(self._registry)
        return text

    def _show(self, name: str, words: str, value: Callable[[], float]) -> None:
        Gauge(name, words, registry=self._registry).set_function(value)
