"""`fourfold init`: a new project folder."""

from pathlib import Path
from shlex import quote

import click

from fourfold.cli.output import json_option, print_json, say, show
from fourfold.prompts.tasks import ANSWER, TASKS


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--task", type=click.Choice(list(TASKS)), default=ANSWER, show_default=True)
@click.option(
    "--model", default="extractive", show_default=True, help="What answers; see `models`."
)
@json_option
def init(*, folder: Path, task: str, model: str, as_json: bool) -> None:
    """Make a project folder, with prompts, examples and a golden set for its task.

    \b
    Examples:
      fourfold init helpdesk
      fourfold init minutes --task summarise --model qwen2.5-coder-0.5b
    """
    from fourfold.project.scaffold import create_project

    model, warnings = create_project(folder, task=task, model=model)
    if as_json:
        made = {"project": str(folder.resolve()), "task": task, "model": model}
        print_json({**made, "warnings": warnings})
        return
    for warning in warnings:
        say(warning)
    show(f"Made the project `{folder}`: {TASKS[task].summary}")
    say("")
    if TASKS[task].reads_passages:
        say(f"Next: put files into {folder / 'documents'}, then")
    else:
        say("Next:")
    say(f"  cd {quote(str(folder))}")
    if TASKS[task].reads_passages:
        say("  fourfold ingest")
    say('  fourfold ask "…"')
    if task != ANSWER:
        say("or, for a text of yours in a file: fourfold ask --file FILE")
    say("Which model does it well enough: fourfold compare --models extractive,smollm2-135m")
    say(f"What the task needs, and how to judge it: {folder / 'README.md'}")
