"""Counts the tokens of one task of each kind: what `models shortlist` prices.

    python tools/count_task_tokens.py qwen2.5-coder-0.5b.gguf

Prints a line for each task: records, mean tokens of the prompt (examples and passages included) and
of the reference, counted with the vocabulary of that model. The figures stand in
`fourfold/catalogue/shortlist.py`.
"""

import asyncio
import sys
from pathlib import Path
from statistics import mean

from fourfold.datasets import Record, read_records
from fourfold.models.llama import LlamaModel
from fourfold.project.application import shipped_prompts, task_files
from fourfold.prompts import Prompt
from fourfold.prompts.tasks import ANSWER, TASKS

_TURN_TOKENS = 8  # the marks that a chat template puts around a message
_READ = 2  # sentences that the reader of `answer` shows its model


def prompt_tokens(model: LlamaModel, prompt: Prompt, record: Record, task: str) -> int:
    """Tokens of everything that is sent for a record."""
    passages = record.passages[:_READ] if task == ANSWER else record.passages
    messages = prompt.render(text=record.text, passages=passages)
    return sum(model.count_tokens(message.content) + _TURN_TOKENS for message in messages)


def main(weights: Path) -> None:
    """Print the table."""
    model = LlamaModel(path=weights)
    for task in TASKS:
        prompts = shipped_prompts(task)
        records = read_records(Path(str(task_files(task) / "golden.jsonl")))
        sent = mean(prompt_tokens(model, prompts[one.language], one, task) for one in records)
        written = mean(model.count_tokens(one.references[0]) for one in records)
        print(f"{task:<18} {len(records):>3} {sent:>6.0f} {written:>5.0f}", flush=True)
    asyncio.run(model.close())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
