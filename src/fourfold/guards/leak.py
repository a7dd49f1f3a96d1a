"""What must not leave: the application's own instructions, and things that look like secrets."""

from __future__ import annotations

import re

_RUN = 8  # words in a row; fewer can be chance
_SECRET = re.compile(
    r"\b(?:sk-[\w-]{20,200}|gh[pousr]_\w{36,255}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,200}"
    r"|AIza[\w-]{35}|eyJ[\w-]{10,2000}\.eyJ[\w-]{10,2000})|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
)
_SECRET_STARTS = ("sk-", "gh", "AKIA", "xox", "AIza", "eyJ", "-----BEGIN")


class LeakGuard:
    """Objects to a text that repeats the system prompt or holds a key."""

    def __init__(self, system_prompt: str = "") -> None:
        self._runs = frozenset(_runs(system_prompt))

    @property
    def name(self) -> str:
        """`leak`."""
        return "leak"

    def objection(self, text: str) -> str | None:
        """Say what would leak, without repeating it."""
        if any(start in text for start in _SECRET_STARTS) and _SECRET.search(text):
            return "contains what looks like a secret key"
        if self._runs and not self._runs.isdisjoint(_runs(text)):
            return "repeats the application's instructions"
        return None


def _runs(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return list(zip(*(words[start:] for start in range(_RUN)), strict=False))
