"""Reads text in pictures, where the extra `ocr` is installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.parsers.page_lines import Cell, Line, Page, same_height_joined

_SURE_ENOUGH = 0.6  # below, what was read is mostly noise
_MAX_PIXELS = 60_000_000


def read_picture(picture: Callable[[], Any], number: int = 1) -> Page:
    """What stands in a picture (of PIL), as a page. Raises `Unparsable` where nothing can read it.

    The picture is made only when there is an engine for it.
    """
    engine = _engine()
    image = picture()
    if image.width * image.height > _MAX_PIXELS:
        raise unparsable("too_large", f"It has {image.width * image.height:,} pixels.")
    result = engine(_pixels(image))
    found = zip(result.boxes, result.txts, result.scores, strict=True) if result.txts else ()
    height = float(image.height)
    lines = [_line(box, text, height) for box, text, score in found if score >= _SURE_ENOUGH]
    ordered = sorted(lines, key=lambda line: (-round(line.top / (line.height * 0.7)), line.left))
    return Page(number=number, height=0.0, lines=tuple(same_height_joined(ordered)))


def _line(box: Any, text: str, height: float) -> Line:
    """Pictures count downwards from the top, pages upwards from the bottom."""
    across = [float(point[0]) for point in box]
    down = [float(point[1]) for point in box]
    cell = Cell(text, min(across), max(across))
    return Line((cell,), height - min(down), height - max(down))


def _pixels(image: Any) -> Any:
    import numpy as np

    return np.asarray(image.convert("RGB"))[:, :, ::-1]  # (height, width, blue-green-red)


@cache
def _engine() -> Any:
    """The models lie in the wheel; nothing is fetched."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise unparsable("needs_ocr") from None
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
