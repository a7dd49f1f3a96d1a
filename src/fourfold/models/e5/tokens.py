"""Cuts text into the pieces of XLM-R's vocabulary: of all ways to cut a word, the likeliest."""

from functools import lru_cache
from unicodedata import normalize

from fourfold.models.e5.weights import Vocabulary

START, END, UNKNOWN = 0, 2, 3
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")  # never read out of a text
_SPACE = "▁"  # how the vocabulary writes the space before a word
_UNKNOWN_PENALTY = 10.0  # below the worst piece, as SentencePiece has it
_CACHED_WORDS = 50_000
_CACHED_LETTERS = 40  # longer words are rarely met twice


class Tokenizer:
    """Counts and numbers the tokens of texts; may be used by several threads.

    No piece goes across a space, so words are cut one by one, and the usual words are remembered.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary.pieces)}
        for special in _SPECIAL:
            self._numbers.pop(special, None)
        self._scores = vocabulary.scores
        self._replacements = vocabulary.replacements
        self._longest = max(map(len, vocabulary.pieces))
        self._unknown_score = min(vocabulary.scores) - _UNKNOWN_PENALTY
        self._usual = lru_cache(_CACHED_WORDS)(self._cut)

    def count(self, text: str) -> int:
        """Tokens of the whole text."""
        return sum(len(self._tokens(word)) for word in self._words(text))

    def encode(self, text: str, limit: int) -> list[int]:
        """The first `limit` tokens of the text."""
        tokens: list[int] = []
        for word in self._words(text):
            tokens += self._tokens(word[: limit * self._longest])
            if len(tokens) >= limit:
                break
        return tokens[:limit]

    def _words(self, text: str) -> list[str]:
        """Words of the text in the characters that the vocabulary knows.

        Composing first matters: text from a Mac writes `ü` as two characters, the table
        replaces single ones. It also turns every kind of space into the plain one.
        """
        plain = normalize("NFC", text).translate(self._replacements)
        return [_SPACE + word for word in plain.split(" ") if word]

    def _tokens(self, word: str) -> tuple[int, ...]:
        return self._usual(word) if len(word) <= _CACHED_LETTERS else self._cut(word)

    def _cut(self, word: str) -> tuple[int, ...]:
        """The cut with the best sum of scores, by Viterbi's algorithm."""
        best = [0.0] + [float("-inf")] * len(word)
        steps = [(0, UNKNOWN)] * (len(word) + 1)
        for start in range(len(word)):
            unknown = best[start] + self._unknown_score
            if unknown > best[start + 1]:
                best[start + 1], steps[start + 1] = unknown, (start, UNKNOWN)
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                number = self._numbers.get(word[start:end])
                if number is None:
                    continue
                score = best[start] + self._scores[number]
                if score > best[end]:
                    best[end], steps[end] = score, (start, number)
        return _read_back(steps)


def _read_back(steps: list[tuple[int, int]]) -> tuple[int, ...]:
    tokens, end = [], len(steps) - 1
    while end:
        end, number = steps[end]
        tokens.append(number)
    return tuple(reversed(tokens))
