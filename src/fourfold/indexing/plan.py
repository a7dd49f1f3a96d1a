"""What an ingestion has to do: compare the files of a source with what the index knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from fourfold.ingestion.base import Refusal, SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """A file as the last ingestion saw it."""

    size_bytes: int
    modified_ns: int
    content_hash: str
    groups: frozenset[str]
    metadata: Mapping[str, str]
    pipeline: str  # parser, chunker and embedder that made its chunks
    failed: bool = False  # at the last try; an earlier version of it may be in the index still


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file to be read, and what it was before."""

    file: SourceFile
    before: KnownFile | None

    def only_touched(self, content_hash: str, pipeline: str) -> bool:
        """True when the file has these bytes already, and nothing else about it changed."""
        before = self.before
        return (
            before is not None
            and not before.failed
            and before.content_hash == content_hash
            and before.groups == self.file.groups
            and dict(before.metadata) == dict(self.file.metadata)
            and before.pipeline == pipeline
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The work of one source.

    `withdraw` leaves the index before anything else happens: files whose permissions changed, so
    that nobody reads on what was taken from them a moment ago. `unseen` are those that the source
    does not offer any more.
    """

    index: tuple[Reading, ...]
    withdraw: tuple[str, ...]
    unseen: tuple[str, ...]
    skipped: int


def plan(
    files: Iterable[SourceFile],
    known: Mapping[str, KnownFile],
    *,
    pipeline: str,
    retry: bool = False,
    thorough: bool = False,
) -> Plan:
    """Decide for each file by size and time of change; `thorough` looks into all of them."""
    index, seen, withdraw = [], set(), []
    for file in files:
        seen.add(file.path)
        before = known.get(file.path)
        if before is None or thorough or _needs_work(file, before, pipeline=pipeline, retry=retry):
            index.append(Reading(file=file, before=before))
        if before and before.groups != file.groups:
            withdraw.append(file.path)
    return Plan(
        index=tuple(index),
        withdraw=tuple(withdraw),
        unseen=tuple(path for path in known if path not in seen),
        skipped=len(seen) - len(index),
    )


def gone(
    unseen: Iterable[str], known: Mapping[str, KnownFile], refused: Iterable[Refusal]
) -> list[str]:
    """Those files that were deleted, without those that only cannot be read now.

    A disk error must not empty an index. But a file whose permissions changed meanwhile goes.
    """
    unreadable = {one.path: one.groups for one in refused if one.cause == "unreadable"}
    if "." in unreadable:
        return []

    def is_kept(path: str) -> bool:
        if path in unreadable:
            return unreadable[path] == known[path].groups
        folders = accumulate(path.split("/")[:-1], lambda above, name: f"{above}/{name}")
        return any(folder in unreadable for folder in folders)

    return [path for path in unseen if not is_kept(path)]


def _needs_work(file: SourceFile, before: KnownFile, *, pipeline: str, retry: bool) -> bool:
    if before.failed and retry:
        return True
    return (file.size_bytes, file.modified_ns, file.groups, dict(file.metadata), pipeline) != (
        before.size_bytes,
        before.modified_ns,
        before.groups,
        dict(before.metadata),
        before.pipeline,
    )
