"""Text from outside goes into a prompt as data: on one line, without the marks of a turn."""

from __future__ import annotations

import re

# Chat templates separate turns with these; a tokenizer would take them for real. A blank within
# keeps them readable and harmless.
_TURN_MARKS = re.compile(r"<(?=\||/?s>|/?(?:start|end)_of_turn|<)|\[(?=/?INST\])")
_LEADING_NUMBER = re.compile(r"^\[(\d+)\]")


def as_data(text: str) -> str:
    """The same words on one line, unable to end a turn or to pass for a numbered passage."""
    return _LEADING_NUMBER.sub(r"(\1)", without_turn_marks(" ".join(text.split())))


def without_turn_marks(text: str) -> str:
    """The same words on the same lines, unable to end a turn."""
    return _TURN_MARKS.sub(lambda mark: f"{mark.group()} ", text)
