"""`fourfold backup`, `restore` and `erase`: the life of data."""

from __future__ import annotations

from pathlib import Path

import click

from fourfold.cli.output import command, json_option, print_json, project_option, show


@click.command()
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path),
    help="File to write; default: .fourfold/backups/.",
)
@project_option
@json_option
@command
async def backup(*, file: Path | None, folder: Path | None, as_json: bool) -> None:
    """Write everything in the database into one file.

    \b
    Examples:
      fourfold backup
      fourfold backup --to /media/stick/helpdesk.dump
    """
    from fourfold.project import backup_project

    written = await backup_project(folder, file)
    if as_json:
        print_json({"file": str(written), "bytes": written.stat().st_size})
    else:
        show(f"Wrote {written} ({written.stat().st_size / 1e6:.1f} MB).")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace what is in the database now.")
@project_option
@json_option
@command
async def restore(*, file: Path, force: bool, folder: Path | None, as_json: bool) -> None:
    """Bring back a backup; a database that is not empty is only replaced with --force.

    \b
    Example:
      fourfold restore .fourfold/backups/2026-11-22.dump
    """
    from fourfold.project import restore_project

    await restore_project(folder, file, force=force)
    if as_json:
        print_json({"restored": str(file)})
    else:
        show(f"The database is as it was in {file}.")


@click.command()
@click.option("--document", required=True, help="Path as `search` shows it.")
@project_option
@json_option
@command
async def erase(*, document: str, folder: Path | None, as_json: bool) -> None:
    """Remove a document from the index, and its words from the traces.

    The file itself stays; delete it too, or the next ingestion brings it back.

    \b
    Example:
      fourfold erase --document personal/gehaltsbaender-2026.xlsx
    """
    from fourfold.project import open_project

    async with open_project(folder) as project:
        removed = await project.erase(document)
    if as_json:
        print_json({"erased": document, "documents": removed})
    else:
        show(f"Removed {removed} document{'s' if removed != 1 else ''}. Delete the file too, or")
        show("the next ingestion brings it back.")
