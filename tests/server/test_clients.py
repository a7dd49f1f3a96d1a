"""The clients that people use: OpenAI's and LangChain's SDK, against a real port."""

import json
from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from openai.types.chat import ChatCompletionMessageFunctionToolCall

from fourfold.core.tools import ToolCall
from fourfold.testing.models import ScriptedModel

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
QUESTION: Any = [{"role": "user", "content": "Wie lange ist die Garantie?"}]


@pytest.fixture
def sdk(live: Any) -> Any:
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key=live.secret, max_retries=0) as client:
        yield client


def test_openai_chats(sdk: openai.OpenAI) -> None:
    answer = sdk.chat.completions.create(model="helpdesk", messages=QUESTION, user="somebody")
    assert answer.choices[0].message.content == "Zwei Jahre [1]."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 54
    extra: Any = answer.model_extra
    assert extra["fourfold"]["citations"][0]["document"] == "garantie.pdf"


def test_openai_streams(sdk: openai.OpenAI) -> None:
    stream = sdk.chat.completions.create(
        model="helpdesk",
        messages=QUESTION,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Zwei Jahre [1]."
    assert chunks[-1].usage is not None
    extra: Any = chunks[-2].model_extra
    assert extra["fourfold"]["refused"] is False


def test_openai_embeds(sdk: openai.OpenAI) -> None:
    found = sdk.embeddings.create(model="letters", input=["aaa", "eee"])  # asks for base64
    assert len(found.data) == 2
    assert len(found.data[0].embedding) == 3
    plain = sdk.embeddings.create(model="letters", input="aaa", encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(found.data[0].embedding)


def test_openai_lists_and_completes(sdk: openai.OpenAI) -> None:
    assert [model.id for model in sdk.models.list()] == ["helpdesk", "small", "letters"]
    assert sdk.models.retrieve("small").id == "small"
    completion = sdk.completions.create(model="small", prompt="Hallo")
    assert completion.choices[0].text == "Guten Tag, wie geht es?"


def test_openai_understands_our_errors(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Did you mean `small`"):
        sdk.chat.completions.create(model="smal", messages=QUESTION)
    with pytest.raises(openai.BadRequestError, match="`n`"):
        sdk.chat.completions.create(model="small", messages=QUESTION, n=3)
    with pytest.raises(openai.AuthenticationError) as caught:
        sdk.with_options(api_key="ff_wrong").models.list()
    assert caught.value.code == "invalid_api_key"
    with pytest.raises(openai.PermissionDeniedError):
        sdk.with_options(default_headers={"X-Fourfold-User": "anna"}).models.list()


def test_langchain_asks_and_streams(live: Any) -> None:
    chat = ChatOpenAI(
        model="helpdesk", base_url=f"{live.url}/v1", api_key=live.secret, max_retries=0
    )
    assert chat.invoke("Wie lange ist die Garantie?").content == "Zwei Jahre [1]."
    pieces = [str(piece.content) for piece in chat.stream("Wie lange ist die Garantie?")]
    assert "".join(pieces) == "Zwei Jahre [1]."
    assert len([piece for piece in pieces if piece]) > 1


def test_openai_reads_the_calls_of_a_plain_model(sdk: openai.OpenAI, live: Any) -> None:
    call = ToolCall(id="call_1", name="weather", arguments={"city": "Köln"})
    usual, live.services.models["small"] = (
        live.services.models["small"],
        ScriptedModel([(call,), (call,), "Regen."], name="small"),
    )
    asked: Any = {"model": "small", "tools": [WEATHER]}
    whole = sdk.chat.completions.create(messages=QUESTION, **asked).choices[0]
    assert whole.finish_reason == "tool_calls"
    with sdk.chat.completions.stream(messages=QUESTION, **asked) as stream:
        streamed = stream.get_final_completion().choices[0]
    for choice in (whole, streamed):
        (read,) = choice.message.tool_calls or [None]
        assert isinstance(read, ChatCompletionMessageFunctionToolCall)
        assert (read.id, read.function.name) == ("call_1", "weather")
        assert json.loads(read.function.arguments) == {"city": "Köln"}
    result: Any = {"role": "tool", "tool_call_id": "call_1", "content": "Regen"}
    turns: Any = [*QUESTION, whole.message, result]
    answer = sdk.chat.completions.create(messages=turns, **asked)
    assert answer.choices[0].message.content == "Regen."
    live.services.models["small"] = usual
