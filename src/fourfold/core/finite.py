"""Numbers that limit, weigh or price something: NaN and infinity switch such a check off."""

from __future__ import annotations

from typing import Final

from fourfold.core.errors import InvalidInput

LARGEST: Final = 1e12
"""What no amount goes beyond: the product of a few larger ones may be infinite."""


def require_finite(
    name: str, value: float | None, *, least: float = 0.0, most: float = LARGEST
) -> None:
    """Raise `InvalidInput` unless the value is a number from `least` to `most`, or is not given.

    Every comparison with NaN is false: a limit of NaN is never reached.
    """
    if value is None or least <= value <= most:
        return
    raise InvalidInput(
        f"`{name}` cannot be {value:g}.", hint=f"Name a number from {least:g} to {most:g}."
    )
