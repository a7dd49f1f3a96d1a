"""`fourfold demo`: the shortest way to a cited answer."""

from __future__ import annotations

from pathlib import Path

import click

from fourfold.cli.output import command, json_option, print_json, say


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo"))
@json_option
@command
async def demo(*, folder: Path, as_json: bool) -> None:
    """Build the demo project, ask it five questions, show what is next.

    A folder that holds the demo already is used as it is.

    \b
    Example:
      fourfold demo
    """
    from fourfold.cli.ask import ask_one
    from fourfold.cli.asking import read_lines
    from fourfold.cli.ingest import show_report
    from fourfold.cli.progress import ingestion_bar
    from fourfold.core.errors import InvalidInput
    from fourfold.project import LOCAL, open_project
    from fourfold.project.config import FILE_NAME
    from fourfold.project.scaffold import create_demo

    if not (folder / FILE_NAME).exists():
        create_demo(folder)
        say(f"Made the demo project in `{folder}`.")
    async with open_project(folder) as project:
        with ingestion_bar() as progress:
            report = await project.ingest(progress=progress)
        if as_json:
            print_json(report.as_json())
        else:
            show_report(report)
            say("")
        for question in read_lines(folder / "questions.jsonl", "question"):
            if isinstance(question, InvalidInput):
                raise question
            await ask_one(project, question, LOCAL, {}, as_json=as_json)
        _say_next(folder, project.config.model)


def _say_next(folder: Path, model: str) -> None:
    typed = _typed()
    say("Next:")
    say(f'  {typed} ask --project {folder} "…"       your own question')
    say(f"  {typed} serve --project {folder}         the API, on http://127.0.0.1:8400")
    if model == "extractive":
        say("")
        say("These answers are the best sentences of the documents; no language model wrote them.")
        say("With a language model they become shorter, in German and English (491 MB; its source")
        say("has no named publisher, its bytes are checked: see `fourfold models list --weights`):")
        say(f"  {typed} models install qwen2.5-coder-0.5b --accept-anonymous")
        say(f'  {typed} ask --project {folder} --model qwen2.5-coder-0.5b "…"')


def _typed() -> str:
    """What to type: the name alone only when the shell would find this very command."""
    import shutil
    import sys

    here = Path(sys.argv[0])
    if here.name == "__main__.py":
        return f"{sys.executable} -m fourfold"
    found = shutil.which(here.name)
    return here.name if found and Path(found).samefile(here) else str(here)
