"""Few-shot examples: a text (a question), passages, and the answer that we would like."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from fourfold.core.errors import InvalidProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One exchange as it should go."""

    text: str
    answer: str
    passages: tuple[str, ...] = ()


def read_examples(file: Path | Traversable) -> tuple[Example, ...]:
    """Read JSON lines of `text` (or `question`), `answer` and, if wanted, `passages`.

    Raises `InvalidProject` that names every wrong line.
    """
    try:
        # A mark may stand before them; and U+2028, which `splitlines` knows, ends no line of JSON.
        lines = file.read_text(encoding="utf-8").removeprefix("\ufeff").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProject(
            f"The examples `{file}` cannot be read: {error}.", hint="It must be UTF-8 text."
        ) from error
    examples: list[Example] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                examples.append(_example(line))
            except (msgspec.MsgspecError, ValueError) as error:
                wrong.append(f"line {number}: {error}")
    if wrong:
        raise InvalidProject(
            f"The examples `{file}` have mistakes: {'; '.join(wrong)}.",
            hint='Each line is {"text": "…", "passages": ["…"], "answer": "…"}.',
        )
    return tuple(examples)


def _example(line: str) -> Example:
    value: Any = msgspec.json.decode(line, type=_Line)
    if bool(value.text) == bool(value.question):
        raise ValueError("it needs either `text` or `question`")
    text = value.text or value.question
    return Example(text=text, answer=value.answer, passages=value.passages)


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    answer: str
    text: str = ""
    question: str = ""  # what a text is called where it asks
    passages: tuple[str, ...] = ()
