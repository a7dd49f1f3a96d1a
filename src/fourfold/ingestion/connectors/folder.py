"""The files of a folder on this machine, with who may see them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from errno import ELOOP, ENOENT, ENOTDIR
from fnmatch import translate
from functools import cached_property
from pathlib import Path
from unicodedata import normalize

from fourfold.core.errors import InvalidProject
from fourfold.ingestion.base import Cause, Refusal, SourceFile
from fourfold.ingestion.causes import unparsable

_NEVER = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


@dataclass(frozen=True, kw_only=True)
class FileRule:
    """What holds for the files below the folder whose path matches: `personal/**`, `*.xlsx`.

    As in a shell, but `*` also goes into folders below, and the name of a folder stands for all
    that is in it. The groups of a file are those of the last rule that names some; metadata of
    later rules wins.
    """

    match: str
    groups: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def fits(self, path: str) -> bool:
        """True for a path below the folder, written with `/`.

        Small and capital letters are alike: a rule that is spelled almost right must not leave
        open what it was meant to close.
        """
        return any(pattern.match(path) for pattern in self._patterns)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        match = normalize("NFC", self.match).removeprefix("./").rstrip("/")
        return tuple(re.compile(translate(one), re.IGNORECASE) for one in (match, f"{match}/*"))


class FolderConnector:
    """Every visible file below a folder, sorted by path; links that lead out are refused."""

    def __init__(
        self,
        source: str,
        folder: Path,
        *,
        groups: frozenset[str] = frozenset(),
        rules: Sequence[FileRule] = (),
    ) -> None:
        self.source = source
        self.folder = folder
        self._groups = groups
        self._rules = tuple(rules)
        self._refused: list[Refusal] = []
        self._used: set[str] = set()
        self._offered = 0

    def files(self) -> Iterator[SourceFile]:
        """Every file, in a stable order. Raises `InvalidProject` when there is no such folder."""
        self._refused, self._used, self._offered = [], set(), 0
        if not self.folder.is_dir():
            raise InvalidProject(
                f"The folder `{self.folder}` of the source `{self.source}` does not exist.",
                hint="Create it and put documents into it, or correct its path in `fourfold.yaml`.",
            )
        root = self.folder.resolve()
        seen: set[str] = set()
        for location, real in self._walk(root, "", (root,)):
            path = self._path(root, location)
            if path in seen:  # two spellings of one name, composed and decomposed
                self._refuse(path, "unsupported", "Another file has the same name, spelled alike.")
            elif offered := self._offer(path, location, self._path(root, real)):
                seen.add(path)
                self._offered += 1
                yield offered

    def refused(self) -> Iterator[Refusal]:
        """Paths that were not offered; complete after `files` ended."""
        yield from self._refused

    def warnings(self) -> Iterator[str]:
        """No files at all, and rules that keep some for a group and fit none."""
        if not self._offered:
            yield f"The source `{self.source}` has no files: `{self.folder}` is empty."
        for rule in self._rules:
            if rule.groups and rule.match not in self._used:
                groups = ", ".join(sorted(rule.groups))
                yield (
                    f"The rule `{rule.match}` of the source `{self.source}` keeps files for "
                    f"{groups}, and fits no file. Is it spelled like the folder?"
                )

    def _walk(self, root: Path, below: str, above: tuple[Path, ...]) -> Iterator[tuple[Path, Path]]:
        """Files in the order of their paths, as found and as they are without links.

        `above` are the real folders on the way here: no linked one is entered within itself.
        """
        folder = root / below
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: normalize("NFC", entry.name))
        except OSError as error:
            self._refuse(below, "unreadable", f"The folder cannot be read: {error.strerror}.")
            return
        for entry in entries:
            location = Path(entry.path)
            if entry.name.startswith((".", "~$")) or entry.name.lower() in _NEVER:
                continue
            if entry.is_symlink() and not self._leads_inside(root, location):
                continue
            real = location.resolve() if entry.is_symlink() else above[-1] / entry.name
            if not entry.is_dir():
                yield location, real
            elif real not in above:
                yield from self._walk(root, f"{below}/{entry.name}".lstrip("/"), (*above, real))

    def _leads_inside(self, root: Path, link: Path) -> bool:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            self._refuse(self._path(root, link), *_why_nowhere(error))
            return False
        if target.is_relative_to(root):
            return True
        self._refuse(self._path(root, link), "outside_folder", unparsable("outside_folder").message)
        return False

    def _offer(self, path: str, location: Path, real: str) -> SourceFile | None:
        try:
            status = location.stat()
        except OSError as error:
            self._refuse(path, "unreadable", f"The file cannot be read: {error.strerror}.")
            return None
        if not location.is_file():
            self._refuse(path, "unsupported", "It is no file but a device, pipe or socket.")
            return None
        if not os.access(location, os.R_OK):
            self._refuse(path, "unreadable", "You are not allowed to read this file.")
            return None
        groups, metadata = self._ruled(path, real)
        return SourceFile(
            source=self.source,
            path=path,
            location=location,
            size_bytes=status.st_size,
            modified_ns=status.st_mtime_ns,
            groups=groups,
            metadata=metadata,
        )

    def _ruled(self, *paths: str) -> tuple[frozenset[str], dict[str, str]]:
        """What the rules say of a file; those for where a link leads count after all others."""
        groups, metadata = self._groups, dict[str, str]()
        fitting = [rule for path in dict.fromkeys(paths) for rule in self._rules if rule.fits(path)]
        for rule in fitting:
            self._used.add(rule.match)
            groups = rule.groups or groups
            metadata.update(rule.metadata)
        return groups, metadata

    def _refuse(self, path: str, cause: Cause, message: str) -> None:
        groups, _ = self._ruled(path)
        refusal = Refusal(path=path or ".", cause=cause, message=message, groups=groups)
        self._refused.append(refusal)

    @staticmethod
    def _path(root: Path, location: Path) -> str:
        """Composed letters, `/`, and nothing that cannot be printed: the same on every system."""
        relative = location.relative_to(root).as_posix()
        printable = relative.encode("utf-8", errors="surrogateescape").decode("utf-8", "replace")
        return normalize("NFC", printable)


def _why_nowhere(error: OSError | RuntimeError) -> tuple[Cause, str]:
    """What it means that a link cannot be followed: nothing is there, or a disk is in trouble."""
    leads_in_a_ring = isinstance(error, RuntimeError)  # so says Python 3.11 and 3.12
    if leads_in_a_ring or getattr(error, "errno", None) in (ENOENT, ENOTDIR, ELOOP):
        return "missing", unparsable("missing").message
    return "unreadable", f"The link cannot be followed: {getattr(error, 'strerror', error)}."
