"""The page `/api/docs`: the description of the API as plain HTML, complete without a network."""

from __future__ import annotations

from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Fourfold API</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }}
code {{ background: #8882; padding: .1em .3em; border-radius: .2em }}
section {{ border-top: 1px solid #8884; padding: .5rem 0 }}
td {{ padding: .1rem 1rem .1rem 0; vertical-align: top }}
:root {{ color-scheme: light dark }}
</style>
<h1>Fourfold API</h1>
<p>The whole description for programs: <a href="/api/openapi.json">/api/openapi.json</a>.
The routes under <code>/v1</code> are those of OpenAI's API.</p>
{operations}
</html>
"""


def docs_page(openapi: dict[str, Any]) -> str:
    """One section for each address and method."""
    operations = [
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    return _PAGE.format(operations="\n".join(operations))


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(_shape(one['schema']))}"
        for one in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        rows.append(f"<tr><td>body<td>{escape(_shape(body['schema']))}")
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}"
        f" Needs the role <b>{escape(operation['x-fourfold-role'])}</b>.</p>"
        f"<table>{''.join(rows)}</table></section>"
    )


def _shape(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    choices = [_shape(choice) for choice in schema.get("anyOf", [])]
    return " or ".join(choices) or str(schema.get("type", "any"))
