"""One way to plug in: a name leads to an import string, and nothing is imported until chosen."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, cast

from fourfold.core.errors import FourfoldError, MissingExtra, UnknownBackend

T = TypeVar("T")


class Registry(Generic[T]):
    """The backends of one protocol: our own and those of installed packages.

    `extras` names the extra of `pyproject.toml` that a built-in backend needs. A plug-in
    registers itself as an entry point of `group` and cannot replace a built-in name.
    """

    def __init__(
        self,
        kind: str,
        *,
        group: str,
        builtin: Mapping[str, str],
        extras: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.group = group
        self._builtin = dict(builtin)
        self._extras = dict(extras or {})

    def names(self) -> list[str]:
        """All names, sorted; imports none of the backends."""
        return sorted({*self._builtin, *self._plugins()})

    def load(self, name: str) -> type[T]:
        """Import the backend of that name.

        Raises `UnknownBackend`, or `MissingExtra` when its packages are not installed.
        """
        if name in self._builtin:
            return self._import(name, self._builtin[name])
        plugin = self._plugins().get(name)
        if plugin is None:
            raise UnknownBackend(self.kind, name, self.names())
        return self._import(name, plugin.value)

    def _plugins(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def _import(self, name: str, target: str) -> type[T]:
        module_name, _, attribute = target.partition(":")
        try:
            module: Any = import_module(module_name)
        except ImportError as error:
            if name in self._extras:
                raise MissingExtra(f"The {self.kind} `{name}`", self._extras[name]) from error
            raise FourfoldError(
                f"The {self.kind} `{name}` cannot be loaded: {error}.",
                hint=f"Reinstall the package that offers `{target}`.",
                code="broken_backend",
            ) from error
        return cast("type[T]", getattr(module, attribute))
