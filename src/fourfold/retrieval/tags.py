"""Filters and permissions as sets of tags, the same in every store of ours."""

from __future__ import annotations

from hashlib import sha256

from fourfold.core.records import Chunk, Principal, Where

FIELDS = ("source", "path", "language", "media_type")
LONGEST = 200  # what an index entry holds in any encoding; longer values are compared by hash

Condition = list[str]
"""Holds for a chunk that has at least one of these tags."""


def tags_of(chunk: Chunk) -> list[str]:
    """Everything about a chunk that a search can ask for."""
    fields = [_tag("field", name, getattr(chunk, name)) for name in FIELDS]
    metadata = [_tag("metadata", name, value) for name, value in chunk.metadata.items()]
    groups = [_tag("group", group) for group in chunk.groups] or [_tag("everyone")]
    return sorted({*fields, *metadata, *groups})


def conditions_for(visible_to: Principal, where: Where | None) -> list[Condition]:
    """What must hold, all of it, for a chunk to be found by this person with this filter."""
    conditions = []
    if not visible_to.sees_all_groups:
        groups = [_tag("group", group) for group in sorted(visible_to.groups)]
        conditions.append([_tag("everyone"), *groups])
    for name, value in (where or {}).items():
        values = (value,) if isinstance(value, str) else value
        kind = "field" if name in FIELDS else "metadata"
        conditions.append([_tag(kind, name, one) for one in values])
    return conditions


def holds(conditions: list[Condition], tags: frozenset[str]) -> bool:
    """True when every condition holds for something with these tags."""
    return all(not tags.isdisjoint(condition) for condition in conditions)


def _tag(*parts: str) -> str:
    tag = "\x1f".join(part.replace("\x00", "") for part in parts)
    if len(tag) <= LONGEST:
        return tag
    return f"{tag[:LONGEST]}\x1f{sha256(tag.encode()).hexdigest()}"
