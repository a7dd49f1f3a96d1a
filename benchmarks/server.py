r"""What the server adds to a call of a model, beside a bare proxy and nginx in the same run.

    .venv/bin/python benchmarks/server.py --json benchmarks/results/server.json \
        [--litellm VENV/bin/python]

A stand-in answers like a model at once, so that only the cost of the server in between is seen.
The server under test is pinned to the first core; the stand-in and the generator (`wrk`) to the
second. All of it is bound to 127.0.0.1, bounded in time, and ends by itself. Needs Linux, two
cores, `wrk` and `nginx` (Debian has both). `--litellm` names the Python of an environment of its
own that has LiteLLM's proxy; it is started without any key.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from server_parts import PACED_SEED, QUESTION

SERVER_CORE, LOAD_CORE = {0}, {1}
CONNECTIONS = {"plain": (1, 16, 64), "streaming": (1, 16, 64), "paced": (16,)}
SLOW = ("fourfold, retrieval on", "litellm")  # too few answers while pieces take their time
PARTS = Path(__file__).resolve().with_name("server_parts.py")
ASK = {
    "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": QUESTION},
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


@contextmanager
def running(role: str, core: set[int], *arguments: str) -> Iterator[dict[str, Any]]:
    """One part of this benchmark as a process of its own, pinned; gives what it tells."""
    command = [sys.executable, str(PARTS), role, *arguments]
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


@contextmanager
def litellm(python: str, model_url: str) -> Iterator[dict[str, Any]]:
    """LiteLLM's proxy with one worker, told to keep to itself and given no key."""
    port = 18_418
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "config.yaml")
        to_model = {"model": "openai/stand-in", "api_base": f"{model_url}/v1", "api_key": "none"}
        models = [{"model_name": "stand-in", "litellm_params": to_model}]
        configuration.write_text(json.dumps({"model_list": models}))
        command = [str(Path(python).with_name("litellm")), "--config", str(configuration)]
        command += ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "NO_PROXY": "*"}
        environment |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        os.sched_setaffinity(process.pid, SERVER_CORE)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health/liveliness", seconds=180)
            yield {"pid": process.pid, "port": port}
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


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
    how = {"stream": mode != "plain", **({"seed": PACED_SEED} if mode == "paced" else {})}
    body = json.dumps({"model": part.get("model", "stand-in"), **ASK, **how})
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
    times = []
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):  # a database ends its helpers now and then
            times.append(process.cpu_times())
    return sum(one.user + one.system for one in times)


def compared(rows: list[Row]) -> list[dict[str, Any]]:
    """The middle of the rounds, and how our server stands beside the others of the same round."""
    table = []
    for mode, connections in dict.fromkeys((row.mode, row.connections) for row in rows):
        here = [row for row in rows if (row.mode, row.connections) == (mode, connections)]
        names = list(dict.fromkeys(row.server for row in here))
        by_name = {name: [row for row in here if row.server == name] for name in names}
        ours, direct = by_name["fourfold"], by_name["stand-in"]
        table.append(
            {
                "mode": mode,
                "connections": connections,
                "cpu_us_per_request": {
                    name: round(_middle(row.cpu_us_per_request for row in found), 1)
                    for name, found in by_name.items()
                },
                "cost_of_others_by_ours": {
                    name: round(
                        _middle(
                            other.cpu_us_per_request / own.cpu_us_per_request
                            for other, own in zip(by_name[name], ours, strict=True)
                        ),
                        3,
                    )
                    for name in names
                    if name in ("bare", "nginx", "litellm")
                },
                "added_ms": {
                    f"{name} {figure}": round(
                        _middle(getattr(row, figure) for row in found)
                        - _middle(getattr(row, figure) for row in direct),
                        3,
                    )
                    for name, found in by_name.items()
                    for figure in ("p50_ms", "p99_ms")
                    if name != "stand-in"
                },
            }
        )
    return table


def _middle(values: Iterable[float]) -> float:
    return statistics.median(values)


def run(rounds: int, seconds: int, python_of_litellm: str | None) -> list[Row]:
    """Every server in turn, round after round, so that a disturbance meets all of them."""
    rows: list[Row] = []
    with ExitStack() as running_parts:
        enter = running_parts.enter_context
        model = enter(running("stand-in", LOAD_CORE))
        url = f"http://127.0.0.1:{model['port']}"
        documents = enter(running("documents", SERVER_CORE, url))
        servers = {
            "stand-in": model,
            "nginx": enter(nginx(url)),
            "bare": enter(running("bare", SERVER_CORE, url)),
            "fourfold": enter(running("fourfold", SERVER_CORE, url)),
        }
        servers["fourfold, retrieval on"] = {**documents, "model": "documents"}
        if python_of_litellm:
            servers["litellm"] = enter(litellm(python_of_litellm, url))
        for part in servers.values():  # imports, first connections, first partitions
            _wrk(part, "plain", 4, 3)
        for _ in range(rounds):
            for mode, numbers in CONNECTIONS.items():
                for connections in numbers:
                    for name, part in servers.items():
                        if mode == "paced" and name in SLOW:
                            continue
                        load = [] if name == "stand-in" else [model["pid"]]
                        row = measured(name, part, mode, connections, seconds, load)
                        print(row, file=sys.stderr)
                        rows.append(row)
    return rows


def main() -> None:
    """Run, print the table, keep everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--litellm", help="the Python of an environment that has litellm[proxy]")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    missing = [name for name in ("wrk", "nginx", "taskset") if not shutil.which(name)]
    if missing:
        sys.exit(f"error: this benchmark needs {', '.join(missing)}")
    rows = run(arguments.rounds, arguments.seconds, arguments.litellm)
    table = compared(rows)
    result = {
        "load_average": os.getloadavg(),
        "table": table,
        "rows": [asdict(row) for row in rows],
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
