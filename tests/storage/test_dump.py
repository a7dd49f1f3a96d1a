"""What other users of the machine see of a database's address while it is dumped."""

import asyncio
from pathlib import Path

import pytest

from fourfold.storage import dump
from fourfold.storage.connections import Target

PROGRAM = """#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/options"
printf '%s' "$PGPASSWORD" > "$(dirname "$0")/password"
"""


@pytest.mark.parametrize(
    ("dsn", "address", "password"),
    [
        ("postgresql://u:geheim%21@h:5432/d", "postgresql://u@h:5432/d", "geheim!"),
        ("postgresql://u@h/d?password=geheim%21", "postgresql://u@h/d", "geheim!"),
        ("postgresql://u@h/d?p%61ssword=geheim", "postgresql://u@h/d", "geheim"),
        (
            "postgresql:///d?host=/run/my%20db&password=a+b%26c&sslmode=require",
            "postgresql:///d?host=/run/my%20db&sslmode=require",
            "a b&c",
        ),
        ("postgresql://u:first@h/d?password=last", "postgresql://u@h/d", "first"),
        ("postgresql://u@h/d?password=one&password=two", "postgresql://u@h/d", "two"),
        ("postgresql://u@h/d?sslpassword=key", "postgresql://u@h/d?sslpassword=key", ""),
        ("postgresql://u@h/d", "postgresql://u@h/d", ""),
    ],
)
def test_a_password_stands_in_the_environment_and_in_no_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dsn: str, address: str, password: str
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(PROGRAM)
    program.chmod(0o700)
    monkeypatch.setattr(dump, "_program", lambda _name: str(program))
    asyncio.run(dump.dump(Target(dsn=dsn), tmp_path / "all.dump"))
    assert (tmp_path / "options").read_text().splitlines()[:2] == ["--dbname", address]
    assert (tmp_path / "password").read_text() == password
