"""What a draft rests on: the sentences of the passages that say what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fourfold.assistant.base import Candidate, Draft
from fourfold.assistant.citations import Citations
from fourfold.assistant.words import content_words, covered, numbers
from fourfold.core.records import Citation, Hit
from fourfold.core.sentences import split_sentences

# On the golden sets of customer service and sales (88 records) the released text finds a source in
# its own passages in 84 records, and in 2 in those of another record. All 88 texts share words with
# a passage of their own, 62 with one of another record.
_TELLING_WORDS = 3  # a statement of fewer, without a number, is a courtesy


def sources(draft: str, text: str, hits: Sequence[Hit], language: str) -> tuple[Citation, ...]:
    """The sources of a draft about `text`, in the order in which it needs them.

    A sentence has a source when most of its words and all of its numbers stand there, in a passage
    that speaks of the text. The draft itself gets no marks: it is sent to somebody else.
    """
    about = [hit for hit in hits if _speaks_of(text, hit, language)]
    found = Citations(list(_sentences(about)), language=language, reach=0)
    for start, end in split_sentences(draft):
        statement = draft[start:end]
        if len(content_words(statement)) >= _TELLING_WORDS or numbers(statement):
            # Small letters: across languages names are compared, and German nouns look like names.
            found.cite(Draft(text=statement.lower()))
    return found.all()


def can_tell(hits: Sequence[Hit], language: str) -> bool:
    """True when words can be compared, so that a draft without sources rests on none of these."""
    return not any(_is_foreign(hit, language) for hit in hits)


def _is_foreign(hit: Hit, language: str) -> bool:
    return bool(language and hit.chunk.language) and language != hit.chunk.language


def _speaks_of(text: str, hit: Hit, language: str) -> bool:
    """Words can only be compared within one language; across, the search has to be trusted."""
    if _is_foreign(hit, language):
        return True
    told = content_words(f"{hit.chunk.context} {hit.chunk.text}")
    return bool(covered(content_words(text), told))


def _sentences(hits: Sequence[Hit]) -> Iterator[Candidate]:
    for hit in hits:
        chunk = hit.chunk
        for start, end in split_sentences(chunk.text):
            place = chunk.place.part(chunk.place.start + start, chunk.place.start + end)
            yield Candidate(text=chunk.text[start:end], hit=hit, place=place)
