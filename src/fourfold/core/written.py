"""YAML that people write by hand: read strictly, and every mistake named with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from fourfold.core.complaints import Location, complaints
from fourfold.core.errors import InvalidProject

if TYPE_CHECKING:
    from pydantic import BaseModel

Form = TypeVar("Form", bound="BaseModel")
Mistake: TypeAlias = tuple[int, str]
"""Its line, and what is wrong there, in words."""


@dataclass(frozen=True, slots=True)
class Written:
    """The values of a YAML file, and where each of them stands."""

    file: Traversable | Path
    values: Any
    node: Any  # yaml's, with a mark for each line; None for an empty file

    def form(
        self, form: type[Form], *at: str | int, advice: str, beside: Iterable[Mistake] = ()
    ) -> Form:
        """What stands at that place, in that form.

        Raises `InvalidProject` that lists everything that is wrong in it, in words and in the order
        of the lines: what does not fit the form, and the mistakes `beside`, which no form can see.
        """
        from pydantic import ValidationError

        value = self.values
        for part in at:
            value = value[part]
        found = list(beside)
        try:
            fitting = form.model_validate(value)
            if not found:
                return fitting
        except ValidationError as error:
            for place, words in complaints(error.errors(), form, at):
                found.append((self.line((*at, *place)), words))
        found.sort(key=lambda one: one[0])
        raise InvalidProject(
            f"`{self.file}` has {len(found)} mistake{'' if len(found) == 1 else 's'}:"
            + "".join(f"\n  line {line}: {words}" for line, words in found),
            hint=advice,
        )

    def line(self, location: Location) -> int:
        """The line of the innermost part of `location` that the file has."""
        import yaml

        node, line = self.node, 1
        for part in location:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(part)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                if part >= len(node.value):
                    break
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                break
        return line


def read_written(file: Traversable | Path) -> Written:
    """Read a YAML file. Raises `InvalidProject` for what is no YAML, or says a key twice."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProject(
            f"`{file}` cannot be read: {error}.", hint="It must be readable, and UTF-8."
        ) from error
    return written_in(text, file)


def written_in(text: str, file: Traversable | Path) -> Written:
    """The same for the text of a file, which is only named in errors."""
    import yaml

    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, ten times as fast
    try:
        loader = loader_class(text)
        node = loader.get_single_node()
        values = loader.construct_document(node) if node is not None else {}
    except (yaml.YAMLError, ValueError) as error:  # a day that no calendar has is a ValueError
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InvalidProject(
            f"`{file}` cannot be read{where}: {getattr(error, 'problem', None) or error}.",
            hint="Check the indentation, and that each day exists; a text with `:` or `#` in it "
            "needs quotes.",
        ) from error
    written = Written(file, values if values is not None else {}, node)
    _reject_double_keys(written, node)
    return written


def written_table(value: Any, *keys: str) -> dict[Any, Any]:
    """The keys and values under `keys`; none where something else stands there."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def written_list(value: Any, *keys: str) -> list[Any]:
    """The items under `keys`; none where something else stands there."""
    *outer, last = keys
    value = written_table(value, *outer).get(last)
    return value if isinstance(value, list) else []


def _reject_double_keys(written: Written, node: Any) -> None:
    """YAML takes the last of two keys of one name; whoever wrote both meant something else."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise InvalidProject(
                    f"`{written.file}`, line {key.start_mark.line + 1}: `{key.value}` stands "
                    "there twice.",
                    hint="Keep one of them.",
                )
            seen.add(key.value)
            _reject_double_keys(written, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _reject_double_keys(written, item)
