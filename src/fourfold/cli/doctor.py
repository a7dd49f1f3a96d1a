"""`fourfold doctor`: what is installed, what is missing, how to get it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fourfold.cli.output import (
    command,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    show,
)


@click.command()
@project_option
@json_option
@command
async def doctor(*, folder: Path | None, as_json: bool) -> None:
    """Say what is installed, what is missing and how to get it.

    The exit code is 1 when something that is needed is missing.

    \b
    Example:
      fourfold doctor
    """
    from fourfold.core.settings import read_settings
    from fourfold.project.doctor import examine

    findings = await examine(folder, read_settings())
    if as_json:
        print_json({"findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            mark = "ok     " if finding.ok else "missing" if finding.needed else "-      "
            show(f"{mark}  {heading(finding.name)}: {finding.detail}")
            if finding.hint and not finding.ok:
                show(f"         {faint(finding.hint)}")
    if any(finding.needed and not finding.ok for finding in findings):
        sys.exit(1)
