"""Embedders of other servers, against a stand-in on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from aiohttp import web

from fourfold.core.errors import ModelError
from fourfold.models.openai_embeddings import OpenAIEmbedder

if TYPE_CHECKING:
    from tests.models.conftest import StandIn


async def lengths(request: web.Request) -> web.StreamResponse:
    """A vector that points to the text's length, in the wrong order, not of length 1."""
    texts = (await request.json())["input"]
    data = [{"index": n, "embedding": [len(text), 7.0, 0.0]} for n, text in enumerate(texts)]
    return web.json_response({"data": data[::-1]})


@pytest.fixture
async def embedder(stand_in: StandIn) -> AsyncIterator[OpenAIEmbedder]:
    embedder = OpenAIEmbedder(
        model="e5", dimensions=3, url=stand_in.url, query_prefix="query: ", max_tokens=50, retries=0
    )
    yield embedder
    await embedder.close()


@pytest.mark.anyio
async def test_vectors_come_in_the_order_of_the_texts_with_length_one(
    stand_in: StandIn, embedder: OpenAIEmbedder
) -> None:
    stand_in.then(lengths)
    texts = ["x" * (number % 40 + 1) for number in range(150)]
    vectors = await embedder.embed_passages(texts)
    expected = np.array([[len(text), 7.0, 0.0] for text in texts])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, expected, atol=1e-6)
    assert [len(body["input"]) for body in stand_in.bodies] == [64, 64, 22]


@pytest.mark.anyio
async def test_a_question_bears_its_prefix(stand_in: StandIn, embedder: OpenAIEmbedder) -> None:
    stand_in.then(lengths)
    assert (await embedder.embed_query("where?")).shape == (3,)
    assert stand_in.bodies[0]["input"] == ["query: where?"]


@pytest.mark.anyio
async def test_an_empty_list_and_an_empty_text_are_allowed(
    stand_in: StandIn, embedder: OpenAIEmbedder
) -> None:
    stand_in.then(lengths)
    assert (await embedder.embed_passages([])).shape == (0, 3)
    assert (await embedder.embed_passages([""])).shape == (1, 3)


@pytest.mark.anyio
async def test_a_long_text_is_embedded_by_its_beginning(
    stand_in: StandIn, embedder: OpenAIEmbedder
) -> None:
    stand_in.then(lengths)
    await embedder.embed_passages(["the beginning " + "word " * 5000])
    sent = stand_in.bodies[0]["input"][0]
    assert sent.startswith("the beginning")
    assert 20 < embedder.count_tokens(sent) <= 50


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"index": 0, "embedding": [1.0, 2.0]}]},
        {"data": []},
        {"data": [{"index": 5, "embedding": [1.0, 2.0, 3.0]}]},
        {"error": "odd"},
    ],
)
async def test_a_reply_of_another_shape_is_an_error(
    stand_in: StandIn, embedder: OpenAIEmbedder, body: Any
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body)

    stand_in.then(answer)
    with pytest.raises(ModelError):
        await embedder.embed_passages(["a"])
