"""Files that people asked for: whole or not at all, and never over something that would be lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from fourfold.catalogue.policy import FILE_NAME as POLICY
from fourfold.core.errors import InvalidInput
from fourfold.project.config import FILE_NAME as PROJECT

if TYPE_CHECKING:
    from fourfold.project.project import Project

_INPUTS: Final = (PROJECT, POLICY, "datasets", "documents", "prompts", ".fourfold")
_REPORT: Final = b'<meta name="generator" content="Fourfold">'  # templates/decision.html has it
_OUTPUTS: Final = b'<meta name="generator" content="Fourfold outputs">'  # and outputs.html this
_HEAD_BYTES: Final = 4_096
_OTHER: Final = "Name another file"


def write_report(project: Project, file: Path, html: str, *, force: bool = False) -> None:
    """Write a report; an earlier report is replaced, another file only with `force`.

    Raises `InvalidInput` for those, for what the project is made of, and without the folder.
    """
    _write_page(project, file, html, _REPORT, force=force)


def write_outputs(project: Project, file: Path, html: str, *, force: bool = False) -> None:
    """Write outputs side by side; as with a report, an earlier page of the kind is replaced."""
    _write_page(project, file, html, _OUTPUTS, force=force)


def write_files(
    project: Project,
    output: Path,
    write: Callable[[Path], Sequence[Path]],
    *,
    force: bool = False,
    replaces: Callable[[Path], bool] = lambda _: False,
) -> list[Path]:
    """Have `write` make `output`, or files named after it, beside it, and put them in their places.

    A file that exists is replaced with `force`, when it is empty, or when `replaces` says so; what
    the project is made of never is. Nothing is in its place before all can be.
    """
    if not output.parent.is_dir():
        raise InvalidInput(
            f"There is no folder `{output.parent}`.", hint="Create it, or choose another."
        )
    if output.exists() and not output.is_file():
        raise InvalidInput(f"`{output}` is no plain file.", hint=f"{_OTHER}.")
    beside = output.resolve().parent
    with TemporaryDirectory(prefix=".fourfold-", dir=beside) as unfinished:
        made = write(Path(unfinished) / output.name)
        places = [output.with_name(one.name) for one in made]
        for place in places:
            _check(project, place, is_replaceable=force or replaces(place))
        for one, place in zip(made, places, strict=True):
            _put(one, place.resolve())
    return places


def _write_page(project: Project, file: Path, html: str, mark: bytes, *, force: bool) -> None:
    def write(target: Path) -> Sequence[Path]:
        target.write_text(html, encoding="utf-8")
        return [target]

    write_files(project, file, write, force=force, replaces=partial(_begins_with, mark=mark))


def _check(project: Project, file: Path, *, is_replaceable: bool) -> None:
    if not file.exists():
        return
    if _is_input(project, file):
        raise InvalidInput(f"`{file}` belongs to the project and would be lost.", hint=f"{_OTHER}.")
    if not is_replaceable and file.stat().st_size:
        raise InvalidInput(
            f"`{file}` is there already, and is not overwritten.",
            hint=f"{_OTHER}; or, if nobody needs what it holds, add --force.",
        )


def _is_input(project: Project, file: Path) -> bool:
    """True for what the project is made of, by whatever name, link or case it was reached."""
    real = file.resolve()
    known = [one for one in _inputs(project) if one.exists()]
    return any(one.samefile(part) for part in (real, *real.parents) for one in known)


def _inputs(project: Project) -> Iterator[Path]:
    config = project.config
    for named in (*_INPUTS, config.prompt, config.examples, config.output_schema):
        several = named.values() if isinstance(named, dict) else [named]
        yield from (project.folder / one for one in several if one is not None)


def _begins_with(file: Path, mark: bytes) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return mark in opened.read(_HEAD_BYTES)


def _put(made: Path, place: Path) -> None:
    if place.exists():
        shutil.copymode(place, made)  # who may read it stays as it was
    made.replace(place)
