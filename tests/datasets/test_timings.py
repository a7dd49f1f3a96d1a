"""Timed corrections that people wrote down."""

from pathlib import Path

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.datasets import read_timed


def test_timed_corrections_are_read(tmp_path: Path) -> None:
    file = tmp_path / "timed.jsonl"
    file.write_bytes('\ufeff{"draft": "2 Jahr", "released": "ü", "seconds": 14}\r\n\r\n'.encode())
    (timed,) = read_timed(file)
    assert (timed.draft, timed.released, timed.seconds) == ("2 Jahr", "ü", 14)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"draft": "a", "released": "b"}',
        '{"draft": "a", "released": "b", "seconds": "long"}',
        '{"draft": 1, "released": "b", "seconds": 3}',
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "timed.jsonl"
    file.write_text('{"draft": "a", "released": "b", "seconds": 3}\n' + line)
    with pytest.raises(InvalidInput, match="Line 2"):
        read_timed(file)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no file of timed corrections"):
        read_timed(tmp_path / "none.jsonl")
