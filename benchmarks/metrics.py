"""Whether metrics equal the field's own, whether intervals hold, and how fast scoring is.

    python benchmarks/metrics.py equal DATA --json benchmarks/results/metrics-equal.json
    python benchmarks/metrics.py sure DATA --json benchmarks/results/metrics-sure.json
    python benchmarks/metrics.py speed DATA --json benchmarks/results/metrics-speed.json

DATA is MLQE-PE's English-German training part as JSON lines of `draft`, `released`, `hter`.
`equal` compares every metric with sacrebleu, rouge-score and scikit-learn, and HTER with the rates
that people's corrections gave. `sure` takes the 7,000 texts for a whole world whose scores are
known, draws small sets from it, and counts how often the interval holds the true score and how
often a test finds a difference that is none. `speed` scores 5,000 texts by all text metrics.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer
from sklearn.metrics import accuracy_score, f1_score

from fourfold.metrics.resampling import Resampling, difference, interval, smallest_difference
from fourfold.metrics.scoring import metric_named, score, scores
from fourfold.metrics.statistics import mcnemar_exact, wilson

Row = dict[str, Any]
SACRE = {
    "bleu": lambda: sacrebleu.BLEU(force=True),
    "chrf": sacrebleu.CHRF,
    "chrf++": lambda: sacrebleu.CHRF(word_order=2),
    "ter": sacrebleu.TER,
}
ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")
HARD = [
    ("", "nicht leer"),
    ("leer", ""),
    ("Äpfel", "Öpfel"),
    ("Straße groß", "STRASSE GROSS"),
    ("🎉🎉 Danke 👍🏽", "🎉 Danke"),
    ("保修期为两年。", "保修期是两年。"),
    ("a\u0308 zerlegt", "ä zerlegt"),
    ("  viele   Leerzeichen ", "viele Leerzeichen"),
    ("Zeile\nund Zeile", "Zeile und\nZeile"),
    ("1.000,50 € & 3 %", "1,000.50 € & 3%"),
    ("…—„“", "..."),
    ("x" * 300, "x " * 150),
]
SETS = (40, 200, 1_000)
SIMULATIONS = 2_000


def read(data: Path) -> tuple[list[str], list[str], list[float]]:
    """Drafts, released texts and the recorded rates of correction."""
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    return tuple([row[key] for row in rows] for key in ("draft", "released", "hter"))  # type: ignore[return-value]


def equal(data: Path) -> Iterator[Row]:
    """The greatest difference from each reference, corpus and single texts."""
    drafts, released, rates = read(data)
    drafts = drafts + [text for text, _ in HARD]
    released = released + [text for _, text in HARD]
    accepted = [[text] for text in released]
    how = Resampling(samples=100)
    for name, make in SACRE.items():
        oracle = make()
        whole = oracle.corpus_score(drafts, [released]).score
        one = sacrebleu.BLEU(effective_order=True) if name == "bleu" else oracle
        segments = [one.sentence_score(*pair).score for pair in zip(drafts, accepted, strict=True)]
        found = score(metric_named(name), drafts, accepted, how)
        oracle.corpus_score(drafts, [released])
        yield _beside(name, "sacrebleu", found, whole, segments) | {
            "same_signature": found.signature == str(oracle.get_signature())
        }
    for stem in (False, True):
        for name in ROUGE:
            scorer = RougeScorer([name], use_stemmer=stem)
            pairs = zip(released, drafts, strict=True)
            segments = [scorer.score(wanted, text)[name].fmeasure for wanted, text in pairs]
            metric = metric_named(f"{name}:ascii{'-stem' if stem else ''}")
            found = score(metric, drafts, accepted, how)
            which = "rouge-score, stemmed" if stem else "rouge-score"
            yield _beside(name, which, found, float(np.mean(segments)), segments)
    said, wanted = _labels(drafts), _labels(released)
    labels = [[one] for one in wanted]
    for name, whole in (
        ("accuracy", accuracy_score(wanted, said)),
        ("macro_f1", f1_score(wanted, said, average="macro", zero_division=0)),
    ):
        found = score(metric_named(name), said, labels, how)
        yield _beside(name, "scikit-learn", found, float(whole), [])
    found = score(metric_named("hter"), drafts[: len(rates)], accepted[: len(rates)], how)
    gaps = np.abs(np.array(found.segments) - rates)
    yield {
        "metric": "hter",
        "beside": "recorded rates of people",
        "texts": len(rates),
        "most_apart": float(gaps.max()),
        "further_than_1e-4": int((gaps > 1e-4).sum()),
    }
    apples = {
        name: score(metric_named(name), ["Äpfel"], [["Öpfel"]], how).interval.value
        for name in (*ROUGE, "em", "f1", "accuracy")
    }
    yield {"metric": "Äpfel beside Öpfel", "values": apples}


def _beside(name: str, oracle: str, found: Any, whole: float, segments: list[float]) -> Row:
    texts = np.abs(np.array(found.segments) - segments).max() if segments else None
    return {
        "metric": name,
        "beside": oracle,
        "texts": found.count,
        "corpus_apart": abs(found.interval.value - whole),
        "texts_apart": None if texts is None else float(texts),
    }


def _labels(texts: list[str]) -> list[str]:
    """A label for each text, by its first letter: many, of very different frequency."""
    return [text[:1].casefold() or "none" for text in texts]


def sure(data: Path) -> Iterator[Row]:
    """How often intervals hold the truth and tests raise a false alarm, and the power."""
    drafts, released, _ = read(data)
    for name in ("hter", "bleu", "chrf", "rougeL", "f1"):
        metric = metric_named(name)
        world = metric.figures(drafts, [[text] for text in released])
        truth = metric.value(world.sum(axis=0))
        order = np.argsort([metric.value(row) for row in world], kind="stable")
        for count in SETS:
            drawn = _plain(len(world), count)
            yield _held(name, "independent", count, world, metric.value, truth, drawn)
        alike = order.reshape(-1, 4)  # four texts of nearly the same score each
        for count in SETS:
            drawn = _clustered(alike, count)
            yield _held(name, "clusters of 4", count, world, metric.value, truth, drawn)
        other = _other_system(world, order)
        for count in SETS:
            yield _alarms(name, count, world, other, metric.value)
    yield from _shares()


Draw = Callable[[np.random.Generator], tuple[Any, Any]]


def _plain(texts: int, count: int) -> Draw:
    return lambda rng: (rng.integers(0, texts, count), None)


def _clustered(alike: Any, count: int) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Any, Any]:
        chosen = alike[rng.integers(0, len(alike), count // 4)]
        return chosen.ravel(), np.repeat(np.arange(count // 4), 4).tolist()

    return draw


def _held(
    name: str, kind: str, count: int, world: Any, value: Any, truth: float, draw: Draw
) -> Row:
    held, widths = 0, []
    for number in range(SIMULATIONS):
        drawn, clusters = draw(np.random.default_rng((count, number)))
        how = Resampling(seed=number, samples=500, clusters=clusters)
        found = interval(world[drawn], value, how)
        held += found.low <= truth <= found.high
        widths.append(found.high - found.low)
    return {
        "metric": name,
        "texts": count,
        "drawn": kind,
        "simulations": SIMULATIONS,
        "coverage": _share(held),
        "mean_width": float(np.mean(widths)),
    }


def _other_system(world: Any, order: Any) -> Any:
    """A second system, as good in all, with another text of nearly the same score for each."""
    other = world.copy()
    pairs = order[: len(order) // 2 * 2].reshape(-1, 2)
    other[pairs[:, 0]], other[pairs[:, 1]] = world[pairs[:, 1]], world[pairs[:, 0]]
    rolled = np.roll(order, 350)  # and every second text one that differs by a twentieth
    other[order[::2]] = np.where(
        np.arange(0, len(order), 2)[:, None] % 4 == 0, world[rolled[::2]], other[order[::2]]
    )
    return other


def _alarms(name: str, count: int, world: Any, other: Any, value: Any) -> Row:
    """Two systems of equal worth: which of each pair is whose was tossed."""
    alarms, smallest = 0, []
    for number in range(SIMULATIONS):
        rng = np.random.default_rng((count, number, 1))
        drawn = rng.integers(0, len(world), count)
        swapped = rng.integers(0, 2, count)[:, None] == 1
        a = np.where(swapped, other[drawn], world[drawn])
        b = np.where(swapped, world[drawn], other[drawn])
        how = Resampling(seed=number, samples=400)
        alarms += difference(a, b, value, how).p < 0.05
        if number < SIMULATIONS // 4:
            smallest.append(smallest_difference(a, b, value, how))
    return {
        "metric": name,
        "texts": count,
        "test": "randomisation",
        "simulations": SIMULATIONS,
        "false_alarms": _share(alarms),
        "smallest_difference_found_in_80_of_100": float(np.mean(smallest)),
    }


def _shares() -> Iterator[Row]:
    """Wilson's interval and McNemar's test on right and wrong, and the power of the test."""
    for count in SETS:
        for truth in (0.5, 0.8, 0.95):
            rng = np.random.default_rng((count, int(truth * 100)))
            right = rng.binomial(count, truth, 20_000)
            held = [low <= truth <= high for low, high in map(_ends, right, [count] * len(right))]
            yield {
                "metric": "share",
                "texts": count,
                "true": truth,
                "simulations": len(right),
                "coverage": _share(sum(held), len(held)),
            }
        for gain in (0.0, 0.05, 0.1):
            rng = np.random.default_rng((count, int(gain * 100), 9))
            only_a = rng.binomial(count, 0.1 + gain, 10_000)
            only_b = rng.binomial(count - only_a, 0.1 / (0.9 - gain))
            significant = sum(
                mcnemar_exact(int(a), int(b)) < 0.05 for a, b in zip(only_a, only_b, strict=True)
            )
            yield {
                "metric": "right or wrong",
                "texts": count,
                "test": "McNemar",
                "true_difference": gain,
                "simulations": 10_000,
                "significant": _share(significant, 10_000),
            }


def _ends(right: int, count: int) -> tuple[float, float]:
    found = wilson(int(right), count)
    return found.low, found.high


def _share(hits: int, count: int = SIMULATIONS) -> dict[str, float]:
    found = wilson(int(hits), count)
    return {"value": found.value, "low": found.low, "high": found.high}


def speed(data: Path) -> Iterator[Row]:
    """Seconds for 5,000 texts by all text metrics, with intervals, beside the plain packages."""
    drafts, released, _ = (column[:5_000] for column in read(data))
    accepted = [[text] for text in released]
    names = [*SACRE, "hter", *ROUGE, "em", "f1"]
    for name in names:
        metric = metric_named(name)
        began = time.process_time()
        figures = metric.figures(drafts, accepted)
        middle = time.process_time()
        interval(figures, metric.value, Resampling())
        yield {
            "metric": name,
            "texts": len(drafts),
            "figures_cpu_seconds": middle - began,
            "interval_cpu_seconds": time.process_time() - middle,
            "plain_cpu_seconds": _plain_seconds(name, drafts, released),
        }
    began = time.perf_counter()
    count = len(list(scores(names, drafts, accepted, workers=2)))
    middle = time.perf_counter()
    for name in (*SACRE, *ROUGE):
        _plain_seconds(name, drafts, released)
    yield {
        "metric": f"all {count}, with intervals, two processes",
        "texts": len(drafts),
        "seconds": middle - began,
        "plain_packages_one_after_the_other_seconds": time.perf_counter() - middle,
    }


def _plain_seconds(name: str, drafts: list[str], released: list[str]) -> float | None:
    began = time.process_time()
    if name in SACRE:
        SACRE[name]().corpus_score(drafts, [released])
    elif name in ROUGE:
        scorer = RougeScorer([name])
        for text, wanted in zip(drafts, released, strict=True):
            scorer.score(wanted, text)
    else:
        return None
    return time.process_time() - began


def main() -> None:
    """Run one part and print its rows as they come."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=["equal", "sure", "speed"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, dest="out")
    options = parser.parse_args()
    rows = []
    for row in {"equal": equal, "sure": sure, "speed": speed}[options.part](options.data):
        rows.append(row)
        print(json.dumps(row, ensure_ascii=False), flush=True)
        if options.out:
            options.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
