"""The head of a GGUF file: what a model says about itself, read without loading it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from fourfold.core.errors import ModelError, NotFound

_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHead:
    """What we need to know before loading."""

    architecture: str
    trained_context_tokens: int
    tokenizer: str  # `gpt2` is byte-pair encoding, `llama` is SentencePiece


def read_gguf_head(path: Path) -> GgufHead:
    """Read the head of the file; raises `NotFound`, or `ModelError` when it is no GGUF file."""
    try:
        with path.open("rb") as file:
            return _read_head(file)
    except FileNotFoundError as error:
        raise NotFound(
            f"There is no file `{path}`.",
            hint="Check the path, or type: fourfold models list --weights",
        ) from error
    except (OSError, struct.error, ValueError, UnicodeDecodeError) as error:
        raise ModelError(
            f"`{path}` cannot be read as a GGUF file: {error}.",
            hint="Fetch it again; the file may be cut off.",
        ) from error


def _read_head(file: BinaryIO) -> GgufHead:
    if file.read(4) != b"GGUF":
        raise ValueError("it does not begin with `GGUF`")
    version, _tensors, count = _unpack(file, "<IQQ")
    if version not in {2, 3}:
        raise ValueError(f"its version {version} is not known")
    found: dict[str, Any] = {}
    for _ in range(min(count, 10_000)):
        key = _string(file)
        found[key] = _value(file, _unpack(file, "<I")[0])
        architecture = str(found.get("general.architecture"))
        tokens = found.get(f"{architecture}.context_length")
        tokenizer = found.get("tokenizer.ggml.model")
        if tokens and tokenizer:
            return GgufHead(
                architecture=architecture,
                trained_context_tokens=int(tokens),
                tokenizer=str(tokenizer),
            )
    raise ValueError("it does not name its context length and its tokenizer")


def _value(file: BinaryIO, kind: int) -> Any:
    """A value; an array is passed over and stays empty, nothing we need is in one."""
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, length = _unpack(file, "<IQ")
        if inner == _STRING:
            for _ in range(length):
                _string(file)
        else:
            file.seek(length * struct.calcsize(_number(inner)), 1)
        return ()
    return _unpack(file, _number(kind))[0]


def _number(kind: int) -> str:
    if kind not in _NUMBERS:
        raise ValueError(f"it holds a value of the unknown kind {kind}")
    return "<" + _NUMBERS[kind]


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "<Q")
    if length > 2**24:
        raise ValueError("it holds a text of impossible length")
    return file.read(length).decode()


def _unpack(file: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))
