"""Reads `fourfold.yaml`; whatever is wrong in it is named with its line."""

from __future__ import annotations

from pathlib import Path

from fourfold.core.errors import InvalidProject
from fourfold.core.written import Written, read_written, written_in
from fourfold.project.config import FILE_NAME, ProjectConfig

_ADVICE = "All keys are described in docs/reference/project-file.md."


def load_config(folder: Path) -> ProjectConfig:
    """Read and check the project file; every problem is named with its line."""
    file = folder / FILE_NAME
    if not file.exists():
        raise InvalidProject(
            f"There is no project in `{folder}`: `{FILE_NAME}` is missing.",
            hint="Make one with `fourfold init NAME`, or name its folder with `--project`.",
        )
    return _checked(read_written(file), file)


def parse_config(text: str, file: Path) -> ProjectConfig:
    """Check the text of a project file; `file` is only named in errors."""
    return _checked(written_in(text, file), file)


def _checked(written: Written, file: Path) -> ProjectConfig:
    config = written.form(ProjectConfig, advice=_ADVICE)
    _reject_twins(config, file)
    _reject_extractive_fallbacks(config, file)
    return _with_current_names(config)


def _reject_twins(config: ProjectConfig, file: Path) -> None:
    for kind, names in (
        ("source", [source.name for source in config.sources]),
        ("model", [model.name for model in config.models]),
    ):
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise InvalidProject(
                f"`{file}`: more than one {kind} is called `{twins[0]}`.",
                hint="Give each a name of its own.",
            )
    if config.name in [config.model, *(model.name for model in config.models)]:
        raise InvalidProject(
            f"`{file}`: the project and a model are both called `{config.name}`.",
            hint="Clients name what they ask: change `name`, which is the application's.",
        )


def _reject_extractive_fallbacks(config: ProjectConfig, file: Path) -> None:
    for model in config.models:
        if "extractive" in model.fallback:
            raise InvalidProject(
                f"`{file}`: `{model.name}` cannot fall back to `extractive`, which is no model.",
                hint="Name one under `models`, or installed weights: `smollm2-135m` is small.",
            )


def _with_current_names(config: ProjectConfig) -> ProjectConfig:
    """The names of weights as they are today, also in a file that was written before."""
    models = [
        one.model_copy(update={"fallback": [config.current_name(name) for name in one.fallback]})
        for one in config.models
    ]
    return config.model_copy(update={"model": config.current_name(config.model), "models": models})
