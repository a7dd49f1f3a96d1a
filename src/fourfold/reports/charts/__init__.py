"""Pictures as inline SVG: readable in grey, with a text for those who cannot see them."""

from fourfold.reports.charts.bars import Bar, bars
from fourfold.reports.charts.scatter import Point, scatter

NARROW, WIDE = 340, 680
"""Widths of pictures, for a telephone and for all else: letters keep their size on both."""

__all__ = ["NARROW", "WIDE", "Bar", "Point", "bars", "scatter"]
