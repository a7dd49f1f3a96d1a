"""Counters and histograms for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fourfold.core.records import Usage
from fourfold.tracing import Tracer

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)


class Metrics:
    """The figures of one server. Labels hold names of routes and models, never a client's text."""

    def __init__(self, tracer: Tracer) -> None:
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
        self.in_flight = Gauge(
            "fourfold_requests_in_flight", "Requests in work.", registry=self._registry
        )
        self._show_traces(tracer)

    def request(self, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def answer(self, model: str, usage: Usage, *, refused: bool) -> None:
        """One answer of a model or an application was given."""
        self._tokens.labels(model, "prompt").inc(usage.prompt_tokens)
        self._tokens.labels(model, "completion").inc(usage.completion_tokens)
        if refused:
            self._refusals.labels(model).inc()

    def text(self) -> bytes:
        """All of them, in the text format."""
        text: bytes = generate_latest(self._registry)
        return text

    def _show_traces(self, tracer: Tracer) -> None:
        written = Gauge("fourfold_traces_written", "Traces kept.", registry=self._registry)
        written.set_function(lambda: tracer.written)
        dropped = Gauge(
            "fourfold_traces_dropped", "Traces lost to a full queue.", registry=self._registry
        )
        dropped.set_function(lambda: tracer.dropped)
