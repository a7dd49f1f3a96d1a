"""The longest common subsequence of two rows of words, with rows of bits instead of a table.

Source: Hyyrö 2004, Bit-parallel LCS-length computation revisited (AWOCA). A zero bit at place j of
a row says that the common row grows by one with word j.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence


def common_length(reference: Sequence[str], text: Sequence[str]) -> int:
    """How many words both have in the same order, with others between them or not."""
    last = deque(_rows(reference, text), maxlen=1)
    return _zeros(last[0], len(text)) if last else 0


def common_places(reference: Sequence[str], text: Sequence[str]) -> set[int]:
    """The places in the reference of one longest common row.

    Where there are several, walking from the end stays in the text as long as it can: the choice
    of `rouge-score`, on which the union of several sentences depends.
    """
    rows = [~0, *_rows(reference, text)]
    row, column = len(reference), len(text)
    places = set[int]()
    while row and column:
        if reference[row - 1] == text[column - 1]:
            row, column = row - 1, column - 1
            places.add(row)
        elif _zeros(rows[row], column - 1) > _zeros(rows[row - 1], column):
            column -= 1
        else:
            row -= 1
    return places


def _rows(reference: Sequence[str], text: Sequence[str]) -> Iterator[int]:
    """After each word of the reference, where the common row grows within the text."""
    places: dict[str, int] = {}
    for place, word in enumerate(text):
        places[word] = places.get(word, 0) | 1 << place
    whole = (1 << len(text)) - 1
    row = whole
    for word in reference:
        here = row & places.get(word, 0)
        row = ((row + here) | (row - here)) & whole
        yield row


def _zeros(row: int, length: int) -> int:
    return length - (row & ((1 << length) - 1)).bit_count()
