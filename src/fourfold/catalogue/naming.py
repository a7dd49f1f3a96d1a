"""Names in a family's file: each must be known, and each model's must be new."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from fourfold.catalogue.catalogue import Catalogue, nearest
from fourfold.core.complaints import Location
from fourfold.core.written import Mistake, Written, written_list, written_table

_NAMES_IN: Final = {
    "facts": ("source", "licence"),
    "hosts": ("source", "host"),
    "benchmarks": ("source", "benchmark"),
}
"""Keys of a model's parts that hold the name of something else."""


def wrong_names(
    written: Written, catalogue: Catalogue, others: Collection[str]
) -> Iterator[Mistake]:
    """What is wrong with the names of a family, read as written: other things may be wrong too.

    `others` are the models of the files before it.
    """
    values = written.values
    names = [written_table(one).get("name") for one in written_list(values, "models")]
    known: dict[str, Collection[str]] = {
        "source": {*catalogue.sources, *map(str, written_table(values, "sources"))},
        "licence": catalogue.licences,
        "host": catalogue.hosts,
        "benchmark": catalogue.benchmarks,
        "model": {*others, *(one for one in names if isinstance(one, str))},
    }
    for place, name in enumerate(names):
        if isinstance(name, str) and (name in others or name in names[:place]):
            line = written.line(("models", place, "name"))
            yield line, f"`{name}` is in the catalogue already. Give it another name."
    for kind, name, at in _used(values):
        itself = names[int(at[1])] if kind == "model" else None
        choice = {*known[kind]} - {itself}
        if name not in choice:
            yield (
                written.line(at),
                f"there is no {kind} called `{name}`. {_hint(kind, name, choice)}",
            )


def _used(values: Any) -> Iterator[tuple[str, str, Location]]:
    """Each name that a model uses, with its kind and place; what has another form is no name."""
    for place, model in enumerate(written_list(values, "models")):
        for part, kinds in _NAMES_IN.items():
            for number, one in enumerate(written_list(model, part)):
                for kind in kinds:
                    if isinstance(name := written_table(one).get(kind), str):
                        yield kind, name, ("models", place, part, number, kind)
        base = written_table(model).get("base")
        if isinstance(base, str) and base:
            yield "model", base, ("models", place, "base")


def _hint(kind: str, name: str, known: Collection[str]) -> str:
    if kind == "source":
        return nearest(name, known, otherwise="Describe it under `sources`.")
    return nearest(name, known)
