"""What another user of the same machine can reach of a project: nothing that it knows."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.faults.conftest import AS_NOBODY

from fourfold.core.settings import Settings
from fourfold.storage.backup import backup
from fourfold.storage.embedded import EmbeddedServer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
]


async def test_another_user_reads_nothing_of_the_data_and_reaches_no_socket(
    open_folder: Path,
) -> None:
    data_folder = open_folder / ".fourfold"
    server = EmbeddedServer(data_folder)
    address = server.acquire()
    try:
        (data_folder / "backups").mkdir()
        await backup(Settings(database_url=None), data_folder, data_folder / "backups" / "a.dump")
        assert (data_folder / "backups" / "a.dump").stat().st_size > 0
        names = ["postgres.password", "postgres.log", "backups/a.dump", "postgres/PG_VERSION"]
        for name in names:
            assert (data_folder / name).exists()
            assert as_nobody("cat", data_folder / name).returncode != 0
        assert as_nobody("ls", data_folder).returncode == 0  # the test can tell the difference
        assert as_nobody("ls", data_folder / "postgres").returncode != 0
        assert as_nobody("ls", Path(address.socket_folder)).returncode != 0
        connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        socket = f"{address.socket_folder}/.s.PGSQL.5432"
        refused = as_nobody("/usr/bin/python3", "-c", connect, socket)
        assert "PermissionError" in refused.stderr
        pid = (server.cluster / "postmaster.pid").read_text().splitlines()[0]
        assert as_nobody("kill", "-0", pid).returncode != 0
        arguments = as_nobody("cat", f"/proc/{pid}/cmdline")
        assert "postgres" in arguments.stdout
        assert address.password not in arguments.stdout
    finally:
        server.release()


def as_nobody(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AS_NOBODY, *map(str, command)], cwd="/", capture_output=True, text=True, check=False
    )
