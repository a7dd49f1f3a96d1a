"""Amazon's signature of a request, version 4: a key is proved and never sent.

The steps and their names are those of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr

from fourfold.core.errors import InvalidInput
from fourfold.models.key import Key, key_of

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class SigV4:
    """Makes the headers that sign a request to one service at `host`.

    `key` holds `ACCESS_KEY:SECRET_KEY`, and `:SESSION_TOKEN` behind them where the key is a
    temporary one. `now` is asked for each request: a signature is good for minutes.
    """

    def __init__(
        self,
        *,
        key: Key,
        host: str,
        region: str,
        service: str,
        content_type: str,
        now: Callable[[], datetime],
    ) -> None:
        self._key = key
        _parts(key)  # a wrong one is told at once
        self._host = host
        self._scope = (region, service, "aws4_request")
        self._content_type = content_type
        self._now = now

    def __call__(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        """The headers to send beside `Host` and `Content-Type`."""
        time = self._now().strftime("%Y%m%dT%H%M%SZ")
        access, secret, session = _parts(self._key)
        token = session.get_secret_value()
        added = {"X-Amz-Date": time, **({"X-Amz-Security-Token": token} if token else {})}
        signed = {"content-type": self._content_type, "host": self._host, **added}
        headers = {name.lower(): value for name, value in sorted(signed.items(), key=_lower)}
        names = ";".join(headers)
        scope = "/".join((time[:8], *self._scope))
        request = _canonical(method, target, headers, body)
        signature = self._signature(
            secret, time[:8], "\n".join((_ALGORITHM, time, scope, _hash(request)))
        )
        credential = f"Credential={access.get_secret_value()}/{scope}"
        proof = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
        return {**added, "Authorization": proof}

    def _signature(self, secret: SecretStr, day: str, text: str) -> str:
        key = f"AWS4{secret.get_secret_value()}".encode()
        for part in (day, *self._scope):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _parts(key: Key) -> tuple[SecretStr, SecretStr, SecretStr]:
    present = key_of(key)
    whole = present.get_secret_value() if present else ""
    parts = [part.strip() for part in whole.split(":")]
    if len(parts) not in (2, 3) or not all(parts):
        raise InvalidInput(
            "The key for Amazon's signature has not the form `ACCESS_KEY:SECRET_KEY`.",
            hint="Write both into the environment variable with a colon between them, and "
            "`:SESSION_TOKEN` behind them when the key is a temporary one.",
        )
    access, secret, token = (*parts, "")[:3]
    return SecretStr(access), SecretStr(secret), SecretStr(token)


def _canonical(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    path, _, query = target.partition("?")
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    return "\n".join(
        (
            method,
            quote(path, safe="/~"),  # once more: what is sent is quoted already
            "&".join(sorted(query.split("&"))),
            lines,
            ";".join(headers),
            sha256(body).hexdigest(),
        )
    )


def _lower(header: tuple[str, str]) -> str:
    return header[0].lower()


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
