"""Tokens and their probabilities, as benchmark harnesses ask for them."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from fourfold.core.records import TokenLogprob, Vocabulary
from fourfold.server import Services
from fourfold.testing.models import ScriptedModel

Connect = Callable[..., httpx2.AsyncClient]


class LetterModel(ScriptedModel):
    """A token is a letter; the likelihood of a letter is the more the nearer it is to `a`."""

    async def tokens_of(self, text: str, *, special: bool = False) -> list[int]:
        return [1] * special + [ord(letter) for letter in text]

    async def text_of(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    async def vocabulary(self) -> Vocabulary:
        return Vocabulary(begin="<s>", end="</s>", chat_template="{{ messages }}")

    async def score_tokens(
        self, tokens: Sequence[int], *, likeliest: int = 1
    ) -> list[TokenLogprob | None]:
        scored = [self._logprob(token) for token in tokens[1:]]
        return [None, *scored]

    async def next_token(self, tokens: Sequence[int], *, likeliest: int = 1) -> TokenLogprob:
        return self._logprob(ord("a"))

    def _logprob(self, token: int) -> TokenLogprob:
        return TokenLogprob(
            token=chr(token), logprob=-float(token - 96), likeliest={"a": -1.0, chr(token): -2.0}
        )


@pytest.fixture
async def letters(services: Services, connect: Connect) -> AsyncIterator[httpx2.AsyncClient]:
    with_letters = replace(services, models={"letters": LetterModel([]), **services.models})
    async with connect(with_letters) as client:
        yield client


@pytest.mark.anyio
async def test_texts_become_tokens_and_tokens_texts(letters: httpx2.AsyncClient) -> None:
    asked = {"prompt": "Öl", "add_special_tokens": False}
    found = (await letters.post("/tokenize", json=asked)).json()
    assert found == {"count": 2, "max_model_len": 4096, "tokens": [214, 108]}
    with_begin = (await letters.post("/tokenize", json={"prompt": "Öl", "model": "letters"})).json()
    assert with_begin["tokens"] == [1, 214, 108]
    back = await letters.post("/detokenize", json={"tokens": [214, 108]})
    assert back.json() == {"prompt": "Öl"}


@pytest.mark.anyio
async def test_the_tokenizer_tells_its_special_tokens(letters: httpx2.AsyncClient) -> None:
    found = (await letters.get("/tokenizer_info")).json()
    assert (found["model"], found["bos_token"], found["eos_token"]) == ("letters", "<s>", "</s>")
    assert found["chat_template"] == "{{ messages }}"


ECHO: dict[str, Any] = {"model": "letters", "echo": True, "logprobs": 2, "max_tokens": 1}


@pytest.mark.anyio
@pytest.mark.parametrize("prompt", ["cab", ["cab"], [99, 97, 98], [[99, 97, 98]]])
async def test_a_prompt_is_scored_token_by_token_however_it_is_given(
    letters: httpx2.AsyncClient, prompt: object
) -> None:
    reply = await letters.post("/v1/completions", json={**ECHO, "prompt": prompt})
    (choice,) = reply.json()["choices"]
    assert choice["text"] == "caba"
    assert choice["logprobs"] == {
        "tokens": ["c", "a", "b", "a"],
        "token_logprobs": [None, -1.0, -2.0, -1.0],
        "top_logprobs": [None, {"a": -2.0}, {"a": -1.0, "b": -2.0}, {"a": -2.0}],
        "text_offset": [0, 1, 2, 3],
    }


@pytest.mark.anyio
@pytest.mark.parametrize("prompt", [[79, 107], [[79, 107]], ["Ok"], "Ok"])
async def test_a_prompt_of_tokens_is_continued_as_its_text_is(
    services: Services, connect: Connect, prompt: object
) -> None:
    model = LetterModel(lambda messages, options: messages[-1].content + "!")
    async with connect(replace(services, models={"letters": model})) as client:
        body = {"model": "letters", "prompt": prompt, "max_tokens": 5}
        reply = await client.post("/v1/completions", json=body)
    assert reply.json()["choices"][0]["text"] == "Ok!"


@pytest.mark.anyio
async def test_with_no_token_more_the_prompt_alone_is_scored(letters: httpx2.AsyncClient) -> None:
    reply = await letters.post(
        "/v1/completions", json={**ECHO, "prompt": ["ab", "ba"], "max_tokens": 0}
    )
    body = reply.json()
    assert [choice["text"] for choice in body["choices"]] == ["ab", "ba"]
    assert [choice["index"] for choice in body["choices"]] == [0, 1]
    assert body["usage"]["prompt_tokens"] == 4


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/completions", {**ECHO, "prompt": ""}, "empty"),
        ("/v1/completions", {**ECHO, "prompt": []}, "between 1 and 64"),
        ("/v1/completions", {**ECHO, "prompt": [[97, -1]]}, "texts, or lists of token"),
        ("/v1/completions", {**ECHO, "prompt": ["a"] * 65}, "between 1 and 64"),
        ("/v1/completions", {**ECHO, "prompt": "a", "model": "small"}, "does not show"),
        ("/v1/completions", {"model": "small", "prompt": "a", "max_tokens": 0}, "0"),
        ("/v1/completions", {"model": "small", "prompt": "a", "logprobs": 1}, "Not offered"),
        ("/detokenize", {"tokens": [-1]}, "not valid"),
        ("/tokenize", {"tokens": [1]}, "prompt"),
    ],
)
async def test_bad_requests_are_refused_in_words(
    letters: httpx2.AsyncClient, path: str, body: dict[str, Any], words: str
) -> None:
    reply = await letters.post(path, json=body)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


@pytest.mark.anyio
async def test_a_server_without_a_model_that_shows_its_tokens_says_so(
    client: httpx2.AsyncClient,
) -> None:
    reply = await client.get("/tokenizer_info")
    assert reply.status_code == 400
    assert "shows its tokens" in reply.json()["error"]["message"]


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/tokenize", "/detokenize", "/tokenizer_info"])
async def test_nobody_without_a_key_gets_in(guarded: Services, connect: Connect, path: str) -> None:
    async with connect(guarded) as client:
        method = "GET" if path == "/tokenizer_info" else "POST"
        assert (await client.request(method, path)).status_code == 401
