import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fourfold.core.errors import StorageError
from fourfold.storage import folders
from fourfold.storage.account import account_for
from fourfold.storage.embedded import EmbeddedServer
from fourfold.storage.folders import FileLock, private_socket_folder

NOBODY = 65534


@pytest.fixture
def server(data_folder: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(data_folder)
    yield made
    made.release()


def postmaster(server: EmbeddedServer) -> psutil.Process:
    pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
    return psutil.Process(pid)


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("waited in vain")


def another_process(server: EmbeddedServer, *then: str) -> subprocess.Popen[str]:
    """A process that holds the server, says so, and waits for its input to end."""
    code = f"""
        import sys
        from pathlib import Path
        from fourfold.storage.embedded import EmbeddedServer
        server = EmbeddedServer(Path({str(server.data_folder)!r}))
        server.acquire()
        print("held", flush=True)
        sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_server_starts_and_ends_with_its_last_user(server: EmbeddedServer) -> None:
    address = server.acquire()
    running = postmaster(server)
    second = EmbeddedServer(server.data_folder)
    assert second.acquire() == address
    server.release()
    assert running.is_running()
    second.release()
    wait_until(lambda: not running.is_running() or running.status() == psutil.STATUS_ZOMBIE)
    assert not (server.cluster / "postmaster.pid").exists()


def test_a_killed_user_keeps_nobody_waiting(server: EmbeddedServer) -> None:
    server.acquire()
    running = postmaster(server)
    with another_process(server) as other:
        other.kill()
    server.release()
    wait_until(lambda: not (server.cluster / "postmaster.pid").exists())
    assert not running.is_running() or running.status() == psutil.STATUS_ZOMBIE


def test_a_server_whose_users_were_all_killed_is_joined_again(server: EmbeddedServer) -> None:
    with another_process(server) as other:
        running = postmaster(server)
        other.kill()
    server.acquire()
    assert postmaster(server).pid == running.pid


def test_a_user_that_forgets_to_release_ends_the_server_at_its_exit(
    server: EmbeddedServer,
) -> None:
    with another_process(server) as other:
        running = postmaster(server)
        other.communicate("")
    wait_until(lambda: not running.is_running() or running.status() == psutil.STATUS_ZOMBIE)


def test_a_stale_pid_file_that_names_a_stranger_does_no_harm(server: EmbeddedServer) -> None:
    server.acquire()
    stale = (server.cluster / "postmaster.pid").read_text()
    server.release()
    own_pid = stale.replace(stale.splitlines()[0], str(os.getpid()), 1)
    (server.cluster / "postmaster.pid").write_text(own_pid)
    server.acquire()
    assert postmaster(server).pid != os.getpid()


def test_a_killed_server_is_brought_back(server: EmbeddedServer) -> None:
    server.acquire()
    killed = postmaster(server)
    os.kill(killed.pid, signal.SIGKILL)
    wait_until(lambda: not killed.is_running() or killed.status() == psutil.STATUS_ZOMBIE)
    server.restart_if_down()
    assert postmaster(server).pid != killed.pid


def test_the_password_and_the_socket_are_for_us_alone(server: EmbeddedServer) -> None:
    address = server.acquire()
    password_file = server.data_folder / "postgres.password"
    assert password_file.stat().st_mode & 0o777 == 0o600
    assert Path(address.socket_folder).stat().st_mode & 0o777 == 0o700
    assert "trust" not in (server.cluster / "pg_hba.conf").read_text().split()
    assert len(os.fsencode(address.socket_folder)) < 80


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_local_user_cannot_reach_the_socket(server: EmbeddedServer) -> None:
    address = server.acquire()
    code = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    path = f"{address.socket_folder}/.s.PGSQL.5432"
    outcome = subprocess.run(
        ["/usr/bin/env", "python3", "-c", code, path],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode != 0
    assert "denied" in outcome.stderr.lower()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_copy_that_root_made_belongs_to_the_account_again(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", server.data_folder, copy], check=True)  # root owns all of it
    linked = tmp_path / "linked"
    linked.touch()
    (copy / "postgres" / "link").symlink_to(linked)
    copied = EmbeddedServer(copy)
    try:
        copied.acquire()
    finally:
        copied.release()
    assert copied.cluster.stat().st_uid == server.cluster.stat().st_uid != 0
    assert linked.stat().st_uid == 0


def test_a_socket_folder_that_somebody_else_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    cluster = tmp_path / "postgres"
    account = account_for(cluster)
    made = private_socket_folder(cluster, account)
    made.chmod(0o777)
    with pytest.raises(StorageError, match="open to others"):
        private_socket_folder(cluster, account)
    made.rmdir()
    made.symlink_to(tmp_path)
    with pytest.raises(StorageError, match="belongs to somebody else"):
        private_socket_folder(cluster, account)


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(StorageError, match="cannot be written") as caught:
        EmbeddedServer(in_the_way / ".fourfold").acquire()
    assert "FOURFOLD_DATABASE_URL" in caught.value.hint


def test_a_read_only_folder_says_what_to_do() -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        EmbeddedServer(Path("/proc/fourfold")).acquire()


def test_a_network_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_file_system", lambda folder: "nfs4")
    with pytest.raises(StorageError, match="network file system"):
        EmbeddedServer(tmp_path).acquire()


def test_a_cluster_of_another_version_is_left_alone(server: EmbeddedServer) -> None:
    server.acquire()
    server.release()
    (server.cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(StorageError, match="PostgreSQL 16"):
        server.acquire()


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").touch()
    server = EmbeddedServer(tmp_path)
    assert Path(server.acquire().socket_folder).exists()
    server.release()


def test_a_server_that_cannot_start_shows_its_own_words(server: EmbeddedServer) -> None:
    server.acquire()
    server.release()
    with (server.cluster / "postgresql.conf").open("a") as configuration:
        configuration.write("\nshared_buffers = nonsense\n")
    with pytest.raises(StorageError, match="shared_buffers"):
        server.acquire()


def test_a_lock_is_free_again_when_its_holder_lets_go(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.share()
    second.share()
    assert not first.is_only_holder()
    second.release()
    first.share()
    assert first.is_only_holder()
    first.release()


def test_nothing_listens_on_the_network(server: EmbeddedServer) -> None:
    server.acquire()
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", 5432), 1):
        pass


def test_the_socket_folder_goes_with_the_server(server: EmbeddedServer) -> None:
    folder = Path(server.acquire().socket_folder)
    assert folder.exists()
    server.release()
    assert not folder.exists()
    assert Path(server.acquire().socket_folder).exists()


@pytest.mark.parametrize("lost", ["folder", "socket"])
def test_a_server_whose_socket_was_cleared_away_is_started_again(
    server: EmbeddedServer, lost: str
) -> None:
    with another_process(server) as other:
        folder = Path((server.cluster / "postmaster.pid").read_text().splitlines()[4])
        deaf = postmaster(server)
        other.kill()
    if lost == "folder":
        shutil.rmtree(folder)
    else:
        (folder / ".s.PGSQL.5432").unlink()
    address = server.acquire()
    assert postmaster(server).pid != deaf.pid
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{address.socket_folder}/.s.PGSQL.5432")


def test_a_stranger_s_file_in_the_socket_folder_is_left_alone(server: EmbeddedServer) -> None:
    kept = Path(server.acquire().socket_folder) / "kept"
    kept.touch()
    server.release()
    assert kept.exists()
    kept.unlink()
    kept.parent.rmdir()
