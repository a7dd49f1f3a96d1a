"""A comparison that is stopped by Ctrl+C or SIGTERM: what it says, and how it ends."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from fourfold.cli.stopping import at_prompt

SECONDS = 120
EVENTS = (
    b'data: {"choices":[{"index":0,"delta":{"content":"positive"},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}\n\ndata: [DONE]\n\n'
)
COMPARE = (
    *("compare", "--models", "slow", "--dataset", "datasets/few.jsonl"),
    *("--metrics", "accuracy", "--parallel", "1", "--yes"),
)


class Provider(ThreadingHTTPServer):
    """Answers one request of two, and leaves the other waiting."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Chat)
        self.asked = 0
        self.is_waiting = threading.Event()
        self.let_go = threading.Event()


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        provider = self.server
        assert isinstance(provider, Provider)
        self.rfile.read(int(self.headers["Content-Length"]))
        provider.asked += 1
        if provider.asked % 2 == 0:
            provider.is_waiting.set()
            provider.let_go.wait(timeout=SECONDS)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(EVENTS)))
        self.end_headers()
        self.wfile.write(EVENTS)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever)
    thread.start()
    yield provider
    provider.let_go.set()
    provider.shutdown()
    thread.join()
    provider.server_close()


@pytest.fixture
def folder(run: Run, tmp_path: Path, provider: Provider) -> Path:
    """A project with four records and one model."""
    folder = tmp_path / "mood"
    assert run("init", "mood", "--task", "sentiment", folder=tmp_path).code == 0
    file, url = folder / "fourfold.yaml", f"http://127.0.0.1:{provider.server_port}/v1"
    file.write_text(
        file.read_text("utf-8").replace("output_schema: schema.json\n", "")
        + f"models: [{{name: slow, url: '{url}', model: m, concurrent: 1}}]\n",
        encoding="utf-8",
    )
    rows = [{"id": str(n), "text": f"text {n}", "reference": "positive"} for n in range(4)]
    (folder / "datasets" / "few.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_a_stopped_comparison_says_what_is_kept(run: Run, folder: Path, provider: Provider) -> None:
    for number, answers, code in ((signal.SIGINT, 1, 130), (signal.SIGTERM, 2, 143)):
        ended = _stopped(folder, provider, number)
        assert ended.returncode == code, ended
        assert "error: Stopped." in ended.stderr
        assert "hint: What was answered is kept; the same command goes on with it." in ended.stderr
        assert "Traceback" not in ended.stderr
        (begun,) = run("compare", "--list", "--json", folder=folder).json["experiments"]
        shown = run("compare", "--show", begun["experiment"], "--json", folder=folder)
        assert shown.json["answers"] == {"slow": answers}


def _stopped(
    folder: Path, provider: Provider, number: signal.Signals
) -> subprocess.CompletedProcess[str]:
    """The command, stopped while its second request waits for an answer."""
    provider.is_waiting.clear()
    words = [sys.executable, "-m", "fourfold", *COMPARE]
    with subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            assert provider.is_waiting.wait(timeout=SECONDS)
            process.send_signal(number)
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def test_at_a_prompt_ctrl_c_is_heard_at_once() -> None:
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with pytest.raises(KeyboardInterrupt), at_prompt():
            signal.raise_signal(signal.SIGINT)
        heard = signal.getsignal(signal.SIGINT)
        assert heard is not signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
