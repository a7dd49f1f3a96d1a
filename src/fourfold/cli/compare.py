"""`fourfold compare`: models and prompts on the project's own task, with tests and a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.comparison import dollars, possibly_paid, show_comparison
from fourfold.cli.finite import FiniteRange
from fourfold.cli.made_before import list_made, show_made
from fourfold.cli.output import (
    command,
    counted,
    json_option,
    print_json,
    project_option,
    say,
)
from fourfold.cli.side_by_side import Page, write_page
from fourfold.cli.stopping import at_prompt, stoppable

if TYPE_CHECKING:
    from fourfold.evaluation.estimate import Estimate
    from fourfold.evaluation.records import RunProgress, Spent
    from fourfold.project import Project
    from fourfold.project.asking import Watch
    from fourfold.project.comparing import Wanted

_FILE = click.Path(path_type=Path, dir_okay=False)
_KEPT = "What was answered is kept; the same command goes on with it."


@click.command()
@click.option("--models", metavar="A,B", help="Names, with commas between; `extractive` too.")
@click.option("--prompts", metavar="A,B", help="Templates; each model is tried with each.")
@click.option("--dataset", type=_FILE, help="Golden set; default: datasets/golden.jsonl.")
@click.option("--metrics", metavar="A,B", help="The decisive one first; default: the project's.")
@click.option("--budget", type=FiniteRange(min=0), help="Most that it may cost in all, US dollars.")
@click.option(
    "--parallel", type=click.IntRange(1, 512), default=8, show_default=True, help="Calls at once."
)
@click.option(
    "--relevant",
    type=FiniteRange(0, 1),
    default=0.02,
    show_default=True,
    help="Smallest difference that matters, as a share of the metric's scale.",
)
@click.option(
    "--ladder",
    "down_the_ladder",
    is_flag=True,
    help="The models are sizes of a family, the largest first: find the smallest that holds.",
)
@click.option(
    "--timed",
    type=_FILE,
    help="Timed corrections, as `score` takes them: adds minutes; default: datasets/timed.jsonl.",
)
@click.option("--per-hour", type=FiniteRange(min=0), help="What an hour of correcting costs.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--judge", metavar="MODEL", help="A model that marks every output, 1 to 5.")
@click.option("--rubric", type=_FILE, help="What the judge is told; default: the one that ships.")
@click.option("--safety", is_flag=True, help="Test safety too: refusals, and hidden orders.")
@click.option("--leave-out", is_flag=True, help="Leave out whom the budget cannot pay, and go on.")
@click.option("--again", is_flag=True, help="Make it once more, asking anew; this, too, goes on.")
@click.option("--yes", is_flag=True, help="Do not ask before money is spent.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--list", "list_them", is_flag=True, help="Show the comparisons of this project.")
@click.option("--show", "shown", metavar="ID", help="Show one that was made.")
@click.option(
    "--outputs", type=_FILE, help="With --show: write its outputs side by side, as an HTML page."
)
@click.option(
    "--language",
    type=click.Choice(["de", "en"]),
    default="en",
    show_default=True,
    help="Of that page.",
)
@click.option("--force", is_flag=True, help="Let that page overwrite a file that is none.")
@project_option
@json_option
@command
async def compare(
    *,
    list_them: bool,
    shown: str | None,
    outputs: Path | None,
    language: str,
    force: bool,
    folder: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Compare models on the task of the project: quality with intervals, cost, speed, a choice.

    A run that was stopped goes on where it was; what was answered is not asked again. `--budget`
    holds for all runs of the same comparison together.

    \b
    Examples:
      fourfold compare --models extractive,smollm2-135m,qwen2.5-coder-0.5b
      fourfold compare --models gpt-5-mini,qwen2.5-coder-0.5b --budget 5
      fourfold compare --models qwen2.5-coder-1.5b,qwen2.5-coder-0.5b,smollm2-135m --ladder
      fourfold compare --list
      fourfold compare --show 895945a33fc0 --outputs outputs.html
    """
    from fourfold.cli.progress import comparison_bar
    from fourfold.project import open_project
    from fourfold.project.comparing import compare_models

    if outputs and not shown:
        raise click.UsageError(
            "--outputs needs --show ID; `fourfold compare --list` shows the ids."
        )
    async with open_project(folder) as project:
        if shown and outputs:
            page = Page(outputs, language, given["dataset"], force)
            await write_page(project, shown, page, as_json=as_json)
            return
        if shown:
            await show_made(project.database, shown, as_json=as_json)
            return
        if list_them:
            await list_made(project.database, as_json=as_json)
            return
        with comparison_bar() as (progress, scoring):
            watch = _watch(progress, scoring, given, as_json=as_json)
            async with stoppable(_KEPT):
                result = await compare_models(project, _wanted(project, **given), watch)
    if as_json:
        print_json(result)
    else:
        show_comparison(result)


def _wanted(
    project: Project,
    *,
    models: str | None,
    prompts: str | None,
    dataset: Path | None,
    metrics: str | None,
    budget: float | None,
    timed: Path | None,
    yes: bool,
    **more: Any,
) -> Wanted:
    """What the options say; those that have the names of its fields go on as they are."""
    from fourfold.project.comparing import Wanted

    datasets = project.folder / "datasets"
    return Wanted(
        models=_names(models) or (project.config.model,),
        prompts=tuple(Path(name) for name in _names(prompts)),
        dataset=dataset or datasets / "golden.jsonl",
        metrics=_names(metrics),
        budget_usd=budget,
        timed=timed or _present(datasets / "timed.jsonl"),
        **more,
    )


def _watch(
    progress: Callable[[RunProgress], None],
    scoring: Callable[[str], None],
    given: dict[str, Any],
    *,
    as_json: bool,
) -> Watch:
    """Who is told, and who is asked: nobody, where programs read."""
    from fourfold.project.asking import Watch

    async def agree(estimates: Sequence[Estimate]) -> bool:
        return _agrees(estimates, given["budget"], yes=given["yes"], as_json=as_json)

    async def leave_out(unpayable: Sequence[Estimate]) -> bool:
        return not (given["yes"] or as_json) and _leaves_out(unpayable)

    return Watch(
        progress=progress,
        scoring=scoring,
        warn=say,
        agree=agree,
        before=_say_before,
        leave_out=leave_out,
    )


def _say_before(spent: Spent) -> None:
    """What earlier runs of this comparison cost."""
    if spent.usd:
        say(f"Spent before: {dollars(spent.usd)} $.")
    if spent.unanswered_usd:
        say(possibly_paid(spent.unanswered, spent.unanswered_usd))
    elif spent.unanswered:
        requests = counted(spent.unanswered, "request")
        say(f"In flight when a run was killed: {requests}, at a price that nobody knows.")


def _leaves_out(unpayable: Sequence[Estimate]) -> bool:
    for one in unpayable:
        price = "nobody knows" if one.likely_usd is None else f"about {dollars(one.likely_usd)} $"
        say(f"{one.system} does not fit into the budget: {price}.")
    with at_prompt():
        return click.confirm("Leave out what does not fit, and compare the others?", err=True)


def _agrees(
    estimates: Sequence[Estimate], budget: float | None, *, yes: bool, as_json: bool
) -> bool:
    """Say what it will cost, and ask; what costs nothing is not asked about."""
    if not any(one.most_usd is None or one.most_usd > 0 for one in estimates):
        return True
    for one in estimates:
        if one.likely_usd is None:
            say(f"{one.system}: nobody knows the price.")
        else:
            likely, most = dollars(one.likely_usd), dollars(one.most_usd or 0.0)
            say(f"{one.system}: about {likely} $, at most {most} $.")
    if budget is not None:
        say(f"It stops before {budget:.2f} $.")
    if as_json and not yes and budget is None:
        raise click.UsageError("It costs money, and --json asks nobody: add --budget or --yes.")
    if yes or as_json:
        return True
    with at_prompt():
        return click.confirm("Go on?", err=True)


def _present(file: Path) -> Path | None:
    return file if file.is_file() else None


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
