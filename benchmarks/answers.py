"""How right the answers are: exact match, F1, citations and refusals, beside a plain call.

    python benchmarks/answers.py xquad DATA --model extractive --part report
    python benchmarks/answers.py xquad DATA --model qwen2.5-coder-0.5b.gguf --way plain
    python benchmarks/answers.py follow-ups DEMO_PROJECT --model extractive
    python benchmarks/answers.py golden DEMO_PROJECT --model extractive
    python benchmarks/answers.py summary --json benchmarks/results/answers.json

DATA is a folder with `xquad-dev.de.json` and `xquad-dev.en.json`, DEMO_PROJECT an ingested demo
project. Every answer is one line in `benchmarks/results/answers/`; a run goes on where the last
one stopped. Half of the articles are for tuning, the others for the report; a quarter of each half
is left out of the index, so that its questions have no answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fourfold.assistant import Assistant
from fourfold.assistant.candidates import Selection
from fourfold.assistant.follow_up import CombiningFollowUp
from fourfold.assistant.readers.extractive import ExtractiveReader
from fourfold.assistant.readers.model import ModelReader
from fourfold.core.protocols import ChatModel, Embedder
from fourfold.core.records import Answer, Chunk, CompletionOptions, Hit, Message, Place, Principal
from fourfold.core.trace import NullRecorder
from fourfold.guards.injection import InjectionGuard
from fourfold.metrics.em import ExactMatch
from fourfold.metrics.f1 import TokenF1
from fourfold.metrics.scoring import score
from fourfold.metrics.statistics import wilson
from fourfold.models import EMBEDDERS
from fourfold.models.llama import LlamaModel
from fourfold.retrieval.retriever import Retriever
from fourfold.retrieval.stores.memory import MemoryStore

RESULTS = Path(__file__).parent / "results" / "answers"
CASES = Path(__file__).parent / "data"
EVERYTHING = Principal(id="benchmark", role="owner", sees_all_groups=True)
LANGUAGES = ("de", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, and what is right about it."""

    id: str
    question: str
    language: str
    answers: tuple[str, ...]  # empty: the documents have none
    document: str = ""
    document_language: str = ""
    history: tuple[Message, ...] = ()

    @property
    def across(self) -> bool:
        """True when question and documents are in different languages."""
        return bool(self.document_language) and self.language != self.document_language


def main() -> None:
    arguments = _arguments()
    if arguments.what == "summary":
        summarise(arguments.json)
    else:
        asyncio.run(run(arguments))


async def run(arguments: argparse.Namespace) -> None:
    """Answer every case that has no line yet."""
    name = "extractive" if arguments.model == "extractive" else Path(arguments.model).stem
    part = arguments.part if arguments.what == "xquad" else "report"
    file = RESULTS / f"{arguments.what}.{part}.{name}.{arguments.way}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    done = {line["id"] for line in _lines(file)}
    async with opened_model(arguments.model, arguments.threads) as model:
        async for case, retriever, embedder in cases(arguments):
            if case.id not in done and (case.answers or arguments.way == "assistant"):
                line = await answered(case, retriever, embedder, model, arguments.way)
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")


async def answered(
    case: Case, retriever: Retriever, embedder: Embedder, model: ChatModel | None, way: str
) -> dict[str, Any]:
    """The line of one case."""
    began, cpu = time.perf_counter(), time.process_time()
    if way == "plain":
        assert model, "a plain call needs a model"
        answer = await plain_answer(case, retriever, model)
    else:
        answer = await assistant_of(retriever, embedder, model).answer(
            case.question, visible_to=EVERYTHING, recorder=NullRecorder(), history=case.history
        )
    return {
        **asdict(case),
        "across": case.across,
        "answer": answer.text,
        "refused": answer.refused,
        "standalone": answer.standalone_question,
        "citations": [citation.as_json() for citation in answer.citations],
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "evidence": _evidence(answer.hits),
        "seconds": round(time.perf_counter() - began, 3),
        "own_cpu_seconds": round(time.process_time() - cpu, 3),
    }


def assistant_of(retriever: Retriever, embedder: Embedder, model: ChatModel | None) -> Assistant:
    """The request path with its defaults."""
    return Assistant(
        retriever=retriever,
        selection=Selection(embedder),
        reader=ModelReader(model) if model else ExtractiveReader(),
        follow_up=CombiningFollowUp(),
        input_guards=[InjectionGuard()],
    )


async def plain_answer(case: Case, retriever: Retriever, model: ChatModel) -> Answer:
    """What people do first: the best passage and the question, nothing else."""
    hits = await retriever.retrieve(case.question, limit=1, visible_to=EVERYTHING)
    passage = hits[0].chunk.text if hits else ""
    prompt = f"{passage}\n\nAnswer the question from the text, briefly.\nQuestion: {case.question}"
    completion = await model.complete([Message("user", prompt)], CompletionOptions(max_tokens=48))
    return Answer(
        text=completion.text.strip(), model=model.name, usage=completion.usage, hits=tuple(hits)
    )


@asynccontextmanager
async def opened_model(name: str, threads: int) -> AsyncIterator[ChatModel | None]:
    if name == "extractive":
        yield None
        return
    model = LlamaModel(path=Path(name), threads=threads, concurrent=1)
    try:
        yield model
    finally:
        await model.close()


async def cases(
    arguments: argparse.Namespace,
) -> AsyncIterator[tuple[Case, Retriever, Embedder]]:
    """Every case with where to look for its answer."""
    if arguments.what == "xquad":
        embedder = EMBEDDERS.load("e5")()
        retrievers = {
            language: await indexed(arguments.data, language, embedder, arguments.cache)
            for language in LANGUAGES
        }
        for case in xquad_cases(arguments.data, arguments.part, arguments.count):
            yield case, retrievers[case.document_language], embedder
        return
    from fourfold.project.project import open_project

    async with open_project(arguments.data) as project:
        file = (
            CASES / "follow-ups.jsonl"
            if arguments.what == "follow-ups"
            else arguments.data / "datasets" / "golden.jsonl"
        )
        for line in _lines(file):
            yield _case(line), project.retriever, project.embedder


def xquad_cases(data: Path, part: str, count: int) -> list[Case]:
    """`count` answerable and three quarters as many unanswerable questions a language.

    Another quarter of each sort is asked across languages. Mixed, so that a run that is cut short
    is a sample of the whole.
    """
    found: list[Case] = []
    for language in LANGUAGES:
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        for left_out, asked_of, share in (
            (False, language, 1.0),
            (True, language, 0.6),
            (True, other, 0.2),
            (False, other, 0.2),
        ):
            pool = list(_pool(data, part, language, asked_of, left_out=left_out))
            random.Random(20).shuffle(pool)
            found += pool[: round(count * share)]
    random.Random(21).shuffle(found)
    return found


def _pool(data: Path, part: str, language: str, asked_of: str, *, left_out: bool) -> Iterator[Case]:
    target = {
        question["id"]: (title, number, question)
        for title, number, paragraph in _paragraphs(data, asked_of)
        for question in paragraph["qas"]
    }
    titles = _titles(data)
    for title, _, paragraph in _paragraphs(data, language):
        place = titles.index(title)
        if place % 2 != (0 if part == "tune" else 1) or (place % 8 in (2, 5)) is not left_out:
            continue
        for question in paragraph["qas"]:
            _, number, same = target[question["id"]]
            yield Case(
                id=f"{language}-{asked_of}-{question['id']}",
                question=question["question"],
                language=language,
                answers=() if left_out else tuple(one["text"] for one in same["answers"]),
                document="" if left_out else f"{title}/{number}",
                document_language=asked_of,
            )


async def indexed(data: Path, language: str, embedder: Embedder, cache: Path | None) -> Retriever:
    """An index of the paragraphs in that language, without the articles that are left out."""
    titles = _titles(data)
    chunks = [
        Chunk(
            document_id=f"{title}/{number}",
            source="xquad",
            path=f"{title}/{number}",
            text=paragraph["context"],
            place=Place(start=0, end=len(paragraph["context"])),
            language=language,
        )
        for title, number, paragraph in _paragraphs(data, language)
        if titles.index(title) % 8 not in (2, 5)
    ]
    store = MemoryStore()
    file = cache / f"{embedder.name}.{language}.npy" if cache else None
    if file and file.exists():
        vectors = np.load(file)
    else:
        vectors = await embedder.embed_passages([chunk.text for chunk in chunks])
        if file:
            np.save(file, vectors)
    await store.write(chunks, vectors)
    return Retriever(store, embedder)


def summarise(json_file: Path | None) -> None:
    """The figures of every run, with 95 % intervals."""
    rows = [row for file in sorted(RESULTS.glob("*.jsonl")) for row in figures(file)]
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    if json_file:
        json_file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")


def figures(file: Path) -> Iterator[dict[str, Any]]:
    """One row for the whole run and one for each pair of languages."""
    what, part, model, way = file.stem.rsplit(".", 3) if file.stem.count(".") == 3 else _named(file)
    lines = list(_lines(file))
    groups: dict[str, list[dict[str, Any]]] = {"same language": []}
    for line in lines:
        pair = f"{line['language']}-{line['document_language'] or line['language']}"
        groups.setdefault(pair, []).append(line)
        if not line["across"]:
            groups["same language"].append(line)
    for name, group in groups.items():
        yield {"set": what, "part": part, "model": model, "way": way, "group": name} | _row(group)


def _row(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    answerable = [line for line in lines if line["answers"]]
    unanswerable = [line for line in lines if not line["answers"]]
    given = [line for line in answerable if not line["refused"]]
    quotes = [(quote, line) for line in given for quote in line["citations"]]
    texts = ["" if line["refused"] else bare(line["answer"]) for line in answerable]
    accepted = [line["answers"] for line in answerable]
    return {
        "answerable": len(answerable),
        "unanswerable": len(unanswerable),
        "em": asdict(score(ExactMatch(), texts, accepted).interval) if texts else None,
        "f1": asdict(score(TokenF1(), texts, accepted).interval) if texts else None,
        "contains_answer": _share([_holds(*one) for one in zip(texts, answerable, strict=True)]),
        "citation_contains_answer": _share([_holds(q["quote"], line) for q, line in quotes]),
        "citation_right_document": _share(
            [q["document"] == line["document"] for q, line in quotes]
        ),
        "wrongly_refused": _share([line["refused"] for line in answerable]),
        "refused_unanswerable": _share([line["refused"] for line in unanswerable]),
        "median_seconds": float(np.median([line["seconds"] for line in lines])) if lines else None,
        "median_prompt_tokens": float(np.median([line["prompt_tokens"] for line in lines])),
    }


def _holds(text: str, line: dict[str, Any]) -> bool:
    folded = text.casefold()
    return any(answer.casefold() in folded for answer in line["answers"])


def bare(text: str) -> str:
    """The answer without its marks."""
    import re

    return re.sub(r"\s*\[\d+\]", "", text)


def _share(values: Sequence[bool]) -> dict[str, float] | None:
    return asdict(wilson(sum(values), len(values))) if values else None


def _evidence(hits: Sequence[Hit]) -> dict[str, float]:
    return {
        "similarity": round(max((hit.similarity for hit in hits), default=0.0), 4),
        "coverage": round(max((hit.coverage for hit in hits), default=0.0), 4),
    }


def _named(file: Path) -> tuple[str, str, str, str]:
    """The parts of a file name whose model has a full stop in it."""
    what, part, rest = file.stem.split(".", 2)
    model, way = rest.rsplit(".", 1)
    return what, part, model, way


def _case(line: dict[str, Any]) -> Case:
    return Case(
        id=line["id"],
        question=line["question"],
        language=line["language"],
        answers=tuple(line["answers"]),
        document=line["document"] or "",
        document_language=line.get("document_language") or "",
        history=tuple(Message(one["role"], one["content"]) for one in line.get("history", [])),
    )


def _titles(data: Path) -> list[str]:
    return list(dict.fromkeys(title for title, _, _ in _paragraphs(data, "en")))


def _paragraphs(data: Path, language: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
    articles = json.loads((data / f"xquad-dev.{language}.json").read_text("utf-8"))["data"]
    for article in articles:
        for number, paragraph in enumerate(article["paragraphs"]):
            yield article["title"], number, paragraph


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["xquad", "follow-ups", "golden", "summary"])
    parser.add_argument("data", type=Path, nargs="?", help="folder of the data, or demo project")
    parser.add_argument("--model", default="extractive", help="`extractive`, or a GGUF file")
    parser.add_argument("--way", choices=["assistant", "plain"], default="assistant")
    parser.add_argument("--part", choices=["tune", "report"], default="report")
    parser.add_argument("--count", type=int, default=100, help="answerable questions a language")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, help="folder that keeps the vectors between runs")
    parser.add_argument("--json", type=Path, help="where `summary` writes its figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
