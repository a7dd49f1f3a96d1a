"""`fourfold ask`: cited answers, one, many, or a conversation."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from fourfold.cli.asking import (
    asker,
    groups_option,
    parse_where,
    place_in_words,
    read_lines,
    read_text,
    say_failed,
    say_filters,
    where_option,
)
from fourfold.cli.output import (
    command,
    faint,
    heading,
    json_option,
    print_json,
    project_option,
    say,
    show,
)
from fourfold.cli.progress import waiting_line
from fourfold.core.errors import FourfoldError, InvalidInput
from fourfold.core.records import Message
from fourfold.prompts.tasks import ANSWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fourfold.core.records import Answer, Principal, Where
    from fourfold.project import Project


_SHOWN = 300  # characters of what was asked
_LEAVING = frozenset({"exit", "quit", "/exit", "/quit", ":q"})  # what ends a conversation


@click.command()
@click.argument("question", required=False)
@click.option(
    "--questions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help='Many at once: JSON lines of {"question": …} or {"text": …}.',
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="The text to work on, in a file; `-` reads what another program writes.",
)
@click.option("--model", help="Another model than the project's, for this call.")
@where_option
@groups_option
@project_option
@json_option
@command
async def ask(
    *,
    question: str | None,
    questions: Path | None,
    file: Path | None,
    model: str | None,
    where: tuple[str, ...],
    groups: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
) -> None:
    """Answer from the documents, with citations; or do the project's task with a text.

    Without a question, talk. Where the task works on a text, all that another program writes is
    one text; where it answers questions, each line is one.

    \b
    Examples:
      fourfold ask "Wie lange ist die Garantie?"
      fourfold ask --file letter.txt
      fourfold ask --questions questions.jsonl --json
      fourfold ask
    """
    from fourfold.project import open_project

    if sum(given is not None for given in (question, questions, file)) > 1:
        raise click.UsageError("Give a question, or --questions FILE, or --file FILE.")
    principal, conditions = asker(groups), parse_where(where)
    async with open_project(folder, model=model) as project:
        project.check_licences([project.config.model])
        is_text = project.config.task != ANSWER
        if is_text and not (question or questions or file or sys.stdin.isatty()):
            file = Path("-")
        if file is not None:
            question = read_text(file).strip()
        if question is None and questions is None:
            await _talk(project, principal, conditions, as_json=as_json)
            return
        keys = ("text", "question") if is_text else ("question", "text")
        wanted = read_lines(questions, *keys) if questions else [question or ""]
        answered = failed = 0
        for text in wanted:
            try:
                if isinstance(text, InvalidInput):
                    raise text
                await ask_one(project, text, principal, conditions, as_json=as_json)
                answered += 1
            except FourfoldError as error:
                if questions is None:
                    raise
                named = None if isinstance(text, InvalidInput) else text
                say_failed(named, error, as_json=as_json)
                failed += 1
        if failed and not answered:
            sys.exit(1)


async def ask_one(
    project: Project,
    question: str,
    principal: Principal,
    where: Where,
    *,
    as_json: bool,
    history: Sequence[Message] = (),
) -> Answer:
    """Ask, and show the answer as it comes (or as one JSON object)."""
    began = monotonic()
    pieces = project.stream(question, visible_to=principal, where=where, history=history)
    answer = None
    if not as_json:
        show(heading(textwrap.shorten(question, _SHOWN, placeholder=" …")))
    with waiting_line("Reading and writing …") as came:
        async for piece in pieces:
            if piece.text and not as_json:
                came()
                show(piece.text, ends_line=False)
            answer = piece.answer or answer
    assert answer is not None  # the last piece of a stream carries it
    if as_json:
        print_json(answer_json(question, answer, monotonic() - began))
    else:
        show_citations(answer)
        if answer.notice:
            show(f"{answer.notice}\n")
        _explain(answer, where)
    return answer


def answer_json(question: str, answer: Answer, seconds: float) -> dict[str, Any]:
    """The form that other programs rely on."""
    return {
        "question": question,
        "answer": answer.text,
        "refused": answer.refused,
        "refused_because": answer.refused_because,
        "notice": answer.notice,
        "citations": [citation.as_json() for citation in answer.citations],
        "model": answer.model,
        "usage": answer.usage.as_json(),
        "seconds": round(seconds, 3),
        "trace": answer.trace,
    }


def show_citations(answer: Answer) -> None:
    """Print what supports the answer: document, place and the quoted words."""
    show("")
    for citation in answer.citations:
        where = " · ".join([citation.document, *place_in_words(citation.place)])
        show(f"  [{citation.number}] {where}")
        show(f"      {faint('“' + ' '.join(citation.quote.split()) + '”')}")
    show("")


def _explain(answer: Answer, where: Where) -> None:
    """Say what stands behind a refusal, unless the answer said it."""
    from fourfold.assistant.language import says_itself
    from fourfold.assistant.reply import NO_QUESTION, NOT_IN_DOCUMENTS

    if not answer.refused or answer.refused_because == NO_QUESTION:
        return
    if answer.refused_because != NOT_IN_DOCUMENTS:
        if says_itself(answer.refused_because or ""):
            return
        show(faint(f"({answer.refused_because})\n"))
    elif not answer.hits and where:
        say_filters(where)
    elif not answer.hits:
        say("No document was searched: you may see none, or none has been read yet.")
        say("Put files into the folder of a source, then type: fourfold ingest\n")


async def _talk(project: Project, principal: Principal, where: Where, *, as_json: bool) -> None:
    """A conversation, until the input ends."""
    history: list[Message] = []
    if sys.stdin.isatty():
        say("Ask, or give a text in one line; an empty line ends the conversation.")
    while (question := _next_question()) and question.casefold() not in _LEAVING:
        try:
            answer = await ask_one(
                project, question, principal, where, as_json=as_json, history=history
            )
        except FourfoldError as error:
            say_failed(question, error, as_json=as_json)
            continue
        history += [Message("user", question), Message("assistant", answer.text)]


def _next_question() -> str:
    import signal

    if not sys.stdin.isatty():
        return next((line.strip() for line in sys.stdin if line.strip()), "")
    # The event loop takes Ctrl+C as the end of a task; nobody would wake it while we wait here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input("> ").strip()
    except EOFError:
        return ""
    finally:
        signal.signal(signal.SIGINT, before)
