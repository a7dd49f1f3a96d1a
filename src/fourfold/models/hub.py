"""Downloads one file from a web address, continues a broken download, gives up soon."""

import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from fourfold.core.errors import FourfoldError

_PIECE = 2**18
_SILENCE_SECONDS = 20.0  # in the middle of a download


class HubFailed(FourfoldError):
    """The file could not be downloaded."""

    code = "hub_failed"


def download(
    url: str,
    draft: Path,
    size_bytes: int,
    progress: Callable[[str, int, int], None],
    *,
    patience_seconds: float,
) -> None:
    """Fill the draft, continuing where an earlier download broke off.

    The first answer must come within `patience_seconds`, all addresses of the host together.
    """
    have = draft.stat().st_size if draft.exists() else 0
    if have >= size_bytes:
        have = 0
    place = urlsplit(url).hostname
    try:
        with _open(url, have, patience_seconds) as response:
            mode = "ab" if response.status == http.client.PARTIAL_CONTENT else "wb"
            with draft.open(mode) as sink:
                while piece := response.read(_PIECE):
                    sink.write(piece)
                    progress("downloading", sink.tell(), size_bytes)
                    if sink.tell() > size_bytes:
                        break  # another file; the check of its hash will say so
    except HTTPError as error:
        error.close()
        raise HubFailed(f"`{place}` does not give the file: {error.code}.") from error
    except (OSError, http.client.HTTPException) as error:
        raise HubFailed(f"`{place}` is out of reach: {_cause(error)}.") from error


def _open(url: str, have: int, seconds: float) -> Any:
    """The answer, or `TimeoutError`: a host with many addresses would be tried for minutes."""
    if urlsplit(url).scheme not in {"https", "http"}:
        raise HubFailed(f"`{url}` is no web address.")
    headers = {"Range": f"bytes={have}-"} if have else {}
    answers: SimpleQueue[Any] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urlopen(Request(url, headers=headers), timeout=seconds))  # noqa: S310 checked
        except (OSError, http.client.HTTPException) as error:
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("no answer in time") from None
    if isinstance(answer, Exception):
        raise answer
    _be_patient(answer)
    return answer


def _be_patient(response: Any) -> None:
    """Once the answer has begun, a pause is no reason to give up at once."""
    raw = getattr(getattr(response.fp, "raw", None), "_sock", None)
    if isinstance(raw, socket.socket):
        raw.settimeout(_SILENCE_SECONDS)


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
