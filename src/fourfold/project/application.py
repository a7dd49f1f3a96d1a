"""What a project's application is made of: the request path of its task, with one model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from fourfold.core.errors import InvalidProject
from fourfold.guards.length import LONGEST_TEXT
from fourfold.project.wiring import guards
from fourfold.prompts.tasks import ANSWER, TASKS

if TYPE_CHECKING:
    from fourfold.assistant import Assistant, TaskAssistant
    from fourfold.core.protocols import ChatModel
    from fourfold.project.project import Project
    from fourfold.prompts import Prompt
    from fourfold.prompts.tasks import Task

    Application: TypeAlias = Assistant | TaskAssistant

LANGUAGES = ("de", "en")


def application(
    project: Project, model: ChatModel | None, *, prompt: Path | None = None
) -> Application:
    """The request path of the project's task; without a model, the extractive one.

    `prompt` takes the place of the project's own prompts.
    """
    if project.config.task == ANSWER:
        return _answering(project, model, prompt)
    return _working(project, TASKS[project.config.task], model, prompt)


def task_files(task: str) -> Traversable:
    """The folder in the package with prompts, examples, golden set and guidance of a task."""
    return files("fourfold.project").joinpath("tasks", task)


def output_schema(project: Project) -> Mapping[str, Any] | None:
    """The JSON schema that the output of the project's task keeps, or None.

    A project with prompts of its own has a schema of its own, or none.
    """
    from fourfold.models.schema import check_schema

    own = project.config.output_schema
    file: Traversable = (
        project.folder / own if own else task_files(project.config.task) / "schema.json"
    )
    if own is None and (project.config.prompt is not None or not file.is_file()):
        return None
    try:
        schema: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidProject(
            f"The schema `{file}` cannot be read: {error}.",
            hint="It must be a JSON schema in UTF-8; or leave out `output_schema`.",
        ) from error
    check_schema(schema)
    found: Mapping[str, Any] = schema
    return found


def prompts_of(project: Project, prompt: Path | None = None) -> dict[str, Prompt]:
    """The prompts by language: that file, or else the project's own, or else those that ship."""
    if own := _own_prompts(project, prompt):
        return own
    return shipped_prompts(project.config.task)


def shipped_prompts(task: str) -> dict[str, Prompt]:
    """The prompts of a task, by language, as they ship with Fourfold."""
    from fourfold.prompts import default_prompt, parse_prompt, read_examples

    if task == ANSWER:
        return {language: default_prompt(language) for language in LANGUAGES}
    folder = task_files(task)
    return {
        language: parse_prompt(
            (folder / f"prompt.{language}.md").read_text(encoding="utf-8"),
            origin=f"`{task}/prompt.{language}.md`",
            examples=read_examples(folder / f"examples.{language}.jsonl"),
        )
        for language in LANGUAGES
    }


def _answering(project: Project, model: ChatModel | None, prompt: Path | None) -> Assistant:
    from fourfold.assistant import Assistant
    from fourfold.assistant.candidates import Selection
    from fourfold.assistant.follow_up import CombiningFollowUp
    from fourfold.assistant.readers.extractive import ExtractiveReader
    from fourfold.assistant.readers.model import ModelReader

    prompts = prompts_of(project, prompt)
    instructions = _instructions(prompts)
    config = project.config
    return Assistant(
        retriever=project.retriever,
        selection=Selection(project.embedder),
        reader=ModelReader(model, prompts=prompts) if model else ExtractiveReader(),
        follow_up=CombiningFollowUp(),
        input_guards=guards(config.guards.input, instructions=instructions),
        output_guards=guards(config.guards.output, instructions=instructions),
        limit=config.retrieval.limit,
    )


def _working(
    project: Project, task: Task, model: ChatModel | None, prompt: Path | None
) -> TaskAssistant:
    from fourfold.assistant import TaskAssistant
    from fourfold.assistant.generators.extractive import ExtractiveGenerator
    from fourfold.assistant.generators.model import ModelGenerator

    prompts = prompts_of(project, prompt)
    schema = output_schema(project)
    instructions = _instructions(prompts)
    config = project.config
    examples = [example for one in prompts.values() for example in one.examples]
    return TaskAssistant(
        generator=ModelGenerator(model, prompts=prompts, schema=schema, max_tokens=task.max_tokens)
        if model
        else ExtractiveGenerator(
            project.embedder,
            lead_sentences=task.lead_sentences,
            schema=schema,
            examples=examples,
        ),
        retriever=project.retriever if task.reads_passages and config.sources else None,
        needs_sources=task.reads_passages,
        input_guards=guards(
            config.guards.input, instructions=instructions, longest_text=LONGEST_TEXT
        ),
        output_guards=guards(config.guards.output, instructions=instructions),
        limit=config.retrieval.limit,
    )


def _own_prompts(project: Project, prompt: Path | None) -> dict[str, Prompt] | None:
    """The project's prompts by language; one that serves all stands under each."""
    from fourfold.prompts import read_prompt

    templates = prompt or project.config.prompt
    if templates is None:
        if project.config.examples:
            raise InvalidProject(
                "`examples` in fourfold.yaml needs a `prompt` beside it.",
                hint="Name a template under `prompt`; docs/guides/prompts.md shows one.",
            )
        return None
    of_language = _per_language(templates, project.folder, "prompt")
    examples = _per_language(project.config.examples, project.folder, "examples")
    return {
        language: read_prompt(file, examples.get(language))
        for language, file in of_language.items()
    }


def _per_language(
    named: Path | Mapping[Any, Path] | None, folder: Path, key: str
) -> dict[str, Path]:
    if named is None:
        return {}
    if isinstance(named, Path):
        return dict.fromkeys(LANGUAGES, folder / named)
    if missing := sorted({*LANGUAGES} - {*named}):
        raise InvalidProject(
            f"`{key}` in fourfold.yaml has no file for `{missing[0]}`.",
            hint="Name one for `de` and one for `en`, or a single file for both.",
        )
    return {str(language): folder / file for language, file in named.items()}


def _instructions(prompts: Mapping[str, Prompt]) -> str:
    """What a model is told before the text, whatever its language: it must not leak."""
    rules: Sequence[str] = [one.rules for one in prompts.values()]
    return "\n".join(dict.fromkeys(rules))
