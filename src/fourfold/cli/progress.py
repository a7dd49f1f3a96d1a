"""Progress bars: of an ingestion, of a download, of a row of steps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from fourfold.cli.output import printable, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

    from fourfold.evaluation.records import RunProgress
    from fourfold.indexing.records import Progress


_LINE_SECONDS = 10.0
_COMPARISON_LINE_SECONDS = 30.0  # one takes hours


@contextmanager
def ingestion_bar() -> Iterator[Callable[[Progress], None]]:
    """Give what an ingestion tells its progress; a bar on a terminal, elsewhere lines."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files · {task.fields[chunks]} chunks · {task.fields[rate]:.0f}/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("Comparing", total=None, chunks=0, rate=0.0)

    def tell(state: Progress) -> None:
        seconds = bar.tasks[0].elapsed or 0.0
        bar.update(
            task,
            description="Waiting for another ingestion" if state.waiting else "Reading",
            total=None if state.waiting else state.files,
            completed=state.files_done,
            chunks=state.chunks,
            rate=state.chunks / seconds if seconds else 0.0,
        )

    with bar:
        yield tell


def _lines() -> Callable[[Progress], None]:
    """A line on stderr every ten seconds, for logs."""
    last = monotonic()

    def tell(state: Progress) -> None:
        nonlocal last
        if monotonic() - last >= _LINE_SECONDS:
            last = monotonic()
            say(f"{state.files_done} of {state.files} files, {state.chunks} chunks")

    return tell


@contextmanager
def download_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Give what an installation tells its progress: what it does, bytes done, bytes in all."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=None)

    def tell(what: str, done: int, total: int) -> None:
        bar.update(task, description=what, completed=done, total=total or None)

    with bar:
        yield tell


@contextmanager
def steps_bar(names: Sequence[str]) -> Iterator[Iterator[str]]:
    """Give the names one by one, each when its step begins; a bar on a terminal, else nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    task = bar.add_task("", total=len(names))

    def steps() -> Iterator[str]:
        for done, name in enumerate(names):
            bar.update(task, description=name, completed=done)
            yield name

    with bar:
        yield steps()


@contextmanager
def waiting_line(what: str) -> Iterator[Callable[[], None]]:
    """Show what one waits for until the given function is called; off a terminal, nothing."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    status = console.status(what)
    status.start()
    try:
        yield status.stop
    finally:
        status.stop()


@contextmanager
def count_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give what takes how many are done; a bar on a terminal, else nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    task = bar.add_task(what, total=total)
    with bar:
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def comparison_bar() -> Iterator[tuple[Callable[[RunProgress], None], Callable[[str], None]]]:
    """Give what a comparison tells its progress, and what it tells the metric it computes.

    A bar on a terminal, elsewhere lines.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _comparison_lines(), lambda _: None
        return
    bar = _comparison_bar(console)
    task = bar.add_task("", total=None, note="", visible=False)

    def tell(state: RunProgress) -> None:
        bar.start()
        bar.update(
            task,
            visible=True,
            description=printable(state.working_on),
            completed=state.done,
            total=state.total,
            note=_spent_and_failed(state),
        )

    try:
        yield tell, lambda metric: bar.update(task, description=f"Scoring {metric}")
    finally:
        bar.stop()


def _comparison_bar(console: Console) -> Bar:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _comparison_lines() -> Callable[[RunProgress], None]:
    """A line on stderr every half minute, and one at the end, for logs."""
    last = monotonic()

    def tell(state: RunProgress) -> None:
        nonlocal last
        if monotonic() - last >= _COMPARISON_LINE_SECONDS or state.done == state.total:
            last = monotonic()
            answers = f"{state.done} of {state.total} answers"
            now = f" · now {state.working_on}" if state.done < state.total else ""
            say(f"{answers} · {_spent_and_failed(state)}{now}")

    return tell


def _spent_and_failed(state: RunProgress) -> str:
    failed = f" · {state.failed} failed" if state.failed else ""
    return f"{state.cost_usd:.2f} ${failed}"
