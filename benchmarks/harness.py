"""Whether lm-evaluation-harness measures through our server what llama.cpp gives by itself.

    python benchmarks/harness.py DATA MODEL.gguf --json benchmarks/results/harness.json

DATA is the folder with `xquad-dev.en.json` and `xquad-dev.de.json` (XQuAD, CC-BY-SA-4.0). Of the
shortest passages in each language two tasks of 20 records are made: one of choice (which of four
answers of the passage is right, `loglikelihood`), one of writing (`generate_until`). Both run by
`fourfold models benchmark`; then llama.cpp is asked directly, in its own process, for the
probabilities of each choice and for the same text. Needs `pip install 'fourfold[benchmark]'`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fourfold.models.client import Client
from fourfold.models.llama_process import LlamaProcess
from fourfold.models.retry import Retries

RECORDS = 10  # a language
WORDS = {"en": ("Passage", "Question", "Answer"), "de": ("Text", "Frage", "Antwort")}
TASKS = {
    "xquad_choice": """\
task: xquad_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{right}}}}"
metric_list: [{{metric: acc}}, {{metric: acc_norm}}]
""",
    "xquad_write": """\
task: xquad_write
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{prompt}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 24, do_sample: false, temperature: 0.0}}
metric_list: [{{metric: exact_match, ignore_case: true, ignore_punctuation: true}}]
""",
}


def records(data: Path) -> Iterator[dict[str, Any]]:
    """Questions on the shortest passages that have four different answers."""
    for language, (passage, question, answer) in WORDS.items():
        told = json.loads((data / f"xquad-dev.{language}.json").read_text(encoding="utf-8"))
        passages = [one for entry in told["data"] for one in entry["paragraphs"]]
        taken = 0
        for one in sorted(passages, key=lambda one: len(one["context"])):
            texts = list(dict.fromkeys(asked["answers"][0]["text"] for asked in one["qas"]))
            if len(texts) < 4 or taken == RECORDS:
                continue
            asked = one["qas"][taken % 4]
            right = asked["answers"][0]["text"]
            others = [text for text in texts if text != right][:3]
            place = taken % 4
            choices = [*others[:place], right, *others[place:]]
            known = f"{passage}: {one['context']}\n{question}: {asked['question']}"
            yield {
                "number": taken,
                "prompt": f"{known}\n{answer}:",
                "choices": choices,
                "right": place,
                "answer": right,
            }
            taken += 1


def through_the_server(rows: list[dict[str, Any]], model: Path, tasks: list[str]) -> dict[str, Any]:
    """What `fourfold models benchmark` prints."""
    with TemporaryDirectory() as folder:
        data = Path(folder, "xquad.jsonl")
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        data.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, text in TASKS.items():
            Path(folder, f"{name}.yaml").write_text(text.format(data=data), encoding="utf-8")
        fourfold = [sys.executable, "-m", "fourfold"]
        wanted = ["--model", str(model), "--include", folder, "--tasks", ",".join(tasks)]
        project = Path(folder, "project")
        subprocess.run([*fourfold, "init", str(project)], check=True, capture_output=True)
        done = subprocess.run(
            [*fourfold, "models", "benchmark", "--project", str(project), *wanted, "--json"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def directly(rows: list[dict[str, Any]], model: Path, tasks: list[str]) -> dict[str, Any]:
    """The same by llama.cpp alone: no server of ours, no forced tokens, no harness."""
    process = LlamaProcess(
        path=model, threads=1, context_tokens=4096, concurrent=1, batch_tokens=512, verbose=False
    )
    client = Client(url="http://llama", socket=process.socket, retries=Retries(count=0))
    found: dict[str, Any] = {}
    try:
        if "xquad_choice" in tasks:
            found |= await _chosen(client, rows)
        if "xquad_write" in tasks:
            texts = [await _written(client, row["prompt"]) for row in rows]
            right = sum(map(_equal, texts, [row["answer"] for row in rows]))
            found |= {"exact_match": right / len(rows), "texts": texts}
    finally:
        await client.close()
        process.stop()
    return found


async def _chosen(client: Client, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The shares of right choices, by likelihood and by likelihood a letter."""
    plain = normed = 0
    for row in rows:
        sums = [await _loglikelihood(client, row["prompt"], one) for one in row["choices"]]
        lengths = [len(one) for one in row["choices"]]
        per_letter = [total / length for total, length in zip(sums, lengths, strict=True)]
        plain += _best(sums) == row["right"]
        normed += _best(per_letter) == row["right"]
    return {"acc": plain / len(rows), "acc_norm": normed / len(rows)}


def _best(values: list[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def _equal(text: str, answer: str) -> bool:
    """As the harness: small letters, no ASCII punctuation."""
    from string import punctuation

    plain = str.maketrans("", "", punctuation)
    return text.lower().translate(plain) == answer.lower().translate(plain)


async def _loglikelihood(client: Client, prompt: str, choice: str) -> float:
    """The sum over the tokens of the choice, each looked up among those that may come next."""
    before = await _tokens(client, prompt)
    whole = await _tokens(client, f"{prompt} {choice}")
    total = 0.0
    for place in range(len(before), len(whole)):
        body = {
            "prompt": whole[:place],
            "n_predict": 1,
            "n_probs": 20_000,
            "temperature": 0.0,
            "cache_prompt": True,
        }
        reply = json.loads(await client.post("completion", body))
        likely = reply["completion_probabilities"][0]["top_logprobs"]
        total += next(one["logprob"] for one in likely if one["id"] == whole[place])
    return total


async def _tokens(client: Client, text: str) -> list[int]:
    body = {"content": text, "add_special": False}
    tokens: list[int] = json.loads(await client.post("tokenize", body))["tokens"]
    return tokens


async def _written(client: Client, prompt: str) -> str:
    """The answer to the prompt as a message, which is how our server takes prompts to continue."""
    asked = {"messages": [{"role": "user", "content": prompt}], "temperature": 0.0}
    body = {**asked, "max_tokens": 24, "stop": ["\n"]}
    reply = json.loads(await client.post("v1/chat/completions", body))
    return str(reply["choices"][0]["message"]["content"]).strip()


def main() -> None:
    """Run both ways and print them side by side."""
    import asyncio

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--records", type=int, help="Only so many of the 20.")
    parser.add_argument("--only", default=",".join(TASKS), help="Some of the tasks.")
    parser.add_argument("--json", type=Path, dest="out")
    options = parser.parse_args()
    rows = sorted(records(options.data), key=lambda row: row["number"])[: options.records]
    tasks = options.only.split(",")
    through = through_the_server(rows, options.model.resolve(), tasks)
    found = {
        "records": len(rows),
        "model": options.model.name,
        "through_the_server": {key: through[key] for key in ("harness", "tasks")},
        "directly": asyncio.run(directly(rows, options.model, tasks)),
    }
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
