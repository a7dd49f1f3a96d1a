"""Pictures can be read: letters apart, intervals over bars, names of any length, both widths."""

import re
from itertools import combinations
from math import hypot

import pytest

from fourfold.reports.charts import NARROW, WIDE, Bar, Point, bars, scatter
from fourfold.reports.charts.drawing import axis
from fourfold.reports.numbers import chance, day, gap, money, number, percent

PLACE = re.compile(r'<circle class="badge[^"]*" cx="([\d.]+)" cy="([\d.]+)"')


def drawn(points: list[Point], width: int = WIDE) -> str:
    return scatter(
        points, title="t", x_title="x", y_title="y", text="<all> of it", language="de", width=width
    )


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("apart", [0.0, 0.001, 0.05])
def test_letters_of_points_that_lie_on_each_other_do_not(width: int, apart: float) -> None:
    points = [
        Point(letter=letter, x=1 + n * apart, y=0.5 + n * apart, y_ends=(0.4, 0.6))
        for n, letter in enumerate("ABCDEF")
    ]
    places = [(float(x), float(y)) for x, y in PLACE.findall(drawn(points, width))]
    assert len(places) == 6
    assert all(hypot(a[0] - b[0], a[1] - b[1]) > 18 for a, b in combinations(places, 2))
    assert all(0 < x < width and y > 0 for x, y in places)


def test_the_chosen_one_is_filled_and_the_words_are_escaped() -> None:
    svg = drawn([Point(letter="A", x=0, y=0.5, chosen=True), Point(letter="B", x=2, y=0.7)])
    assert svg.count('class="badge chosen"') == 1
    assert "<desc>&lt;all&gt; of it</desc>" in svg
    assert 'role="img"' in svg


def test_an_interval_is_drawn_over_its_bar_with_a_light_edge() -> None:
    rows = [Bar(letter="A", label="a", value=5, told="5,0", ends=(4, 6), chosen=True)]
    svg = bars(rows, title="t", x_title="x", text="", language="de", width=WIDE)
    assert svg.index("<rect") < svg.index('class="edge"') < svg.index('class="whisker"')


def test_a_long_name_is_shortened_in_the_middle() -> None:
    name = "company/very-long-model-name-" * 6 + "v2"
    rows = [Bar(letter="A", label=name, value=5, told="5,0")]
    svg = bars(rows, title="t", x_title="x", text="", language="de", width=NARROW)
    (label,) = re.findall(r'<text class="label ground"[^>]*>(company[^<]*)</text>', svg)
    assert len(label) < 45
    assert label.endswith("v2")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (number(1234.5, "de", digits=1), "1.234,5"),
        (number(-0.0001, "en", digits=1), "0.0"),
        (number(-2.5, "en", digits=1), "\u22122.5"),
        (number(None, "de"), "?"),
        (money(12.3, "EUR", "de"), "12,30\u00a0€"),
        (money(12.3, "EUR", "en"), "€12.30"),
        (money(-3, "USD", "en"), "\u2212$3.00"),
        (money(0.0042, "USD", "de"), "0,0042\u00a0$"),
        (money(12.3, "CHF", "en"), "12.30\u00a0CHF"),
        (percent(0.824, "de"), "82\u00a0%"),
        (percent(0.824, "en"), "82%"),
        (gap(0.02, "de"), "0,02"),
        (gap(0.0583, "en"), "0.058"),
        (gap(12.4, "de"), "12"),
        (gap(0, "de"), "0"),
        (chance(0.00001, "de"), "p\u00a0<\u00a00,001"),
        (chance(0.033, "en"), "p\u00a0=\u00a00.033"),
    ],
)
def test_numbers_are_written_as_people_of_a_language_do(said: str, expected: str) -> None:
    assert said == expected


def test_a_day_does_not_hang_on_the_language_of_the_machine() -> None:
    from datetime import date

    assert day(date(2026, 3, 4), "en") == "4 March 2026"
    assert day(date(2026, 3, 4), "de") == "04.03.2026"


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0.05, 0.34),
        (0.0, 102.0),
        (0.747, 0.994),
        (3.2, 3.9),
        (0.0, 0.0047),
        (0.1, 0.3),
        (-0.4, 1.1),
    ],
)
def test_the_figure_of_a_tick_is_where_the_tick_stands(low: float, high: float) -> None:
    scale = axis([low, high], 0.0, 100.0)
    ticks = scale.ticks()
    assert 3 <= len(ticks) <= 9
    assert ticks[0] <= low
    assert ticks[-1] >= high
    for tick in ticks:
        assert float(scale.told(tick, "en").replace("\u2212", "-")) == pytest.approx(tick, abs=1e-9)
