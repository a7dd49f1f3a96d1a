"""`fourfold models`: the catalogue, and weights of models that run on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fourfold.cli.benchmark import benchmark_model
from fourfold.cli.catalogue import list_models, show_model
from fourfold.cli.output import faint, heading, json_option, print_json, say, show
from fourfold.cli.shortlisting import shortlist_models

if TYPE_CHECKING:
    from fourfold.models.weights import Weights


@click.group()
def models() -> None:
    """Look models up in the catalogue, and install weights."""


models.add_command(list_models)
models.add_command(show_model)
models.add_command(shortlist_models)
models.add_command(benchmark_model)


def show_weights(*, as_json: bool) -> None:
    """The weights that can be installed, and those that are."""
    from fourfold.core.settings import read_settings
    from fourfold.models.weights import WEIGHTS, installed

    there = installed(read_settings().models_folder)
    if as_json:
        print_json(
            {"models": [_as_json(one, installed=one.name in there) for one in WEIGHTS.values()]}
        )
        return
    for one in WEIGHTS.values():
        state = "installed" if one.name in there else f"{one.size_bytes / 1e6:.0f} MB"
        languages = ", ".join(one.languages)
        show(f"{heading(one.name)}  {state} · {languages} · {one.licence}")
        show(f"  {faint(one.title)}")
        if one.warning and one.name not in there:
            show(f"  {faint(one.warning)}")


def weights_state(name: str) -> dict[str, object] | None:
    """The weights of that name and whether they are installed; None for a model without any."""
    from fourfold.core.settings import read_settings
    from fourfold.models.weights import installed, known

    if not name:
        return None
    return _as_json(known(name), installed=name in installed(read_settings().models_folder))


def weights_line(state: dict[str, object]) -> str:
    """The same on a line."""
    name = state["model"]
    return f"{name}  " + (
        "installed" if state["installed"] else f"not installed: fourfold models install {name}"
    )


@models.command("install")
@click.argument("name")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take these bytes instead of fetching.",
)
@click.option(
    "--accept-anonymous",
    is_flag=True,
    help="Accept a source whose publisher is not known; the hash is checked all the same.",
)
@json_option
def install_model(*, name: str, file: Path | None, accept_anonymous: bool, as_json: bool) -> None:
    """Fetch weights, check their SHA-256, keep them. Nothing that was fetched is ever run.

    \b
    Examples:
      fourfold models install smollm2-135m
      fourfold models install qwen2.5-coder-0.5b --file Downloads/model.gguf
    """
    from fourfold.cli.progress import download_bar
    from fourfold.core.settings import read_settings
    from fourfold.models.install import install
    from fourfold.models.weights import current_name

    with download_bar() as progress:
        path = install(
            name,
            models_folder=read_settings().models_folder,
            file=file,
            accept_anonymous=accept_anonymous,
            progress=progress,
        )
    name = current_name(name)
    if as_json:
        print_json({"model": name, "file": str(path)})
        return
    show(f"Installed `{name}`.")
    say(f"Use it: `model: {name}` in fourfold.yaml, or `fourfold ask --model {name} …`")


@models.command("remove")
@click.argument("name")
@json_option
def remove_model(*, name: str, as_json: bool) -> None:
    """Delete installed weights."""
    from fourfold.core.settings import read_settings
    from fourfold.models.weights import remove

    removed = remove(name, read_settings().models_folder)
    if as_json:
        print_json({"removed": removed})
    else:
        show(f"Removed `{removed}`.")


def _as_json(weights: Weights, *, installed: bool) -> dict[str, object]:
    return {
        "model": weights.name,
        "title": weights.title,
        "bytes": weights.size_bytes,
        "sha256": weights.sha256,
        "licence": weights.licence,
        "languages": list(weights.languages),
        "context_tokens": weights.context_tokens,
        "installed": installed,
        "warning": weights.warning,
    }
