"""What data hold never reaches the terminal as an order to it."""

import json

import click
import pytest
from tests.reports.conftest import Fake, entry_of

from fourfold.cli.comparison import show_comparison
from fourfold.cli.output import faint, heading, print_json, printable, say, say_error, show

ORDERS = {
    "window title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x1b\\",
    "line deleted": "\x1b[2K\r",
    "screen cleared": "\x9b2J",
    "hidden words": "\x1b[8m",
    "bell and delete": "\x07\x7f\x00",
    "colour without end": "\x1b[31m",
}


def is_plain(text: str) -> bool:
    return all(letter.isprintable() or letter in "\n\t" for letter in text)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_orders_in_data_are_taken_out_of_words(
    order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(f"record 1{order}\tgood\n")
    say(f"m: the provider says {order}no")
    say_error("model_error", f"It said {order}.", f"Ask {order}again.", as_json=False)
    out, err = capsys.readouterr()
    assert is_plain(out)
    assert is_plain(err)
    assert is_plain(printable(order))
    assert out.startswith("record 1")
    assert out.endswith("\tgood\n\n")
    assert err.endswith("again.\n")


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_our_own_styles_stay_around_words_without_orders(order: str) -> None:
    shown = printable(f"{heading(f'gpt{order}-5')} fits {faint(f'so {order}they say')}")
    bold, dim, end = "\x1b[1m", "\x1b[2m", "\x1b[0m"
    assert shown.startswith(f"{bold}gpt")
    assert shown.endswith(f"they say{end}")
    assert shown.count(end) == 2
    assert is_plain(shown.replace(bold, "").replace(dim, "").replace(end, ""))


def test_a_style_of_two_codes_stays() -> None:
    styled = click.style("error:", fg="red", bold=True)
    assert printable(f"{styled} no") == f"{styled} no"


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_names_and_messages_of_a_comparison_are_printed_without_orders(
    order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = dict(entry_of([Fake(f"evil{order}", 0.2), Fake("b", 0.3)]).body)
    failure = {"model": "b", "record": f"g{order}1", "code": "model_error", "message": order}
    show_comparison({**body, "failures": [failure]})
    out, err = capsys.readouterr()
    assert "evil" in out
    assert is_plain(out)
    assert is_plain(err)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_json_says_the_same_in_letters_that_no_terminal_obeys(
    order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_json({"answer": order})
    out = capsys.readouterr().out
    assert is_plain(out)
    assert json.loads(out) == {"answer": order}
