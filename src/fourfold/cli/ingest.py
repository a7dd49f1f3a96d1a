"""`fourfold ingest`: bring the index up to date with the documents."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fourfold.cli.output import (
    command,
    counted,
    faint,
    json_option,
    print_json,
    project_option,
    say,
    show,
)

if TYPE_CHECKING:
    from fourfold.indexing.records import IngestReport


@click.command()
@click.option("--retry", is_flag=True, help="Also try files again that failed and did not change.")
@click.option(
    "--check-contents",
    is_flag=True,
    help="Compare the bytes of all files instead of their sizes and times.",
)
@project_option
@json_option
@command
async def ingest(*, retry: bool, check_contents: bool, folder: Path | None, as_json: bool) -> None:
    """Bring the index up to date with the documents.

    Unchanged files are skipped, changed ones replaced, deleted ones removed. Stopped at any
    moment, it goes on from there the next time.

    \b
    Examples:
      fourfold ingest
      fourfold ingest --retry
      fourfold ingest --json
    """
    from fourfold.cli.progress import ingestion_bar
    from fourfold.project import open_project

    async with open_project(folder) as project:
        try:
            with ingestion_bar() as progress:
                report = await project.ingest(
                    retry=retry, thorough=check_contents, progress=progress
                )
        except asyncio.CancelledError:
            say("What was read stays; the next `fourfold ingest` goes on from there.")
            raise
    if as_json:
        print_json(report.as_json())
    else:
        show_report(report)


def show_report(report: IngestReport) -> None:
    """Print what was done, and each failure with its cause."""
    show(
        f"{counted(report.documents, 'document')} indexed ({counted(report.chunks, 'chunk')}), "
        f"{counted(report.skipped, 'file')} unchanged, "
        f"{counted(report.removed, 'document')} removed "
        f"in {report.seconds:.1f} s."
    )
    for warning in report.warnings:
        say(f"warning: {warning}")
    if not report.failed:
        return
    show(f"\n{len(report.failed)} not in the index:")
    for failure in report.failed:
        show(f"  {failure.path}  {faint(failure.cause.replace('_', ' '))}\n    {failure.message}")
    say("\nMend them, or try again as they are: fourfold ingest --retry")
