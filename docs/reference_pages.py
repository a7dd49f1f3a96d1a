"""Write the tables of the reference pages from the code; called by cog, see `make docs`."""

import ast
import inspect
import os
import re
import sys
import types
import typing
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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

    root = fourfold.make_context("fourfold", [], resilient_parsing=True)
    parts = [_help(fourfold, root)]
    for name in COMMANDS:
        command = fourfold.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root)
        parts.append(_help(command, context))
        if isinstance(command, click.Group):
            for child_name, child in sorted(command.commands.items()):
                parts.append(
                    _help(child, click.Context(child, info_name=child_name, parent=context))
                )
    return "\n\n".join(parts)


def openai_routes() -> str:
    """The addresses outside `/api`, with who may use them."""
    from fourfold.server.health import HealthRoutes
    from fourfold.server.openai.routes import OpenAIRoutes
    from fourfold.server.openai.scoring import ScoringRoutes
    from fourfold.server.routes import all_routes

    # The classes stand in for their objects: the list only names their methods.
    openai, scoring, health = OpenAIRoutes, ScoringRoutes, HealthRoutes
    routes = all_routes(
        typing.cast(Any, openai), typing.cast(Any, scoring), typing.cast(Any, health)
    )
    rows = ["| address | role | what it does |", "|---|---|---|"]
    for route in routes:
        role = f"`{route.role}`" if route.role else "none, no key needed"
        rows.append(f"| `{route.method} {route.path}` | {role} | {_first(route.handler)} |")
    return "\n".join(rows)


def api_routes() -> str:
    """The addresses under `/api`, with who may use them and what comes back."""
    rows = ["| address | role | what it does | body | gives |", "|---|---|---|---|---|"]
    for path, methods in _openapi()["paths"].items():
        for method, operation in methods.items():
            rows.append(
                f"| `{method.upper()} {path}` | `{operation['x-fourfold-role']}` "
                f"| {operation['description']}{_query(operation)} | {_sent(operation)} "
                f"| {_given(operation)} |"
            )
    return "\n".join(rows)


def api_bodies() -> str:
    """The JSON of `/api`: every object with its fields."""
    parts = []
    for name, schema in _openapi()["components"]["schemas"].items():
        needed = schema.get("required", [])
        rows = [f"### {name}", "", schema.get("description", "").strip(), ""]
        rows += ["| field | type | |", "|---|---|---|"]
        for key, one in schema.get("properties", {}).items():
            said = one.get("description", "")
            if name.endswith("In"):
                said = " ".join(filter(None, ["needed." if key in needed else "", said]))
            rows.append(f"| `{key}` | {_shape(one)} | {said} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def openai_fields() -> str:
    """The fields of OpenAI's requests that are understood."""
    from fourfold.server.openai import requests

    parts = []
    for path, struct in (
        ("/v1/chat/completions", requests.ChatRequest),
        ("/v1/completions", requests.CompletionRequest),
        ("/v1/embeddings", requests.EmbeddingRequest),
    ):
        names = ", ".join(f"`{name}`" for name in sorted(struct.__struct_fields__))
        parts.append(f"- `{path}`: {names}.")
    return "\n".join(parts)


def error_table() -> str:
    """Each status with the code and the meaning of its errors."""
    from fourfold.server.errors import _STATUS, Unexpected

    rows = ["| status | `code` | what happened |", "|---|---|---|"]
    for error, status in sorted((*_STATUS, (Unexpected, 500)), key=lambda pair: pair[1]):
        rows.append(f"| {status} | `{error.code}` | {_first(error)} |")
    return "\n".join(rows)


def python_names() -> str:
    """What `import fourfold` offers: signatures and docstrings."""
    import fourfold

    parts = []
    for name in sorted(fourfold.__all__, key=lambda one: (one != "open_project", one != "Project")):
        thing = getattr(fourfold, name)
        if name == "LOCAL":
            parts.append("## `LOCAL`\n\nThe `Principal` of the person at the machine: sees all.")
        elif inspect.isclass(thing):
            parts.append(_class(name, thing))
        else:
            parts.append(_function(name, thing, "##"))
    return "\n\n".join(parts)


def backend_tables() -> str:
    """Every registry: what it is called, its entry points, its names, what each is."""
    parts = []
    for heading, registry in _registries():
        rows = [f"## {heading}", "", f"Entry points: `{registry.group}`.", ""]
        rows += ["| name | what it is |", "|---|---|"]
        for name, target in registry._builtin.items():
            rows.append(f"| `{name}` | {_summary(target)} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _registries() -> Iterator[tuple[str, Any]]:
    from fourfold.assistant.readers import READERS
    from fourfold.evaluation.formats import FORMATS
    from fourfold.guards import GUARDS
    from fourfold.ingestion.connectors import CONNECTORS
    from fourfold.ingestion.parsers import PARSERS
    from fourfold.metrics import METRICS
    from fourfold.models import CHAT_MODELS, EMBEDDERS
    from fourfold.retrieval.stores import STORES

    yield "Vector stores", STORES
    yield "Embedders", EMBEDDERS
    yield "Chat models", CHAT_MODELS
    yield "Readers", READERS
    yield "Guards", GUARDS
    yield "Parsers", PARSERS
    yield "Connectors", CONNECTORS
    yield "Metrics", METRICS
    yield "Formats of experiments", FORMATS


def _summary(target: str) -> str:
    """The first line that says what a backend is, read without importing its libraries.

    That of a class's docstring; that of its module's where the backend is a preset of another.
    """
    module, _, name = target.partition(":")
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin)
    for file in (path, *sorted(path.parent.glob("*.py"))):
        tree = ast.parse(file.read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return (ast.get_docstring(node) or "").splitlines()[0]
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
                return (ast.get_docstring(tree) or "").splitlines()[0]
    raise LookupError(target)


def _openapi() -> Any:
    from fourfold.server.api.routes import build_api

    # Building the description calls no route, so it needs no services.
    return build_api(typing.cast(Any, None), typing.cast(Any, None)).openapi()


def _query(operation: Any) -> str:
    names = [f"`{one['name']}`" for one in operation.get("parameters", []) if one["in"] == "query"]
    return f" Query: {', '.join(names)}." if names else ""


def _sent(operation: Any) -> str:
    body = operation.get("requestBody")
    return _shape(body["content"]["application/json"]["schema"]) if body else ""


def _given(operation: Any) -> str:
    for status, reply in operation["responses"].items():
        if status.startswith("2"):
            content = reply.get("content", {}).get("application/json", {}).get("schema")
            return f"{status} {_shape(content)}" if content else status
    raise LookupError(operation)


def _shape(schema: Any) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_shape(schema['items'])}"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _class(name: str, thing: type) -> str:
    parts = [f"## `{name}`", inspect.getdoc(thing) or ""]
    if fields := getattr(thing, "__dataclass_fields__", None):
        rows = [f"{field.name}: {_plain(field.type)}{_preset(field)}" for field in fields.values()]
        parts.append("```text\n" + "\n".join(rows) + "\n```")
    for key, member in vars(thing).items():
        if key.startswith("_"):
            continue
        if inspect.isfunction(member):
            parts.append(_function(f"{name}.{key}", member, "###"))
        elif doc := inspect.getdoc(member) if _is_property(member) else None:
            parts.append(f"### `{name}.{key}`\n\n{doc}")
    return "\n\n".join(parts)


def _is_property(member: Any) -> bool:
    return isinstance(member, property) or type(member).__name__ == "cached_property"


def _preset(field: Any) -> str:
    import dataclasses

    if field.default is not dataclasses.MISSING:
        return f" = {field.default!r}"
    if field.default_factory is not dataclasses.MISSING:
        return f" = {field.default_factory()!r}"
    return ""


def _function(name: str, thing: Any, level: str) -> str:
    plain = inspect.unwrap(thing)
    source = inspect.getsource(plain)
    header = source[source.index("def ") : source.index('"""')].strip().removesuffix(":")
    asynchronous = "async " if "async def" in source.partition('"""')[0] else ""
    if thing is not plain:  # a context manager, made of a generator
        asynchronous = "async with " if asynchronous else "with "
        header = header.removeprefix("def ").replace("AsyncIterator[Project]", "Project")
    header = re.sub(r"(?m)^    (?=[ )])|^    ", "", header) if level == "###" else header
    signature = f"{asynchronous}{header}"
    return f"{level} `{name}`\n\n```text\n{signature}\n```\n\n{inspect.getdoc(plain)}"


def _plain(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")


def _first(thing: Any) -> str:
    """The first sentence of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _help(command: Any, context: Any) -> str:
    return f"## `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```"


def _section(
    title: str, section: type[BaseModel], parts: list[str], seen: set[type[BaseModel]]
) -> None:
    if section in seen:
        return
    seen.add(section)
    summary = (section.__doc__ or "").splitlines()[0]
    rows = [
        f"## {title}",
        "",
        summary,
        "",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
    ]
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


def _model_within(annotation: Any) -> type[BaseModel] | None:
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    if field.default is PydanticUndefined or field.default in (None, "", [], {}):
        return ""
    if isinstance(field.default, list):
        return f"`[{', '.join(field.default)}]`"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default}`"


def _type(annotation: Any) -> str:
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
    names = {
        "str": "text", "int": "whole number", "float": "number", "Path": "path",
        "bool": "true or false", "SecretStr": "secret",
    }  # fmt: skip
    name = getattr(annotation, "__name__", str(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return names.get(name, name)


if __name__ == "__main__":
    sys.stdout.write(globals()[sys.argv[1]]() + "\n")
