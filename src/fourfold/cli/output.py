"""How commands speak: data on stdout, words on stderr, errors in one form."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from rich.table import Table

_CONTROL: Final = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # of ASCII and Latin-1, but `\n` and `\t`
_UNPRINTABLE: Final = re.compile(
    r"(?P<on>(?:\x1b\[(?:1|2|3[123])m)+)(?P<words>[^\x1b]*)(?P<off>\x1b\[0m)"  # as click styles
    rf"|\x1b\[[0-?]*[ -/]*[@-~]|{_CONTROL}"
)

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Data for programs on stdout, words on stderr."
)
project_option = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the project; default: this one, or the nearest above it.",
)


def command(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Run an asynchronous command to its end, on uvloop where it is installed."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        import asyncio

        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(function(*args, **kwargs))

    return run


def print_json(value: Any) -> None:
    """One JSON value on one line of stdout, at once."""
    line = json.dumps(value, ensure_ascii=False)
    sys.stdout.write(_UNPRINTABLE.sub(_as_json_escape, line) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Words for the person, on stderr."""
    click.echo(printable(text), err=True)


def show(text: str = "", *, ends_line: bool = True) -> None:
    """What a person asked to see, on stdout."""
    click.echo(printable(text), nl=ends_line)


def show_table(table: Table, *, width: int) -> None:
    """A table, on stdout; what looks like markup in it is printed as it is."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=width)
    with console.capture() as written:
        console.print(table)
    show(written.get(), ends_line=False)


def printable(text: str) -> str:
    """The text without control characters, but for new lines, tabs and the few styles that we set.

    Data (record ids, messages of providers, answers) may hold sequences by which a terminal
    renames its window, deletes lines or fills the clipboard.
    """
    return _UNPRINTABLE.sub(_style_only, text)


def counted(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def heading(text: str) -> str:
    """The text, bold where the terminal can."""
    return click.style(printable(text), bold=True)


def faint(text: str) -> str:
    """The text, dimmed where the terminal can."""
    return click.style(printable(text), dim=True)


def say_error(code: str, message: str, hint: str, *, as_json: bool) -> None:
    """`error: …`, a blank line, `hint: …`; with `--json` an object on stdout."""
    if as_json:
        print_json({"error": {"code": code, "message": message, "hint": hint}})
        return
    say(f"{click.style('error:', fg='red', bold=True)} {message}")
    if hint:
        say(f"\n{click.style('hint:', bold=True)} {hint}")


def _style_only(found: re.Match[str]) -> str:
    """A style that ends where it should, around words without control characters; else nothing."""
    if found["on"] is None:
        return ""
    return found["on"] + re.sub(_CONTROL, "", found["words"]) + found["off"]


def _as_json_escape(found: re.Match[str]) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in found[0])  # which JSON reads as the same


def _loop_factory() -> Callable[[], AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop
