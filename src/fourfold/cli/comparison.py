"""Prints a comparison for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from fourfold.cli.output import counted, faint, heading, say, show, show_table
from fourfold.cli.safety import show_safety

if TYPE_CHECKING:
    from rich.table import Table

_FEW_SECONDS: Final = 0.01
_WIDE: Final = 200  # columns of the table, which a narrow terminal wraps


def show_comparison(result: dict[str, Any]) -> None:
    """Print a comparison for people."""
    show_table(_quality(result), width=_WIDE)
    show("")
    show_table(_effort(result), width=_WIDE)
    show(faint(f"{counted(result['compared'], 'record')} that all answered; intervals of 95 %."))
    for note in dict.fromkeys(_notes(result)):
        show(faint(note))
    show("")
    for one in result.get("left_out", []):
        show(f"{one['model']} is left out: {one['message']}\n")
    _show_tests(result)
    _show_slices(result)
    _show_judge(result)
    if "safety" in result:
        show_safety(result["safety"])
    for failure in result["failures"][:10]:
        say(f"{failure['model']}, record {failure['record']}: {failure['message']}")
    if "ladder" in result:
        _show_ladder(result["ladder"])
    _show_choice(result["recommendation"], alone=len(result["models"]) == 1)
    if result["dataset"].get("ships"):
        show("  These records come with Fourfold: compare on your own before you decide.")
    show_money(result)
    show(faint(f"\nExperiment {result['experiment']}. As a report: fourfold report"))
    beside = f"fourfold compare --show {result['experiment']} --outputs outputs.html"
    show(faint(f"The outputs side by side: {beside}"))


def _quality(result: dict[str, Any]) -> Table:
    """How good each model is, and how many records failed."""
    table = _table("model", *result["metrics"], "failed")
    for one in result["models"]:
        scores = (_score(one["scores"][name]) for name in result["metrics"])
        table.add_row(one["model"], *scores, str(sum(one["failed"].values()) or ""))
    return table


def _effort(result: dict[str, Any]) -> Table:
    """What each model costs, and how long one waits."""
    waits = {
        "s p50": "seconds_p50",
        "s p95": "seconds_p95",
        "s to first words": "first_text_seconds_p50",
    }
    table = _table("model", "$ for 1,000", *waits)
    for one in result["models"]:
        cost = _with_ends(one, "cost_per_1000", dollars)
        table.add_row(
            one["model"], cost, *(_with_ends(one, name, _waited) for name in waits.values())
        )
    return table


def _table(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    return table


def _notes(result: dict[str, Any]) -> Iterator[str]:
    """Why figures have no interval."""
    for one in result["models"]:
        for metric, score in one["scores"].items():
            if note := score.get("note"):
                yield f"{metric}: {note}."


def _show_ladder(ladder: dict[str, Any]) -> None:
    """The smallest that holds, what it saves, and which sizes the set or the policy left out."""
    if ladder["smallest"] is None:
        show(heading("No size may be taken"))
    else:
        show(heading(f"The smallest that holds: {ladder['smallest']}"))
    for sentence in _gaps(ladder):
        show(f"  {sentence}")
    units = {"cost_per_1000": "$ for 1,000", "seconds_p95": "s (p95)", "bytes": "GB of weights"}
    saved = {name: value for name, value in ladder["saves"].items() if value}
    if "bytes" in saved:
        saved["bytes"] /= 1e9
    if saved:
        amounts = ", ".join(f"{-value:+.3g} {units[name]}" for name, value in saved.items())
        show(f"  Beside {ladder['largest']}: {amounts}")
    for rung in ladder["rungs"]:
        if rung["holds"] and not rung["could_show"]:
            show(f"  {rung['model']} holds here; a loss that matters could not be shown.")


def _gaps(ladder: dict[str, Any]) -> Iterator[str]:
    """The sizes that are no rung, and why; older results name none."""
    why = dict.fromkeys(ladder.get("missing", []), "has no figures")
    why |= {one["model"]: "is out by the policy" for one in ladder.get("excluded", [])}
    for name in (name for name in ladder.get("sizes", []) if name in why):
        if name == ladder["sizes"][0] and ladder["largest"]:
            yield f"The largest, {name}, {why[name]}; held against {ladder['largest']}."
        else:
            yield f"{name} {why[name]}."


def _show_choice(choice: dict[str, Any], *, alone: bool) -> None:
    if choice["model"] is None:
        show(heading("Take none of these"))
    else:
        show(heading(_taken(choice, alone=alone).format(choice["model"])))
    show(choice["because"])
    for one in choice.get("excluded", []):
        show(f"  {one['model']} is out: {_texts(one['reasons'])}")
    if choice.get("conditions"):
        until = f" Until then: {choice['otherwise']}." if choice["otherwise"] else ""
        show(f"  Only when somebody agrees: {_texts(choice['conditions'])}{until}")
    told = [one["text"] for one in choice.get("warnings", [])]
    for sentence in dict.fromkeys([*told, *choice["would_change"]]):
        show(f"  {sentence}")


def _taken(choice: dict[str, Any], *, alone: bool) -> str:
    """As sure as the choice is."""
    if alone:
        return "Only {} was measured"
    if any(one["code"] == "baseline_taken" for one in choice.get("warnings", [])):
        return "No model is measurably better than {}, which is none"
    if any(one["code"] == "too_few" for one in choice.get("warnings", [])):
        return "Too few records to choose; {} is ahead here"
    return "Take {}" if choice.get("settled", True) else "Take {} for now"


def _texts(reasons: list[dict[str, Any]]) -> str:
    return " ".join(one["text"] for one in reasons)


def show_money(result: dict[str, Any]) -> None:
    """What was spent, and what a killed run may have spent; nothing where nothing costs money.

    A request that failed is counted with the most that it can have cost; one that was refused, or
    met no server, with nothing. Results of before do not tell the two apart.
    """
    now, before = result["spent_usd"], result.get("spent_before_usd", 0.0)
    if now or before:
        earlier = f", {dollars(before)} $ before" if before else ""
        most, why = "", ""
        if result.get("uncertain_usd", len(result.get("failures", []))):
            most, why = "at most ", "; what failed is counted with all it can have cost"
        show(f"\nSpent: {most}{dollars(now)} ${earlier}{why}.")
    unanswered = result.get("possibly_paid", {})
    if unanswered.get("usd"):
        show(possibly_paid(unanswered["requests"], unanswered["usd"]))


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
    ends = "" if score["low"] is None else f" [{_ends(score)}]"
    return f"{_digits(score['value'])}{ends}"


def _waited(value: float) -> str:
    return "<0.01" if value < _FEW_SECONDS else f"{value:.3g}"


def _with_ends(one: dict[str, Any], name: str, told: Callable[[float], str]) -> str:
    """A figure with the ends that are known; of a slow wait few records tell only the lower one."""
    value, ends = one.get(name), one.get(f"{name}_interval") or {}
    if value is None:
        return "unknown"
    low, high = ends.get("low"), ends.get("high")
    if low is None or told(low) == told(value if high is None else high):
        return told(value)
    between = f"at least {told(low)}" if high is None else f"{told(low)} to {told(high)}"
    return f"{told(value)} [{between}]"


def _ends(score: dict[str, Any]) -> str:
    return f"{_digits(score['low'])} to {_digits(score['high'])}"


def _digits(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.1f}" if abs(value) >= 2 else f"{value:.3f}"


def dollars(value: float) -> str:
    """An amount with the digits that say something."""
    return f"{value:.2f}" if value == 0 or value >= 0.1 else f"{value:.2g}"


def possibly_paid(requests: int, usd: float) -> str:
    """What is said of requests that were in flight when a run was killed."""
    return (
        f"Of it at most {dollars(usd)} $ for {counted(requests, 'request')} in flight when a run "
        "was killed: they may have been charged, and were asked again."
    )
