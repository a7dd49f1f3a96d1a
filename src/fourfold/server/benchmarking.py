"""Public benchmarks: lm-evaluation-harness drives a model of this machine through our server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fourfold.core.errors import FourfoldError, InvalidInput, MissingExtra
from fourfold.core.protocols import ScoringModel
from fourfold.project import Project
from fourfold.server.app import create_app
from fourfold.server.assembly import services_of
from fourfold.server.run import server_for

_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_PATIENCE_SECONDS = 3_600  # a long prompt is scored token by token, on a busy machine slowly
_LAST_LINES = 12  # of what the harness says when it fails


async def benchmark(
    project: Project,
    *,
    tasks: Sequence[str],
    include: Path | None = None,
    limit: int | None = None,
    examples: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Scores of the project's model on these tasks, as the harness prints them, kept as evidence.

    `include` is a folder with task files whose data lie on this disk: nothing is fetched. `tell`
    hears what the harness says. Raises `MissingExtra` without it, `InvalidInput` for a model that
    does not show its tokens, and a `FourfoldError` with its last words when the harness fails.
    """
    if find_spec("lm_eval") is None:
        raise MissingExtra("`fourfold models benchmark`", "benchmark")
    name = project.config.model
    model = project.models.get(name)
    if not isinstance(model, ScoringModel):
        raise InvalidInput(
            f"`{name}` does not show the probabilities of its tokens.",
            hint="Name a model that runs on this machine: --model qwen2.5-coder-0.5b",
        )
    with TemporaryDirectory(prefix="fourfold-benchmark-") as out:
        async with _serving(project) as url:
            arguments = _arguments(url, name, model.context_tokens, tasks, include, limit, examples)
            await _run([*arguments, "--output_path", out], tell)
        found = _result(Path(out))
    result = {
        "model": name,
        "harness": f"lm-eval {version('lm-eval')}",
        "limit": limit,
        "tasks": found,
    }
    entry = await project.evidence.append("benchmark", name, result)
    return {**result, "evidence": {"number": entry.number, "hash": entry.hash}}


class _serving:  # noqa: N801 it is used as a verb
    """The server of a project on a free port of this machine, without keys."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> str:
        def started(host: str, port: int) -> None:
            self._ready.set_result(f"http://{host}:{port}")

        services = services_of(self._project)
        patient = replace(services.limits, request_seconds=float(_PATIENCE_SECONDS))
        app = create_app(replace(services, limits=patient))
        self._server = server_for(app, "127.0.0.1", 0, started=started)
        self._task = asyncio.create_task(self._server.serve())
        either: list[asyncio.Future[Any]] = [self._ready, self._task]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return await self._ready

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._task


def _arguments(
    url: str,
    name: str,
    context_tokens: int,
    tasks: Sequence[str],
    include: Path | None,
    limit: int | None,
    examples: int | None,
) -> list[str]:
    where = f"base_url={url}/v1/completions,model={name},tokenizer_backend=remote"
    how = f"num_concurrent=1,max_retries=1,max_length={context_tokens - 1}"
    how = f"{how},timeout={_PATIENCE_SECONDS}"
    return [
        *("--model", "local-completions", "--model_args", f"{where},{how}"),
        *("--tasks", ",".join(tasks)),
        *(("--include_path", str(include)) if include else ()),
        *(("--limit", str(limit)) if limit else ()),
        *(("--num_fewshot", str(examples)) if examples is not None else ()),
    ]


async def _run(arguments: Sequence[str], tell: Callable[[str], None]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lm_eval", "run", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **_OFFLINE, "OPENAI_API_KEY": "none"},
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        async for line in process.stdout:
            said.append(line.decode(errors="replace").rstrip())
            tell(said[-1])
    except BaseException:
        process.terminate()
        raise
    if await process.wait():
        last = "\n".join(said[-_LAST_LINES:])
        raise FourfoldError(
            f"lm-evaluation-harness failed:\n{last}",
            hint="Look at the task files; docs/guides/benchmarks.md shows one.",
            code="benchmark_failed",
        )


def _result(folder: Path) -> dict[str, Any]:
    """Each task with its metrics: value and standard error."""
    files = sorted(folder.rglob("results*.json"))
    if not files:
        raise FourfoldError("lm-evaluation-harness wrote no result.", code="benchmark_failed")
    told: Any = json.loads(files[-1].read_text(encoding="utf-8"))
    return {task: _metrics(values) for task, values in told["results"].items()}


def _metrics(values: Mapping[str, Any]) -> dict[str, Any]:
    """`acc,none` and `acc_stderr,none` as one."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name, _, part = key.partition(",")
        if part and not name.endswith("_stderr") and isinstance(value, int | float):
            error = values.get(f"{name}_stderr,{part}")
            known = error if isinstance(error, int | float) else None
            found[name if part == "none" else key] = {"value": value, "standard_error": known}
    return {**found, "records": values.get("sample_len")}
