"""How commands speak: data on stdout, words on stderr, errors in one form."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

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
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Words for the person, on stderr."""
    click.echo(text, err=True)


def show(text: str = "") -> None:
    """What a person asked to see, on stdout."""
    click.echo(text)


def counted(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def heading(text: str) -> str:
    """The text, bold where the terminal can."""
    return click.style(text, bold=True)


def faint(text: str) -> str:
    """The text, dimmed where the terminal can."""
    return click.style(text, dim=True)


def say_error(code: str, message: str, hint: str, *, as_json: bool) -> None:
    """`error: …`, a blank line, `hint: …`; with `--json` an object on stdout."""
    if as_json:
        print_json({"error": {"code": code, "message": message, "hint": hint}})
        return
    say(f"{click.style('error:', fg='red', bold=True)} {message}")
    if hint:
        say(f"\n{click.style('hint:', bold=True)} {hint}")


def _loop_factory() -> Callable[[], AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop
