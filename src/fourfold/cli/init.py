"""`fourfold init`: a new project folder."""

from pathlib import Path
from shlex import quote

import click

from fourfold.cli.output import json_option, print_json, say, show


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--task", type=click.Choice(["answer"]), default="answer", show_default=True)
@click.option(
    "--model", default="extractive", show_default=True, help="What answers; see `models`."
)
@json_option
def init(*, folder: Path, task: str, model: str, as_json: bool) -> None:
    """Make a project folder.

    \b
    Example:
      fourfold init helpdesk
      fourfold init helpdesk --model qwen2.5-0.5b
    """
    from fourfold.project.scaffold import create_project

    create_project(folder, task=task, model=model)
    if as_json:
        print_json({"project": str(folder.resolve()), "task": task, "model": model})
        return
    show(f"Made the project `{folder}`.")
    say("")
    say(f"Next: put files into {folder / 'documents'}, then")
    say(f"  cd {quote(str(folder))}")
    say("  fourfold ingest")
    say('  fourfold ask "…"')
