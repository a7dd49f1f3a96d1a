"""A prompt is a Markdown file: a section for the system, one for the user, with Jinja inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fourfold.core.errors import InvalidProject
from fourfold.core.records import Message
from fourfold.prompts.examples import Example, read_examples
from fourfold.prompts.quoting import as_data, without_turn_marks

_SECTION = re.compile(r"^# (System|User)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a model is told and asked.

    What never changes comes first (system, then examples), so that a model that keeps its last
    prompt reads only the new end. The system section is rendered without question and passages:
    nothing from outside can reach it.
    """

    system: str
    user: str
    examples: tuple[Example, ...] = ()
    origin: str = "the prompt"

    def render(self, *, text: str, passages: Sequence[str] = ()) -> list[Message]:
        """The conversation that hands over this text (a question) and these numbered passages."""
        messages = [Message("system", self.rules)] if self.system else []
        for example in self.examples:
            asked = self._asked(example.text, example.passages)
            messages += [asked, Message("assistant", example.answer)]
        return [*messages, self._asked(text, passages)]

    @property
    def rules(self) -> str:
        """The system section as a model sees it; empty when there is none."""
        return self._render(self.system) if self.system else ""

    def _asked(self, text: str, passages: Sequence[str]) -> Message:
        values = {
            "text": without_turn_marks(text),
            "question": as_data(text),
            "passages": [as_data(passage) for passage in passages],
        }
        return Message("user", self._render(self.user, **values))

    def _render(self, template: str, **values: Any) -> str:
        try:
            return _compiled(template).render(**values).strip()
        except TemplateError as error:
            raise _invalid(self.origin, error) from error


def read_prompt(template: Path, examples: Path | None = None) -> Prompt:
    """The prompt of a project; raises `InvalidProject` that says what is wrong with the file."""
    try:
        text = template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProject(
            f"The prompt `{template}` cannot be read: {error}.",
            hint="It must be a readable Markdown file in UTF-8.",
        ) from error
    few_shot = read_examples(examples) if examples else ()
    return parse_prompt(text, origin=f"`{template}`", examples=few_shot)


def parse_prompt(text: str, *, origin: str, examples: Sequence[Example] = ()) -> Prompt:
    """Take a prompt apart, and try it, so that a mistake shows before the first question."""
    parts = _SECTION.split(text)
    sections = {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    if "User" not in sections:
        raise InvalidProject(
            f"{origin} has no section `# User`.",
            hint="Write `# System` with the rules, `# User` with {{ text }} or {{ question }}.",
        )
    prompt = Prompt(
        system=sections.get("System", ""),
        user=sections["User"],
        examples=tuple(examples),
        origin=origin,
    )
    prompt.render(text="?", passages=["-"])
    return prompt


def default_prompt(language: str) -> Prompt:
    """The prompt that ships with Fourfold, in German (`de`) or English (anything else)."""
    templates = files("fourfold.prompts") / "templates"
    known = "de" if language == "de" else "en"
    name = f"answer.{known}.md"
    examples = read_examples(templates / f"examples.{known}.jsonl")
    text = (templates / name).read_text(encoding="utf-8")
    return parse_prompt(text, origin=f"`{name}`", examples=examples)


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    # The result is a prompt, never HTML. Compiling takes ten times as long as rendering.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(template)


def _invalid(origin: str, error: TemplateError) -> InvalidProject:
    line = f", line {error.lineno} of its section" if isinstance(error, TemplateSyntaxError) else ""
    return InvalidProject(
        f"{origin}{line}: {error.message or error}.",
        hint="A prompt may use `text`, `question` and `passages`; see docs/guides/prompts.md.",
    )
