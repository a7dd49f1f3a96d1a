"""Whoever waits at a terminal sees that something is done; a log and a pipe stay clean."""

import io
from time import monotonic, sleep

import pytest

from fourfold.cli.progress import waiting_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_line_until_the_first_words_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "CI", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with waiting_line("Reading and writing …") as came:
        until = monotonic() + 20
        while "Reading and writing …" not in terminal.getvalue() and monotonic() < until:
            sleep(0.02)
        came()
        shown = terminal.getvalue()
    assert "Reading and writing …" in shown
    assert shown.endswith("\x1b[2K")  # the line is wiped
    assert terminal.getvalue() == shown


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting_line("Reading and writing …") as came:
        came()
    assert capsys.readouterr() == ("", "")
