"""Writes a network in the ONNX file format, so that the 31 MB `onnx` package is not needed.

The format is protobuf; the numbers below are its field numbers (onnx/onnx.proto in
https://github.com/onnx/onnx).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7}
_OPSETS = {"": 21, "com.microsoft": 1}
_IR_VERSION = 10


class Graph:
    """Nodes and constants in the order of their making; a value is known by its name."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Add an array; the same name again is the same array."""
        if name not in self._constants:
            dims = b"".join(_number(1, size) for size in array.shape)
            kind = _number(2, _TYPES[array.dtype.name])
            self._constants[name] = dims + kind + _bytes(8, name) + _bytes(9, array.tobytes())
        return name

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        *,
        domain: str = "",
        attributes: Mapping[str, int | float] | None = None,
    ) -> str:
        """Add a computation and name its result."""
        result = f"{operator}_{len(self._nodes)}"
        fields = [*(_bytes(1, one) for one in inputs), _bytes(2, result), _bytes(4, operator)]
        fields += [_bytes(5, _attribute(*one)) for one in (attributes or {}).items()]
        self._nodes.append(b"".join([*fields, _bytes(7, domain)]))
        return result

    def serialize(self, source: str, result: str, *, source_shape: Sequence[str | int]) -> bytes:
        """The file's bytes, for one float32 input and one float32 output."""
        graph = [_bytes(1, node) for node in self._nodes]
        graph += [_bytes(2, "fourfold")]
        graph += [_bytes(5, constant) for constant in self._constants.values()]
        graph += [_bytes(11, _value(source, source_shape)), _bytes(12, _value(result, ()))]
        opsets = [
            _bytes(8, _bytes(1, domain) + _number(2, version))
            for domain, version in _OPSETS.items()
        ]
        return b"".join([_number(1, _IR_VERSION), *opsets, _bytes(7, b"".join(graph))])


def _attribute(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, 2)
    return _bytes(1, name) + _varint(2 << 3 | 5) + np.float32(value).tobytes() + _number(20, 1)


def _value(name: str, shape: Sequence[str | int]) -> bytes:
    dims = b"".join(
        _bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size)) for size in shape
    )
    kind = _number(1, _TYPES["float32"]) + (_bytes(2, dims) if shape else b"")
    return _bytes(1, name) + _bytes(2, _bytes(1, kind))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
