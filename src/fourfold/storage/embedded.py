"""The embedded PostgreSQL: one server in a project's data folder, shared by its processes."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from fourfold.core.errors import StorageError
from fourfold.storage.account import POSTGRES_VERSION, Account, account_for
from fourfold.storage.folders import (
    SOCKET,
    SOCKET_LOCK,
    FileLock,
    prepare_data_folder,
    private_socket_folder,
)

USER = "fourfold"
DATABASE = "postgres"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}  # nothing of the caller's reaches the server

CONFIGURATION = """
listen_addresses = ''             # reached through a private socket only
max_connections = 40
shared_buffers = 64MB             # the whole server stays small beside a language model
maintenance_work_mem = 64MB
work_mem = 8MB
max_wal_size = 512MB
wal_level = minimal
max_wal_senders = 0
io_method = sync                  # no processes of their own for reading
max_worker_processes = 4
max_parallel_workers_per_gather = 0
autovacuum_max_workers = 1
autovacuum_worker_slots = 2
random_page_cost = 1.1
jit = off                         # compiling takes longer than our queries
timezone = 'UTC'
log_min_messages = warning
log_checkpoints = off
"""
PROGRAMS = {"postgres", "initdb"}
START_SECONDS = 60.0  # after a crash the log is replayed first
STOP_SECONDS = 30.0
LOG_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server listens, and what opens it."""

    socket_folder: str
    user: str
    password: str
    database: str


class EmbeddedServer:
    """One user's hold on the server of a data folder.

    `acquire` starts the server or joins the running one, `release` stops it when nobody else
    holds it. A hold is a shared lock on a file, so the kernel ends it when its process is
    killed. A server that lost its last user to a kill keeps running and is joined again, or
    started again when its socket was lost meanwhile.
    """

    def __init__(self, data_folder: Path) -> None:
        self.data_folder = data_folder.absolute()
        self.cluster = self.data_folder / "postgres"
        self._password_file = self.data_folder / "postgres.password"
        self._log = self.data_folder / "postgres.log"
        self._hold = FileLock(self.data_folder / "postgres.users")
        self._changing = FileLock(self.data_folder / "postgres.lock")

    def acquire(self) -> Address:
        """Make the cluster when there is none, start it when it is down, and hold it."""
        prepare_data_folder(self.data_folder)
        with self._failures_explained(), self._changing.exclusive():
            self._hold.share()
            atexit.register(self.release)
            try:
                return self._ensure_running()
            except BaseException:
                self._hold.release()
                raise

    def restart_if_down(self) -> Address:
        """Bring a server back that was killed; its log is replayed, what was committed stands."""
        with self._failures_explained(), self._changing.exclusive():
            return self._ensure_running()

    def release(self) -> None:
        """Let go; the last one stops the server. A second call does nothing."""
        atexit.unregister(self.release)
        if not self._hold.held:
            return
        with self._changing.exclusive():
            if self._hold.is_only_holder():
                self._stop()
            self._hold.release()

    def _ensure_running(self) -> Address:
        if _is_out_of_reach(self.cluster):
            self._stop()
        account = account_for(self.cluster)
        sockets = private_socket_folder(self.cluster, account)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(account, sockets)
        account.give_all(self.cluster)
        _check_version(self.cluster)
        if _postmaster(self.cluster) is None:
            _clear_away_crash(self.cluster, sockets)
            self._start(account, sockets)
        return Address(
            socket_folder=_socket_folder(self.cluster),
            user=USER,
            password=self._password_file.read_text("utf-8"),
            database=DATABASE,
        )

    def _initialise(self, account: Account, sockets: Path) -> None:
        """Build beside, then rename: a cluster is there completely or not at all."""
        building = self.cluster.with_name("postgres.new")
        for process in _processes_in(building):  # of a first start that was killed
            with suppress(psutil.NoSuchProcess):
                process.kill()
            _has_ended(process, STOP_SECONDS)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        account.give(building)
        password = secrets.token_urlsafe(24)
        _write_private(self._password_file, password)
        handed_over = sockets / "password"  # initdb may run as somebody who cannot read ours
        _write_private(handed_over, password)
        account.give(handed_over)
        try:
            self._run(account, building, "initdb", *_initdb_options(handed_over))
        finally:
            handed_over.unlink()
        with (building / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(CONFIGURATION)
        building.rename(self.cluster)

    def _start(self, account: Account, sockets: Path) -> None:
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        socket_setting = f'unix_socket_directories="{sockets}"'
        pid = int(
            self._run(account, self.cluster, "postgres", "-c", socket_setting, in_background=True)
        )
        deadline = time.monotonic() + START_SECONDS
        while _status(self.cluster, pid) != "ready":
            if not _is_alive(pid) or time.monotonic() > deadline:
                raise StorageError(
                    f"The embedded database did not start: {_last_lines(self._log)}",
                    hint=f"Read `{self._log}`. Is the disk full, or the folder not writable?",
                )
            time.sleep(0.01)

    def _stop(self) -> None:
        process = _postmaster(self.cluster)
        if process is None:
            return
        sockets = Path(_socket_folder(self.cluster))
        for request in (signal.SIGINT, signal.SIGQUIT):  # ends sessions; ends at once
            with suppress(psutil.NoSuchProcess):
                process.send_signal(request)
            if _has_ended(process, STOP_SECONDS):
                break
        with suppress(OSError):  # gone already, or somebody put something into it
            sockets.rmdir()

    def _run(
        self,
        account: Account,
        folder: Path,
        program: str,
        *options: str,
        in_background: bool = False,
    ) -> str:
        """Run one of PostgreSQL's programs on a cluster; gives what it printed, or its pid."""
        command = [str(account.programs / program), "-D", account.name_of(folder), *options]
        if in_background:  # the shell ends at once, so the server is nobody's child
            command = ["/bin/sh", "-c", '"$@" </dev/null >&2 & echo $!', "sh", *command]
        self._log.touch(mode=0o600)
        with self._log.open("ab") as log:
            result = subprocess.run(
                command,
                cwd=folder,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                check=False,
                user=account.uid,
                group=account.gid,
                extra_groups=None if account.uid is None else [],
            )
        if result.returncode:
            raise StorageError(
                f"`{program}` failed: {_last_lines(self._log)}",
                hint=f"Read `{self._log}`. Is the disk full, or the folder not writable?",
            )
        return result.stdout.decode("utf-8", "replace")

    @contextmanager
    def _failures_explained(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise StorageError(
                f"The data folder `{self.data_folder}` cannot be used: {error}.",
                hint="Run as the user who made it, or give it to this one with `chown -R`.",
            ) from error
        except OSError as error:
            raise StorageError(
                f"The data folder `{self.data_folder}` cannot be used: {error}.",
                hint="Free some disk space, or choose a folder on a local, writable disk.",
            ) from error


def _initdb_options(password_file: Path) -> list[str]:
    return [
        f"--username={USER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
    ]


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _check_version(cluster: Path) -> None:
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != POSTGRES_VERSION:
        raise StorageError(
            f"The database in `{cluster}` was made by PostgreSQL {found}; here runs "
            f"{POSTGRES_VERSION}.",
            hint="Restore your last backup into a new folder with `fourfold restore`.",
        )


def _pid_file(cluster: Path) -> list[str]:
    """pid, data folder, start time, port, socket folder, address, shared memory, status."""
    try:
        return (cluster / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _postmaster(cluster: Path) -> psutil.Process | None:
    """The running server of this cluster; a stale pid file may name a stranger by now."""
    lines = _pid_file(cluster)
    try:
        process = psutil.Process(int(lines[0]))
        runs = process.status() != psutil.STATUS_ZOMBIE and os.path.samefile(process.cwd(), cluster)
    except (IndexError, ValueError, psutil.Error, OSError):
        return None
    return process if runs else None


def _is_out_of_reach(cluster: Path) -> bool:
    """True when the server runs, but something that tidies up temporary files took its socket."""
    if _postmaster(cluster) is None:
        return False
    return not (Path(_socket_folder(cluster)) / SOCKET).exists()


def _clear_away_crash(cluster: Path, sockets: Path) -> None:
    """Remove the pid files of a killed server, once its last process has ended.

    PostgreSQL does that itself, unless the pid now is a stranger's, or nobody collects the dead
    (in a container): then it takes the server for alive.
    """
    stale = cluster / "postmaster.pid"
    if not stale.exists():
        return
    for process in _processes_in(cluster):
        if not _has_ended(process, STOP_SECONDS):
            process.kill()  # works on for a server that is no more
            _has_ended(process, STOP_SECONDS)
    (sockets / SOCKET_LOCK).unlink(missing_ok=True)
    stale.unlink()


def _processes_in(cluster: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error, OSError):
            if process.info["name"] in PROGRAMS and os.path.samefile(process.cwd(), cluster):
                yield process


def _status(cluster: Path, pid: int) -> str:
    lines = _pid_file(cluster)
    return lines[7].strip() if len(lines) > 7 and lines[0] == str(pid) else ""


def _socket_folder(cluster: Path) -> str:
    return _pid_file(cluster)[4]


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _has_ended(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or not _is_alive(process.pid):
            return True
        time.sleep(0.01)
    return False


def _last_lines(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return " ".join(lines[-3:]) or "it said nothing"
