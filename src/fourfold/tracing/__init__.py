"""What every request leaves behind: recorded cheaply, written in batches, read with permission."""

from fourfold.tracing.reading import GroupsOf, Traces, TraceView
from fourfold.tracing.recorder import TraceRecorder
from fourfold.tracing.tracer import Tracer

__all__ = ["GroupsOf", "TraceRecorder", "TraceView", "Tracer", "Traces"]
