"""`fourfold models shortlist`: which models of the catalogue fit, and why the others do not."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fourfold.cli.filters import known_family, known_languages, known_regions, parameters
from fourfold.cli.finite import FiniteRange
from fourfold.cli.model_facts import day_of, size
from fourfold.cli.output import faint, heading, json_option, print_json, project_option, say, show
from fourfold.prompts.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fourfold.catalogue import Catalogue
    from fourfold.catalogue.shortlist import Judged, Wishes

_SHOWN_RESULTS: Final = 3
_SHOWN_UNPUBLISHED: Final = 12


@click.command("shortlist")
@click.option("--task", type=click.Choice(list(TASKS)), help="Default: the project's.")
@click.option("--language", "languages", multiple=True, help="It must know this one, `de`.")
@click.option("--use", type=click.Choice(["research", "internal", "customer-facing"]))
@click.option("--budget", type=FiniteRange(min=0), help="US dollars for 1,000 tasks.")
@click.option("--tokens-in", type=click.IntRange(1), help="Of one task; default: as our own.")
@click.option("--tokens-out", type=click.IntRange(1))
@click.option("--max-parameters", help="Not larger than this, `8B`.")
@click.option("--context", "least_context", type=click.IntRange(1), help="Tokens that it reads.")
@click.option("--region", "regions", multiple=True, help="Data stay there: `eu`, `de`, `us`.")
@click.option("--kind", type=click.Choice(["open-weights", "proprietary"]))
@click.option("--family", help="Only this family, `llama`.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=15,
    show_default=True,
    help="How many of those that fit are shown; `--json` has all, unless it is given.",
)
@click.option("--all", "show_all", is_flag=True, help="Those that are out as well, with reasons.")
@project_option
@json_option
def shortlist_models(
    *,
    use: str | None,
    limit: int,
    show_all: bool,
    folder: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Show which models fit, the best by published results first, and why the others do not.

    \b
    Examples:
      fourfold models shortlist --task summarise --language de --budget 5
      fourfold models shortlist --task extract --kind open-weights --max-parameters 8B --all
    """
    from fourfold.catalogue.policy import Policy
    from fourfold.catalogue.shortlist import shortlist
    from fourfold.cli.catalogue import opened

    catalogue, policy, task = opened(folder)
    policy = policy or Policy()
    if use:
        policy = policy.model_copy(update={"use": use})
    wishes = _wishes(catalogue, usual_task=task, usual_regions=policy.regions, **asked)
    found = shortlist(catalogue, wishes, policy, today=datetime.date.today())
    kept = [one for one in found if one.is_in]
    if as_json:
        shown = found if show_all else kept[:limit] if _is_given("limit") else kept
        models = [one.as_json() for one in shown]
        print_json({"task": wishes.task, "in": len(kept), "models": models})
        return
    for one in kept[:limit]:
        _show_judged(one)
    if show_all:
        show(heading("\nOut"))
        for one in found[len(kept) :]:
            show(f"  {one.model.name:<34} {'; '.join(one.against)}")
    _say_unpublished([one.model.name for one in kept[limit:] if one.fit is None])
    _say_how_to_read(wishes, shown=min(limit, len(kept)), kept=len(kept), all_models=len(found))


def _say_unpublished(names: Sequence[str]) -> None:
    """Those below the end of the list of which nobody has published anything for the task."""
    if names:
        first = ", ".join(names[:_SHOWN_UNPUBLISHED])
        more = f" and {len(names) - _SHOWN_UNPUBLISHED} more" if names[_SHOWN_UNPUBLISHED:] else ""
        say(
            f"\nLast, since the catalogue has no published result of theirs for such a task, "
            f"though they may be the better ones: {first}{more}."
        )


def _wishes(
    catalogue: Catalogue,
    *,
    usual_task: str,
    usual_regions: Iterable[str],
    task: str | None,
    languages: tuple[str, ...],
    budget: float | None,
    tokens_in: int | None,
    tokens_out: int | None,
    max_parameters: str | None,
    least_context: int | None,
    regions: tuple[str, ...],
    kind: str | None,
    family: str | None,
) -> Wishes:
    """What was asked for, as the shortlist understands it; a usage error for unknown names."""
    from fourfold.catalogue.shortlist import TASK_TOKENS, Wishes

    usual = TASK_TOKENS[task or usual_task]
    return Wishes(
        task=task or usual_task,
        languages=known_languages(catalogue, languages),
        budget_usd=budget,
        input_tokens=tokens_in or usual[0],
        output_tokens=tokens_out or usual[1],
        most_parameters=parameters(max_parameters),
        least_context=least_context,
        regions=known_regions(catalogue, regions) or tuple(usual_regions),
        kind=kind or "",
        family=known_family(catalogue, family) or "",
    )


def _show_judged(one: Judged) -> None:
    show(f"{heading(one.model.name)}  {_fit(one)} · {_cost(one)} · {size(one.model)}")
    counted = one.fit.counted if one.fit else ()
    results = ", ".join(f"{r.benchmark.id} {r.value:g}" for r in counted[:_SHOWN_RESULTS])
    terms = f"{one.verdict.licence}: {one.verdict.level}"
    show(faint(f"  {results}{' · ' if results else ''}{terms}"))
    if one.unknown:
        show(faint(f"  not known: {'; '.join(one.unknown)}"))


def _fit(one: Judged) -> str:
    if one.fit is None:
        return "no published result"
    few = ", few" if one.fit.rests_on_few else ""
    return f"fit {one.fit.value:.0%} ({len(one.fit.counted)} of {one.fit.possible} tests{few})"


def _cost(one: Judged) -> str:
    if one.cost_per_1000 is not None and one.offer is not None:
        at = f"{one.offer.host.id}, {day_of(one.offer)}"
        return f"{one.cost_per_1000:.2f} $ for 1,000 at {at}"
    return "own hardware" if one.model.is_open else "price unknown"


def _is_given(option: str) -> bool:
    """True where the option was written, and is not at its default."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


def _say_how_to_read(wishes: Wishes, *, shown: int, kept: int, all_models: int) -> None:
    cut = f"; {shown} of {kept} shown, more with --limit {kept}" if shown < kept else ""
    say(f"\n{kept} of {all_models} models fit{cut}.")
    say(
        f"A price is for {wishes.input_tokens:,} tokens in and {wishes.output_tokens:,} out, and of"
    )
    say("the day beside it: when it was read; `since`, when it came into force; or `data to`, the")
    say("newest day in the data that hold it without its own.")
