"""Texts that people hand over in files of any kind."""

from pathlib import Path

import pytest

from fourfold.cli.asking import read_lines, read_text
from fourfold.core.errors import InvalidInput
from fourfold.prompts import read_examples


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_letter_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes("Grüße aus Köln\r\nfür Jörg".encode(encoding))
    assert read_text(file) == "Grüße aus Köln\r\nfür Jörg"


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "letter.pdf"
    file.write_bytes(b"%PDF-1.7\n\x00\x01\x02\x00binary\x00")
    with pytest.raises(InvalidInput, match="no text file"):
        read_text(file)


def test_a_bad_line_of_questions_is_an_error_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_bytes('\ufeff{"question": "Ä?"}\r\n[1]\r\n\r\n{"text": "B"}\r\n'.encode())
    first, second, third = read_lines(file, "question", "text")
    assert (first, third) == ("Ä?", "B")
    assert isinstance(second, InvalidInput)
    assert second.message.startswith("Line 2 ")


def test_questions_in_another_encoding_are_an_error_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_bytes('{"question": "A?"}\n{"question": "Ä?"}\n'.encode("cp1252"))
    with pytest.raises(InvalidInput, match="line 2: it is not UTF-8"):
        list(read_lines(file, "question"))


def test_examples_may_begin_with_a_mark_and_hold_any_line_separator(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_bytes('\ufeff{"text": "eins\u2028zwei", "answer": "ja"}\r\n'.encode())
    (example,) = read_examples(file)
    assert (example.text, example.answer) == ("eins\u2028zwei", "ja")
