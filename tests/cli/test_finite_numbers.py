"""Options that take numbers refuse what is no number, before anything is asked or written."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from fourfold.cli import fourfold

HERE = str(Path(__file__))
JUDGED = ("judge", "--model", "m", "--hypotheses", HERE, "--references", HERE, "--budget")
SCORED = ("score", "--hypotheses", HERE, "--references", HERE, "--per-hour")


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "1e309", "1e300"])
@pytest.mark.parametrize(
    "words",
    [
        ("compare", "--models", "m", "--budget"),
        ("compare", "--models", "m", "--relevant"),
        ("compare", "--models", "m", "--per-hour"),
        ("models", "shortlist", "--budget"),
        ("report", "--rate"),
        JUDGED,
        SCORED,
    ],
)
def test_an_option_refuses_what_is_no_finite_number(words: tuple[str, ...], number: str) -> None:
    done = CliRunner().invoke(fourfold, [*words, number])
    assert done.exit_code == 2
    assert f"Invalid value for '{words[-1]}'" in done.output
