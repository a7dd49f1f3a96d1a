"""`fourfold report`: the decision report of a comparison, one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fourfold.cli.finite import FiniteRange
from fourfold.cli.output import command, json_option, print_json, project_option, say, show

if TYPE_CHECKING:
    from fourfold.evidence.chain import Entry
    from fourfold.project import Project


@click.command()
@click.argument("experiment", required=False)
@click.option("--language", type=click.Choice(["de", "en"]), default="en", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; default: report.html in the project.",
)
@click.option(
    "--rate",
    type=FiniteRange(min=0, min_open=True),
    help="What a US dollar is worth in the currency in which people are paid; without it, model "
    "and people are not added up.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is no earlier report.")
@project_option
@json_option
@command
async def report(
    *,
    experiment: str | None,
    language: str,
    output: Path | None,
    rate: float | None,
    force: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Write the decision report of the last comparison, or of the one of that id or name.

    One HTML file that needs nothing beside it: open it in a browser, print it on A4. Every figure
    links to where it comes from. An earlier report is replaced, another file only with --force.

    \b
    Examples:
      fourfold report
      fourfold report --language de --output bericht.html
      fourfold report --rate 0.92
    """
    from fourfold.core.errors import NotFound
    from fourfold.evaluation.store import Experiments
    from fourfold.project import open_project
    from fourfold.project.outputs import write_report
    from fourfold.reports import decision_report

    async with open_project(folder) as project:
        try:
            if experiment:
                experiment = (await Experiments(project.database).named(experiment)).id
            entry = await _newest(project, experiment)
        except NotFound as error:
            raise NotFound(
                error.message, hint="Make one first: fourfold compare --models A,B"
            ) from error
        file = output or project.folder / "report.html"
        html = decision_report(entry, language=language, rate=rate)
        write_report(project, file, html, force=force)
    if as_json:
        print_json({"report": str(file), "experiment": entry.subject, "language": language})
        return
    show(f"Wrote `{file}`.")
    say("Open it in a browser; to make a PDF, print it there.")


async def _newest(project: Project, experiment: str | None) -> Entry:
    """The newest comparison, whether it was made here or taken in from another tool."""
    from fourfold.core.errors import NotFound

    found = []
    for kind in ("import", "comparison"):
        try:
            found.append(await project.evidence.latest(kind, experiment))
        except NotFound as error:
            missing = error
    if not found:
        raise missing
    return max(found, key=lambda entry: entry.number)
