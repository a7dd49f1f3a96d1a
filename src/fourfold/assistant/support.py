"""How far a sentence of a document supports what the answer says."""

from __future__ import annotations

from fourfold.assistant.words import content_words, covered, names, numbers

SUPPORTED = 0.6  # share of the statement's words that must stand in the source, same language


def support(statement: str, source: str, *, context: str = "", across: bool = False) -> float:
    """How far the source says what the statement says, 0 to 1.

    Every number and, within one language, every name of the statement must stand in the source
    (or in the headings above it, `context`): one that does not makes the support 0. `across`
    languages words cannot be compared, so only numbers and names count.
    """
    said, offered = content_words(statement), content_words(f"{context} {source}")
    if numbers(statement) - numbers(f"{context} {source}"):
        return 0.0
    called = names(statement)
    if across:
        return _share(called, offered) if called else 0.5
    return _share(said, offered) if said else 0.0


def supports(statement: str, source: str, *, context: str = "", across: bool = False) -> bool:
    """True when the source may be cited for the statement."""
    return support(statement, source, context=context, across=across) >= SUPPORTED


def _share(wanted: set[str], offered: set[str]) -> float:
    return len(covered(wanted, offered)) / len(wanted) if wanted else 0.0
