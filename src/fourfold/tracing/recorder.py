"""Takes down one request while it runs; turning it into rows is left to the writer."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Literal

from fourfold.core.errors import FourfoldError
from fourfold.core.records import Answer, Usage
from fourfold.core.trace import Span
from fourfold.tracing.ids import time_of

Outcome = Literal["ok", "refused", "error", "cancelled"]


class TraceRecorder:
    """The recorder of one request: a context manager that hands itself on when the request ends.

    An exception that leaves the block becomes the trace's outcome and goes on its way.
    """

    def __init__(
        self,
        *,
        trace_id: str,
        kind: str,
        principal: str,
        application: str,
        seconds: Callable[[], float],
        ended: Callable[[TraceRecorder], None],
    ) -> None:
        self._trace_id = trace_id
        self.kind = kind
        self.principal = principal
        self.application = application
        self.model = application
        self.outcome: Outcome = "ok"
        self.error_code: str | None = None
        self.seconds = 0.0
        self.first_text_seconds: float | None = None
        self.question = ""
        self.answer: Answer | None = None
        self.usage = Usage()
        self.cost_usd: float | None = None  # nobody knows, until the answer says it
        self.spans: list[Span] = []
        self.facts: dict[str, Any] = {}
        self._seconds = seconds
        self._ended = ended
        self._start = seconds()

    @cached_property
    def started_at(self) -> datetime:
        """When the request began, as the name of its trace says it."""
        return time_of(self._trace_id)

    @property
    def trace_id(self) -> str:
        """Name of the trace, unique."""
        return self._trace_id

    def span(self, name: str, **attributes: Any) -> AbstractContextManager[None]:
        """Time a stage."""
        return _Timed(self, name, attributes)

    def note(self, **attributes: Any) -> None:
        """Keep facts about the request as a whole."""
        self.facts.update(attributes)

    def asked(self, question: str) -> None:
        """Keep what was asked."""
        self.question = question

    def first_text(self) -> None:
        """The asker sees the first word now; later calls change nothing."""
        if self.first_text_seconds is None:
            self.first_text_seconds = self.elapsed()

    def answered(self, answer: Answer) -> None:
        """Keep what was said, by which model, and what it rests on."""
        self.answer = answer
        self.model = answer.model
        self.usage = answer.usage
        self.cost_usd = answer.usage.cost_usd
        if answer.refused:
            self.outcome = "refused"
            self.facts["refused_because"] = answer.refused_because

    def found(self, hits: int) -> None:
        """Passages were searched, and no chat model was asked."""
        self.cost_usd = 0.0
        self.note(hits=hits)

    def failed(self, code: str) -> None:
        """The request ended in an error that was answered, not raised."""
        self.outcome, self.error_code = "error", code

    def elapsed(self) -> float:
        """Seconds since the request began."""
        return self._seconds() - self._start

    def __enter__(self) -> TraceRecorder:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.seconds = self.elapsed()
        if isinstance(error, CancelledError | GeneratorExit):
            self.outcome = "cancelled"
        elif isinstance(error, FourfoldError):
            self.failed(error.code)
        elif error is not None:
            self.failed(type(error).__name__)
        self._ended(self)


class _Timed:
    """A span while it runs."""

    __slots__ = ("_attributes", "_name", "_recorder", "_start")

    def __init__(self, recorder: TraceRecorder, name: str, attributes: dict[str, Any]) -> None:
        self._recorder = recorder
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> None:
        self._start = self._recorder.elapsed()

    def __exit__(self, *_: object) -> None:
        span = Span(
            name=self._name,
            start_seconds=self._start,
            end_seconds=self._recorder.elapsed(),
            attributes=self._attributes,
        )
        self._recorder.spans.append(span)
