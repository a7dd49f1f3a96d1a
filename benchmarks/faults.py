"""Kill ingestions with `kill -9` at random moments, and compare the index in the end.

An undisturbed ingestion of a folder of small files of many kinds (bad ones among them) gives the
index to compare with. Then, again and again: start `fourfold ingest`, kill it at a random moment,
run it to its end, and compare every table. Three ways to die take turns:

* `all`: the process and its parser workers;
* `alone`: the process only; its workers have to go away by themselves, and an `initdb` that it
  had started works on beside the next run;
* `database`: as `all`, and the embedded PostgreSQL too, as when the power fails.

Every fifth ingestion starts without a data folder, so that the first start is hit as well. The
embedder is a cheap one that comes as a plug-in, found through an entry point.

    python benchmarks/faults.py --kills 30 --json benchmarks/results/faults.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import psutil

WAYS = ("all", "alone", "database")
FRESH_EVERY = 5
WORKERS_GO_SECONDS = 30.0
MOST_TRIES = 10  # an ingestion that ends before its kill is begun again
YAML = """
name: faults
embedder: hashing
sources:
  - name: documents
    folder: ../documents
    files: [{match: "mail/**", groups: [office]}]
"""
QUESTIONS = ("Wie lange gilt die Garantie?", "How do I return goods?", "Lieferung nach Norwegen")
TABLES = {
    "files": "SELECT * FROM fourfold.files",
    "documents": "SELECT id, source, file, path, title, text, content_hash, media_type, language, "
    "groups, metadata FROM fourfold.documents",
    "chunks": "SELECT id, document_id, source, path, title, language, media_type, groups, "
    "metadata, place, text, tags, term_ids, terms FROM fourfold.chunks",
    "vectors": "SELECT c.id, v.embedding FROM fourfold.chunks c "
    "FULL JOIN fourfold.vectors_{embedder} v USING (number)",
    "terms": "SELECT term, id, chunks FROM fourfold.terms",
    "word_statistics": "SELECT chunks FROM fourfold.word_statistics",
    "failures": "SELECT source, file, path, cause, message FROM fourfold.failures",
}


@dataclass(frozen=True)
class Kill:
    """One ingestion that was killed, and what came of it."""

    way: str
    fresh: bool
    after_seconds: float
    indexed_before: int  # files that the next run found done
    workers_left: int
    workers_gone_seconds: float
    resumed_seconds: float
    differing: list[str]  # tables; empty: the same index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fourfold-faults-") as folder:
        results = Bench(Path(folder), arguments.seed).run(arguments.kills)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    sys.exit(1 if results["different"] else 0)


class Bench:
    """A folder of documents, and projects that ingest it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.seed = seed
        write_documents(folder / "documents", random.Random(seed))
        plugin = write_plugin(folder / "plugin")
        sys.path.insert(0, str(plugin))  # this process opens the projects, too
        self.environment = {
            **{name: value for name, value in os.environ.items() if "FOURFOLD" not in name},
            "PYTHONPATH": str(plugin),
            "FOURFOLD_PARSE_WORKERS": "2",
            "FOURFOLD_MODELS_FOLDER": str(folder / "models"),
        }
        self.empty = self.project("empty")  # a database that is ready, with nothing in it
        asyncio.run(look(self.empty))

    def run(self, kills: int) -> dict[str, Any]:
        """Kill so often; give the figures."""
        seconds, expected, report = self.undisturbed()
        done = []
        for number in range(kills):
            fresh = number % FRESH_EVERY == 0
            way = WAYS[number % len(WAYS)]
            kill = self.kill(number, way, seconds[fresh], expected, fresh=fresh)
            print(f"{number + 1}/{kills} {kill}", file=sys.stderr, flush=True)
            done.append(kill)
        return {
            "seed": self.seed,
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load_average": os.getloadavg()[0],
            "files": sum(path.is_file() for path in (self.folder / "documents").rglob("*")),
            "documents": report["documents"],
            "chunks": report["chunks"],
            "failures": len(report["failed"]),
            "undisturbed_seconds": {"first_start": seconds[True], "warm_folder": seconds[False]},
            "kills": len(done),
            "ways": dict(Counter(kill.way for kill in done)),
            "different": sum(bool(kill.differing) for kill in done),
            "runs": [asdict(kill) for kill in done],
        }

    def undisturbed(self) -> tuple[dict[bool, float], dict[str, str], dict[str, Any]]:
        """How long it takes without and with a data folder, the index, and the report."""
        seconds = {}
        for fresh in (True, False):
            project = self.project("undisturbed", fresh=fresh)
            began = time.monotonic()
            report = finish(self.start(project))
            seconds[fresh] = round(time.monotonic() - began, 2)
        expected = asyncio.run(look(project))
        if not expected:
            raise RuntimeError("the undisturbed ingestion left no index")
        return seconds, expected, report

    def kill(
        self, number: int, way: str, seconds: float, expected: dict[str, str], *, fresh: bool
    ) -> Kill:
        """Start, kill at a random moment, run to the end, compare."""
        for _ in range(MOST_TRIES):
            project = self.project(f"kill-{number}", fresh=fresh)
            process = self.start(project)
            moment = self.random.uniform(0, seconds)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                break
        else:
            raise RuntimeError("every ingestion ended before its kill")
        workers = end(process, way, project)
        left, gone_after = wait_for(workers)
        began = time.monotonic()
        report = finish(self.start(project))
        resumed = time.monotonic() - began
        found = asyncio.run(look(project))
        if database_of(project):
            raise RuntimeError("the database runs on without a user")
        shutil.rmtree(project)
        return Kill(
            way=way,
            fresh=fresh,
            after_seconds=round(moment, 2),
            indexed_before=report["skipped"],
            workers_left=left,
            workers_gone_seconds=round(gone_after, 2),
            resumed_seconds=round(resumed, 2),
            differing=[name for name in expected if found[name] != expected[name]],
        )

    def project(self, name: str, *, fresh: bool = True) -> Path:
        """A project of that name; not `fresh`: its database has been started before."""
        project = self.folder / name
        shutil.rmtree(project, ignore_errors=True)
        if fresh:
            project.mkdir()
            (project / "fourfold.yaml").write_text(YAML, encoding="utf-8")
        else:
            subprocess.run(["cp", "-a", self.empty, project], check=True)  # owners stay
        return project

    def start(self, project: Path) -> subprocess.Popen[str]:
        """`fourfold ingest --json`, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "fourfold", "ingest", "--json"],
            cwd=project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for its end and give its report."""
    out, err = process.communicate(timeout=300)
    if process.returncode:
        raise RuntimeError(f"`fourfold ingest` failed: {out} {err}")
    report: dict[str, Any] = json.loads(out)
    return report


def end(process: subprocess.Popen[str], way: str, project: Path) -> list[psutil.Process]:
    """Kill what that way kills; give the parser workers."""
    children = psutil.Process(process.pid).children(recursive=True)
    workers = [child for child in children if "python" in child.name()]
    victims: list[Any] = [process]
    if way != "alone":
        victims += children
    if way == "database":
        victims += database_of(project)
    for victim in victims:
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            continue
    process.communicate()
    return workers


def database_of(project: Path) -> list[psutil.Process]:
    """The PostgreSQL of a project, if it runs."""
    try:
        lines = (project / ".fourfold/postgres/postmaster.pid").read_text().splitlines()
        return [psutil.Process(int(lines[0]))]
    except (OSError, IndexError, ValueError, psutil.NoSuchProcess):
        return []


def wait_for(workers: list[psutil.Process]) -> tuple[int, float]:
    """How many are there still at the end of the patience, and how long the last one took."""
    began = time.monotonic()
    while alive := [worker for worker in workers if is_alive(worker)]:
        if time.monotonic() - began > WORKERS_GO_SECONDS:
            return len(alive), time.monotonic() - began
        time.sleep(0.02)
    return 0, time.monotonic() - began


def is_alive(process: psutil.Process) -> bool:
    """False for the dead that nobody has collected."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def look(project: Path) -> dict[str, str]:
    """A digest of each table, whatever the order of its rows, and what some searches find."""
    from sqlalchemy import text

    from fourfold.core.settings import Settings
    from fourfold.project import LOCAL, open_project

    settings = Settings(_env_file=None, database_url=None)
    async with open_project(project, settings=settings) as opened:
        found = {}
        async with opened.database.connect() as connection:
            embedder = await connection.scalar(text("SELECT id FROM fourfold.embedders"))
            if embedder is None:
                return {}
            for name, rows in TABLES.items():
                rows = rows.format(embedder=embedder)
                found[name] = await connection.scalar(
                    text(
                        "SELECT count(*) || ' ' || md5(string_agg(t::text, '|' ORDER BY t::text)) "
                        f"FROM ({rows}) AS t"
                    )
                )
        found_by = [await opened.search(one, visible_to=LOCAL) for one in QUESTIONS]
        hits = [[hit.chunk.id for hit in one] for one in found_by]
        return {**found, "hits": json.dumps(hits)}


def write_plugin(folder: Path) -> Path:
    """An installed distribution that offers a cheap embedder."""
    information = folder / "fourfold_hashing-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: fourfold-hashing\n")
    (information / "entry_points.txt").write_text(
        "[fourfold.embedders]\nhashing = fourfold.testing.embedders:HashingEmbedder\n"
    )
    return folder


def write_documents(folder: Path, chance: random.Random) -> None:
    """The demo company's documents, and forty small files of many kinds beside them."""
    with as_file(files("fourfold.project").joinpath("demo", "documents")) as demo:
        shutil.copytree(demo, folder)
    for part in ("notes", "mail", "bad"):
        (folder / part).mkdir()
    for number in range(8):
        prose = [sentence(chance) for _ in range(12)]
        notes = folder / "notes"
        (notes / f"{number}.md").write_text(f"# Notiz {number}\n\n" + "\n\n".join(prose))
        (notes / f"{number}.txt").write_bytes(" ".join(prose).encode("latin-1"))
        (notes / f"{number}.html").write_text(f"<h1>Notiz {number}</h1><p>{' '.join(prose)}</p>")
        rows = [f"{row};{text}" for row, text in enumerate(prose)]
        (notes / f"{number}.csv").write_text("\n".join(["Nummer;Text", *rows]))
        (folder / "mail" / f"{number}.eml").write_bytes(mail(number, prose))
    (folder / "bad" / "cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Cata")
    (folder / "bad" / "empty.txt").touch()
    (folder / "bad" / "unknown.xyz").write_bytes(bytes(range(256)) * 9)
    (folder / "bad" / "link").symlink_to("/etc/hostname")
    with zipfile.ZipFile(folder / "notes" / "all.zip", "w") as archive:
        archive.writestr("in.txt", sentence(chance))
        archive.writestr("cut.docx", b"PK\3\4 and no more")


def mail(number: int, prose: list[str]) -> bytes:
    """A mail with an attachment."""
    message = EmailMessage()
    message["From"], message["To"] = "a@tannbruck.example", "b@tannbruck.example"
    message["Subject"] = f"Nachricht {number}"
    message.set_content("\n".join(prose))
    message.add_attachment(f"Anlage zu {number}: {prose[0]}", filename="anlage.txt")
    return message.as_bytes()


def sentence(chance: random.Random) -> str:
    """Words of two languages; every file is another one."""
    words = (
        "Garantie Lieferung Gerät Akku gilt dauert zwei Jahre Wochen nach Kauf the warranty of "
        "goods returned within days parcel Norway battery ladestation schärfen Öl für größere"
    )
    return " ".join(chance.choices(words.split(), k=14)).capitalize() + "."


if __name__ == "__main__":
    main()
