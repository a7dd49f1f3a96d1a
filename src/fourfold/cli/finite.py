"""The type of every option that takes a number with a fraction."""

from __future__ import annotations

from typing import Any

import click

from fourfold.core.finite import LARGEST


class FiniteRange(click.FloatRange):
    """A number within bounds. `click.FloatRange` lets NaN through, which is within no bounds."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; a usage error for NaN, infinity and what no amount is as large as."""
        number = float(super().convert(value, param, ctx))
        if not abs(number) <= LARGEST:
            self.fail(f"{value} is not a finite number, or too large a one.", param, ctx)
        return number
