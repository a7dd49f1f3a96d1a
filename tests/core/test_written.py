"""YAML that people write: every mistake has its line, in words."""

import datetime
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from fourfold.core.errors import InvalidProject
from fourfold.core.written import read_written


class Leg(BaseModel):
    model_config = ConfigDict(extra="forbid")
    length: int = Field(gt=0, le=100)
    integer_like: int | Literal["none"] = "none"


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wood: Literal["oak", "beech"]
    legs: list[Leg]
    made: datetime.date | None = None
    by_name: dict[str, Leg] = {}


def problems_of(tmp_path: Path, text: str) -> str:
    file = tmp_path / "table.yaml"
    file.write_text(text)
    with pytest.raises(InvalidProject) as error:
        read_written(file).form(Table, advice="See the guide.")
    return error.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wood: oack\nlegs: []", "line 1: `wood` cannot be `oack`; allowed: oak, beech. Did you"),
        (
            "wood: oak\nlegs:\n- length: 5\n- length: 0",
            "line 4: `legs.1.length` must be more than 0",
        ),
        ("wood: oak\nlegs: [{length: 101}]", "must be at most 100"),
        ("wood: oak\nlegs: [{lenght: 1}]", "unknown key `lenght`. Did you mean `length`?"),
        ("wood: oak\nlegs: [{length: 1, integer_like: x}]", "`legs.0.integer_like`"),
        ("wood: oak\nlegs: []\nmade: today", "line 3: `made` must be a day, `2026-11-22`"),
        (
            "wood: oak\nlegs: []\nby_name: {str: {length: x}}",
            "`by_name.str.length` must be a whole",
        ),
        ("legs: []", "`wood` is missing"),
        ("wood: oak", "`legs` is missing"),
        ("[]", "`the file` must hold keys with values"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in problems_of(tmp_path, text)


def test_all_mistakes_are_said_at_once_each_once(tmp_path: Path) -> None:
    message = problems_of(tmp_path, "wood: pine\nlegs: [{length: 1, integer_like: [2]}]\nsize: 3")
    assert "3 mistakes" in message
    assert message.count("integer_like") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"wood: [", "cannot be read, line"),
        (b"wood: oak\nlegs: []\nwood: oak", "line 3: `wood` stands there twice"),
        (b"made: 2026-02-30", "cannot be read"),
        (b"wood: \xff\xfe", "cannot be read"),
        (b"wood: !!python/object:os.system x", "cannot be read"),
    ],
)
def test_what_is_no_yaml_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "table.yaml"
    file.write_bytes(content)
    with pytest.raises(InvalidProject) as error:
        read_written(file)
    assert said in error.value.message


def test_an_empty_file_is_an_empty_table(tmp_path: Path) -> None:
    file = tmp_path / "table.yaml"
    file.write_text("# nothing\n")
    assert read_written(file).values == {}
