"""`fourfold compare --list` and `--show`: comparisons that were made, or begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fourfold.cli.comparison import show_comparison
from fourfold.cli.output import counted, print_json, say, show

if TYPE_CHECKING:
    from fourfold.evaluation.store import Experiment
    from fourfold.storage.database import Database


async def show_made(database: Database, shown: str, *, as_json: bool) -> None:
    """Print the comparison of that id or name; of one that has not ended, how far it is."""
    from fourfold.evaluation.store import Experiments

    experiments = Experiments(database)
    found = await experiments.named(shown)
    if found.result is None:
        _show_unfinished(found, await experiments.answers(found.id), as_json=as_json)
    elif as_json:
        print_json(found.result)
    else:
        show_comparison(dict(found.result))


async def list_made(database: Database, *, as_json: bool) -> None:
    """Print a line for each comparison, the latest first."""
    from fourfold.evaluation.store import Experiments

    listed = await Experiments(database).listed()
    if as_json:
        print_json({"experiments": [_as_json(one) for one in listed]})
        return
    for one in listed:
        show(_line(one))


def _show_unfinished(one: Experiment, answers: Mapping[str, int], *, as_json: bool) -> None:
    say("It has not ended; the same command goes on with it.")
    so_far = {name: answers.get(name, 0) for name in _models(one)}
    if as_json:
        print_json({**_as_json(one), "answers": so_far})
        return
    show(_line(one))
    for name, count in so_far.items():
        show(f"  {name}: {counted(count, 'answer')}")


def _line(one: Experiment) -> str:
    state = "ended" if one.ended_at else "not ended"
    models = ", ".join(_models(one))
    return f"{one.id}  {one.started_at:%Y-%m-%d %H:%M}  {one.name}: {models} ({state})"


def _as_json(one: Experiment) -> dict[str, Any]:
    return {
        "experiment": one.id,
        "name": one.name,
        "started_at": one.started_at.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "models": _models(one),
    }


def _models(one: Experiment) -> list[str]:
    return [system["name"] for system in one.spec["systems"]]
