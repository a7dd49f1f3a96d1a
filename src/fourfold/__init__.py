"""Fourfold: choose, adapt, run and equip a language model, with measured evidence at every step."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fourfold.core.errors import FourfoldError
    from fourfold.core.records import Answer, Citation, Hit, Message, Principal
    from fourfold.project import LOCAL, Project, open_project

__version__ = "0.1.0"
__all__ = [
    "LOCAL",
    "Answer",
    "Citation",
    "FourfoldError",
    "Hit",
    "Message",
    "Principal",
    "Project",
    "open_project",
]

_HOMES = {
    "LOCAL": "fourfold.project",
    "Answer": "fourfold.core.records",
    "Citation": "fourfold.core.records",
    "FourfoldError": "fourfold.core.errors",
    "Hit": "fourfold.core.records",
    "Message": "fourfold.core.records",
    "Principal": "fourfold.core.records",
    "Project": "fourfold.project",
    "open_project": "fourfold.project",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that `import fourfold` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module `fourfold` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)
