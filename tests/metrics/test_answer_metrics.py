"""Exact match and F1 on answers whose scores are known."""

import pytest

from fourfold.metrics import Metric
from fourfold.metrics.em import ExactMatch
from fourfold.metrics.f1 import TokenF1


def score_of(metric: Metric, hypothesis: str, references: list[str]) -> float:
    return metric.value(metric.figures([hypothesis], [references])[0])


@pytest.mark.parametrize(
    ("hypothesis", "references", "expected"),
    [
        ("308", ["308"], 1.0),
        ("The Panthers.", ["Panthers"], 1.0),
        ("die „Panthers“", ["Panthers"], 1.0),
        ("STRASSE", ["Straße"], 1.0),
        ("Kawann Short", ["Short"], 0.0),
        ("four", ["4", "four"], 1.0),
        ("Äpfel", ["Öpfel"], 0.0),
        ("", ["308"], 0.0),
        ("308", [], 0.0),
        ("the", ["a"], 0.0),
    ],
)
def test_exact_match(hypothesis: str, references: list[str], expected: float) -> None:
    assert score_of(ExactMatch(), hypothesis, references) == expected


@pytest.mark.parametrize(
    ("hypothesis", "references", "expected"),
    [
        ("Kawann Short", ["Short"], 2 / 3),
        ("the big red dog", ["a red dog"], 4 / 5),
        ("der rote Hund", ["ein Hund"], 2 / 3),
        ("24 Monate", ["36 Monate", "24 Monate"], 1.0),
        ("red red", ["red"], 2 / 3),
        ("Garantie", ["Gewähr"], 0.0),
        ("", [""], 1.0),
        ("...", ["24"], 0.0),
        ("24", [], 0.0),
    ],
)
def test_f1(hypothesis: str, references: list[str], expected: float) -> None:
    assert score_of(TokenF1(), hypothesis, references) == pytest.approx(expected)
