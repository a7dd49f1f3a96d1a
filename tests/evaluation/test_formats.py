"""Formats: what other tools wrote is read as it was meant, and what we write comes back.

The files in `formats/` were written by Inspect 0.3.285, lm-evaluation-harness 0.4.13 and promptfoo
0.121.20, with models that answer from a list; long parts that no reader looks at are cut out.
"""

import json
import math
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.errors import InvalidInput, UnknownBackend
from fourfold.core.records import Message, Usage
from fourfold.datasets import Record
from fourfold.evaluation.formats import FORMATS, Found, Results, Row
from fourfold.evaluation.formats.naming import format_of, one_for_each
from fourfold.evaluation.formats.promptfoo_config import read_tests
from fourfold.evaluation.records import Case, Exchange, Outcome

FILES = Path(__file__).parent / "formats"
STAMP = "2026-11-22T23-39-49.082837"
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def read(file: Path) -> Found:
    return FORMATS.load(format_of(file))().read(file)


def outputs(found: Found) -> list[tuple[str, str, str | None]]:
    return [
        (row.case.system, row.record.id, row.case.outcome.output if row.case.outcome else None)
        for row in found.rows
    ]


class TestInspect:
    def test_each_epoch_is_an_answer_in_the_cluster_of_its_sample(self) -> None:
        found = read(FILES / "inspect-gen.json")
        assert found.tool == "Inspect 0.3.285"
        assert sorted(outputs(found)) == [
            ("mockllm/model", "2", "Wien!"),
            ("mockllm/model", "2#2", "5"),
            ("mockllm/model", "de-1", "Wien"),
            ("mockllm/model", "de-1#2", "4"),
        ]
        assert {row.record.cluster for row in found.rows} == {"2", "de-1"}

    def test_input_targets_tokens_and_messages_are_taken_over(self) -> None:
        row = next(r for r in read(FILES / "inspect-gen.json").rows if r.record.id == "2")
        assert (row.record.text, row.record.references) == ("2+2?", ("4", "vier"))
        assert row.case.outcome is not None
        assert row.case.outcome.usage == Usage(
            prompt_tokens=15, completion_tokens=3, cached_tokens=5, cost_usd=None
        )
        assert [one.content for one in row.case.exchanges[0].messages] == [
            "kurz", "Antworte kurz.", "2+2?",
        ]  # fmt: skip

    def test_a_packed_archive_with_choices_is_scored_by_its_letter(self) -> None:
        (row,) = read(FILES / "inspect-choice.eval").rows
        assert row.record.text == "Capital of Poland?\n\nA) Prague\nB) Warsaw"
        assert row.record.references == ("B",)
        assert row.case.outcome is not None
        assert row.case.outcome.output == "B"
        assert row.case.exchanges[0].text == "ANSWER: B"
        assert row.case.exchanges[0].messages[0].content.startswith("Answer the following")

    def test_a_sample_that_failed_is_a_failed_case_and_one_without_a_target_is_told(
        self, tmp_path: Path
    ) -> None:
        log = json.loads((FILES / "inspect-gen.json").read_text("utf-8"))
        log["samples"][0]["error"] = {"message": "kaputt", "traceback": "", "traceback_ansi": ""}
        log["samples"][1]["target"] = ""
        file = tmp_path / "log.json"
        file.write_text(json.dumps(log), encoding="utf-8")
        found = read(file)
        assert [r.case.error_message for r in found.rows if not r.case.outcome] == ["kaputt"]
        assert found.skipped == {"a sample without an input or a target": 1}

    def test_an_attachment_stands_where_it_was_named(self, tmp_path: Path) -> None:
        log = json.loads((FILES / "inspect-gen.json").read_text("utf-8"))
        sample = next(one for one in log["samples"] if one["id"] == "de-1")
        log["samples"] = [{**sample, "input": "attachment://a1", "attachments": {"a1": "Langes Ö"}}]
        file = tmp_path / "log.json"
        file.write_text(json.dumps(log), encoding="utf-8")
        assert read(file).rows[0].record.text == "Langes Ö"

    def test_an_archive_that_unpacks_to_gigabytes_is_not_unpacked(self, tmp_path: Path) -> None:
        file = tmp_path / "log.eval"
        with zipfile.ZipFile(file, "w") as archive:
            for name in ("header.json", "samples/1.json", "samples/2.json"):
                archive.writestr(name, "{}")
        packed, place = bytearray(file.read_bytes()), 0
        while (place := packed.find(b"PK\x01\x02", place + 1)) > 0:
            packed[place + 24 : place + 28] = (2**31).to_bytes(4, "little")
        file.write_bytes(bytes(packed))
        with pytest.raises(InvalidInput, match="unpacks to more than 4 GiB"):
            read(file)


class TestLmEval:
    def test_each_filter_is_a_system(self) -> None:
        found = read(FILES / f"samples_gen_{STAMP}.jsonl")
        assert found.tool == "lm-evaluation-harness 0.4.13"
        assert outputs(found) == [
            ("i82qcls7 (strict)", "0", "l"),
            ("i82qcls7 (strict)", "1", "l"),
            ("i82qcls7 (plain)", "0", "lol"),
            ("i82qcls7 (plain)", "1", "lol"),
        ]
        assert found.rows[0].case.exchanges[0].text == "lol"

    def test_a_choice_is_the_likeliest_as_in_the_harness(self) -> None:
        file = FILES / f"samples_capitals_{STAMP}.jsonl"
        samples = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        right = [
            row.case.outcome.output in row.record.references
            for row in read(file).rows
            if row.case.outcome
        ]
        assert right == [sample["acc"] == 1.0 for sample in samples]
        assert len(set(right)) == 2

    def test_what_took_how_long_is_unknown_and_not_nothing(self) -> None:
        outcome = read(FILES / f"samples_capitals_{STAMP}.jsonl").rows[0].case.outcome
        assert outcome is not None
        assert math.isnan(outcome.seconds)
        assert outcome.usage.cost_usd is None

    def test_perplexities_are_told_and_chats_and_repeats_are_read(self, tmp_path: Path) -> None:
        chat = [json.dumps([{"role": "user", "content": "Wie viel?"}])]
        sample: dict[str, Any] = {
            "doc_id": 7, "doc": {}, "target": "['4', 'vier']", "filter": "none",
            "arguments": {"gen_args_0": {"arg_0": chat, "arg_1": {"until": []}}},
            "resps": [["drei", "vier"]], "filtered_resps": [["drei", "vier"]],
        }  # fmt: skip
        rolling = {**sample, "arguments": {"gen_args_0": {"arg_0": "Ein Text"}}}
        file = tmp_path / "samples_x.jsonl"
        file.write_text(f"{json.dumps(sample)}\n{json.dumps(rolling)}\n", encoding="utf-8")
        found = read(file)
        assert [one[1:] for one in outputs(found)] == [("7", "drei"), ("7#2", "vier")]
        assert found.rows[0].record.references == ("4", "vier")
        assert found.rows[0].record.text == "Wie viel?"
        assert list(found.skipped.values()) == [1]


class TestPromptfoo:
    def test_each_prompt_of_a_provider_is_a_system(self) -> None:
        found = read(FILES / "promptfoo.json")
        assert found.tool == "promptfoo 0.121.20"
        assert {row.case.system for row in found.rows} == {
            "echo (Q: {{question}})", "echo (kurz)", "fehler (Q: {{question}})", "fehler (kurz)",
        }  # fmt: skip

    def test_a_failed_assertion_is_no_failed_case(self) -> None:
        found = read(FILES / "promptfoo.json")
        failures = [row.case for row in found.rows if row.case.outcome is None]
        assert {case.error_message for case in failures} == {"kaputt"}
        assert {case.record_id for case in failures} == {"1"}
        assert ("echo (Q: {{question}})", "1", "Q: 2+2?") in outputs(found)

    def test_references_stand_in_assertions_and_tests_without_are_told(self) -> None:
        found = read(FILES / "promptfoo.json")
        records = {row.record.id: row.record for row in found.rows}
        assert records["0"].references == ("Wien",)
        assert records["0"].passages == ("Wien ist die Hauptstadt.",)
        assert records["0"].language == "de"
        assert records["1"].references == ("4", "vier")
        assert list(found.skipped.values()) == [4]

    def test_a_chat_is_read_as_messages_and_a_price_as_one(self) -> None:
        row = next(
            r for r in read(FILES / "promptfoo.json").rows if r.case.system == "fehler (kurz)"
        )
        assert [one.role for one in row.case.exchanges[0].messages] == ["system", "user"]
        assert row.case.outcome is not None
        assert row.case.outcome.usage.cost_usd == 0.001

    def test_a_config_is_no_result(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="holds no answers"):
            read(tmp_path / "promptfooconfig.yaml")


def case_of(system: str, record: Record, output: str | None, **more: Any) -> Row:
    exchange = Exchange(
        id="x", key="k", model=f"{system}-2026", options={}, text=f"{output} [1]", at=AT,
        messages=(Message(role="system", content="Kurz."), Message(role="user", content="Öl?")),
        finish_reason="stop", usage=Usage(prompt_tokens=9), seconds=0.5, first_text_seconds=0.1,
    )  # fmt: skip
    outcome = Outcome(
        output=output or "", refused=False, evidence=("Beleg",), seconds=0.75,
        usage=Usage(prompt_tokens=9, completion_tokens=2, cached_tokens=4, cost_usd=0.25),
        first_text_seconds=0.1,
    )  # fmt: skip
    case = Case(
        system=system,
        record_id=record.id,
        outcome=None if output is None else outcome,
        exchanges=(exchange,),
        **more,
    )
    return Row(record=record, case=case)


@pytest.fixture
def results() -> Results:
    """Two systems on two records; one answer failed, and texts that are awkward."""
    first = Record(
        id="de/1", text='Öl "wechseln"?\nJa {{ nein }}', references=("['a']", "{{ zwei }}"),
        passages=("Absatz 1", "Absatz 2"), language="de", tags=("öl",), cluster="handbuch",
        metadata={"quelle": "S. 4", "n": 3},
    )  # fmt: skip
    second = Record(id="2", text="=1+1", references=("2",))
    rows = (
        case_of("groß/model:1", first, "['a']"),
        case_of("groß/model:1", second, "drei 🙂"),
        case_of("klein", first, "{% if %}"),
        case_of("klein", second, None, error_code="model_overloaded", error_message="zu viel los"),
    )
    scores = {"klein": {"em": {"value": 0.5, "low": None, "high": 0.9, "signature": "s"}}}
    return Results(
        experiment="3f2a", name="faq", task="answer", made_at=AT, rows=rows, scores=scores
    )


ENDINGS = {
    "jsonl": ".jsonl", "parquet": ".parquet", "inspect": ".json", "lm-eval": ".jsonl",
    "promptfoo": ".json",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS.names())
def test_what_is_written_comes_back(name: str, results: Results, tmp_path: Path) -> None:
    form = FORMATS.load(name)()
    files = form.write(results, tmp_path / f"out{ENDINGS[name]}")
    assert [format_of(file) for file in files] == [name] * len(files)
    found = [row for file in files for row in form.read(file).rows]
    wanted = {(row.case.system, row.record.id): row for row in results.rows}
    assert {(row.case.system, row.record.id) for row in found} == set(wanted)
    for row in found:
        ours = wanted[row.case.system, row.record.id]
        assert row.record == ours.record
        assert row.record.metadata == ours.record.metadata
        assert (row.case.outcome is None) == (ours.case.outcome is None)
        if row.case.outcome and ours.case.outcome:
            assert row.case.outcome.output == ours.case.outcome.output
            assert row.case.exchanges[-1].messages == ours.case.exchanges[-1].messages
            assert row.case.exchanges[-1].text == ours.case.exchanges[-1].text
        else:
            assert "zu viel los" in row.case.error_message


@pytest.mark.parametrize("name", ["jsonl", "parquet"])
def test_our_own_forms_lose_nothing(name: str, results: Results, tmp_path: Path) -> None:
    form = FORMATS.load(name)()
    (file,) = form.write(results, tmp_path / f"out{ENDINGS[name]}")
    unnamed = [
        replace(
            row,
            case=replace(
                row.case,
                exchanges=tuple(replace(one, id="", key="") for one in row.case.exchanges),
            ),
        )
        for row in results.rows
    ]
    assert list(form.read(file).rows) == unnamed


def test_seconds_that_nobody_knows_are_null(results: Results, tmp_path: Path) -> None:
    row = results.rows[0]
    assert row.case.outcome is not None
    timeless = replace(row.case.outcome, seconds=math.nan)
    slow = replace(results, rows=(replace(row, case=replace(row.case, outcome=timeless)),))
    (file,) = FORMATS.load("jsonl")().write(slow, tmp_path / "a.jsonl")
    assert json.loads(file.read_text("utf-8"))["seconds"] is None
    (back,) = read(file).rows
    assert back.case.outcome is not None
    assert math.isnan(back.case.outcome.seconds)


def test_lines_that_somebody_wrote_by_hand_are_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    lines = [
        {"question": "Wie groß?", "answer": "klein", "model": "a", "output": "groß"},
        {"question": "Wie groß?", "answer": "klein", "model": "b", "output": "klein"},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    first, second = read(file).rows
    assert first.record == second.record
    assert (first.record.text, first.record.references) == ("Wie groß?", ("klein",))


def test_a_config_of_promptfoo_asks_what_was_asked(results: Results, tmp_path: Path) -> None:
    import yaml

    (file,) = FORMATS.load("promptfoo")().write(results, tmp_path / "promptfooconfig.yaml")
    config = yaml.safe_load(file.read_text("utf-8"))
    assert [one["label"] for one in config["providers"]] == ["groß/model:1", "klein"]
    test = config["tests"][0]
    assert json.loads(test["vars"]["prompt_1"])[1] == {"role": "user", "content": "Öl?"}
    assert test["vars"]["text"] == '{% raw %}Öl "wechseln"?\nJa {{ nein }}{% endraw %}'
    assert test["assert"][0]["threshold"] == 0.5


def test_the_tests_of_a_config_are_the_records_that_were_written(
    results: Results, tmp_path: Path
) -> None:
    (file,) = FORMATS.load("promptfoo")().write(results, tmp_path / "promptfooconfig.yaml")
    records, skipped = read_tests(file)
    assert records == list({row.record.id: row.record for row in results.rows}.values())
    assert skipped == {}


def test_defaults_and_lists_of_a_config_count_as_in_promptfoo(tmp_path: Path) -> None:
    file = tmp_path / "promptfooconfig.yaml"
    file.write_text(
        "defaultTest: {vars: {language: de}, assert: [{type: equals, value: ja}]}\n"
        "tests:\n"
        "- vars: {question: ['Gut?', 'Schön?']}\n"
        "- {assert: [{type: icontains, value: x}]}\n",
        encoding="utf-8",
    )
    records, skipped = read_tests(file)
    assert [(one.id, one.text, one.references, one.language) for one in records] == [
        ("0", "Gut?", ("ja",), "de"),
        ("1", "Schön?", ("ja",), "de"),
    ]
    assert list(skipped.values()) == [1]


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    "words", ["tests: file://x.csv", "- a", "a: [", "tests: [{vars: {a: b}}]", DEEP.decode()]
)
def test_a_config_without_usable_tests_is_an_error(words: str, tmp_path: Path) -> None:
    file = tmp_path / "promptfooconfig.yaml"
    file.write_text(words, encoding="utf-8")
    with pytest.raises(InvalidInput, match="promptfooconfig"):
        read_tests(file)


def test_a_format_with_one_model_a_file_names_files_after_models() -> None:
    files = one_for_each(Path("x/log.json"), ["a/b", "ä:1"])
    assert [file.name for file in files.values()] == ["log-a-b.json", "log-ä-1.json"]
    alike = one_for_each(Path("log.json"), ["a/b", "a:b"])
    assert [file.name for file in alike.values()] == ["log-1-a-b.json", "log-2-a-b.json"]


BAD = {
    "cut.json": b'{"version": 2, "status": "success", "eval": {"mod',
    "latin.jsonl": '{"text": "Öl"}'.encode("latin-1"),
    "list.json": b"[1, 2]",
    "results.json": b'{"results": {"version": 3}}',
    "log.json": b'{"version": 2, "status": "error", "eval": {"model": "m"}}',
    "nameless.json": b'{"version": 2, "status": "success", "eval": {}, "samples": []}',
    "nothing.json": b'{"version": 2, "status": "success", "eval": {"model": "m"}, "samples": []}',
    "empty.jsonl": b"\n\n",
    "text.jsonl": b"not JSON\n",
    "number.jsonl": b"7\n",
    "modelless.jsonl": b'{"text": "a", "reference": "b", "output": "c"}\n',
    "silent.jsonl": b'{"text": "a", "reference": "b", "model": "m"}\n',
    "samples.jsonl": b'{"doc_id": 1, "resps": []}\n',
    "zip.eval": b"PK not a ZIP",
    "table.parquet": b"PAR1 cut off",
    "unknown.txt": b"hello",
    "deep.json": DEEP,
    "deep.jsonl": DEEP,
    "deep-sample.jsonl": b'{"doc_id": 1, "resps": []}\n' + DEEP,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(BAD[name])
    with pytest.raises(InvalidInput, match=name) as error:
        read(file)
    assert error.value.hint


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.eval", "a.parquet"])
def test_a_missing_file_is_an_error_in_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        read(tmp_path / name)


def test_an_unknown_format_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UnknownBackend) as error:
        FORMATS.load("inspct")
    assert error.value.hint == "Did you mean `inspect`?"
