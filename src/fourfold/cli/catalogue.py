"""`fourfold models list|show|shortlist`: the catalogue of foundation models."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.output import (
    counted,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    say,
    show,
)
from fourfold.prompts.tasks import TASKS

if TYPE_CHECKING:
    from fourfold.catalogue import Catalogue, CatalogueModel
    from fourfold.catalogue.policy import Policy, Verdict
    from fourfold.catalogue.shortlist import Judged

_WIDE = 160  # columns of a table, which a narrow terminal wraps
_SHOWN_RESULTS = 3


@click.command("list")
@click.option("--family", help="Only this family, `llama`.")
@click.option("--provider", help="Only this provider, `Meta`.")
@click.option("--open", "only_open", is_flag=True, help="Only open weights.")
@click.option("--weights", "only_weights", is_flag=True, help="Only what can be installed here.")
@project_option
@json_option
def list_models(
    *,
    family: str | None,
    provider: str | None,
    only_open: bool,
    only_weights: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show the catalogue of foundation models, or the weights that can be installed.

    \b
    Examples:
      fourfold models list --family llama
      fourfold models list --weights
    """
    from fourfold.cli.models import show_weights

    if only_weights:
        show_weights(as_json=as_json)
        return
    catalogue, _ = _opened(folder)
    models = [
        one
        for one in catalogue.models.values()
        if family in {None, one.family}
        and (provider is None or one.provider.casefold() == provider.casefold())
        and (one.is_open or not only_open)
    ]
    if as_json:
        print_json({"models": [_brief(one) for one in models]})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("model", "provider", "licence", "parameters", "context", "languages", "$ in/out"):
        table.add_column(name, no_wrap=True)
    for one in models:
        table.add_row(
            one.name,
            one.provider,
            one.get("licence") or "unknown",
            _size(one),
            _number(one.get("context_tokens")),
            _languages(one),
            _price(one),
        )
    Console(highlight=False, width=_WIDE).print(table)
    show(faint(f"{counted(len(models), 'model')}; dates and sources: fourfold models show NAME"))


@click.command("show")
@click.argument("name")
@project_option
@json_option
def show_model(*, name: str, folder: Path | None, as_json: bool) -> None:
    """Show everything that is known of a model, each fact with its source.

    \b
    Example:
      fourfold models show llama-3.3-70b-instruct
    """
    from fourfold.catalogue.policy import Policy, judge
    from fourfold.catalogue.prices import current

    catalogue, policy = _opened(folder)
    model = catalogue.model(name)
    verdict = judge(model, catalogue, policy or Policy(), today=datetime.date.today())
    if as_json:
        print_json(_whole(model, verdict))
        return
    show(heading(f"{model.title}") + f"  {model.name} · {model.provider}")
    for fact, values in model.facts.items():
        for place, one in enumerate(values):
            label = fact.replace("_", " ") if not place else ""
            show(f"  {label:<18} {_said(one.value):<44} {faint(_origin(one.source))}")
    unknown = [one for one in _EXPECTED if one not in model.facts]
    if unknown:
        show(f"  {'unknown':<18} {', '.join(unknown).replace('_', ' ')}")
    for offer in map(current, model.offers):
        cached = f", cached {offer.cached:g}" if offer.cached is not None else ""
        price = f"{offer.input:g} in, {offer.output:g} out{cached} $/M" if offer.is_priced else "?"
        show(f"  {offer.host.id:<18} {offer.id:<44} {price}  {faint(_origin(offer.source))}")
    for result in model.results:
        setting = f" ({result.setting})" if result.setting else ""
        text = f"{result.value:g}{setting}"
        show(f"  {result.benchmark.id:<18} {text:<44} {faint(_origin(result.source))}")
    show("")
    _show_verdict(verdict)


@click.command("shortlist")
@click.option("--task", type=click.Choice(list(TASKS)), help="Default: the project's.")
@click.option("--language", "languages", multiple=True, help="It must know this one, `de`.")
@click.option("--use", type=click.Choice(["research", "internal", "customer-facing"]))
@click.option("--budget", type=click.FloatRange(min=0), help="US dollars for 1,000 tasks.")
@click.option("--tokens-in", type=click.IntRange(1), help="Of one task; default: as our own.")
@click.option("--tokens-out", type=click.IntRange(1))
@click.option("--max-parameters", help="Not larger than this, `8B`.")
@click.option("--context", "least_context", type=click.IntRange(1), help="Tokens that it reads.")
@click.option("--region", "regions", multiple=True, help="Data stay there: `eu`, `de`, `us`.")
@click.option("--kind", type=click.Choice(["open-weights", "proprietary"]))
@click.option("--limit", type=click.IntRange(1), default=15, show_default=True)
@click.option("--all", "show_all", is_flag=True, help="Those that are out as well, with reasons.")
@project_option
@json_option
def shortlist_models(
    *,
    task: str | None,
    languages: tuple[str, ...],
    use: str | None,
    budget: float | None,
    tokens_in: int | None,
    tokens_out: int | None,
    max_parameters: str | None,
    least_context: int | None,
    regions: tuple[str, ...],
    kind: str | None,
    limit: int,
    show_all: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show which models fit, the best by published results first, and why the others do not.

    \b
    Examples:
      fourfold models shortlist --task summarise --language de --budget 5
      fourfold models shortlist --task extract --kind open-weights --max-parameters 8B --all
    """
    from fourfold.catalogue.policy import Policy
    from fourfold.catalogue.shortlist import TASK_TOKENS, Wishes, shortlist

    catalogue, policy = _opened(folder)
    policy = policy or Policy()
    if use:
        policy = policy.model_copy(update={"use": use})
    spoken = {language for one in catalogue.models.values() for language in one.languages or ()}
    _must_know("language", languages, spoken)
    _must_know("region", regions, {r for host in catalogue.hosts.values() for r in host.regions})
    task = task or _project_task(folder)
    usual = TASK_TOKENS[task]
    wishes = Wishes(
        task=task,
        languages=languages,
        budget_usd=budget,
        input_tokens=tokens_in or usual[0],
        output_tokens=tokens_out or usual[1],
        most_parameters=_parameters(max_parameters),
        least_context=least_context,
        regions=regions or tuple(policy.regions),
        kind=kind or "",
    )
    found = shortlist(catalogue, wishes, policy, today=datetime.date.today())
    kept = [one for one in found if one.is_in]
    if as_json:
        shown = found if show_all else kept[:limit]
        print_json({"task": task, "in": len(kept), "models": [one.as_json() for one in shown]})
        return
    for one in kept[:limit]:
        _show_judged(one)
    if show_all:
        show(heading("\nOut"))
        for one in found[len(kept) :]:
            show(f"  {one.model.name:<34} {'; '.join(one.against)}")
    say(f"\n{len(kept)} of {len(found)} models fit; a price is for {wishes.input_tokens} tokens in")
    say(f"and {wishes.output_tokens} out, at the list price of the day that `models show` names.")


_EXPECTED = (
    "kind",
    "licence",
    "parameters",
    "context_tokens",
    "languages",
    "released",
    "retired",
)


def _show_judged(one: Judged) -> None:
    cost = "price unknown"
    if one.cost_per_1000 is not None and one.offer is not None:
        cost = f"{one.cost_per_1000:.2f} $ for 1,000 at {one.offer.host.id}"
    elif one.model.is_open:
        cost = "own hardware"
    fit = "no published result" if one.fit is None else f"fit {one.fit:.0%}"
    show(f"{heading(one.model.name)}  {fit} · {cost} · {_size(one.model)}")
    results = ", ".join(f"{r.benchmark.id} {r.value:g}" for r in one.counted[:_SHOWN_RESULTS])
    terms = f"{one.verdict.licence}: {one.verdict.level}"
    show(faint(f"  {results}{' · ' if results else ''}{terms}"))
    if one.unknown:
        show(faint(f"  not known: {'; '.join(one.unknown)}"))


def _show_verdict(verdict: Verdict) -> None:
    show(heading(f"Licence {verdict.licence}: {verdict.level}"))
    for one in verdict.findings:
        show(f"  {one.level:<10} {one.text}")
    if verdict.approved_by:
        show(f"  approved by {verdict.approved_by}")
    if verdict.source:
        show(faint(f"  {verdict.source}"))


def _must_know(kind: str, names: tuple[str, ...], known: set[str]) -> None:
    from fourfold.core.errors import suggestion

    for name in names:
        if name not in known:
            raise click.UsageError(f"No {kind} `{name}` is known. {suggestion(name, known)}")


def _opened(folder: Path | None) -> tuple[Catalogue, Policy | None]:
    """The catalogue, with what the project adds where we stand in one."""
    from fourfold.catalogue import read_catalogue
    from fourfold.catalogue.policy import check_names, read_policy

    project = _project(folder)
    catalogue, policy = read_catalogue(project), read_policy(project) if project else None
    if policy:
        check_names(policy, catalogue)
    return catalogue, policy


def _project(folder: Path | None) -> Path | None:
    from fourfold.core.errors import InvalidProject
    from fourfold.project.project import find_project

    try:
        return find_project(folder)
    except InvalidProject:
        if folder is not None:
            raise
        return None


def _project_task(folder: Path | None) -> str:
    from fourfold.project.config_file import load_config

    project = _project(folder)
    return load_config(project).task if project else "answer"


def _parameters(text: str | None) -> int | None:
    """`8B` and `500M` as numbers."""
    if text is None:
        return None
    factor = {"B": 1e9, "M": 1e6}.get(text[-1:].upper(), 1)
    digits = text[:-1] if text[-1:].upper() in {"B", "M"} else text
    try:
        return int(float(digits) * factor)
    except ValueError as error:
        raise click.UsageError(f"`{text}` is no size; write `8B` or `500M`.") from error


def _brief(one: CatalogueModel) -> dict[str, Any]:
    return {
        "model": one.name,
        "title": one.title,
        "family": one.family,
        "provider": one.provider,
        "kind": one.get("kind") or "unknown",
        "licence": one.get("licence") or "unknown",
        "parameters": one.get("parameters"),
        "context_tokens": one.get("context_tokens"),
        "languages": list(one.languages) if one.languages else None,
        "released": one.get("released"),
        "weights": one.weights or None,
    }


def _whole(one: CatalogueModel, verdict: Verdict) -> dict[str, Any]:
    from fourfold.catalogue.prices import current

    return {
        **_brief(one),
        "facts": {name: [each.as_json() for each in known] for name, known in one.facts.items()},
        "disputed": sorted(one.disputed),
        "offers": [
            {
                "host": offer.host.id,
                "id": offer.id,
                "input": offer.input,
                "output": offer.output,
                "cached": offer.cached,
                "currency": "USD",
                "source": offer.source.as_json(),
            }
            for offer in map(current, one.offers)
        ],
        "results": [
            {
                "benchmark": result.benchmark.id,
                "value": result.value,
                "low": result.low,
                "high": result.high,
                "setting": result.setting,
                "source": result.source.as_json(),
            }
            for result in one.results
        ],
        "verdict": verdict.as_json(),
    }


def _size(one: CatalogueModel) -> str:
    parameters, active = one.get("parameters"), one.get("active_parameters")
    if not parameters:
        return "size unknown"
    return f"{_billions(parameters)}{f' ({_billions(active)} active)' if active else ''}"


def _billions(count: int) -> str:
    if count < 1e9:
        return f"{count / 1e6:.0f}M"
    return f"{count / 1e9:,.0f}B" if count >= 1e11 else f"{count / 1e9:.3g}B"


def _number(value: int | None) -> str:
    return f"{value:,}" if value else "unknown"


def _languages(one: CatalogueModel) -> str:
    if one.languages is None:
        return "multilingual" if one.get("multilingual") else "unknown"
    return " ".join(one.languages[:6]) + (" …" if len(one.languages) > 6 else "")


def _price(one: CatalogueModel) -> str:
    from fourfold.catalogue.prices import current

    offer = next((offer for offer in map(current, one.offers) if offer.is_priced), None)
    return f"{offer.input:g}/{offer.output:g}" if offer else ""


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _origin(source: Any) -> str:
    return f"{source.title} ({source.published or source.read})"
