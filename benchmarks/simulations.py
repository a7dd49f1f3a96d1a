"""Whether intervals hold and tests are right, on simulated data whose truth is known.

    python benchmarks/simulations.py --json benchmarks/results/simulations.json
    python benchmarks/simulations.py --only minutes,waits --simulations 500
    python benchmarks/simulations.py --table --json benchmarks/results/simulations.json

Every cell draws its sets from a law with known parameters, as many as `--simulations` says, and
counts how often the interval holds the truth, or how often the test finds something. A cell that
stands in the JSON file with as many simulations is not computed again; small sets come first. One
process; the parts are in `PARTS`. `--table` prints what is in the file, in Markdown.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import exp, isnan
from pathlib import Path
from typing import Any

import numpy as np

from fourfold.metrics.base import averaged
from fourfold.metrics.effort import minutes_interval
from fourfold.metrics.labels import MacroF1
from fourfold.metrics.pairs import pair
from fourfold.metrics.quantiles import quantile_interval
from fourfold.metrics.resampling import Resampling, chance
from fourfold.metrics.scoring import metric_named, score_interval
from fourfold.metrics.statistics import Interval, holm, wilson

SETS = ((40, 1), (200, 1), (1_000, 1), (40, 4), (40, 5), (200, 4), (1_000, 4), (200, 20))
"""Texts, and how many share a cluster."""

_SAMPLES = 500
_WHOLE_WORLD = 400_000


@dataclass(frozen=True)
class Cell:
    """One thing to simulate: `run` gives, for a generator, what is counted."""

    name: str
    about: dict[str, Any]
    run: Callable[[np.random.Generator, int], dict[str, float]]


def how_of(texts: int, size: int, seed: int) -> Resampling:
    """Clusters of that size, none for single texts."""
    clusters = None if size == 1 else np.repeat(np.arange(texts // size), size).tolist()
    return Resampling(seed=seed, samples=_SAMPLES, clusters=clusters)


def latent(rng: np.random.Generator, texts: int, size: int, alike: float = 0.5) -> Any:
    """Standard normal values; those of a cluster are correlated by `alike`."""
    own = rng.normal(size=texts)
    if size == 1:
        return own
    shared = np.repeat(rng.normal(size=texts // size), size)
    return np.sqrt(alike) * shared + np.sqrt(1 - alike) * own


def held(found: Interval, truth: float) -> dict[str, float]:
    """Whether it holds the truth; an end that nobody knows is no bound."""
    above = isnan(found.low) or found.low <= truth
    below = isnan(found.high) or truth <= found.high
    return {
        "holds": above and below,
        "no_interval": isnan(found.low) and isnan(found.high),
        "no_upper_end": isnan(found.high) and not isnan(found.low),
        "width": found.high - found.low,
    }


# Scores: a skewed share of edits, with texts that were left as they are, as HTER has them.


def edits(values: Any) -> Any:
    """From standard normal values to shares of edits: a third is 0, some are 1."""
    return np.clip(0.25 * np.exp(0.9 * values) - 0.17, 0, 1)


def scores() -> Iterator[Cell]:
    """The mean of a skewed score, and the difference of two systems."""
    world = np.random.default_rng(1)
    truth = float(edits(world.normal(size=_WHOLE_WORLD)).mean())
    chosen = metric_named("hter")
    for texts, size in SETS:

        def one(rng: np.random.Generator, seed: int, texts: int = texts, size: int = size) -> Any:
            drawn = averaged(edits(latent(rng, texts, size)))
            return held(score_interval(chosen, drawn, how_of(texts, size, seed)), truth)

        yield Cell("score", {"texts": texts, "cluster": size}, one)
    for gap in (0.0, "detectable"):
        for texts, size in SETS:
            yield _two_scores(texts, size, gap)


def _two_scores(texts: int, size: int, gap: float | str) -> Cell:
    chosen = metric_named("hter")

    def draw(rng: np.random.Generator) -> tuple[Any, Any]:
        hard = latent(rng, texts, size)  # how hard a text is counts for both systems
        first, second = (0.7 * hard + 0.714 * latent(rng, texts, size) for _ in range(2))
        return edits(first), edits(second)

    typical = partial(
        _typical, draw, lambda a, b, how: pair(chosen, a, b, how).detectable, texts, size
    )
    shift = typical() if gap == "detectable" else float(gap)

    def one(rng: np.random.Generator, seed: int) -> dict[str, float]:
        a, b = draw(rng)
        found = pair(chosen, averaged(a + shift), averaged(b), how_of(texts, size, seed))
        return _tested(found, shift)

    about = {"texts": texts, "cluster": size, "true_difference": _told(gap, shift)}
    return Cell("difference of scores", about, one)


def _typical(draw: Any, detectable: Any, texts: int, size: int) -> float:
    """The smallest difference that sets like these say they could show, on average."""
    rng = np.random.default_rng((7, texts, size))
    seen = [detectable(*map(averaged, draw(rng)), how_of(texts, size, seed)) for seed in range(100)]
    return float(np.nanmean(seen))


def _told(gap: float | str, shift: float) -> dict[str, float] | float:
    return {"detectable": shift} if gap == "detectable" else shift


def _tested(found: Any, truth: float) -> dict[str, float]:
    return {"significant": found.p < 0.05, **held(found.difference, truth)}


# Right and wrong


def rights() -> Iterator[Cell]:
    """Shares, and the difference of two systems."""
    for texts, size in SETS:
        for truth in (0.5, 0.8, 0.95):
            bound = _bound(truth)

            def one(
                rng: np.random.Generator,
                seed: int,
                texts: int = texts,
                size: int = size,
                truth: float = truth,
                bound: float = bound,
            ) -> Any:
                right = (latent(rng, texts, size) < bound).astype(float)
                found = score_interval(_accuracy(), averaged(right), how_of(texts, size, seed))
                return held(found, truth)

            yield Cell("share", {"texts": texts, "cluster": size, "true": truth}, one)
    for gap in (0.0, "detectable"):
        for texts, size in SETS:
            yield _two_shares(texts, size, gap)


def _accuracy() -> Any:
    return metric_named("accuracy")


def _bound(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _two_shares(texts: int, size: int, gap: float | str) -> Cell:
    """The second is right in 70 of 100, the first in more."""

    def draw(rng: np.random.Generator, shift: float = 0.0) -> tuple[Any, Any]:
        hard = latent(rng, texts, size)
        first, second = (0.85 * hard + 0.527 * latent(rng, texts, size) for _ in range(2))
        return (first < _bound(min(0.7 + shift, 0.999))) * 1.0, (second < _bound(0.7)) * 1.0

    chosen = _accuracy()
    typical = partial(
        _typical, draw, lambda a, b, how: pair(chosen, a, b, how).detectable, texts, size
    )
    shift = min(typical(), 0.29) if gap == "detectable" else float(gap)

    def one(rng: np.random.Generator, seed: int) -> dict[str, float]:
        a, b = draw(rng, shift)
        return _tested(pair(chosen, averaged(a), averaged(b), how_of(texts, size, seed)), shift)

    about = {"texts": texts, "cluster": size, "true_difference": _told(gap, shift)}
    return Cell("difference of shares", about, one)


# Labels


def labels() -> Iterator[Cell]:
    """Macro-F1 of three labels, the rarest of 15 in 100, and the difference of two systems."""
    often, right = np.array([0.5, 0.35, 0.15]), 0.75
    truth = _macro_truth(often, right)
    for texts, size in SETS:

        def one(rng: np.random.Generator, seed: int, texts: int = texts, size: int = size) -> Any:
            wanted, said = _labelled(rng, texts, size, often, right)
            figures = _label_figures(wanted, said)
            return held(score_interval(MacroF1(), figures, how_of(texts, size, seed)), truth)

        yield Cell("macro-F1", {"texts": texts, "cluster": size}, one)
    for texts, size in SETS:

        def two(rng: np.random.Generator, seed: int, texts: int = texts, size: int = size) -> Any:
            wanted, said = _labelled(rng, texts, size, often, right)
            other = np.where(rng.random(texts) < 0.5, said, _labelled_again(rng, wanted, right))
            a, b = (_label_figures(wanted, one) for one in (said, other))
            swapped = rng.integers(0, 2, texts)[:, None] == 1
            a, b = np.where(swapped, b, a), np.where(swapped, a, b)
            return _tested(pair(MacroF1(), a, b, how_of(texts, size, seed)), 0.0)

        about = {"texts": texts, "cluster": size, "true_difference": 0.0}
        yield Cell("difference of macro-F1", about, two)


def _labelled(
    rng: np.random.Generator, texts: int, size: int, often: Any, right: float
) -> tuple[Any, Any]:
    """Labels of a cluster are alike, and so is how hard they are."""
    from scipy.special import ndtr

    wanted = np.searchsorted(often.cumsum()[:-1], ndtr(latent(rng, texts, size)))
    hit = latent(rng, texts, size, 0.3) < _bound(right)
    return wanted, np.where(hit, wanted, (wanted + rng.integers(1, 3, texts)) % 3)


def _labelled_again(rng: np.random.Generator, wanted: Any, right: float) -> Any:
    hit = rng.random(len(wanted)) < right
    return np.where(hit, wanted, (wanted + rng.integers(1, 3, len(wanted))) % 3)


def _label_figures(wanted: Any, said: Any) -> Any:
    figures = np.zeros((len(wanted), 9))
    rows = np.arange(len(wanted))
    figures[rows, 3 * said] = wanted == said
    figures[rows, 3 * said + 1] = 1
    figures[rows, 3 * wanted + 2] += 1
    return figures


def _macro_truth(often: Any, right: float) -> float:
    hits = often * right
    said = hits + (often.sum() - often) * (1 - right) / 2
    return float((2 * hits / (often + said)).mean())


# Waits


def waits() -> Iterator[Cell]:
    """The wait that half, and that 95 of 100, stay below; log-normal."""
    for share in (0.5, 0.95):
        truth = exp(0.8 * _bound(share))
        for texts, size in SETS:

            def one(
                rng: np.random.Generator,
                seed: int,
                share: float = share,
                truth: float = truth,
                texts: int = texts,
                size: int = size,
            ) -> Any:
                seconds = np.exp(0.8 * latent(rng, texts, size)).tolist()
                return held(quantile_interval(seconds, share, how_of(texts, size, seed)), truth)

            yield Cell(f"wait, p{share * 100:.0f}", {"texts": texts, "cluster": size}, one)


# Minutes of correcting, from 5, 10 or 20 timed ones

_NOISES = {"multiplied, 0.3": (0.3, 0.0), "multiplied, 0.5": (0.5, 0.0), "added, 10 s": (0.0, 10.0)}


def minutes() -> Iterator[Cell]:
    """Minutes for 1,000 texts: 0.6 s a word, 5 s an edit, 4 s a text, which is not in the model."""
    sizes = ((40, 1), (200, 1), (1_000, 1), (40, 4), (200, 4), (1_000, 4), (200, 20))
    for noise, (times, adds) in _NOISES.items():
        for timed in (5, 10, 20):
            for texts, size in sizes:
                yield _minutes_cell(noise, times, adds, timed, texts, size)


def _minutes_cell(noise: str, times: float, adds: float, timed: int, texts: int, size: int) -> Cell:
    world = _load(np.random.default_rng(3), _WHOLE_WORLD, 1)
    truth = float(_true_seconds(world).mean() * 1000 / 60)

    def one(rng: np.random.Generator, seed: int) -> dict[str, float]:
        known, load = _load(rng, timed, 1), _load(rng, texts, size)
        expected = _true_seconds(known)
        seconds = expected * rng.lognormal(-(times**2) / 2, times, timed)
        seconds = np.maximum(1.0, seconds + rng.normal(0, adds, timed))
        found = minutes_interval(load, known, seconds, how_of(texts, size, seed))
        return {**held(found, truth), "width": found.high / found.low}

    about = {"texts": texts, "cluster": size, "timed": timed, "noise": noise}
    return Cell("minutes", about, one)


def _load(rng: np.random.Generator, texts: int, size: int) -> Any:
    words = rng.integers(8, 40, texts)
    return np.stack((words, rng.binomial(words, edits(latent(rng, texts, size)))), 1).astype(float)


def _true_seconds(load: Any) -> Any:
    return load @ (0.6, 5.0) + 4.0


# Four systems


def families() -> Iterator[Cell]:
    """Six pairs of four systems that are all as good, corrected by Holm: any false alarm counts."""
    chosen = metric_named("hter")
    for texts, size in SETS:

        def one(rng: np.random.Generator, seed: int, texts: int = texts, size: int = size) -> Any:
            hard = latent(rng, texts, size)
            four = [
                averaged(edits(0.7 * hard + 0.714 * latent(rng, texts, size))) for _ in range(4)
            ]
            how = how_of(texts, size, seed)
            raw = [
                chance(four[a], four[b], chosen.value, how)
                for a in range(4)
                for b in range(a + 1, 4)
            ]
            return {"significant": min(holm(raw)) < 0.05, "uncorrected": min(raw) < 0.05}

        yield Cell("four systems, Holm", {"texts": texts, "cluster": size}, one)


PARTS: dict[str, Callable[[], Iterator[Cell]]] = {
    "scores": scores,
    "rights": rights,
    "labels": labels,
    "waits": waits,
    "minutes": minutes,
    "families": families,
}


def simulated(cell: Cell, count: int) -> dict[str, Any]:
    """The cell's row: shares with Wilson's interval, and the mean width."""
    seen = [cell.run(np.random.default_rng((n, 12)), n) for n in range(count)]
    row: dict[str, Any] = {"what": cell.name, **cell.about, "simulations": count}
    for name in ("holds", "significant", "uncorrected"):
        if name in seen[0]:
            found = wilson(sum(bool(one[name]) for one in seen), count)
            row[name] = {key: round(getattr(found, key), 4) for key in ("value", "low", "high")}
    for name in ("no_interval", "no_upper_end"):
        if none := sum(bool(one.get(name)) for one in seen):
            row[name] = none / count
    widths = [one["width"] for one in seen if not isnan(one.get("width", float("nan")))]
    if widths:
        row["median_width"] = float(np.median(widths))
    return row


def main() -> None:
    """Simulate what is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", help=f"Some of {', '.join(PARTS)}, with commas.")
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--json", type=Path, dest="out")
    parser.add_argument("--table", action="store_true", help="Only print what is in the file.")
    options = parser.parse_args()
    rows = json.loads(options.out.read_text()) if options.out and options.out.exists() else []
    done = {_key(row) for row in rows if row["simulations"] >= options.simulations}
    if options.table:
        print(table(rows))
        return
    parts = options.only.split(",") if options.only else PARTS
    cells = [cell for part in parts for cell in PARTS[part]()]
    for cell in sorted(cells, key=lambda one: one.about["texts"]):
        if _key({"what": cell.name, **cell.about}) in done:
            continue
        began = time.process_time()
        row = simulated(cell, options.simulations)
        rows = [one for one in rows if _key(one) != _key(row)] + [row]
        print(json.dumps(row), f"{time.process_time() - began:.1f} s", flush=True)
        if options.out:
            options.out.write_text(json.dumps(rows, indent=1) + "\n")


def table(rows: list[dict[str, Any]]) -> str:
    """A line for each thing, a column for each set; what misses .95 by more than .015 is bold."""
    heads = [f"{texts}" + (f" in {texts // size}" if size > 1 else "") for texts, size in SETS]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(SETS) + 1) + "|"]
    found: dict[tuple[str, str], dict[tuple[int, int], str]] = {}
    for row in rows:
        for name in ("holds", "significant", "uncorrected"):
            if name in row:
                places = found.setdefault((_titled(row), name), {})
                places[row["texts"], row["cluster"]] = _shown(name, row)
    for (title, name), places in sorted(found.items(), key=lambda one: (one[0][1], one[0][0])):
        cells = [places.get(one, "–") for one in SETS]
        lines.append(f"| {title}: {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _titled(row: dict[str, Any]) -> str:
    gap = row.get("true_difference")
    more = [
        f"true {row['true']}" if "true" in row else "",
        "" if gap is None else ("true: detectable" if isinstance(gap, dict) else f"true: {gap:g}"),
        f"{row['timed']} timed, {row['noise']}" if "timed" in row else "",
    ]
    return ", ".join([row["what"], *filter(None, more)])


def _shown(name: str, row: dict[str, Any]) -> str:
    value = row[name]["value"]
    told = f"{value:.3f}".removeprefix("0")
    is_null = row.get("true_difference") == 0 or row["what"].startswith("four")
    misses = abs(value - 0.95) > 0.015 if name == "holds" else is_null and value > 0.065
    return f"**{told}**" if misses and name != "uncorrected" else told


def _key(row: dict[str, Any]) -> str:
    about = ("what", "texts", "cluster", "true", "true_difference", "timed", "noise")
    return json.dumps([row.get(name) for name in about])


if __name__ == "__main__":
    main()
