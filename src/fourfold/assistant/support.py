"""How far a sentence of a document supports what the answer says."""

from __future__ import annotations

from fourfold.assistant.words import content_words, covered, names, numbers

SUPPORTED = 0.6  # share of the statement's words that must stand in the source, same language


def support(statement: str, source: str, *, context: str = "", across: bool = False) -> float:
    """How far the source says what the statement says, 0 to 1.

    Every number of the statement must stand in the source or in the headings above it
    (`context`): one that does not makes the support 0. Then it is the share of the statement's
    content words that stand there; `across` languages only names can be compared, when there are
    any, and a matching number is enough when there is none.
    """
    told = f"{context} {source}"
    said, offered = content_words(statement), content_words(told)
    quantities = numbers(statement)
    if quantities - numbers(told):
        return 0.0
    if across:
        called = names(statement)
        return _share(called or said, offered) if called or not quantities else 1.0
    return _share(said, offered) if said else float(bool(quantities))


def _share(wanted: set[str], offered: set[str]) -> float:
    return len(covered(wanted, offered)) / len(wanted) if wanted else 0.0
