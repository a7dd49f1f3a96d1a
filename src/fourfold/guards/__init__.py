"""Checks of texts on their way in and out."""

from fourfold.core.registry import Registry
from fourfold.guards.base import Guard

GUARDS: Registry[Guard] = Registry(
    "guard",
    group="fourfold.guards",
    builtin={
        "injection": "fourfold.guards.injection:InjectionGuard",
        "leak": "fourfold.guards.leak:LeakGuard",
        "length": "fourfold.guards.length:LengthGuard",
    },
)

__all__ = ["GUARDS", "Guard"]
