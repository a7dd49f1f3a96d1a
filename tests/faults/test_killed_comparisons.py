"""Comparisons that are killed, and two of the same one at once, with a provider that counts."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.faults.conftest import Fourfold

from fourfold.project.scaffold import create_project

pytestmark = pytest.mark.slow
RECORDS, PARALLEL, LATENCY = 24, 4, 0.3
EVENTS = (
    b'data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":'
    b'{"content":"positive"},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"1","object":"chat.completion.chunk","choices":[],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}\n\ndata: [DONE]\n\n'
)


class Provider(ThreadingHTTPServer):
    """Answers after a while; counts what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Chat)
        self.asked: Counter[str] = Counter()
        self.answered = 0
        self.let_go = threading.Event()
        self.let_go.set()

    def wait_for(self, *, asked: int = 0, answered: int = 0) -> None:
        end = time.monotonic() + 120
        while self.asked.total() < asked or self.answered < answered:
            assert time.monotonic() < end, f"only {self.answered} were answered"
            time.sleep(0.01)


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        provider = self.server
        assert isinstance(provider, Provider)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider.asked[body["messages"][-1]["content"]] += 1
        time.sleep(LATENCY)
        provider.let_go.wait(timeout=120)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(EVENTS)))
        self.end_headers()
        self.wfile.write(EVENTS)
        provider.answered += 1

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever)
    thread.start()
    yield provider
    provider.shutdown()
    thread.join()
    provider.server_close()


@pytest.fixture
def folder(tmp_path: Path, provider: Provider) -> Path:
    """A project whose only model is that of the provider: a dollar a token."""
    folder = tmp_path / "mood"
    create_project(folder, task="sentiment")
    url = f"http://127.0.0.1:{provider.server_port}/v1"
    file = folder / "fourfold.yaml"
    file.write_text(
        file.read_text("utf-8").replace("output_schema: schema.json\n", "")
        + f"models: [{{name: counted, url: '{url}', model: m, "
        "price: {input: 1000000, output: 1000000, date: 2026-11-22}}]\n",
        encoding="utf-8",
    )
    rows = [{"id": str(n), "text": f"text {n}", "reference": "positive"} for n in range(RECORDS)]
    (folder / "datasets" / "many.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


COMPARE = (
    *("compare", "--models", "counted", "--dataset", "datasets/many.jsonl", "--metrics"),
    *("accuracy", "--parallel", str(PARALLEL), "--yes"),
)


def test_a_killed_comparison_goes_on_and_names_what_it_may_have_paid_twice(
    fourfold: Fourfold, folder: Path, provider: Provider
) -> None:
    with fourfold.start(*COMPARE, folder=folder) as process:
        provider.wait_for(answered=RECORDS // 2)
        process.kill()
    assert process.returncode == -9
    before = provider.asked.copy()
    ended = fourfold.run(*COMPARE, folder=folder)
    assert ended.code == 0, ended
    assert ended.json["compared"] == ended.json["dataset"]["records"] == RECORDS
    assert ended.json["models"][0]["answered"] == RECORDS
    assert ended.json["failures"] == []
    twice = {text for text, count in provider.asked.items() if count == 2}
    lost = ended.json["possibly_paid"]
    assert max(provider.asked.values()) == 2
    assert twice <= set(before)
    assert 0 < len(twice) == lost["requests"] <= 2 * PARALLEL  # in flight, and not yet written
    assert f"{lost['requests']} requests in flight when a run was killed" in ended.err
    answered = (len(before) - len(twice)) * 10  # dollars: 9 tokens read, 1 written
    assert ended.json["spent_before_usd"] == pytest.approx(answered + lost["usd"])
    assert ended.json["spent_usd"] == (RECORDS - len(before) + len(twice)) * 10

    asked = provider.asked.copy()
    again = fourfold.run(*COMPARE, "--budget", "1", folder=folder)
    assert (again.code, again.json["spent_usd"]) == (0, 0), again
    assert provider.asked == asked


def test_a_second_process_is_told_who_makes_the_same_comparison(
    fourfold: Fourfold, folder: Path, provider: Provider
) -> None:
    provider.let_go.clear()
    with fourfold.start(*COMPARE, folder=folder) as first:
        provider.wait_for(asked=1)
        second = fourfold.run(*COMPARE, folder=folder)
        provider.let_go.set()
        first.communicate(timeout=120)
    assert first.returncode == 0
    assert second.error["code"] == "experiment_busy"
    assert f"process {first.pid} on" in second.error["message"]
    assert max(provider.asked.values()) == 1
