"""The four roles, and which includes which."""

from typing import Final

from fourfold.core.records import Role

ROLES: Final[tuple[Role, ...]] = ("viewer", "reviewer", "engineer", "owner")
"""Lowest first; each may do all that the ones before it may.

A viewer asks questions and sees their own traces; a reviewer will correct drafts; an engineer
sees every trace and what failed to be ingested; an owner gives out users and keys.
"""


def includes(role: Role, needed: Role) -> bool:
    """True when somebody with `role` may do what asks for `needed`."""
    return ROLES.index(role) >= ROLES.index(needed)


def lower_of(one: Role, other: Role) -> Role:
    """The role that may do less."""
    return other if includes(one, other) else one
