"""Starts and stops the process in which llama.cpp works, and asks it quick questions.

A process of its own, because loading in ours would hold Python's interpreter lock for seconds,
and because a fault in llama.cpp or in a GGUF file then costs an answer, not the server.
"""

import http.client
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from fourfold.core.errors import ModelError, ModelOverloaded


class LlamaProcess:
    """A running llama.cpp, on a socket in a folder that only this user may enter.

    Making one waits until the weights are loaded. It ends with `stop()`, and also when this
    process ends, however it ends.
    """

    def __init__(
        self,
        *,
        path: Path,
        threads: int,
        context_tokens: int,
        concurrent: int,
        batch_tokens: int,
        verbose: bool,
    ) -> None:
        self._folder = TemporaryDirectory(prefix="fourfold-")
        self.socket = Path(self._folder.name, "llama.sock")
        wanted = {
            "path": str(path),
            "socket": str(self.socket),
            "threads": threads,
            "context_tokens": context_tokens,
            "concurrent": concurrent,
            "batch_tokens": batch_tokens,
            "verbose": verbose,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fourfold.models.llama_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if verbose else subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: answers at work may still be finished
        )
        said = self._say(msgspec.json.encode(wanted) + b"\n")
        self.guided = said.endswith("guided")  # it takes grammars of llguidance
        if not said.startswith("ready"):
            self.stop()
            raise ModelError(
                f"llama.cpp cannot load `{path}`: {said or 'it crashed'}.",
                hint="The file may be cut off, too new for this llama.cpp, or larger than memory.",
            )

    @property
    def alive(self) -> bool:
        """False when it was killed or crashed."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process, to measure it."""
        return self._process.pid

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer to a quick question, without the event loop."""
        connection = _UnixConnection(self.socket)
        try:
            connection.request(method, path, msgspec.json.encode(body))
            return msgspec.json.decode(connection.getresponse().read())
        except (OSError, http.client.HTTPException) as error:
            raise ModelOverloaded(
                "llama.cpp stopped working.", hint="Ask again: it is started anew."
            ) from error
        finally:
            connection.close()

    def stop(self) -> None:
        """End the process, requests at work included."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _say(self, line: bytes) -> str:
        """Hand over a line and wait for one back."""
        if self._process.stdin is None or self._process.stdout is None:
            return ""
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self._process.stdout.readline().decode().strip()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("llama")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))
