"""How a model of the catalogue is shown: a row of a list, a page of its facts, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fourfold.cli.output import faint, heading, show, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fourfold.catalogue import CatalogueModel, Source
    from fourfold.catalogue.records import Offer
    from fourfold.catalogue.verdicts import Verdict

_WIDTH: Final = 500  # a table is cut nowhere; a row is as wide as its cells
_NARROW: Final = ("model", "kind", "size", "licence", "context", "$ in/out")  # in 100 columns
_WIDE: Final = (*_NARROW, "price of", "provider", "languages")
_EXPECTED: Final = (
    "kind", "licence", "parameters", "context_tokens", "languages", "released", "retired",
)  # fmt: skip


def show_models(models: Sequence[CatalogueModel], *, wide: bool) -> None:
    """A line for each model, with the price of its first host that has one."""
    from rich.table import Table

    names = _WIDE if wide else _NARROW
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in names:
        table.add_column(name, no_wrap=True)
    for one in models:
        cells = _cells(one)
        table.add_row(*(cells[name] for name in names))
    show_table(table, width=_WIDTH)


def _cells(one: CatalogueModel) -> dict[str, str]:
    offer = next((offer for offer in one.offers if offer.is_priced), None)
    parameters, context = one.get("parameters"), one.get("context_tokens")
    return {
        "model": one.name,
        "kind": "open" if one.is_open else "closed" if one.get("kind") else "?",
        "size": _billions(parameters) if parameters else "?",
        "licence": one.get("licence") or "unknown",
        "context": f"{context / 1000:,.0f}k" if context else "?",
        "$ in/out": f"{offer.input:g}/{offer.output:g}" if offer else "",
        "price of": day_of(offer) if offer else "",
        "provider": one.provider,
        "languages": _languages(one),
    }


def show_facts(model: CatalogueModel) -> None:
    """Everything that is known of it, each fact with its source."""
    show(heading(f"{model.title}") + f"  {model.name} · {model.provider}")
    for fact, values in model.facts.items():
        for place, one in enumerate(values):
            label = fact.replace("_", " ") if not place else ""
            _show_line(label, _said(one.value), one.source)
    if unknown := [one for one in _EXPECTED if one not in model.facts]:
        show(f"  {'unknown':<18} {', '.join(unknown).replace('_', ' ')}")
    for offer in model.offers:
        cached = f", cached {offer.cached:g}" if offer.cached is not None else ""
        price = f"{offer.input:g} in, {offer.output:g} out{cached} $/M" if offer.is_priced else "?"
        origin = f"{offer.source.title}, {day_of(offer)}"
        show(f"  {offer.host.id:<18} {offer.id:<44} {price}  {faint(origin)}")
    for result in model.results:
        setting = f" ({result.setting})" if result.setting else ""
        _show_line(result.benchmark.id, f"{result.value:g}{setting}", result.source)


def show_verdict(verdict: Verdict) -> None:
    """What the policy says, finding by finding."""
    show(heading(f"Licence {verdict.licence}: {verdict.level}"))
    for one in verdict.findings:
        show(f"  {one.level:<10} {one.text}")
    if verdict.approved_by:
        show(f"  approved by {verdict.approved_by}")
    if verdict.page:
        show(faint(f"  {verdict.page}"))
    if verdict.source and verdict.source != verdict.page:
        show(faint(f"  read at {verdict.source}"))


def brief(one: CatalogueModel) -> dict[str, Any]:
    """A model of a list, for programs."""
    offer = next((offer for offer in one.offers if offer.is_priced), None)
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
        "base": one.base or None,
        "price": _priced(offer) if offer else None,
    }


def whole(one: CatalogueModel, verdict: Verdict) -> dict[str, Any]:
    """Everything that is known of a model, for programs."""
    return {
        **brief(one),
        "facts": {name: [each.as_json() for each in known] for name, known in one.facts.items()},
        "disputed": sorted(one.disputed),
        "offers": [
            {
                "host": offer.host.id,
                "id": offer.id,
                **_priced(offer),
                "source": offer.source.as_json(),
            }
            for offer in one.offers
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


def day_of(offer: Offer) -> str:
    """The day of its price, and what that day means: nothing in front of it is when it was read."""
    words = {"read": "", "in force since": "since ", "data up to": "data to "}
    return f"{words[offer.dated_means]}{offer.price_day}"


def size(one: CatalogueModel) -> str:
    """Parameters as people say them."""
    parameters, active = one.get("parameters"), one.get("active_parameters")
    if not parameters:
        return "size unknown"
    return f"{_billions(parameters)}{f' ({_billions(active)} active)' if active else ''}"


def _priced(offer: Offer) -> dict[str, Any]:
    return {
        "input": offer.input,
        "output": offer.output,
        "cached": offer.cached,
        "currency": "USD",
        "date": offer.price_day.isoformat(),
        "date_means": offer.dated_means,
    }


def _show_line(label: str, text: str, source: Source) -> None:
    origin = f"{source.title} ({source.published or source.read})"
    show(f"  {label:<18} {text:<44} {faint(origin)}")


def _billions(count: int) -> str:
    if count < 1e9:
        return f"{count / 1e6:.0f}M"
    return f"{count / 1e9:,.0f}B" if count >= 1e11 else f"{count / 1e9:.3g}B"


def _languages(one: CatalogueModel) -> str:
    if one.languages is None:
        return "multilingual" if one.get("multilingual") else "unknown"
    return " ".join(one.languages[:6]) + (" …" if len(one.languages) > 6 else "")


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
