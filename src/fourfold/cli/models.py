"""`fourfold models`: weights of embedded models, installed and to be had."""

from __future__ import annotations

from pathlib import Path

import click

from fourfold.cli.output import command, faint, heading, json_option, print_json, say, show


@click.group()
def models() -> None:
    """Install weights, and see which are there."""


@models.command("list")
@json_option
def list_models(*, as_json: bool) -> None:
    """Show the weights that can be installed, and those that are."""
    from fourfold.core.settings import Settings
    from fourfold.models.weights import WEIGHTS, installed

    there = installed(Settings().models_folder)
    if as_json:
        print_json(
            {"models": [{**one.as_json(), "installed": one.name in there} for one in WEIGHTS]}
        )
        return
    for one in WEIGHTS:
        state = "installed" if one.name in there else f"{one.size_bytes / 1e6:.0f} MB"
        show(f"{heading(one.name)}  {state}  {one.licence}\n  {faint(one.title)}")


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
@command
async def install_model(
    *, name: str, file: Path | None, accept_anonymous: bool, as_json: bool
) -> None:
    r"""Fetch weights, check their SHA-256, keep them. Nothing that was fetched is ever run.

    \b
    Examples:
      fourfold models install smollm2-135m
      fourfold models install qwen2.5-0.5b --file Downloads/model.gguf
    """
    from fourfold.cli.progress import download_bar
    from fourfold.core.settings import Settings
    from fourfold.models.weights import install

    with download_bar(name) as progress:
        path = await install(
            name,
            models_folder=Settings().models_folder,
            file=file,
            accept_anonymous=accept_anonymous,
            progress=progress,
        )
    if as_json:
        print_json({"model": name, "file": str(path)})
        return
    show(f"Installed `{name}`.")
    say(f"Use it: `model: {name}` in fourfold.yaml, or `fourfold ask --model {name} …`")
