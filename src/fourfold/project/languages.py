"""Which models cannot be expected to read and write the languages of a task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fourfold.evaluation.caution import Warned
from fourfold.models.weights import WEIGHTS
from fourfold.project.licences import listed

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.project.config import ProjectConfig

_TITLES = {"de": "German", "en": "English"}


def languages_of(records: Iterable[Record]) -> set[str]:
    """ISO 639-1 codes of the records' texts, guessed where a record does not say it."""
    from fourfold.core.language import detect_language

    found = {one.language or detect_language(one.text) for one in records}
    return found - {""}


def language_warnings(
    folder: Path, config: ProjectConfig, models: Sequence[str], languages: Iterable[str]
) -> list[Warned]:
    """A warning of each model whose maker names its languages, and one of these is not there.

    Of most models nobody says which languages they know; of those nothing is said here either.
    """
    from fourfold.catalogue import read_catalogue

    catalogue, wanted, found = read_catalogue(folder), set(languages), []
    for name in models:
        model = listed(name, config, catalogue)
        known = (model.languages if model else None) or _of_weights(name)
        if known and (missing := sorted(wanted - set(known))):
            found.append(
                Warned(
                    code="language",
                    text=f"`{name}` knows {_said(known)} only: expect nothing of it in "
                    f"{_said(missing)}.{_instead(missing)}",
                    values={"model": name, "knows": list(known), "missing": missing},
                )
            )
    return found


def _of_weights(name: str) -> tuple[str, ...]:
    return WEIGHTS[name].languages if name in WEIGHTS else ()


def _said(codes: Iterable[str]) -> str:
    return ", ".join(_TITLES.get(code, code) for code in codes)


def _instead(missing: Sequence[str]) -> str:
    """Weights that can be installed and know these languages."""
    fitting = [one.name for one in WEIGHTS.values() if set(missing) <= set(one.languages)]
    return f" `{'` and `'.join(fitting)}` know it." if fitting else ""
