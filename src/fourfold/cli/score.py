"""`fourfold score`: metrics on two files, each with an interval and its signature."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.finite import FiniteRange
from fourfold.cli.output import counted, faint, json_option, print_json, say, show
from fourfold.cli.progress import steps_bar
from fourfold.cli.texts import accepted_of, lines

if TYPE_CHECKING:
    from fourfold.metrics.corrections import Change, Correction
    from fourfold.metrics.resampling import Resampling
    from fourfold.metrics.scoring import Score

_MANY = 1_000  # texts, from which on starting processes is worth its second
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option(
    "--metric",
    "names",
    default="hter,chrf,bleu,rougeL",
    show_default=True,
    metavar="A,B",
    help="Names, with commas between them; `--metric list` shows all.",
)
@click.option("--hypotheses", type=_FILE, help="The texts to judge, one a line.")
@click.option(
    "--references",
    type=_FILE,
    multiple=True,
    help="The right texts, one a line; repeat it for several of each text.",
)
@click.option(
    "--clusters",
    type=_FILE,
    help="What each text belongs to, one a line: same document, same line.",
)
@click.option(
    "--timed",
    type=_FILE,
    help='Corrections that were timed, JSON lines of {"draft", "released", "seconds"}: adds the '
    "minutes that people need for 1,000 texts.",
)
@click.option("--per-hour", type=FiniteRange(min=0), help="What an hour of those people costs.")
@click.option("--currency", default="EUR", show_default=True)
@click.option(
    "--changes", type=click.IntRange(0), default=0, help="Show what was changed in so many texts."
)
@click.option("--per-segment", is_flag=True, help="The score of each text as well.")
@click.option("--samples", type=click.IntRange(100, 100_000), default=2_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@json_option
def score(
    *,
    names: str,
    hypotheses: Path | None,
    references: tuple[Path, ...],
    clusters: Path | None,
    timed: Path | None,
    per_hour: float | None,
    currency: str,
    changes: int,
    per_segment: bool,
    samples: int,
    seed: int,
    as_json: bool,
) -> None:
    """Score texts beside the ones that a person approved.

    \b
    Examples:
      fourfold score --hypotheses drafts.txt --references released.txt
      fourfold score --metric bleu,chrf++ --hypotheses a.txt --references b.txt --json
      fourfold score --metric rouge1:ascii-stem --hypotheses a.txt --references b.txt
    """
    if names == "list":
        _show_names(as_json=as_json)
        return
    if hypotheses is None or not references:
        raise click.UsageError("Give --hypotheses FILE and --references FILE.")
    from fourfold.metrics.resampling import Resampling
    from fourfold.metrics.scoring import checked_names

    wanted = checked_names([name.strip() for name in names.split(",") if name.strip()])
    texts, accepted = lines(hypotheses), accepted_of([lines(file) for file in references])
    how = Resampling(seed=seed, samples=samples, clusters=lines(clusters) if clusters else None)
    found = _scores(wanted, texts, accepted, how)
    if timed:
        found += _effort(texts, accepted, timed, how, per_hour=per_hour, currency=currency)
    for one in found:
        _print(one, per_segment=per_segment, as_json=as_json)
    if changes:
        _show_changes(texts, accepted, changes, as_json=as_json)


def _scores(
    wanted: Sequence[str],
    texts: Sequence[str],
    accepted: Sequence[Sequence[str]],
    how: Resampling,
) -> list[Score]:
    """The metrics one after the other, with a bar; many texts in several processes."""
    from fourfold.metrics.cautions import cautions
    from fourfold.metrics.scoring import scores

    workers = (os.cpu_count() or 1) if len(texts) >= _MANY else 1
    with steps_bar(wanted) as steps:
        done = scores(wanted, texts, accepted, how, workers=workers)
        found = [one for _, one in zip(steps, done, strict=True)]
    for sentence in cautions(wanted, texts, accepted):
        say(f"warning: {sentence}")
    return found


def _effort(
    texts: Sequence[str],
    accepted: Sequence[Sequence[str]],
    timed: Path,
    how: Resampling,
    *,
    per_hour: float | None,
    currency: str,
) -> list[Score]:
    """Minutes for 1,000 texts, and the money where an hour has a price."""
    from fourfold.datasets import read_timed
    from fourfold.metrics.effort import effort, money

    minutes = effort(texts, [known[0] for known in accepted], read_timed(timed), how)
    if per_hour is None:
        return [minutes]
    return [minutes, money(minutes, per_hour=per_hour, currency=currency)]


def _show_changes(
    texts: Sequence[str], accepted: Sequence[Sequence[str]], count: int, *, as_json: bool
) -> None:
    """The texts that were changed most, with what was taken out, put in and moved."""
    from fourfold.metrics.corrections import correction

    made = [(n, correction(text, accepted[n - 1][0])) for n, text in enumerate(texts, 1)]
    for number, one in sorted(made, key=_most_changed)[:count]:
        if as_json:
            changes = [(change.kind, change.draft, change.released) for change in one.changes]
            counts = {"shifts": one.shifts, "recased": one.recased}
            print_json({"text": number, "hter": one.hter, **counts, "changes": changes})
            continue
        capitals = f", and {counted(one.recased, 'word')} in other capitals" if one.recased else ""
        show(f"\n{number}: {one.edits} edits, {one.hter:.0%}{capitals}")
        show(" ".join(_marked(change) for change in one.changes))


def _most_changed(numbered: tuple[int, Correction]) -> tuple[float, int]:
    """First by edits; words in other capitals tell texts without any apart."""
    _, one = numbered
    return -one.hter, -one.recased


def _marked(change: Change) -> str:
    """`[-out-]`, `{+in+}`, `<moved>` and `{sie→Sie}`, in colours where the terminal can."""
    out = click.style(f"[-{change.draft}-]", fg="red")
    into = click.style(f"{{+{change.released}+}}", fg="green")
    same = f"{{{change.draft}→{change.released}}}" if change.is_recased else change.released
    return {
        "kept": click.style(same, fg="yellow") if change.is_recased else same,
        "moved": click.style(f"<{same}>", fg="yellow"),
        "inserted": into,
        "deleted": out,
        "substituted": f"{out} {into}",
    }[change.kind]


def _print(one: Score, *, per_segment: bool, as_json: bool) -> None:
    if as_json:
        print_json({**one.as_json(), **(_segments(one) if per_segment else {})})
        return
    digits = 2 if abs(one.interval.value) > 1 else 4
    low, high = one.interval.low, one.interval.high
    between = one.note or f"{low:.{digits}f} to {high:.{digits}f}"
    texts = counted(one.count, "text")
    show(f"{one.metric:<16} {one.interval.value:>10,.{digits}f}   {between}   {texts}")
    show(faint(f"                 {one.signature}"))
    if per_segment:
        if one.segments_signature:
            show(faint(f"                 each text: {one.segments_signature}"))
        for number, value in enumerate(one.segments, 1):
            show(f"{number:>16} {value:>10,.{digits}f}")


def _segments(one: Score) -> dict[str, Any]:
    signed = {"segments_signature": one.segments_signature} if one.segments_signature else {}
    return {"segments": list(one.segments), **signed}


def _show_names(*, as_json: bool) -> None:
    from fourfold.metrics import METRICS

    names = METRICS.names()
    if as_json:
        print_json({"metrics": names})
        return
    show("\n".join(names))
