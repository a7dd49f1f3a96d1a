"""People and keys as the rest of Fourfold sees them; no record holds a secret but `NewKey`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from fourfold.core.errors import NotAllowed
from fourfold.core.records import Principal, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person. `groups` decide which documents they may see."""

    id: str
    name: str
    role: Role
    groups: frozenset[str] = frozenset()
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key; the secret itself was shown once and is not kept.

    A key of a user never may more than that user; a key without one belongs to an application.
    """

    id: str
    name: str
    prefix: str  # the beginning of the secret, to recognise it by
    role: Role
    groups: frozenset[str] = frozenset()
    user_id: str | None = None
    act_for_users: bool = False
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key at the only moment when its secret is known."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to whom, and when."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever sends a request: the principal of a key, and what the key may do beside."""

    principal: Principal
    key_id: str | None = None
    act_for_users: bool = False

    def acting_for(self, user: str, groups: Iterable[str]) -> "Caller":
        """The application's end user, as far as this key may speak for end users.

        The end user is a viewer, has none but those of the named groups that the key has too, and
        an id that lies below the key's: no application can name a user of another one.
        """
        if not self.act_for_users:
            raise NotAllowed(
                "This API key may not act for end users.",
                hint="Create one that may: fourfold key create --act-for-users …",
            )
        principal = Principal(
            id=f"{self.principal.id}/{quote(user, safe='@.+-_ ')}",
            role="viewer",
            groups=self.principal.groups & frozenset(groups),
        )
        return Caller(principal=principal, key_id=self.key_id)
