"""Names of traces: each begins with its time, so that it is found in its partition at once."""

from datetime import UTC, datetime, timedelta
from string import hexdigits

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_trace_id(now_ns: int, random: bytes) -> str:
    """32 hexadecimal digits, as W3C trace context wants: 12 of milliseconds, 20 of `random`."""
    return f"{now_ns // 1_000_000:012x}{random.hex()}"


def time_of(trace_id: str) -> datetime:
    """When the trace began."""
    return _EPOCH + timedelta(milliseconds=int(trace_id[:12], 16))


def is_trace_id(text: str) -> bool:
    """True for what `new_trace_id` could have made."""
    return len(text) == 32 and set(text) <= set(hexdigits) and int(text[:12], 16) < 1 << 47
