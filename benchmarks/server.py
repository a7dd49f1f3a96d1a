"""What the server adds to a call of a model, beside a bare proxy and nginx in the same run.

    .venv/bin/python benchmarks/server.py --json benchmarks/results/server.json

A stand-in answers like a model at once, so that only the cost of the server in between is seen.
The server under test is pinned to the first core; the stand-in and the generator (`wrk`) to the
second. All of it is bound to 127.0.0.1, bounded in time, and ends by itself. Needs Linux, two
cores, `wrk` and `nginx` (Debian has both).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

SERVER_CORE, LOAD_CORE = {0}, {1}
CONNECTIONS = (1, 16, 64)
TEXT = "The warranty lasts two years from the day of purchase, batteries included."
ASK = {
    "model": "stand-in",
    "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "How long is the warranty of the lawn mower?"},
    ],
}


@dataclass(frozen=True)
class Row:
    """One measurement: a server, a kind of request, a number of connections."""

    server: str
    mode: str
    connections: int
    requests: int
    requests_per_second: float
    cpu_us_per_request: float
    database_us_per_request: float
    load_core_busy: float
    p50_ms: float
    p99_ms: float
    errors: int


class StandIn(asyncio.Protocol):
    """A model that has its answer ready: whole, or in twelve pieces for a stream."""

    def connection_made(self, transport: Any) -> None:
        """Remember where to answer."""
        self.transport = transport
        self.data = b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole request that has arrived."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            found = re.search(rb"content-length: *(\d+)", self.data[:end].lower())
            length = end + 4 + int(found[1] if found else 0)
            if len(self.data) < length:
                return
            stream = b'"stream":true' in self.data[end:length].replace(b" ", b"")
            self.data = self.data[length:]
            self.transport.write(_STREAM if stream else _WHOLE)


def _answers() -> tuple[bytes, bytes]:
    usage = {"prompt_tokens": 24, "completion_tokens": 12, "total_tokens": 36}
    common = {"id": "chatcmpl-1", "created": 1, "model": "stand-in"}
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = {**common, "object": "chat.completion", "choices": [choice], "usage": usage}
    body = json.dumps(whole).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    pieces = [{"index": 0, "delta": {"content": word + " "}} for word in TEXT.split()]
    pieces += [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    chunks = [{**common, "object": "chat.completion.chunk", "choices": [one]} for one in pieces]
    chunks += [{**common, "object": "chat.completion.chunk", "choices": [], "usage": usage}]
    events = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
    events += [b"data: [DONE]\n\n"]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"
    start = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    return head % len(body) + body, start + b"Transfer-Encoding: chunked\r\n\r\n" + chunked


_WHOLE, _STREAM = _answers()


async def stand_in() -> None:
    server = await asyncio.get_running_loop().create_server(StandIn, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


async def bare(model_url: str) -> None:
    """Starlette and aiohttp, passing bytes on: no key, no check, no trace."""
    import aiohttp
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    from fourfold.server.run import serve

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def chat(request: Request) -> Response:
        body = await request.body()
        upstream = await session.post(f"{model_url}/v1/chat/completions", data=body)
        if upstream.content_type != "text/event-stream":
            return Response(await upstream.read(), media_type="application/json")
        return StreamingResponse(upstream.content.iter_any(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
    await serve(app, "127.0.0.1", 0, started=_tell())


async def fourfold(model_url: str) -> None:
    """Our server as a company would run it: keys needed, every request traced."""
    from fourfold.access import Access, KeyRing
    from fourfold.core.settings import Settings
    from fourfold.models.openai import OpenAIModel
    from fourfold.server import EntryRules, Services, create_app
    from fourfold.server.documents import IndexedDocuments
    from fourfold.server.run import serve
    from fourfold.storage.database import open_database
    from fourfold.tracing import Tracer, Traces

    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(Settings(_env_file=None), Path(folder))
        async with Tracer(database) as tracer:
            access = Access(database)
            model = OpenAIModel(model="stand-in", url=f"{model_url}/v1", context_tokens=8192)
            services = Services(
                applications={},
                models={"stand-in": model},
                embedders={},
                search=None,  # type: ignore[arg-type]
                documents=IndexedDocuments(database),
                access=access,
                keys=KeyRing(database),
                tracer=tracer,
                traces=Traces(database),
                entry=EntryRules.for_host("127.0.0.1", require_keys=True),
            )
            made = await access.create_key("benchmark", actor="benchmark")
            # The server of the database is no part of the server under test: off its core.
            database_pid = int((Path(folder) / "postgres/postmaster.pid").read_text().split()[0])
            for process in _family(database_pid):
                process.cpu_affinity(list(LOAD_CORE))
            tell = _tell(secret=made.secret, database=database_pid)
            await serve(create_app(services), "127.0.0.1", 0, started=tell)
            await model.close()
        await database.close()
        print(json.dumps({"written": tracer.written, "dropped": tracer.dropped}), flush=True)


def _tell(**more: Any) -> Any:
    return lambda host, port: print(json.dumps({"port": port, **more}), flush=True)


@contextmanager
def running(role: str, core: set[int], *arguments: str) -> Iterator[dict[str, Any]]:
    """One part of this benchmark as a process of its own, pinned; gives what it tells."""
    command = [sys.executable, str(Path(__file__).resolve()), "--part", role, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(process.pid, core)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    os.sched_setaffinity(process.pid, core)
    try:
        yield {"pid": process.pid, **told}
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=60)
        if rest:
            print(f"{role}: {rest.strip()}", file=sys.stderr)


@contextmanager
def nginx(model_url: str) -> Iterator[dict[str, Any]]:
    """Start nginx with one worker, keeping its connections to the model."""
    with tempfile.TemporaryDirectory() as folder:
        port = 18_417
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(f"""
            worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/log;
            events {{ worker_connections 1024; }}
            http {{ access_log off; upstream model {{ server {model_url[7:]}; keepalive 128; }}
              server {{ listen 127.0.0.1:{port}; keepalive_requests 10000000; location / {{
                proxy_pass http://model; proxy_http_version 1.1;
                proxy_set_header Connection ""; }} }} }}
        """)
        process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", folder])
        os.sched_setaffinity(process.pid, SERVER_CORE)
        time.sleep(0.5)
        for one in _family(process.pid):
            one.cpu_affinity(list(SERVER_CORE))
        try:
            yield {"pid": process.pid, "port": port}
        finally:
            process.terminate()
            process.wait(10)


def measured(
    name: str, part: dict[str, Any], mode: str, connections: int, seconds: int, load: list[int]
) -> Row:
    """Load one server for some seconds."""
    before, database, busy = _cpu(part["pid"]), _cpu(part.get("database")), sum(map(_cpu, load))
    start = time.perf_counter()
    found = _wrk(part, mode, connections, seconds)
    took = time.perf_counter() - start
    requests = max(1, found["requests"])
    busy = sum(map(_cpu, load)) - busy + found["cpu"]
    return Row(
        server=name,
        mode=mode,
        connections=connections,
        requests=requests,
        requests_per_second=round(requests / found["seconds"], 1),
        cpu_us_per_request=round((_cpu(part["pid"]) - before) / requests * 1e6, 1),
        database_us_per_request=round((_cpu(part.get("database")) - database) / requests * 1e6, 1),
        load_core_busy=round(busy / took, 3),
        p50_ms=found["p50"],
        p99_ms=found["p99"],
        errors=found["errors"],
    )


_REPORT = """
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"errors":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def _wrk(part: dict[str, Any], mode: str, connections: int, seconds: int) -> dict[str, Any]:
    body = json.dumps({**ASK, "stream": mode == "streaming"})
    script = Path(tempfile.gettempdir(), f"fourfold-benchmark-{os.getpid()}.lua")
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = [[{body}]]\n"
        "wrk.headers['Content-Type'] = 'application/json'\n"
        f"wrk.headers['Authorization'] = 'Bearer {part.get('secret', 'none')}'\n" + _REPORT
    )
    url = f"http://127.0.0.1:{part['port']}/v1/chat/completions"
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
    before = os.times()
    command = ["taskset", "-c", str(*LOAD_CORE), "wrk", *options, url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = os.times()
    script.unlink()
    found: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    cpu = after.children_user + after.children_system - before.children_user
    return {**found, "cpu": cpu - before.children_system}


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def _cpu(pid: int | None) -> float:
    if pid is None:
        return 0.0
    times = [process.cpu_times() for process in _family(pid)]
    return sum(one.user + one.system for one in times)


def compared(rows: list[Row]) -> dict[str, Any]:
    """The middle of the rounds, and how our server stands beside the others."""

    def middle(server: str, mode: str, connections: int, figure: str) -> float:
        return statistics.median(
            getattr(row, figure)
            for row in rows
            if (row.server, row.mode, row.connections) == (server, mode, connections)
        )

    table = []
    for mode, connections in sorted({(row.mode, row.connections) for row in rows}):
        cost = {
            name: middle(name, mode, connections, "cpu_us_per_request")
            for name in ("fourfold", "bare", "nginx")
        }
        direct = {
            figure: middle("stand-in", mode, connections, figure) for figure in ("p50_ms", "p99_ms")
        }
        table.append(
            {
                "mode": mode,
                "connections": connections,
                "cpu_us_per_request": cost,
                "speed_of_bare": round(cost["bare"] / cost["fourfold"], 3),
                "speed_of_nginx": round(cost["nginx"] / cost["fourfold"], 3),
                "added_ms": {
                    f"{name} {figure}": round(
                        middle(name, mode, connections, figure) - direct[figure], 3
                    )
                    for name in ("fourfold", "bare", "nginx")
                    for figure in ("p50_ms", "p99_ms")
                },
            }
        )
    return {"table": table}


def run(rounds: int, seconds: int) -> list[Row]:
    rows: list[Row] = []
    with running("stand-in", LOAD_CORE) as model:
        url = f"http://127.0.0.1:{model['port']}"
        with (
            running("fourfold", SERVER_CORE, url) as ours,
            running("bare", SERVER_CORE, url) as plain,
            nginx(url) as fast,
        ):
            servers = {"stand-in": model, "nginx": fast, "bare": plain, "fourfold": ours}
            for part in servers.values():  # imports, first connections, first partitions
                _wrk(part, "plain", 4, 3)
            for _ in range(rounds):
                for mode in ("plain", "streaming"):
                    for connections in CONNECTIONS:
                        for name, part in servers.items():
                            load = [] if name == "stand-in" else [model["pid"]]
                            row = measured(name, part, mode, connections, seconds, load)
                            print(row, file=sys.stderr)
                            rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("model_url", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.part:
        parts = {"stand-in": stand_in, "bare": bare, "fourfold": fourfold}
        given = [arguments.model_url] if arguments.model_url else []
        import uvloop

        uvloop.run(parts[arguments.part](*given))
        return
    missing = [name for name in ("wrk", "nginx", "taskset") if not shutil.which(name)]
    if missing:
        sys.exit(f"error: this benchmark needs {', '.join(missing)}")
    rows = run(arguments.rounds, arguments.seconds)
    load = os.getloadavg()
    result = {"load_average": load, **compared(rows), "rows": [asdict(row) for row in rows]}
    text = json.dumps(result, indent=1)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    print(json.dumps(compared(rows), indent=1))


if __name__ == "__main__":
    main()
