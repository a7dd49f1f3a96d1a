"""`fourfold serve` told to stop while it works: what is in work is answered, nothing new begins."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.records import Principal
from fourfold.core.settings import Settings
from fourfold.storage.database import open_database
from fourfold.tracing import Traces, TraceView

OWNER = Principal(id="local", role="owner", sees_all_groups=True)
QUESTION = "How long is the warranty?"


@dataclass
class SlowModel:
    """A model's server that answers when the test allows it."""

    port: int = 0
    asked: threading.Event = field(default_factory=threading.Event)
    allowed: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        self.asked.set()
        assert self.allowed.wait(60)
        choice = {"message": {"content": "Two years."}, "finish_reason": "stop"}
        body = json.dumps({"choices": [choice]}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def slow_model() -> Iterator[SlowModel]:
    model = SlowModel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            model.answer(self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        model.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield model
        model.allowed.set()
        server.shutdown()


@pytest.fixture
def serving(tmp_path: Path, slow_model: SlowModel) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command as a user starts it, and its port."""
    (tmp_path / "documents").mkdir()
    (tmp_path / "fourfold.yaml").write_text(
        "name: helpdesk\nsources: [{name: documents, folder: documents}]\n"
        f"models: [{{name: slow, model: m, url: 'http://127.0.0.1:{slow_model.port}/v1'}}]\n"
    )
    kept = {name: value for name, value in os.environ.items() if "FOURFOLD" not in name}
    with subprocess.Popen(
        [sys.executable, "-m", "fourfold", "serve", "--port", "0", "--json"],
        cwd=tmp_path, env=kept, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        try:
            told = json.loads(process.stdout.readline())
            yield process, int(told["url"].rpartition(":")[2])
        finally:
            process.kill()


@pytest.mark.anyio
@pytest.mark.slow
async def test_sigterm_lets_the_request_in_work_end(
    serving: tuple[subprocess.Popen[str], int], slow_model: SlowModel, tmp_path: Path
) -> None:
    process, port = serving
    replies: list[Any] = []
    asking = threading.Thread(target=lambda: replies.append(asked(port)))
    asking.start()
    assert slow_model.asked.wait(30)
    process.send_signal(signal.SIGTERM)
    assert refuses_soon(port)
    assert process.poll() is None  # it still works on the answer
    slow_model.allowed.set()
    asking.join(30)
    assert replies[0]["choices"][0]["message"]["content"] == "Two years."
    assert process.wait(60) == 0
    trace = await kept_trace(tmp_path / ".fourfold", replies[0]["fourfold"]["trace"])
    assert (trace.question, trace.answer, trace.outcome) == (QUESTION, "Two years.", "ok")


def asked(port: int) -> Any:
    body = {"model": "slow", "messages": [{"role": "user", "content": QUESTION}]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


def refuses_soon(port: int) -> bool:
    """True once nobody listens on the port any more."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.05)
    return False


async def kept_trace(data_folder: Path, trace_id: str) -> TraceView:
    database = await open_database(Settings(_env_file=None, database_url=None), data_folder)
    try:
        return await Traces(database).get(trace_id, visible_to=OWNER)
    finally:
        await database.close()
