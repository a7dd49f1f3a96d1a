"""Short German keyword questions: compounds, inflection, spellings, codes."""

import pytest

from fourfold.core.records import Hit
from fourfold.retrieval.stores.memory import MemoryStore
from fourfold.retrieval.stores.postgres import PostgresStore
from fourfold.storage.database import Database
from fourfold.testing.stores import OWNER, chunk, write

PASSAGES = {
    "garantie": "Die Herstellergarantie gilt zwei Jahre, mit der Verlängerung drei.",
    "urlaub": "Der Urlaubsanspruch verfällt am 31. März des Folgejahres.",
    "reise": "Reisekosten werden nach Vorlage der Belege erstattet.",
    "akku": "Lithium-Akkumulatoren dürfen nur im Gefahrgutschrank lagern.",
    "zahlung": "Rechnungen sind innerhalb von 30 Tagen ohne Abzug zahlbar.",
    "kuendigung": "Die Kündigungsfrist in der Probezeit beträgt zwei Wochen.",
    "arbeit": "Arbeitszeiten werden minutengenau in der Zeiterfassung gebucht.",
    "geraet": "Das Gerät AX-200 wiegt 3,5 kg und braucht 230 V.",
    "strasse": "Unser Lager steht in der Hauptstraße 12 in Öhringen.",
    "daten": "Der Datenschutzbeauftragte beantwortet Fragen zu personenbezogenen Daten.",
    "versand": "Versandkostenfrei liefern wir ab einem Bestellwert von 250 Euro.",
    "wartung": "Die jährliche Wartung der Kühlanlage übernimmt der Kundendienst.",
}
CASES = [
    ("Garantie", "garantie"),
    ("Garantieverlängerung", "garantie"),
    ("Urlaub", "urlaub"),
    ("Anspruch auf Urlaub", "urlaub"),
    ("Urlaubsansprüche", "urlaub"),
    ("Reisekostenerstattung", "reise"),
    ("Kosten einer Reise", "reise"),
    ("Lithium Lagerung", "akku"),
    ("Gefahrgut", "akku"),
    ("Rechnung", "zahlung"),
    ("Kuendigung", "kuendigung"),
    ("Kündigung Probezeit", "kuendigung"),
    ("Arbeitszeiterfassung", "arbeit"),
    ("Geraete AX-200", "geraet"),
    ("AX 200", "geraet"),
    ("3.5 kg", "geraet"),
    ("Hauptstrasse", "strasse"),
    ("Datenschutz", "daten"),
    ("Versandkosten", "versand"),
    ("Wartungen der Kühlanlagen", "wartung"),
    ("Anlagenwartung", "wartung"),
]
CHUNKS = [chunk(text, path=path, language="de") for path, text in PASSAGES.items()]


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database: Database) -> MemoryStore | PostgresStore:
    filled = MemoryStore() if request.param == "memory" else PostgresStore(database, "compounds")
    await write(filled, *CHUNKS)
    return filled


@pytest.mark.anyio
async def test_german_keywords_find_their_passage(store: MemoryStore | PostgresStore) -> None:
    wrong = {}
    for question, wanted in CASES:
        hits = await store.search_words(question, limit=3, visible_to=OWNER)
        if found(hits) != wanted:
            wrong[question] = [(hit.chunk.path, round(hit.coverage, 2)) for hit in hits]
    assert wrong == {}


@pytest.mark.anyio
async def test_the_word_itself_counts_more_than_a_compound(
    store: MemoryStore | PostgresStore,
) -> None:
    await write(store, chunk("Eine Garantie geben wir nicht.", path="itself", language="de"))
    hits = await store.search_words("Garantie", limit=3, visible_to=OWNER)
    assert [hit.chunk.path for hit in hits[:2]] == ["itself", "garantie"]


def found(hits: list[Hit]) -> str | None:
    return hits[0].chunk.path if hits else None
