"""Who is asking: the key, the end user that an application acts for, and what browsers may not."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from fourfold.access import Caller, KeyRing, includes
from fourfold.core.errors import InvalidInput, NotAllowed
from fourfold.core.records import Role
from fourfold.server.errors import KeyNeeded
from fourfold.server.exchange import Exchange
from fourfold.server.services import EntryRules

END_USER = b"x-fourfold-user"
END_USER_GROUPS = b"x-fourfold-groups"


class Entry:
    """Finds the caller of a request, or turns it away.

    An application names the end user it acts for in the headers `X-Fourfold-User` and
    `X-Fourfold-Groups` (comma-separated; both percent-encoded UTF-8); its key needs the right to
    act for users. Nothing else is believed: OpenAI's field `user` says nothing about permissions.
    """

    def __init__(self, keys: KeyRing, rules: EntryRules) -> None:
        self._keys = keys
        self._rules = rules

    async def caller(self, exchange: Exchange) -> Caller:
        """Who asks. Raises `KeyNeeded`, or `NotAllowed` for what a browser was tricked into."""
        self._refuse_foreign_pages(exchange)
        caller = await self._holder(exchange)
        user = exchange.header(END_USER)
        groups = exchange.header(END_USER_GROUPS)
        if user is None and groups is None:
            return caller
        if not user:
            raise InvalidInput("The end user has no name.", hint="Send `X-Fourfold-User` too.")
        named = [_text(group) for group in (groups or b"").split(b",")]
        return caller.acting_for(_text(user), [group for group in named if group])

    async def _holder(self, exchange: Exchange) -> Caller:
        secret = _bearer(exchange.header(b"authorization"))
        keyless = self._rules.keyless
        if keyless and not _comes_from_here(exchange):
            keyless = None
        # The clients of OpenAI always send a key; on loopback only those that look like ours count.
        if keyless and (secret is None or not secret.startswith("ff_")):
            return keyless
        if secret is None:
            raise KeyNeeded(
                "This server needs an API key.",
                hint="Send `Authorization: Bearer ff_…`; make one with `fourfold key create`.",
            )
        caller = await self._keys.caller(secret)
        if caller is None:
            raise KeyNeeded(
                "This API key is not valid: unknown, expired or revoked.",
                hint="Make one with `fourfold key create`.",
            )
        return caller

    def _refuse_foreign_pages(self, exchange: Exchange) -> None:
        """On loopback, any web page could send requests to us, or name us by its own host name."""
        if self._rules.hosts is None:
            return
        host = exchange.header(b"host")
        if host is not None and _name_of(host) not in self._rules.hosts:
            raise NotAllowed(
                f"The host `{_shown(host)}` is not this server.", hint="Call it by `localhost`."
            )
        origin = exchange.header(b"origin")
        if origin is not None and urlsplit(_shown(origin)).netloc.lower() != _shown(host).lower():
            raise NotAllowed("Web pages of other origins may not use this server.")


def require(role: Role, needed: Role) -> None:
    """Raise `NotAllowed` unless the one role includes the other."""
    if not includes(role, needed):
        raise NotAllowed(
            f"This needs the role `{needed}`; yours is `{role}`.", hint="Ask an owner."
        )


def _bearer(header: bytes | None) -> str | None:
    scheme, _, secret = (header or b"").decode("utf-8", "surrogateescape").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None


def _comes_from_here(exchange: Exchange) -> bool:
    """False behind a proxy: then everybody comes from this machine, and nobody is known."""
    client = exchange.scope.get("client")
    proxied = any(
        name in (b"x-forwarded-for", b"forwarded", b"x-real-ip")
        for name, _ in exchange.scope["headers"]
    )
    return client is not None and ip_address(client[0]).is_loopback and not proxied


def _name_of(host: bytes) -> str:
    text = _shown(host).lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]


def _shown(header: bytes | None) -> str:
    return (header or b"").decode("latin-1")[:200]


def _text(header: bytes) -> str:
    try:
        text = unquote(header.decode().strip(), errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "The headers for the end user are not UTF-8.", hint="Percent-encode the values."
        ) from error
    if len(text) > 200 or not text.isprintable():
        raise InvalidInput(
            "The headers for the end user hold what is no name.",
            hint="Use at most 200 printable characters.",
        )
    return text
