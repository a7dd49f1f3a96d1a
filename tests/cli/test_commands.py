"""Commands as a user types them: output and exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

pytestmark = pytest.mark.slow


def test_help_lists_every_command(run: Run, tmp_path: Path) -> None:
    result = run("--help", folder=tmp_path)
    assert result.code == 0
    assert all(word in result.out for word in ("ingest", "ask", "serve", "doctor"))


def test_an_unknown_command_suggests_the_closest(run: Run, tmp_path: Path) -> None:
    result = run("ingets", folder=tmp_path)
    assert result.code == 2
    assert "Did you mean `ingest`?" in result.err


def test_wrong_usage_is_json_when_asked_for(run: Run, tmp_path: Path) -> None:
    result = run("search", "--json", folder=tmp_path)
    assert result.code == 2
    assert result.json["error"]["code"] == "usage"


def test_a_folder_without_a_project_is_an_error_with_what_to_do(run: Run, tmp_path: Path) -> None:
    result = run("ask", "Warum?", "--json", folder=tmp_path)
    assert result.code == 1
    assert result.json["error"]["code"] == "invalid_project"
    assert "fourfold init" in result.json["error"]["hint"]


def test_a_project_is_never_overwritten(run: Run, project: Path) -> None:
    result = run("init", str(project), folder=project.parent)
    assert result.code == 1
    assert "already" in result.err


def test_an_unchanged_folder_is_skipped(run: Run, project: Path) -> None:
    report = run("ingest", "--json", folder=project).json
    assert (report["documents"], report["skipped"], report["failed"]) == (0, 3, [])


def test_a_german_question_is_answered_with_its_place(run: Run, project: Path) -> None:
    answer = run("ask", "Wie lange gilt die Garantie auf Akkus?", "--json", folder=project).json
    assert "24 Monate" in answer["answer"]
    assert answer["refused"] is False
    [citation] = answer["citations"]
    assert citation["document"] == "garantie.md"
    text = (project / "documents" / "garantie.md").read_text(encoding="utf-8")
    assert citation["quote"] in text
    assert citation["place"]["end"] - citation["place"]["start"] == len(citation["quote"])


def test_an_english_question_is_answered_for_people(run: Run, project: Path) -> None:
    result = run("ask", "How long do parcels to Norway take?", folder=project)
    assert "seven working days" in result.out
    assert "shipping.md" in result.out


def test_a_question_nobody_wrote_about_is_refused(run: Run, project: Path) -> None:
    answer = run("ask", "Who won the 1954 football world cup?", "--json", folder=project).json
    assert answer["refused"] is True
    assert answer["citations"] == []


def test_many_questions_give_a_line_each_and_a_bad_line_stops_nothing(
    run: Run, project: Path, tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [
        '{"question": "Wie lange gilt die Garantie auf Akkus?"}',
        "not json",
        '{"question": ""}',
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    result = run("ask", "--questions", str(file), "--json", folder=project)
    assert result.code == 0
    first, second, third = result.lines
    assert first["citations"][0]["document"] == "garantie.md"
    assert "Line 2" in second["error"]["message"]
    assert third["error"]["code"] == "invalid_input"


def test_a_conversation_goes_on_until_the_input_ends(run: Run, project: Path) -> None:
    talk = "How long do parcels to Norway take?\nWie lange gilt die Garantie auf Akkus?\n"
    answers = run("ask", "--json", folder=project, stdin=talk).lines
    assert [bool(answer["citations"]) for answer in answers] == [True, True]


def test_a_search_says_why_it_found_what_it_found(run: Run, project: Path) -> None:
    found = run("search", "Garantie Akkus", "--json", folder=project).json
    best = found["hits"][0]
    assert best["document"] == "garantie.md"
    assert (best["vector_rank"], best["lexical_rank"]) == (1, 1)
    assert best["place"]["heading"] == "Garantie"


def test_what_is_kept_for_a_group_is_found_by_its_members_alone(run: Run, project: Path) -> None:
    def paths(*words: str) -> list[str]:
        hits = run("search", "Gehalt Band 4", "--json", *words, folder=project).json["hits"]
        return [hit["document"] for hit in hits]

    assert "personal/gehalt.md" in paths()
    assert "personal/gehalt.md" in paths("--as-group", "hr")
    assert "personal/gehalt.md" not in paths("--as-group", "sales")
    assert "personal/gehalt.md" not in paths("--as-group", "")


def test_many_queries_and_a_filter(run: Run, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"query": "Garantie"}\n{"query": "Norway"}\n', encoding="utf-8")
    found = run(
        "search", "--queries", str(file), "--where", "language=en", "--json", folder=project
    )
    documents = [{hit["document"] for hit in line["hits"]} for line in found.lines]
    assert documents == [{"shipping.md"}, {"shipping.md"}]


def test_users_and_keys_are_made_listed_and_revoked(run: Run, project: Path) -> None:
    assert run("user", "create", "anna", "--role", "owner", folder=project).code == 0
    words = ("--user", "anna", "--days", "9", "--json")
    made = run("key", "create", "laptop", *words, folder=project).json
    assert made["secret"].startswith(made["prefix"])
    listed = run("key", "list", folder=project).out
    assert made["secret"] not in listed
    assert f"until {made['expires_at'][:10]}" in listed
    run("key", "revoke", made["prefix"], folder=project)
    assert "revoked 20" in run("key", "list", folder=project).out
    [key] = run("key", "list", "--json", folder=project).json["keys"]
    assert key["revoked_at"]
    assert run("user", "revoke", "anna", folder=project).code == 0
    assert run("user", "revoke", "nobody", folder=project).code == 1


def test_a_restored_backup_holds_what_was_erased(run: Run, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.dump"
    assert run("backup", "--to", str(file), folder=project).code == 0
    assert (
        run("erase", "--document", "garantie.md", "--json", folder=project).json["documents"] == 1
    )
    assert (
        run("search", "Garantie", "--where", "path=garantie.md", "--json", folder=project).json[
            "hits"
        ]
        == []
    )
    assert run("restore", str(file), folder=project).code == 1
    assert run("restore", str(file), "--force", folder=project).code == 0
    hits = run("search", "Garantie", "--json", folder=project).json["hits"]
    assert hits[0]["document"] == "garantie.md"


def test_doctor_names_what_is_there(run: Run, project: Path) -> None:
    result = run("doctor", "--json", folder=project)
    findings = {finding["name"]: finding["ok"] for finding in result.json["findings"]}
    assert result.code == 0
    assert findings["database"] is True
    assert findings["chat models"] is False
    assert (findings["model own"], findings["model new"]) == (True, False)
    assert "its price was read on 2026-11-22" in result.out
    assert "geheim" not in result.out


def test_weights_with_other_bytes_are_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF and nothing more")
    result = run(
        "models", "install", "smollm2-135m", "--file", str(file), "--json", folder=tmp_path
    )
    assert result.code == 1
    assert "error" in json.loads(result.out)
