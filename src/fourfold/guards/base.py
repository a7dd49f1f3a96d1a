"""The protocol of guards: a check of a text on its way in or out."""

from collections.abc import Iterable
from typing import Protocol


class Guard(Protocol):
    """Objects to a text, or lets it pass.

    Rules: a guard reads and never changes the text; it is fast (it runs on every request, and
    on every sentence of a stream), deterministic, and safe to call from several tasks at once.
    """

    @property
    def name(self) -> str:
        """As users write it in `fourfold.yaml`."""
        ...

    def objection(self, text: str) -> str | None:
        """Why this text must not pass, in a few words; `None` when it may."""
        ...


def objection(guards: Iterable[Guard], text: str) -> str | None:
    """What the first guard has against the text; `None` when none has anything."""
    return next((reason for guard in guards if (reason := guard.objection(text))), None)
