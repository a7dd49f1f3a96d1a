"""What a request leaves behind: the record of a trace and the protocol of its recorder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stage of a request; times are seconds since the request began."""

    name: str
    start_seconds: float
    end_seconds: float
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Recorder(Protocol):
    """Takes down one request while it runs; cheap, and never an error for the request."""

    @property
    def trace_id(self) -> str:
        """Name of the trace, unique."""
        ...

    def span(self, name: str, **attributes: Any) -> AbstractContextManager[None]:
        """Time a stage."""
        ...

    def note(self, **attributes: Any) -> None:
        """Keep facts about the request as a whole: model, tokens, hits, cost."""
        ...


class NullRecorder:
    """Takes nothing down: for tests, and for programs that do not want traces."""

    trace_id = ""

    def span(self, name: str, **attributes: Any) -> AbstractContextManager[None]:
        """Time nothing."""
        return nullcontext()

    def note(self, **attributes: Any) -> None:
        """Keep nothing."""
