"""Write the reference pages' tables from the code; called by cog, see `make docs`."""

import os
import sys
import types
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


def settings_table() -> str:
    """Every setting with its variable, type, default and meaning."""
    from fourfold.core.settings import Settings

    rows = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "a folder of this person's" if field.default_factory else _default(field)
        rows.append(
            f"| `FOURFOLD_{name.upper()}` | {_type(field.annotation)} | {default} "
            f"| {field.description} |"
        )
    return "\n".join(rows)


def project_tables() -> str:
    """Every key of `fourfold.yaml`, a table a section."""
    from fourfold.project.config import ProjectConfig

    parts: list[str] = []
    _section("the file", ProjectConfig, parts, set())
    return "\n\n".join(parts)


def command_pages() -> str:
    """The help text of every command."""
    import click

    os.environ["COLUMNS"] = "88"
    from fourfold.cli import COMMANDS, fourfold

    root = click.Context(fourfold, info_name="fourfold")
    parts = [_help(fourfold, root)]
    for name in COMMANDS:
        command = fourfold.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root)
        parts.append(_help(command, context))
        if isinstance(command, click.Group):
            for child_name, child in sorted(command.commands.items()):
                parts.append(_help(child, click.Context(child, info_name=child_name, parent=context)))
    return "\n\n".join(parts)


def _help(command: typing.Any, context: typing.Any) -> str:
    return f"## `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```"


def _section(
    title: str, section: type[BaseModel], parts: list[str], seen: set[type[BaseModel]]
) -> None:
    if section in seen:
        return
    seen.add(section)
    summary = (section.__doc__ or "").splitlines()[0]
    rows = [f"## {title}", "", summary, "", "| key | type | default | meaning |", "|---|---|---|---|"]
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in section.model_fields.items():
        child = _model_within(field.annotation)
        meaning = field.description or (f"See `{name}` below." if child else "")
        default = "see below" if child and not field.is_required() else _default(field)
        rows.append(f"| `{name}` | {_type(field.annotation)} | {default} | {meaning} |")
        if child:
            inner.append((f"`{name}`", child))
    parts.append("\n".join(rows))
    for name, child in inner:
        _section(name, child, parts, seen)


def _model_within(annotation: typing.Any) -> type[BaseModel] | None:
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    if field.default is PydanticUndefined or field.default in (None, "", [], {}):
        return ""
    return f"`{field.default}`"


def _type(annotation: typing.Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(parts[0])
    if origin is typing.Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if origin is list:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return "mapping"
    names = {"str": "text", "int": "whole number", "float": "number", "Path": "path"}
    name = getattr(annotation, "__name__", str(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return names.get(name, "secret" if name == "SecretStr" else name)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(globals()[sys.argv[1]]())
