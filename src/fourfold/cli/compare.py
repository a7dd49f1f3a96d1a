"""`fourfold compare`: models and prompts on the project's own task, with tests and a choice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.output import (
    command,
    counted,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    say,
    show,
)
from fourfold.cli.safety import show_safety

if TYPE_CHECKING:
    from fourfold.evaluation.estimate import Estimate
    from fourfold.evaluation.store import Experiment

_WIDE = 200  # columns of the table, which a narrow terminal wraps
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--models", metavar="A,B", help="Names, with commas between; `extractive` too.")
@click.option("--prompts", metavar="A,B", help="Templates; each model is tried with each.")
@click.option("--dataset", type=_FILE, help="Golden set; default: datasets/golden.jsonl.")
@click.option("--metrics", metavar="A,B", help="The decisive one first; default: the project's.")
@click.option("--budget", type=click.FloatRange(min=0), help="Most that it may cost, US dollars.")
@click.option(
    "--parallel", type=click.IntRange(1, 512), default=8, show_default=True, help="Calls at once."
)
@click.option(
    "--relevant",
    type=click.FloatRange(0, 1),
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
@click.option("--per-hour", type=click.FloatRange(min=0), help="What an hour of correcting costs.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--judge", metavar="MODEL", help="A model that marks every output, 1 to 5.")
@click.option("--rubric", type=_FILE, help="What the judge is told; default: the one that ships.")
@click.option("--safety", is_flag=True, help="Test safety too: refusals, and hidden orders.")
@click.option("--again", is_flag=True, help="Ask anew what was answered before.")
@click.option("--yes", is_flag=True, help="Do not ask before money is spent.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--list", "list_them", is_flag=True, help="Show the comparisons of this project.")
@click.option("--show", "shown", metavar="ID", help="Show one that was made.")
@project_option
@json_option
@command
async def compare(
    *,
    models: str | None,
    prompts: str | None,
    dataset: Path | None,
    metrics: str | None,
    budget: float | None,
    parallel: int,
    relevant: float,
    down_the_ladder: bool,
    timed: Path | None,
    per_hour: float | None,
    currency: str,
    judge: str | None,
    rubric: Path | None,
    safety: bool,
    again: bool,
    yes: bool,
    seed: int,
    list_them: bool,
    shown: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Compare models on the task of the project: quality with intervals, cost, speed, a choice.

    A run that was stopped goes on where it was; what was answered is not asked again.

    \b
    Examples:
      fourfold compare --models extractive,smollm2-135m,qwen2.5-coder-0.5b
      fourfold compare --models gpt-5-mini,qwen2.5-coder-0.5b --budget 5
      fourfold compare --models qwen2.5-coder-1.5b,qwen2.5-coder-0.5b,smollm2-135m --ladder
      fourfold compare --list
    """
    from fourfold.cli.progress import comparison_bar
    from fourfold.project import open_project
    from fourfold.project.comparing import Wanted, Watch, compare_models

    async with open_project(folder) as project:
        if list_them or shown:
            await _look(project.database, shown, as_json=as_json)
            return
        wanted = Wanted(
            models=_names(models) or (project.config.model,),
            prompts=tuple(Path(name) for name in _names(prompts)),
            dataset=dataset or project.folder / "datasets" / "golden.jsonl",
            metrics=_names(metrics),
            budget_usd=budget,
            parallel=parallel,
            relevant=relevant,
            seed=seed,
            down_the_ladder=down_the_ladder,
            timed=timed or _present(project.folder / "datasets" / "timed.jsonl"),
            per_hour=per_hour,
            currency=currency,
            judge=judge,
            rubric=rubric,
            safety=safety,
            again=again,
        )
        with comparison_bar() as (progress, scoring):

            async def agree(estimates: Sequence[Estimate]) -> bool:
                return _agrees(estimates, budget, yes=yes, as_json=as_json)

            watch = Watch(progress=progress, scoring=scoring, agree=agree)
            result = await compare_models(project, wanted, watch)
    if as_json:
        print_json(result)
    else:
        show_comparison(result)


def show_comparison(result: dict[str, Any]) -> None:
    """Print a comparison for people."""
    from rich.console import Console
    from rich.table import Table

    metrics = result["metrics"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("model", *metrics, "$ for 1,000", "s p50", "s p95", "failed"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for one in result["models"]:
        cost = one["cost_per_1000"]
        table.add_row(
            one["model"],
            *(_score(one["scores"][name]) for name in metrics),
            "unknown" if cost is None else _dollars(cost),
            _seconds(one["seconds_p50"]),
            _seconds(one["seconds_p95"]),
            str(sum(one["failed"].values()) or ""),
        )
    Console(highlight=False, width=_WIDE).print(table)
    show(faint(f"{counted(result['compared'], 'record')} that all answered; intervals of 95 %."))
    show("")
    for one in result.get("left_out", []):
        show(f"{one['model']} answered nothing and is left out: {one['message']}\n")
    _show_tests(result)
    _show_slices(result)
    _show_judge(result)
    if "safety" in result:
        show_safety(result["safety"])
    for failure in result["failures"][:10]:
        say(f"{failure['model']}, record {failure['record']}: {failure['message']}")
    if "ladder" in result:
        show(heading(f"The smallest that holds: {result['ladder']['smallest']}"))
    _show_choice(result["recommendation"], alone=len(result["models"]) == 1)
    report = "" if "imported" in result else " As a report: fourfold report"
    show(faint(f"\nExperiment {result['experiment']}.{report}"))


def _show_choice(choice: dict[str, Any], *, alone: bool) -> None:
    if choice["model"] is None:
        show(heading("Take none of these"))
    else:
        take = "Only {} was measured" if alone else "Take {}"
        show(heading(take.format(choice["model"])))
    show(choice["because"])
    for one in choice.get("excluded", []):
        show(f"  {one['model']} is out: {_texts(one['reasons'])}")
    if choice.get("conditions"):
        until = f" Until then: {choice['otherwise']}." if choice["otherwise"] else ""
        show(f"  Only when somebody agrees: {_texts(choice['conditions'])}{until}")
    told = [one["text"] for one in choice.get("warnings", [])]
    for sentence in dict.fromkeys([*told, *choice["would_change"]]):
        show(f"  {sentence}")


def _texts(reasons: list[dict[str, Any]]) -> str:
    return " ".join(one["text"] for one in reasons)


def _show_tests(result: dict[str, Any]) -> None:
    from fourfold.evaluation.measured import is_significant

    decisive = result["metrics"][0]
    tests = [test for test in result["tests"] if test["metric"] == decisive]
    if not tests:
        return
    show(heading(f"Differences in {decisive}"))
    for test in tests:
        verdict = "differ" if is_significant(test["p"]) else "no difference shown"
        detectable = test["detectable"]
        sees = "" if detectable is None else f", the set shows {detectable:.2g} and more"
        show(
            f"  {test['a']} - {test['b']}: {_digits(test['difference'])} "
            f"({_ends(test)}), p = {test['p']:.2g}: {verdict}{sees}"
        )
    show("")


def _show_slices(result: dict[str, Any]) -> None:
    if not result["slices"]:
        return
    show(heading(f"{result['metrics'][0]} by slice"))
    for part in result["slices"]:
        scores = ", ".join(
            f"{name} {_digits(one['value'])}" for name, one in part["scores"].items()
        )
        small = faint("  (few: only a hint)") if part["too_small"] else ""
        show(f"  {part['slice']} ({part['count']}): {scores}{small}")
    show("")


def _show_judge(result: dict[str, Any]) -> None:
    for warning in result.get("judge", {}).get("warnings", []):
        say(warning)
    failed = {one["model"]: one["judge_failed"] for one in result["models"] if "judge" in result}
    for model, count in failed.items():
        if count:
            say(f"{model}: the judge could not score {counted(count, 'output')}.")


def _score(score: dict[str, float | None]) -> str:
    return f"{_digits(score['value'])} [{_ends(score)}]"


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def _ends(score: dict[str, Any]) -> str:
    return f"{_digits(score['low'])} to {_digits(score['high'])}"


def _digits(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.1f}" if abs(value) >= 2 else f"{value:.3f}"


def _dollars(value: float) -> str:
    return f"{value:.2f}" if value == 0 or value >= 0.1 else f"{value:.2g}"


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
            likely, most = _dollars(one.likely_usd), _dollars(one.most_usd or 0.0)
            say(f"{one.system}: about {likely} $, at most {most} $.")
    if budget is not None:
        say(f"It stops before {budget:.2f} $.")
    if as_json and not yes and budget is None:
        raise click.UsageError("It costs money, and --json asks nobody: add --budget or --yes.")
    return yes or as_json or click.confirm("Go on?", err=True)


async def _look(database: Any, shown: str | None, *, as_json: bool) -> None:
    from fourfold.evaluation.store import Experiments

    experiments = Experiments(database)
    if shown:
        found = await experiments.named(shown)
        if found.result is None:
            say("It has not ended; the same command goes on with it.")
        elif as_json:
            print_json(found.result)
        else:
            show_comparison(dict(found.result))
        return
    listed = await experiments.listed()
    if as_json:
        print_json({"experiments": [_listed_json(one) for one in listed]})
        return
    for one in listed:
        state = "ended" if one.ended_at else "not ended"
        names = ", ".join(system["name"] for system in one.spec["systems"])
        show(f"{one.id}  {one.started_at:%Y-%m-%d %H:%M}  {one.name}: {names} ({state})")


def _listed_json(one: Experiment) -> dict[str, Any]:
    return {
        "experiment": one.id,
        "name": one.name,
        "started_at": one.started_at.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "models": [system["name"] for system in one.spec["systems"]],
    }


def _present(file: Path) -> Path | None:
    return file if file.is_file() else None


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
