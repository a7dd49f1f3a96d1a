"""`fourfold search`: what retrieval alone finds, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.asking import (
    asker,
    groups_option,
    parse_where,
    place_in_words,
    read_lines,
    say_failed,
    say_filters,
    where_option,
)
from fourfold.cli.output import (
    command,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    show,
)
from fourfold.core.errors import InvalidInput

if TYPE_CHECKING:
    from fourfold.core.records import Hit


@click.command()
@click.argument("query", required=False)
@click.option(
    "--queries",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help='Many at once: JSON lines of {"query": …}.',
)
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True)
@where_option
@groups_option
@project_option
@json_option
@command
async def search(
    *,
    query: str | None,
    queries: Path | None,
    limit: int,
    where: tuple[str, ...],
    groups: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show what retrieval alone finds, and why.

    \b
    Examples:
      fourfold search "Garantie auf Akkus"
      fourfold search "battery warranty" --where language=de
      fourfold search --queries queries.jsonl --json
    """
    from fourfold.project import open_project

    if (query is None) == (queries is None):
        raise click.UsageError("Give either a query or --queries FILE.")
    principal, conditions = asker(groups), parse_where(where)
    wanted = read_lines(queries, "query") if queries else [query or ""]
    async with open_project(folder) as project:
        for text in wanted:
            if isinstance(text, InvalidInput):
                say_failed(None, text, as_json=as_json)
                continue
            hits = await project.search(text, limit=limit, visible_to=principal, where=conditions)
            if as_json:
                print_json({"query": text, "hits": [hit_json(hit) for hit in hits]})
                continue
            if queries:
                show(f"{text}\n")
            show_hits(hits)
            if conditions and not hits:
                say_filters(conditions)


def hit_json(hit: Hit) -> dict[str, Any]:
    """The form that other programs rely on."""
    return {
        "document": hit.chunk.path,
        "source": hit.chunk.source,
        "place": hit.chunk.place.as_json(),
        "score": round(hit.score, 6),
        "text": hit.chunk.text,
        "similarity": round(hit.similarity, 6),
        "coverage": round(hit.coverage, 6),
        "vector_rank": hit.vector_rank,
        "lexical_rank": hit.lexical_rank,
        "duplicates": list(hit.duplicates),
    }


def show_hits(hits: list[Hit]) -> None:
    """Print each hit with its place, its text and both ranks."""
    if not hits:
        show("Nothing found.")
    for number, hit in enumerate(hits, 1):
        where = [*place_in_words(hit.chunk.place), hit.chunk.place.heading]
        why = f"meaning {_rank(hit.vector_rank)} ({hit.similarity:.2f}), "
        why += f"words {_rank(hit.lexical_rank)} ({hit.coverage:.0%} of the question)"
        show(f"{number}. {heading(hit.chunk.path)}  {' · '.join(filter(None, where))}")
        show(f"   {faint(why)}")
        for copy in hit.duplicates:
            show(f"   {faint('the same in ' + copy)}")
        show(f"   {_shortened(hit.chunk.text)}\n")


def _rank(rank: int | None) -> str:
    return f"#{rank}" if rank else "not found"


def _shortened(text: str, length: int = 240) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
