"""Writes the outputs of a comparison as a page that people read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fourfold.cli.output import print_json, say, show

if TYPE_CHECKING:
    from fourfold.project import Project


class Page(NamedTuple):
    """The page that is asked for; without a dataset it is found."""

    file: Path
    language: str
    dataset: Path | None
    force: bool


async def write_page(project: Project, experiment: str, page: Page, *, as_json: bool) -> None:
    """Write what every system gave beside each record, and say where."""
    from fourfold.project.outputs import write_outputs
    from fourfold.project.reading import outputs_of
    from fourfold.reports.outputs import outputs_page

    found = await outputs_of(project, experiment, page.dataset)
    html = outputs_page(found, language=page.language)
    write_outputs(project, page.file, html, force=page.force)
    if as_json:
        print_json(
            {
                "outputs": str(page.file),
                "experiment": found.experiment,
                "language": page.language,
                "records": len(found.shown.rows),
            }
        )
        return
    show(f"Wrote `{page.file}`.")
    say("Open it in a browser; the records on which the systems differ most come first.")
