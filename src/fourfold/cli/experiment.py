"""`fourfold experiment`: comparisons out to other tools, and theirs in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fourfold.cli.comparison import show_comparison
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

_FORMATS = ("inspect", "jsonl", "lm-eval", "parquet", "promptfoo")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def experiment() -> None:
    """Exchange comparisons with Inspect, lm-evaluation-harness, promptfoo, JSONL and Parquet."""


@experiment.command("export")
@click.argument("experiment_id", metavar="ID")
@click.option("--format", "form", required=True, help=f"One of {', '.join(_FORMATS)}.")
@click.option("--output", type=_FILE, required=True, help="The file to write.")
@click.option(
    "--dataset", type=_FILE, help="Its records; default: the file in datasets/ it was made with."
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@project_option
@json_option
@command
async def export(
    *,
    experiment_id: str,
    form: str,
    output: Path,
    dataset: Path | None,
    force: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Write a comparison for another tool: records, answers, requests, tokens, prices.

    Formats that hold one model a file (inspect, lm-eval) give several files, named after the model.
    promptfoo gives a config for a name that ends in .yaml, else results.

    \b
    Examples:
      fourfold compare --list
      fourfold experiment export golden --format inspect --output golden-log.json
      fourfold experiment export 3f2a --format promptfoo --output promptfooconfig.yaml
    """
    from fourfold.project import open_project
    from fourfold.project.exporting import export_experiment

    async with open_project(folder) as project:
        done = await export_experiment(
            project, experiment_id, form, output, dataset=dataset, force=force
        )
    if as_json:
        files = [str(file) for file in done.files]
        print_json(
            {
                "experiment": done.experiment,
                "format": done.format,
                "files": files,
                "rows": done.rows,
                "warnings": list(done.warnings),
            }
        )
        return
    for warning in done.warnings:
        say(warning)
    for file in done.files:
        show(f"Wrote `{file}`.")
    show(faint(f"{counted(done.rows, 'row')} of experiment {done.experiment}."))


@experiment.command("tests")
@click.argument("file", type=_FILE)
@click.option("--name", default="", help="Of the dataset; default: the file's.")
@project_option
@json_option
@command
async def tests(*, file: Path, name: str, folder: Path | None, as_json: bool) -> None:
    """Make a dataset of the tests of a promptfoo config, to compare models on.

    \b
    Examples:
      fourfold experiment tests promptfooconfig.yaml --name faq
      fourfold compare --models extractive,qwen2.5-coder-0.5b --dataset datasets/faq.jsonl
    """
    from fourfold.project import open_project
    from fourfold.project.imported_datasets import import_tests

    async with open_project(folder) as project:
        result = import_tests(project, file, name)
    if as_json:
        print_json(result)
        return
    _tell_records(result)


@experiment.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option("--format", "form", default="", help="By default it is found out from the file.")
@click.option("--name", default="", help="Of the experiment and its dataset; default: the file's.")
@click.option("--model", default="", help="The model of files that do not name it.")
@click.option("--metrics", metavar="A,B", help="The decisive one first; default: the project's.")
@project_option
@json_option
@command
async def import_(
    *,
    files: tuple[Path, ...],
    form: str,
    name: str,
    model: str,
    metrics: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Take in results of other tools, score them with our metrics, and compare the models.

    Several files (say, logs of several models on one task) become one comparison. Their records
    are written to datasets/NAME.jsonl, so that own models can be compared on them.

    \b
    Examples:
      fourfold experiment import logs/2026-11-20_faq_a.eval logs/2026-11-20_faq_b.eval --name faq
      fourfold experiment import out/samples_gsm8k_2026-11-20.jsonl --metrics em
      fourfold experiment import results.json --metrics hter,chrf
    """
    from fourfold.cli.progress import comparison_bar
    from fourfold.project import open_project
    from fourfold.project.importing import Import, import_experiment

    wanted = Import(
        files=files,
        format=form,
        name=name,
        model=model,
        metrics=tuple(one.strip() for one in (metrics or "").split(",") if one.strip()),
    )
    async with open_project(folder) as project:
        with comparison_bar() as (_, scoring):
            result = await import_experiment(project, wanted, scoring=scoring)
    if as_json:
        print_json(result)
        return
    show_comparison(result)
    _tell_records(result)


def _tell_records(result: dict[str, Any]) -> None:
    dataset = result["dataset"]
    show(faint(f"{counted(dataset['records'], 'record')} in `{dataset['file']}`."))
    for reason, count in result["imported"]["skipped"].items():
        say(f"Left out: {count} × {reason}.")
