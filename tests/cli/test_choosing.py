"""Choosing a model as a user types it: a task's project, the catalogue, a comparison, a report."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def mood(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that judges sentiment, compared once."""
    folder = tmp_path_factory.mktemp("choosing") / "mood"
    made = run("init", str(folder), "--task", "sentiment", "--json", folder=folder.parent)
    assert made.json["task"] == "sentiment", made.err
    told = run("init", "other", "--task", "sentiment", folder=folder.parent).err
    assert 'fourfold ask "…"' in told
    assert "fourfold compare --models" in told
    assert "letter.txt" not in told
    return folder


@pytest.mark.parametrize(
    ("task", "files"),
    [
        ("summarise", {"prompts/summarise.de.md", "examples.en.jsonl"}),
        ("extract", {"schema.json", "prompts/extract.en.md"}),
        ("customer-service", {"prompts/customer-service.de.md"}),
        ("answer", set()),
    ],
)
def test_a_project_of_a_task_has_what_the_task_needs(
    run: Run, tmp_path: Path, task: str, files: set[str]
) -> None:
    result = run("init", "new", "--task", task, folder=tmp_path)
    assert result.code == 0, result.err
    made = {str(f.relative_to(tmp_path / "new")) for f in (tmp_path / "new").rglob("*.*")}
    assert made >= {"README.md", "LIESMICH.md", "datasets/golden.jsonl", "fourfold.yaml", *files}


def test_what_stands_in_a_folder_already_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert run("init", ".", "--task", "write", folder=tmp_path).code == 1
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    assert run("init", "new", "--task", "write", folder=tmp_path).code == 0
    assert (folder / "README.md").read_text() == "mine"


def test_a_task_works_at_once_on_a_text_a_file_and_many(run: Run, mood: Path) -> None:
    one = run("ask", "Super Service, gerne wieder!", "--json", folder=mood).json
    assert one["answer"] in {"positive", "neutral", "negative"}
    assert one["citations"] == []
    (mood / "letter.txt").write_text("Leider kam das Paket kaputt an.\nIch bin enttäuscht.\n")
    assert run("ask", "--file", "letter.txt", "--json", folder=mood).json["answer"]
    piped = run("ask", "--file", "-", "--json", folder=mood, stdin="Ganz toll!")
    assert piped.json["question"] == "Ganz toll!"
    letter = run("ask", "--json", folder=mood, stdin="Leider kaputt.\n\nIch bin enttäuscht.\n")
    assert [one["question"] for one in letter.lines] == ["Leider kaputt.\n\nIch bin enttäuscht."]
    (mood / "texts.jsonl").write_text('{"question": "A", "text": "B"}\n{nonsense\n')
    good, bad = run("ask", "--questions", "texts.jsonl", "--json", folder=mood).lines
    assert good["question"] == "B"
    assert "with a text under `text`" in bad["error"]["message"]
    long = run("ask", folder=mood, stdin="Der Motor ist laut. " * 6_000)
    assert "Höchstens 100.000 Zeichen" in long.out
    assert "longer than" not in long.out
    many = run("ask", "--questions", "datasets/golden.jsonl", "--json", folder=mood).lines
    assert len(many) == 60
    assert run("ask", "x", "--file", "letter.txt", folder=mood).code == 2


def test_a_comparison_can_be_made_listed_shown_and_reported(run: Run, mood: Path) -> None:
    made = run("compare", "--models", "extractive", "--json", folder=mood)
    assert made.code == 0, made.err
    found = made.json
    assert found["models"][0]["scores"]["macro_f1"]["value"] > 0.3
    assert {"value", "low", "high", "signature"} == set(found["models"][0]["scores"]["macro_f1"])
    listed = run("compare", "--list", "--json", folder=mood).json["experiments"]
    assert [one["experiment"] for one in listed] == [found["experiment"]]
    shown = run("compare", "--show", found["experiment"], folder=mood)
    assert "Only extractive was measured" in shown.out
    report = run("report", "--language", "de", "--output", "bericht.html", "--json", folder=mood)
    assert report.json["experiment"] == found["experiment"]
    assert "Empfehlung" in (mood / "bericht.html").read_text(encoding="utf-8")
    assert run("report", "--output", "bericht.html", folder=mood).code == 0  # over its own
    lost = run("report", "--output", "datasets/golden.jsonl", "--force", "--json", folder=mood)
    assert (lost.code, lost.json["error"]["code"]) == (1, "invalid_input")
    assert (mood / "datasets" / "golden.jsonl").read_text("utf-8").startswith("{")
    export = ("experiment", "export", found["experiment"], "--format", "jsonl", "--output")
    assert run(*export, "rows.jsonl", folder=mood).code == 0
    again = run(*export, "rows.jsonl", folder=mood)
    assert (again.code, "--force" in again.err) == (1, True)
    assert run(*export, "rows.jsonl", "--force", folder=mood).code == 0
    assert "There is no folder `logs`" in run(*export, "logs/rows.jsonl", folder=mood).err


def test_mistakes_in_a_comparison_are_errors_in_words(run: Run, mood: Path) -> None:
    for words, said in (
        (("--models", "extractive", "--dataset", "none.jsonl"), "no dataset"),
        (("--models", "gpt-9"), "gpt-9"),
        (("--models", "extractive", "--metrics", "bleuu"), "Did you mean `bleu`"),
        (("--show", "nothing"), "no experiment"),
        (("--models", "extractive", "--ladder"), "at least two sizes"),
    ):
        result = run("compare", *words, "--json", folder=mood)
        assert result.code == 1
        assert said in result.out
    (mood / "broken.jsonl").write_text('{"text": "a", "reference": "b"}\nnonsense\n')
    result = run("compare", "--models", "extractive", "--dataset", "broken.jsonl", folder=mood)
    assert "line 2: it is not JSON" in result.err


def test_a_comparison_that_costs_money_is_not_made_unasked(run: Run, mood: Path) -> None:
    with (mood / "fourfold.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "models: [{name: dear, url: 'http://127.0.0.1:9/v1', model: m, "
            "price: {input: 5, output: 20, date: 2026-11-22}}]\n"
        )
    asked = run("compare", "--models", "dear", "--json", folder=mood)
    assert (asked.code, asked.json["error"]["code"]) == (2, "usage")
    refused = run("compare", "--models", "dear", folder=mood, stdin="n\n")
    assert refused.code == 1
    assert "at most" in refused.err
    agreed = run("compare", "--models", "dear", "--json", "--budget", "9", folder=mood)
    assert "nothing to compare" in agreed.json["error"]["message"]  # nobody listens there
    listed = run("compare", "--list", "--json", folder=mood).json["experiments"]
    (begun,) = (one for one in listed if one["models"] == ["dear"])
    assert begun["ended_at"] is None
    shown = run("compare", "--show", begun["experiment"], "--json", folder=mood)
    assert shown.json == {**begun, "answers": {"dear": 0}}
    assert "has not ended" in shown.err
    told = run("compare", "--show", begun["experiment"], folder=mood)
    assert "golden: dear (not ended)\n  dear: 0 answers\n" in told.out


def test_a_report_needs_a_comparison_first(run: Run, tmp_path: Path) -> None:
    assert run("init", "new", folder=tmp_path).code == 0
    result = run("report", "--json", folder=tmp_path / "new")
    assert result.code == 1
    assert "fourfold compare" in result.json["error"]["hint"]


def test_the_catalogue_lists_shows_and_shortlists_anywhere(run: Run, tmp_path: Path) -> None:
    listed = run("models", "list", "--family", "llama", "--json", folder=tmp_path).json["models"]
    assert {one["provider"] for one in listed} == {"Meta"}
    assert "llama-3.3-70b-instruct" in run("models", "list", folder=tmp_path).out
    shown = run("models", "show", "phi-4", "--json", folder=tmp_path).json
    assert shown["facts"]["licence"][0]["source"]["url"].startswith("https://")
    assert shown["verdict"]["licence"] == "mit"
    assert "phi-4" in run("models", "show", "phi-4", folder=tmp_path).out
    wishes = ("--task", "translate", "--language", "de", "--max-parameters", "8B")
    found = run("models", "shortlist", *wishes, "--all", "--json", folder=tmp_path).json
    assert 0 < found["in"] < len(found["models"])
    first, last = found["models"][0], found["models"][-1]
    assert first["in"]
    assert not first["against"]
    assert not last["in"]
    assert last["against"]
    assert "fit" in run("models", "shortlist", *wishes, folder=tmp_path).out


def test_languages_and_regions_may_be_asked_for_in_capitals(run: Run, tmp_path: Path) -> None:
    small, large = (
        run("models", "shortlist", "--language", de, "--region", eu, "--json", folder=tmp_path)
        for de, eu in (("de", "eu"), ("DE", "EU"))
    )
    assert large.code == 0, large.err
    assert large.json["in"] == small.json["in"] > 0


def test_unknown_names_and_sizes_are_errors_with_a_suggestion(run: Run, tmp_path: Path) -> None:
    wrong = run("models", "show", "phi-44", "--json", folder=tmp_path)
    assert (wrong.code, wrong.json["error"]["hint"]) == (1, "Did you mean `phi-4`?")
    assert run("models", "shortlist", "--max-parameters", "big", folder=tmp_path).code == 2


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b", "qwen2.5-0.5b"])
def test_a_model_is_found_by_the_name_of_its_weights(run: Run, tmp_path: Path, name: str) -> None:
    shown = run("models", "show", name, "--json", folder=tmp_path).json
    assert shown["model"] == "qwen2.5-coder-0.5b-instruct"
    assert shown["installable"]["model"] == "qwen2.5-coder-0.5b"
    assert shown["installable"]["installed"] is False
    said = run("models", "show", name, folder=tmp_path).out
    assert "not installed: fourfold models install qwen2.5-coder-0.5b" in said


def test_weights_that_can_be_installed_are_listed_apart(run: Run, tmp_path: Path) -> None:
    found = run("models", "list", "--weights", "--json", folder=tmp_path).json["models"]
    assert "smollm2-135m" in [one["model"] for one in found]
    assert all(len(one["sha256"]) == 64 for one in found)


def test_a_benchmark_without_its_extra_says_what_to_type(run: Run, mood: Path) -> None:
    result = run("models", "benchmark", "--tasks", "x", "--json", folder=mood)
    assert result.code == 1
    assert "fourfold[benchmark]" in result.json["error"]["hint"]
