"""Erasing a document takes it out of the index and its words out of the traces."""

from pathlib import Path

import pytest

from fourfold.core.errors import NotFound
from fourfold.core.settings import Settings
from fourfold.project import LOCAL, open_project
from fourfold.project.scaffold import create_project
from fourfold.tracing import Traces

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_project(tmp_path / "helpdesk")
    documents = tmp_path / "helpdesk" / "documents"
    (documents / "a.md").write_text("Die Garantie gilt zwei Jahre ab Kauf.", encoding="utf-8")
    (documents / "b.md").write_text("Der Versand nach Norwegen dauert sieben Tage.", "utf-8")
    return tmp_path / "helpdesk"


async def test_an_erased_document_is_gone_from_index_and_traces(
    folder: Path, settings: Settings
) -> None:
    async with open_project(folder, settings=settings) as project:
        await project.ingest()
        answer = await project.ask("Wie lange gilt die Garantie?", visible_to=LOCAL)
        assert answer.citations[0].document == "a.md"
        assert await project.erase("a.md") == 1
        hits = await project.search("Garantie", visible_to=LOCAL)
        trace = await Traces(project.database).get(answer.trace, visible_to=LOCAL)
    assert "a.md" not in {hit.chunk.path for hit in hits}
    assert trace.answer == ""
    assert trace.citations == []
    assert "a.md" not in {hit["document"] for hit in trace.hits}


async def test_words_that_were_cited_from_a_copy_are_erased_with_it(
    folder: Path, settings: Settings
) -> None:
    documents = folder / "documents"
    (documents / "a.md").rename(documents / "copy.md")
    async with open_project(folder, settings=settings) as project:
        await project.ingest()
        answer = await project.ask("Wie lange gilt die Garantie?", visible_to=LOCAL)
        other = await project.ask("Wie lange dauert der Versand nach Norwegen?", visible_to=LOCAL)
        assert answer.citations[0].document == "copy.md"
        (documents / "copy.md").rename(documents / "a.md")
        await project.ingest()
        assert await project.erase("a.md") == 1
        traces = Traces(project.database)
        trace = await traces.get(answer.trace, visible_to=LOCAL)
        kept = await traces.get(other.trace, visible_to=LOCAL)
    assert (trace.answer, trace.citations) == ("", [])
    assert kept.answer
    assert kept.citations


async def test_an_unknown_document_is_an_error(folder: Path, settings: Settings) -> None:
    async with open_project(folder, settings=settings) as project:
        with pytest.raises(NotFound):
            await project.erase("nothing.md")
