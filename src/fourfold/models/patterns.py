"""Regular expressions of strangers, matched in linear time."""

import re
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import SchemaError as NotCompiled

from fourfold.core.errors import InvalidInput

MOST_POSITIONS: Final = 1000
_MOST_CHARACTERS: Final = 1000
_TOKEN = re.compile(r"\\.|\[\^?(?:\\.|[^\]])*\]|\{\d+(?:,\d*)?\}|.", re.DOTALL)
_FLAGS = re.compile(r"\(\?(?!:|P?<\w)")


class Pattern:
    """A `pattern` of a JSON schema; `positions` says what matching one character may cost.

    It is matched by Rust's engine, that pydantic brings: it never goes back, so it has neither
    lookaround nor references to groups. Raises `InvalidInput` for what cannot be matched so.
    """

    def __init__(self, pattern: str) -> None:
        self.positions = _positions(pattern)
        if self.positions > MOST_POSITIONS:
            raise _refused(pattern, "It is too long once its repetitions are written out")
        try:
            self._matcher = TypeAdapter(Annotated[str, Field(pattern=pattern)])
        except NotCompiled as error:
            raise _refused(pattern, "It is wrong, or looks around or back") from error

    def is_in(self, text: str) -> bool:
        """True when some part of the text matches."""
        try:
            self._matcher.validate_python(text)
        except ValidationError:
            return False
        return True


def _positions(pattern: str) -> int:
    """How many characters the pattern has when its counted repetitions are written out."""
    if len(pattern) > _MOST_CHARACTERS:
        raise _refused(pattern, "It is too long")
    if _FLAGS.search(pattern):
        raise _refused(pattern, "It has flags or looks around")
    outer: list[int] = []
    total = last = 0  # of the group at hand, of what a repetition would repeat
    for piece in _TOKEN.findall(pattern):
        if piece == "(":
            outer.append(total)
            total = last = 0
        elif piece == ")" and outer:
            last = max(total, 1)
            total = outer.pop() + last
        elif piece[0] == "{" and len(piece) > 1:
            times = 1 + max(int(digits) for digits in re.findall(r"\d+", piece))
            total += last * (times - 1)
            last *= times
        elif piece not in "*+?":
            last = 1
            total += 1
    return total


def _refused(pattern: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The `pattern` `{pattern[:80]}` of the JSON schema cannot be used. {why}.",
        hint="Write a shorter and simpler pattern, or leave it out and check the answer yourself.",
    )
