"""The pool of processes that parse: fast to start, and hostile files harm only themselves."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from fourfold.core.errors import InvalidInput
from fourfold.ingestion.base import Limits, Parsed, SourceFile, Unparsable
from fourfold.ingestion.workers import ParserPool

Offer = Callable[[Path], SourceFile]

BAD_PARSER = """
import ctypes, os, sys, time
from fourfold.ingestion.base import Parsed
from fourfold.ingestion.parse import parse_file
from fourfold.ingestion.parsers.csv import CsvParser

def parse(file, limits):
    what = file.location.read_text()
    if what == "hang":
        time.sleep(60)
    if what == "spin":
        while True: pass
    if what == "crash":
        ctypes.string_at(0)
    if what == "exit":
        sys.exit(3)
    if what == "raise":
        raise KeyError("nobody expected this")
    if what == "eat":
        eaten = []
        while True:
            eaten.append(bytearray(20_000_000))
            time.sleep(0.01)
    if what == "leap":
        return bytearray(1 << 40)
    if what == "print":
        print("x" * 100_000)
        os.write(1, b"noise")
    return parse_file(file, limits)

def broken(file, limits):
    def parse(self, content, into):
        return [][0]
    CsvParser.parse = parse
    return parse_file(file, limits)
"""


@pytest.fixture
def bad_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/bad_parser.py").write_text(BAD_PARSER)
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    return "bad_parser:parse"


def written(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.anyio
async def test_a_file_is_parsed_in_another_process(tmp_path: Path, source_file: Offer) -> None:
    path = written(tmp_path, "Größe ß.txt", "Zwei Jahre Garantie.")
    async with ParserPool(1, Limits()) as pool:
        parsed = await pool.parse(source_file(path))
    assert parsed.documents[0].text == "Zwei Jahre Garantie."
    assert parsed.documents[0].elements[0].place.line == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ("hang", "took_too_long"),
        ("spin", "took_too_long"),
        ("crash", "unreadable"),
        ("exit", "unreadable"),
        ("raise", "unreadable"),
        ("eat", "out_of_memory"),
        ("leap", "out_of_memory"),
    ],
)
async def test_a_bad_file_harms_only_itself(
    tmp_path: Path, source_file: Offer, bad_parser: str, what: str, cause: str
) -> None:
    limits = Limits(seconds=2.0, memory_bytes=300_000_000)
    if cause == "out_of_memory":
        limits = Limits(seconds=30.0, memory_bytes=300_000_000)
    async with ParserPool(1, limits, parse=bad_parser) as pool:
        with pytest.raises(Unparsable) as caught:
            await pool.parse(source_file(written(tmp_path, "bad.txt", what)))
        after = await pool.parse(source_file(written(tmp_path, "good.txt", "Alles gut.")))
    assert caught.value.cause == cause
    assert after.documents[0].text == "Alles gut."


@pytest.mark.anyio
async def test_a_bug_of_a_parser_is_logged_here_and_told_as_ours(
    tmp_path: Path, source_file: Offer, bad_parser: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with ParserPool(1, Limits(), parse=bad_parser) as pool:
        with pytest.raises(Unparsable, match="bug of Fourfold") as caught:
            await pool.parse(source_file(written(tmp_path, "bad.txt", "raise")))
    assert "KeyError" not in f"{caught.value.message} {caught.value.hint}"
    assert 'KeyError("nobody expected this")' in caplog.text
    assert "bad.txt" in caplog.text


@pytest.mark.anyio
@pytest.mark.usefixtures("bad_parser")
async def test_a_bug_in_a_member_is_logged_and_stops_nothing(
    tmp_path: Path,
    source_file: Offer,
    make: SimpleNamespace,
    caplog: pytest.LogCaptureFixture,
) -> None:
    package = make.zipped({"a.csv": "Teil;Preis\nAkku;90\n", "b.txt": "Gut."})
    async with ParserPool(1, Limits(), parse="bad_parser:broken") as pool:
        parsed = await pool.parse(source_file(written(tmp_path, "a.zip", package)))
    assert [one.text for one in parsed.documents] == ["Gut."]
    assert ["bug of Fourfold" in one.message for one in parsed.failures] == [True]
    assert "IndexError" in caplog.text
    assert "a.zip!/a.csv" in caplog.text


@pytest.mark.anyio
async def test_what_libraries_print_does_not_get_among_the_replies(
    tmp_path: Path, source_file: Offer, bad_parser: str
) -> None:
    async with ParserPool(1, Limits(), parse=bad_parser) as pool:
        parsed = await pool.parse(source_file(written(tmp_path, "a.txt", "print")))
    assert parsed.documents[0].text == "print"


@pytest.mark.anyio
async def test_a_missing_file_is_unreadable(tmp_path: Path, source_file: Offer) -> None:
    file = source_file(written(tmp_path, "a.txt", "x"))
    file.location.unlink()
    async with ParserPool(1, Limits()) as pool:
        with pytest.raises(Unparsable, match="cannot be opened"):
            await pool.parse(file)


@pytest.mark.anyio
async def test_a_cancelled_call_stops_its_worker(
    tmp_path: Path, source_file: Offer, bad_parser: str
) -> None:
    before = set(_children())
    async with ParserPool(1, Limits(), parse=bad_parser) as pool:
        call = asyncio.create_task(pool.parse(source_file(written(tmp_path, "a.txt", "hang"))))
        await asyncio.sleep(0.5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert set(_children()) == before
        parsed = await pool.parse(source_file(written(tmp_path, "b.txt", "Weiter.")))
    assert parsed.documents[0].text == "Weiter."
    assert set(_children()) == before


@pytest.mark.anyio
async def test_workers_stay_warm_and_share_the_work(
    tmp_path: Path, source_file: Offer, make: SimpleNamespace
) -> None:
    before = len(_children())
    files = [source_file(written(tmp_path, name, data)) for name, data in make.everything().items()]
    async with ParserPool(2, Limits()) as pool:
        results = await asyncio.gather(*(pool.parse(file) for file in files * 3))
        assert len(_children()) - before == 2
    assert all(isinstance(parsed, Parsed) for parsed in results)
    assert len(_children()) == before


def test_a_pool_needs_a_worker() -> None:
    with pytest.raises(InvalidInput):
        ParserPool(0, Limits())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("what", ["hang", "spin"])
def test_workers_end_when_their_parent_is_killed(
    tmp_path: Path, bad_parser: str, what: str
) -> None:
    path = written(tmp_path, "a.txt", what)
    code = f"""
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, {str(tmp_path / "code")!r})
    from fourfold.ingestion.base import Limits, SourceFile
    from fourfold.ingestion.workers import ParserPool
    async def main():
        path = Path({str(path)!r})
        file = SourceFile(source="s", path="a", location=path, size_bytes=1, modified_ns=0)
        async with ParserPool(1, Limits(seconds=60), parse={bad_parser!r}) as pool:
            await pool.parse(file)
    asyncio.run(main())
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    workers = _soon(lambda: psutil.Process(parent.pid).children())
    time.sleep(0.5)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert workers
    assert alive == []


@pytest.mark.anyio
@pytest.mark.slow
async def test_whatever_comes_in_the_pool_answers(
    tmp_path: Path, source_file: Offer, make: SimpleNamespace
) -> None:
    chance = random.Random(20261122)
    path = tmp_path / "x"
    answered = 0
    started = time.monotonic()
    async with ParserPool(1, Limits(seconds=10.0)) as pool:
        files = list(make.everything().items())
        while time.monotonic() - started < 15:
            name, data = chance.choice(files)
            path = written(tmp_path, name, _mutated(data, chance))
            with suppress(Unparsable):  # any other kind of error fails the test
                assert isinstance(await pool.parse(source_file(path)), Parsed)
            answered += 1
    assert answered > 50


def _mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 3, 30])):
        at = chance.randrange(len(changed))
        kind = chance.randrange(4)
        if kind == 0:
            changed[at] = chance.randrange(256)
        elif kind == 1:
            del changed[at : at + chance.randrange(1, 50)]
        elif kind == 2:
            changed[at:at] = chance.randbytes(chance.randrange(1, 20))
        else:
            changed[at:at] = changed[at : at + chance.randrange(1, 200)]
        if not changed:
            break
    return bytes(changed)


def _children() -> list[int]:
    return [process.pid for process in psutil.Process().children()]


def _soon(look: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    for _ in range(100):
        if found := look():
            return found
        time.sleep(0.05)
    return []
