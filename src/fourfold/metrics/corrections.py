"""What a person changed before a text was released: word by word, as TER counts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from unicodedata import normalize

from sacrebleu.metrics.lib_ter import _MAX_SHIFT_CANDIDATES, BeamEditDistance, _shift

Kind: TypeAlias = Literal["kept", "moved", "inserted", "deleted", "substituted"]

_OF_TRACE: Final[dict[str, Kind]] = {
    " ": "kept",
    "s": "substituted",
    "i": "inserted",
    "d": "deleted",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a word, in the order of the released text; empty where there is none."""

    kind: Kind
    draft: str
    released: str

    @property
    def is_recased(self) -> bool:
        """True where the same word stands in other capitals: TER does not count it."""
        return self.kind in ("kept", "moved") and self.draft != self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A draft beside what was released.

    `edits` are what TER counts: a moved phrase is one shift, however long. Case does not count.
    """

    changes: tuple[Change, ...]
    shifts: int
    words: int  # of the released text

    @property
    def edits(self) -> int:
        """Insertions, deletions, substitutions and shifts."""
        return self.shifts + sum(change.kind not in ("kept", "moved") for change in self.changes)

    @property
    def hter(self) -> float:
        """Edits for each released word, 0 to 1; all of it where nothing was left."""
        return min(1.0, self.edits / self.words) if self.words else float(self.edits > 0)

    @property
    def recased(self) -> int:
        """Words in other capitals, which no edit counts."""
        return sum(change.is_recased for change in self.changes)

    def count(self, kind: Kind) -> int:
        """How many words of that kind."""
        return sum(change.kind == kind for change in self.changes)


def correction(draft: str, released: str) -> Correction:
    """What turns the draft into the released text with the fewest edits that TER's search finds.

    Sources: Snover et al. 2006, https://aclanthology.org/2006.amta-papers.25; the search is that
    of sacrebleu, so `edits` equals its count. A letter is the same in one part or two (NFC).
    """
    wanted = normalize("NFC", released).split()
    drafted = normalize("NFC", draft).split()
    words: list[str] = [_Word(place, word) for place, word in enumerate(drafted)]
    if not wanted:
        gone = tuple(Change("deleted", str(word.written), "") for word in _as_words(words))
        return Correction(changes=gone, shifts=0, words=0)
    folded = [word.lower() for word in wanted]
    distance = BeamEditDistance(folded)
    moved: set[int] = set()
    shifts = checked = 0
    while True:
        gain, shifted, checked = _shift(words, folded, distance, checked)
        if checked >= _MAX_SHIFT_CANDIDATES or gain <= 0:
            break
        moved |= _moved(_as_words(words), _as_words(shifted))
        words, shifts = shifted, shifts + 1
    _, trace = distance(words)
    return Correction(
        changes=tuple(_changes(trace, _as_words(words), wanted, moved)),
        shifts=shifts,
        words=len(wanted),
    )


class _Word(str):
    """A word as TER compares it, in small letters, that knows where it came from."""

    __slots__ = ("place", "written")
    place: int
    written: str

    def __new__(cls, place: int, written: str) -> _Word:
        """Compare by small letters."""
        word = super().__new__(cls, written.lower())
        word.place, word.written = place, written
        return word


def _as_words(words: Sequence[str]) -> list[_Word]:
    return [word for word in words if isinstance(word, _Word)]


def _moved(before: Sequence[_Word], after: Sequence[_Word]) -> set[int]:
    """The words that changed places: of two neighbouring phrases that did, the shorter one."""
    pairs = list(zip(before, after, strict=True))
    differing = [place for place, (old, new) in enumerate(pairs) if old.place != new.place]
    first, last = differing[0], differing[-1] + 1
    window = [word.place for word in after[first:last]]
    border = window.index(before[first].place)
    return set(window[:border] if border <= len(window) - border else window[border:])


def _changes(
    trace: str, draft: Sequence[_Word], released: Sequence[str], moved: set[int]
) -> Iterator[Change]:
    drafted, wanted = iter(draft), iter(released)
    for sign in trace:
        kind = _OF_TRACE[sign]
        word = next(drafted) if kind != "inserted" else None
        target = next(wanted) if kind != "deleted" else ""
        if kind == "kept" and word is not None and word.place in moved:
            kind = "moved"
        yield Change(kind, word.written if word is not None else "", target)
