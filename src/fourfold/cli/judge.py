"""`fourfold judge`: a language model marks texts by a rubric, and people check its marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.finite import FiniteRange
from fourfold.cli.output import (
    command,
    counted,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    show,
)
from fourfold.cli.progress import count_bar
from fourfold.cli.texts import accepted_of, lines

if TYPE_CHECKING:
    from fourfold.project.marking import Judged, ToJudge

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--model", required=True, help="Installed weights, a GGUF file, or one of `models`.")
@click.option("--hypotheses", type=_FILE, required=True, help="The texts to mark, one a line.")
@click.option(
    "--references",
    type=_FILE,
    required=True,
    multiple=True,
    help="The right texts, one a line; repeat it for several of each text.",
)
@click.option("--sources", type=_FILE, help="What the texts were made from, one a line.")
@click.option("--rubric", type=_FILE, help="What each mark from 1 to 5 stands for, in Markdown.")
@click.option("--human", type=_FILE, help="Marks of people, one a line, empty where there is none.")
@click.option("--budget", type=FiniteRange(min=0), help="Most that it may cost, US dollars.")
@click.option(
    "--parallel", type=click.IntRange(1, 512), default=8, show_default=True, help="Calls at once."
)
@click.option("--yes", is_flag=True, help="Do not ask before money is spent.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the intervals.")
@project_option
@json_option
@command
async def judge(
    *,
    model: str,
    hypotheses: Path,
    references: tuple[Path, ...],
    sources: Path | None,
    rubric: Path | None,
    human: Path | None,
    budget: float | None,
    parallel: int,
    yes: bool,
    seed: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Mark texts from 1 to 5 beside the right ones; what could not be scored is counted apart.

    What was marked before is not asked again. Small models judge badly: check a judge with --human.

    \b
    Examples:
      fourfold judge --model gpt-5-mini --hypotheses drafts.txt --references released.txt
      fourfold judge --model own --hypotheses a.txt --references b.txt --human marks.txt --json
    """
    from fourfold.project import open_project
    from fourfold.project.marking import ToJudge, judge_texts

    texts = ToJudge(
        model=model,
        hypotheses=lines(hypotheses),
        references=accepted_of([lines(file) for file in references]),
        sources=lines(sources) if sources else None,
        rubric=rubric,
        human=lines(human) if human else None,
        budget_usd=budget,
        parallel=parallel,
        seed=seed,
    )
    async with open_project(folder) as project:
        is_remote = model in {one.name for one in project.config.models}
        if is_remote and not yes and budget is None:
            _confirm(texts, as_json=as_json)
        with count_bar("Judging", len(texts.hypotheses)) as told:
            found = await judge_texts(project, texts, told)
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)


def _confirm(texts: ToJudge, *, as_json: bool) -> None:
    if as_json:
        raise click.UsageError("It may cost money: add --budget or --yes.")
    count = len(texts.hypotheses)
    click.confirm(f"Send {count} requests to `{texts.model}`?", abort=True, err=True)


def _show(found: Judged) -> None:
    result = found.as_json()
    for one in result["marks"]:
        if one["score"] is None:
            show(f"{one['text']:>5}  ?  {faint(one['error']['message'])}")
        else:
            show(f"{one['text']:>5}  {one['score']}  {faint(one['reason'])}")
    show("")
    if result["value"] is not None:
        show(heading(f"judge {_figure(result)}   {counted(result['count'], 'text')}"))
    show(f"{counted(result['judge_failed'], 'text')} could not be scored")
    show(faint(result["signature"]))
    if agreed := result.get("agreement"):
        show(heading(f"\nAgreement with people on {counted(agreed['count'], 'text')}"))
        for name, words in _WORDS:
            show(f"  {words:<32} {_figure(agreed[name])}")


_WORDS: Sequence[tuple[str, str]] = (
    ("equal", "the same mark"),
    ("kappa", "Cohen's kappa, quadratic"),
    ("rho", "the same order (Spearman's rho)"),
)


def _figure(one: dict[str, Any]) -> str:
    if one["value"] is None:
        return "undefined"
    if one["low"] is None:
        return f"{one['value']:.2f} (no interval)"
    return f"{one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
