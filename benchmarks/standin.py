"""A stand-in for a provider: OpenAI's chat over HTTP, with a latency, and nothing behind it.

    python benchmarks/standin.py --latency 0.2 --busy-seconds 0

It prints its port, answers on 127.0.0.1 until its standard input ends, and then prints as JSON how
many requests came, how many were answered, and the seconds between the first request and the last
answer. For the first `--busy-seconds` it says 429.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

_EVENT = (
    b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"role":"assistant","content":"positive"},"finish_reason":null}]}\n\n'
    b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}\n\ndata: [DONE]\n\n'
)
_WHOLE = (
    b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"positive"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}'
)
_BUSY = b'{"error":{"message":"Slow down.","type":"rate_limit"}}'


class StandIn:
    """Counts and answers."""

    def __init__(self, latency: float, busy_seconds: float) -> None:
        self.latency, self.busy_seconds = latency, busy_seconds
        self.asked = self.answered = self.refused = self.working = self.most_at_once = 0
        self.first = self.last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                body = await reader.readexactly(length)
                writer.write(await self._answer(json.loads(body)))
                await writer.drain()
                self.last = time.monotonic()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: dict[str, object]) -> bytes:
        now = time.monotonic()
        self.first = self.first or now
        self.asked += 1
        if now - self.first < self.busy_seconds:
            self.refused += 1
            return _reply("429 Too Many Requests", "application/json", _BUSY, "Retry-After: 2\r\n")
        self.working += 1
        self.most_at_once = max(self.most_at_once, self.working)
        await asyncio.sleep(self.latency)
        self.working -= 1
        self.answered += 1
        if request.get("stream"):
            return _reply("200 OK", "text/event-stream", _EVENT)
        return _reply("200 OK", "application/json", _WHOLE)


def _reply(status: str, kind: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def main(latency: float, busy_seconds: float) -> None:
    """Serve until standard input ends."""
    stand_in = StandIn(latency, busy_seconds)
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0, limit=2**20, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    found = {
        "asked": stand_in.asked,
        "answered": stand_in.answered,
        "refused": stand_in.refused,
        "most_at_once": stand_in.most_at_once,
        "seconds": stand_in.last - stand_in.first,
    }
    print(json.dumps(found), flush=True)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--busy-seconds", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(main(given.latency, given.busy_seconds))
