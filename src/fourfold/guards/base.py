"""The protocol of guards: a check of a text on its way in or out."""

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
