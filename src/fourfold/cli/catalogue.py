"""`fourfold models list|show`: the catalogue of foundation models."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fourfold.cli.filters import (
    is_at_most,
    known_family,
    known_languages,
    known_provider,
    parameters,
)
from fourfold.cli.model_facts import brief, show_facts, show_models, show_verdict, whole
from fourfold.cli.output import counted, faint, json_option, print_json, project_option, show

if TYPE_CHECKING:
    from fourfold.catalogue import Catalogue
    from fourfold.catalogue.policy import Policy

_USUAL_TASK: Final = "answer"
_ITS_PAGE: Final = "It picks sentences, costs nothing and has no licence beside Fourfold's own."


@click.command("list")
@click.option("--family", help="Only this family, `llama`.")
@click.option("--provider", help="Only this provider, `Meta`.")
@click.option("--open", "only_open", is_flag=True, help="Only open weights.")
@click.option("--language", "languages", multiple=True, help="It must know this one, `de`.")
@click.option("--max-parameters", help="Known to be not larger than this, `8B`.")
@click.option("--wide", is_flag=True, help="More columns: provider, languages, day of the price.")
@click.option("--weights", "only_weights", is_flag=True, help="Only what can be installed here.")
@project_option
@json_option
def list_models(
    *,
    family: str | None,
    provider: str | None,
    only_open: bool,
    languages: tuple[str, ...],
    max_parameters: str | None,
    wide: bool,
    only_weights: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show the catalogue of foundation models, or the weights that can be installed.

    \b
    Examples:
      fourfold models list --family llama
      fourfold models list --language de --max-parameters 8B
      fourfold models list --weights
    """
    from fourfold.cli.models import show_weights

    if only_weights:
        show_weights(as_json=as_json)
        return
    catalogue = opened(folder)[0]
    family, provider = known_family(catalogue, family), known_provider(catalogue, provider)
    wanted, most = {*known_languages(catalogue, languages)}, parameters(max_parameters)
    models = [
        one
        for one in catalogue.models.values()
        if family in {None, one.family}
        and provider in {None, one.provider}
        and (one.is_open or not only_open)
        and wanted <= {*(one.languages or ())}
        and is_at_most(one, most)
    ]
    if as_json:
        print_json({"models": [brief(one) for one in models]})
        return
    show_models(models, wide=wide)
    _say_how_to_read(len(models), wide=wide)


def _say_how_to_read(count: int, *, wide: bool) -> None:
    show(faint(f"{counted(count, 'model')}; dates and sources: fourfold models show NAME"))
    if not wide:
        show(faint("`$ in/out`: US dollars for a million tokens; more columns: --wide"))
        return
    show(faint("price of: the day it was read; since: in force since; data to: newest day in its"))
    show(faint("source, which has none for the price itself"))


@click.command("show")
@click.argument("name")
@project_option
@json_option
def show_model(*, name: str, folder: Path | None, as_json: bool) -> None:
    """Show everything that is known of a model, each fact with its source.

    It can be named as in the catalogue, as a host calls it, or as its weights are installed.

    \b
    Examples:
      fourfold models show llama-3.3-70b-instruct
      fourfold models show qwen2.5-coder-0.5b
    """
    from fourfold.catalogue.policy import Policy
    from fourfold.catalogue.verdicts import judge
    from fourfold.cli.models import weights_line, weights_state
    from fourfold.core.errors import NotFound
    from fourfold.models.weights import current_name
    from fourfold.project.wiring import EXTRACTIVE

    catalogue, policy, _ = opened(folder)
    if name == EXTRACTIVE:
        raise NotFound("`extractive` is Fourfold's own reader, and no model.", hint=_ITS_PAGE)
    model = catalogue.offered_as(current_name(name)) or catalogue.model(name)
    state = weights_state(model.weights)
    verdict = judge(model, catalogue, policy or Policy(), today=datetime.date.today())
    if as_json:
        print_json({**whole(model, verdict), "installable": state})
        return
    show_facts(model)
    if state:
        show(f"  {'weights':<18} {weights_line(state)}")
    show("")
    show_verdict(verdict)


def opened(folder: Path | None) -> tuple[Catalogue, Policy | None, str]:
    """The catalogue at today's prices, with what the project adds where we stand in one.

    Beside it the project's policy, and its task.
    """
    from fourfold.catalogue import read_catalogue
    from fourfold.catalogue.prices import with_current_prices
    from fourfold.project.config_file import load_config
    from fourfold.project.licences import project_policy

    project, today = _project(folder), datetime.date.today()
    catalogue = with_current_prices(read_catalogue(project), on=today)
    if project is None:
        return catalogue, None, _USUAL_TASK
    config = load_config(project)
    return catalogue, project_policy(project, config, catalogue), config.task


def _project(folder: Path | None) -> Path | None:
    from fourfold.core.errors import InvalidProject
    from fourfold.project.project import find_project

    try:
        return find_project(folder)
    except InvalidProject:
        if folder is not None:
            raise
        return None
