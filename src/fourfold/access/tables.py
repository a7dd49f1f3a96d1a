"""The tables of this folder, as revision 0002 makes them."""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

_metadata: Final = MetaData()
_Time: Final = DateTime(timezone=True)

USERS: Final = Table(
    "users",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("role", Text),
    Column("groups", ARRAY(Text)),
    Column("created_at", _Time),
    Column("revoked_at", _Time),
)

API_KEYS: Final = Table(
    "api_keys",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("prefix", Text),
    Column("secret_hash", LargeBinary),
    Column("role", Text),
    Column("groups", ARRAY(Text)),
    Column("user_id", Text),
    Column("act_for_users", Boolean),
    Column("created_at", _Time),
    Column("expires_at", _Time),
    Column("last_used_at", _Time),
    Column("revoked_at", _Time),
)

AUDIT_LOG: Final = Table(
    "audit_log",
    _metadata,
    Column("at", _Time),
    Column("actor", Text),
    Column("action", Text),
    Column("subject", Text),
    Column("details", JSONB),
)
