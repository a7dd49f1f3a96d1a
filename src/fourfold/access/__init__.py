"""Who may do what: users, roles, API keys, and the log of who changed them."""

from fourfold.access.access import Access
from fourfold.access.keyring import KeyRing
from fourfold.access.records import ApiKey, AuditEntry, Caller, NewKey, User
from fourfold.access.roles import ROLES, includes, lower_of

__all__ = [
    "ROLES",
    "Access",
    "ApiKey",
    "AuditEntry",
    "Caller",
    "KeyRing",
    "NewKey",
    "User",
    "includes",
    "lower_of",
]
