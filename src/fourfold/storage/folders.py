"""Files and folders around the embedded server: its data folder, its socket, its locks."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psutil

from fourfold.core.errors import StorageError
from fourfold.storage.account import Account

LONGEST_SOCKET_PATH = 103  # bytes: macOS takes 104 with the final zero, Linux 108
SOCKET = ".s.PGSQL.5432"
SOCKET_LOCK = f"{SOCKET}.lock"  # the longest name beside the socket
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "fuse.sshfs"}


class FileLock:
    """A lock between processes on a file; the kernel gives it back when its process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """True between `share` and `release`."""
        return self._descriptor is not None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Wait until nobody else is inside."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def share(self) -> None:
        """Hold it together with others."""
        if self._descriptor is None:
            self._descriptor = self._open()
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def is_only_holder(self) -> bool:
        """True when no other process holds it, and then none can until `release`."""
        assert self._descriptor is not None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)


def prepare_data_folder(folder: Path) -> None:
    """Make the folder; raises `StorageError` where a database cannot live."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"The data folder `{folder}` cannot be written: {error.strerror}.",
            hint="Free some disk space, put the project on a writable local disk, "
            "or set FOURFOLD_DATABASE_URL to a PostgreSQL server.",
        ) from error
    kind = _file_system(folder)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StorageError(
            f"The data folder `{folder}` lies on a network file system ({kind}), where two "
            "machines could start the same database and destroy it.",
            hint="Put the project on a local disk, or set FOURFOLD_DATABASE_URL to a PostgreSQL "
            "server.",
        )


def private_socket_folder(cluster: Path, account: Account) -> Path:
    """A short folder for the server's socket that nobody else can enter, made if need be.

    The project's own path may be longer than a socket's may be.
    """
    name = sha256(os.fsencode(cluster.resolve())).hexdigest()[:12]
    owner = os.geteuid() if account.uid is None else account.uid
    for home in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 its owner is checked
        folder = home / f"fourfold-{owner}-{name}"
        fits = len(os.fsencode(folder / SOCKET_LOCK)) <= LONGEST_SOCKET_PATH
        if fits and home.is_dir() and os.access(home, os.W_OK | os.X_OK):
            _make_private(folder, owner, account)
            return folder
    raise StorageError(
        "There is no short, writable folder for the database's socket.",
        hint="Make /tmp writable, or set TMPDIR to a short path.",
    )


def _make_private(folder: Path, owner: int, account: Account) -> None:
    """Somebody else may have made it first, to listen in our place."""
    try:
        folder.mkdir(mode=0o700)
        account.give(folder)
    except FileExistsError:
        pass
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != owner or status.st_mode & 0o077:
        raise StorageError(
            f"The folder `{folder}` for the database's socket belongs to somebody else or is open "
            "to others.",
            hint="Find out who made it, then remove it.",
        )


def _file_system(folder: Path) -> str:
    resolved = str(folder.resolve())
    mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    inside = [at for at in mounts if Path(resolved).is_relative_to(at)]
    return mounts[max(inside, key=len)].lower() if inside else ""
