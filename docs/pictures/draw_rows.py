"""Draws the rows of the architecture from `pyproject.toml`: `python docs/pictures/draw_rows.py`."""

import tomllib
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
HOLDS = {
    "cli": "one file per command",
    "server": "OpenAI's routes, the JSON API, keys",
    "project": "reads fourfold.yaml, names become objects",
    "reports": "the decision report",
    "evaluation": "experiments, comparisons, the choice",
    "assistant": "the request path",
    "indexing": "parse, chunk, embed, write",
    "datasets": "records, golden sets",
    "ingestion": "connectors, parsers",
    "retrieval": "stores, fusion",
    "prompts": "templates, examples",
    "guards": "checks of texts",
    "metrics": "scores of texts",
    "models": "chat, embeddings",
    "catalogue": "model facts, policy",
    "tracing": "what requests leave",
    "access": "users, roles, keys",
    "evidence": "the chain of entries",
    "storage": "database, migrations, backup",
    "core": "nouns, protocols, errors, registry, settings",
}
WIDTH, ROW, GAP, EDGE = 960, 58, 12, 20
GREEN, BLUE, PURPLE = "#2f6f4f", "#2f5f8f", "#7a4f9a"
COLOURS = (PURPLE, PURPLE, PURPLE, PURPLE, BLUE, BLUE, BLUE, BLUE, GREEN, GREEN)


def rows() -> list[list[str]]:
    """The folders, row by row from the top; `__main__` only starts the command line."""
    settings = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text("utf-8"))
    [contract] = settings["tool"]["importlinter"]["contracts"]
    layers = [layer.split(" | ") for layer in contract["layers"]]
    return [layer for layer in layers if layer != ["__main__"]]


def drawing() -> str:
    """The picture as SVG."""
    layers = rows()
    height = 2 * EDGE + len(layers) * (ROW + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="The rows of the architecture" font-family="system-ui, sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" rx="12" fill="#f7f7f4"/>',
    ]
    for number, (layer, colour) in enumerate(zip(layers, COLOURS, strict=True)):
        parts += _row(layer, EDGE + number * (ROW + GAP), colour)
    return "\n".join([*parts, "</svg>", ""])


def _row(layer: list[str], top: int, colour: str) -> list[str]:
    width = (WIDTH - 2 * EDGE - GAP * (len(layer) - 1)) // len(layer)
    parts = []
    for place, name in enumerate(layer):
        left = EDGE + place * (width + GAP)
        parts += [
            f'<rect x="{left}" y="{top}" width="{width}" height="{ROW}" rx="8" fill="#fff" '
            f'stroke="{colour}" stroke-width="2"/>',
            f'<text x="{left + 14}" y="{top + 25}" font-size="17" font-weight="700" '
            f'fill="{colour}">{escape(name)}</text>',
            f'<text x="{left + 14}" y="{top + 45}" font-size="13" fill="#444">'
            f"{escape(HOLDS[name])}</text>",
        ]
    return parts


if __name__ == "__main__":
    (HERE / "rows.svg").write_text(drawing(), encoding="utf-8")
