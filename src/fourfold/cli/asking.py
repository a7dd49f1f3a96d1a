"""What `ask` and `search` share: who asks, filters, and files of many questions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from fourfold.cli.output import print_json, say
from fourfold.core.errors import FourfoldError, InvalidInput
from fourfold.core.records import Place, Principal, Where

groups_option = click.option(
    "--as-group",
    "groups",
    multiple=True,
    help="See only what members of this group may see; `--as-group ''` for what everybody may.",
)
FILTERS = ("language", "source", "path", "media_type")  # and the keys of metadata
where_option = click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only documents like this: language, source, path, media_type or a metadata key.",
)


def asker(groups: tuple[str, ...]) -> Principal:
    """The person at the machine, or somebody of these groups."""
    named = frozenset(group for group in groups if group)
    return Principal(id="local", role="owner", groups=named, sees_all_groups=not groups)


def read_text(file: Path) -> str:
    """The text of a file in any encoding, `-` for standard input."""
    from fourfold.ingestion.decoding import decode

    source = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    with source as opened:
        text = decode(opened.read())
    if "\0" in text:
        raise InvalidInput(
            f"`{file}` is no text file.",
            hint="Save it as plain text; `fourfold ingest` reads PDF and office files.",
        )
    return text


def read_lines(file: Path, *keys: str) -> Iterator[str | InvalidInput]:
    """The texts under the first of the keys that each JSON line has.

    A bad line is an error in its place.
    """
    from fourfold.datasets.files import read_lines as lines_of
    from fourfold.datasets.files import strict_json

    for number, line in lines_of(file, "file"):
        try:
            record = strict_json(line)
            value = record[next((key for key in keys if key in record), keys[0])]
            if not isinstance(value, str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            yield InvalidInput(
                f"Line {number} of `{file}` is no JSON object with a text under `{keys[0]}`.",
                hint=f'Write one object a line: {{"{keys[0]}": "…"}}',
            )
        else:
            yield value


def say_filters(where: Where) -> None:
    """Why a filter may fit nothing."""
    say(f"No document that you may see fits `{'`, `'.join(where)}` as you asked.")
    say(f"Filters are {', '.join(FILTERS)}, and the keys of `metadata` in fourfold.yaml.\n")


def parse_where(conditions: tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
    """`language=de` and `kind=manual,guide` as a filter."""
    parsed: dict[str, str | tuple[str, ...]] = {}
    for condition in conditions:
        key, found, value = condition.partition("=")
        if not found or not key:
            raise click.UsageError(f"`--where {condition}` is not of the form KEY=VALUE.")
        values = tuple(value.split(","))
        parsed[key] = values if len(values) > 1 else values[0]
    return parsed


def place_in_words(place: Place) -> list[str]:
    """What a person would call the place: `page 3`, `sheet Preise`; nothing when it has no name."""
    named = {"page": place.page, "slide": place.slide, "sheet": place.sheet, "line": place.line}
    return [f"{name} {value}" for name, value in named.items() if value is not None]


def say_failed(question: str | None, error: FourfoldError, *, as_json: bool) -> None:
    """One failed question of many: a line with its error, and the run goes on."""
    if as_json:
        detail = {"code": error.code, "message": error.message, "hint": error.hint}
        print_json({**({"question": question} if question else {}), "error": detail})
        return
    say(f"{error.message} {error.hint}\n")
