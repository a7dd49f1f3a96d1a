"""Reads `fourfold.yaml`; whatever is wrong in it is named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from fourfold.core.errors import InvalidProject, suggestion
from fourfold.project.config import FILE_NAME, ProjectConfig

_WORDS = {
    "list_type": "must be a list: lines that begin with `-`",
    "dict_type": "must hold keys with values, `key: value`",
    "model_type": "must hold keys with values, `key: value`",
    "model_attributes_type": "must hold keys with values, `key: value`",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "string_pattern_mismatch": "may have small letters, digits, `.`, `_` and `-`, begins with one "
    "of the first two, and has at most 64 of them",
}


def load_config(folder: Path) -> ProjectConfig:
    """Read and check the project file; every problem is named with its line."""
    file = folder / FILE_NAME
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidProject(
            f"There is no project in `{folder}`: `{FILE_NAME}` is missing.",
            hint="Make one with `fourfold init NAME`, or name its folder with `--project`.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProject(
            f"`{file}` cannot be read: {error}.", hint="It must be readable, and UTF-8."
        ) from error
    return parse_config(text, file)


def parse_config(text: str, file: Path) -> ProjectConfig:
    """Check the text of a project file; `file` is only named in errors."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:  # a date that no calendar has is a ValueError
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error) or "it is not YAML"
        raise InvalidProject(
            f"`{file}`{where}: {problem}.",
            hint="Check the indentation; a text with `:` or `#` in it needs quotes.",
        ) from error
    _reject_double_keys(node, file)
    try:
        config = ProjectConfig.model_validate(values)
    except ValidationError as error:
        problems = [_sentence(problem, node) for problem in error.errors()]
        listing = "".join(f"\n  {problem}" for problem in problems)
        raise InvalidProject(
            f"`{file}` has {len(problems)} problem{'s' if len(problems) > 1 else ''}:{listing}",
            hint="All keys are described in docs/reference/project-file.md.",
        ) from error
    _reject_twins(config, file)
    return _with_current_names(config)


def _reject_double_keys(node: yaml.Node | None, file: Path) -> None:
    """YAML takes the last of two keys of one name; whoever wrote both meant something else."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise InvalidProject(
                    f"`{file}`, line {key.start_mark.line + 1}: `{key.value}` stands there twice.",
                    hint="Keep one of them.",
                )
            seen.add(key.value)
            _reject_double_keys(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _reject_double_keys(item, file)


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


def _with_current_names(config: ProjectConfig) -> ProjectConfig:
    """The names of weights as they are today, also in a file that was written before."""
    models = [
        one.model_copy(update={"fallback": [config.current_name(name) for name in one.fallback]})
        for one in config.models
    ]
    return config.model_copy(update={"model": config.current_name(config.model), "models": models})


def _sentence(problem: Any, root: yaml.Node | None) -> str:
    location = tuple(problem["loc"])
    path = ".".join(str(part) for part in location) or "the file"
    line = _line(root, location)
    if problem["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        return f"line {line}: unknown key `{location[-1]}`. {suggestion(str(location[-1]), known)}"
    if problem["type"] == "missing":
        return f"line {line}: `{path}` is missing."
    words = _WORDS.get(problem["type"]) or f"is wrong: {problem['msg']}"
    return f"line {line}: `{path}` {words}."


def _line(node: yaml.Node | None, location: tuple[str | int, ...]) -> int:
    """The line of the innermost node on the way to `location` that exists."""
    line = 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if part not in pairs:
                break
            key, node = pairs[part]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                break
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    section: type[BaseModel] = ProjectConfig
    for part in location:
        if isinstance(part, int):
            continue
        annotation: Any = section.model_fields[part].annotation
        inner = getattr(annotation, "__args__", (annotation,))[0]
        section = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else section
    return list(section.model_fields)
