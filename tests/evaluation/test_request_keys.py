"""Keys of requests: those of long runs stay what they were, and tools tell requests apart."""

from dataclasses import replace

from fourfold.core.records import CompletionOptions, Message
from fourfold.core.tools import Tool, ToolCall
from fourfold.evaluation.requests import request_key

TALK = [Message("system", "Antworte kurz."), Message("user", "Grüß Gott")]
FULL = CompletionOptions(
    max_tokens=50,
    temperature=0.5,
    top_p=0.9,
    seed=7,
    stop=("ENDE",),
    json_schema={"type": "object"},
)
CLOCK = Tool(name="clock", description="Die Zeit.")


def test_a_request_without_tools_has_the_key_that_it_had_before_there_were_any() -> None:
    # As the release before tools made them.
    assert request_key("here", TALK, CompletionOptions()) == (
        "28692f47e1a956a568a620306a8e6e98f6838a57df429d87fac1dae37646c22d"
    )
    assert request_key("here", TALK, FULL) == (
        "b044b137a3baf2b94fd8b49859fb2fbf30ed11960c6ccae08e36cae40a0a0ec4"
    )


def test_tools_the_choice_and_the_turns_about_them_tell_requests_apart() -> None:
    options = replace(FULL, tools=(CLOCK,))
    call = ToolCall(id="call_1", name="clock")
    asked = [*TALK, Message("assistant", "", tool_calls=(call,))]
    told = [*asked, Message("tool", "12:05", tool_call_id="call_1")]
    keys = {
        request_key("here", TALK, FULL),
        request_key("here", TALK, options),
        request_key(
            "here", TALK, replace(options, tools=(replace(CLOCK, description="The time."),))
        ),
        request_key("here", TALK, replace(options, tool_choice="required")),
        request_key("here", asked, options),
        request_key("here", told, options),
    }
    assert len(keys) == 6
    assert request_key("here", list(told), options) in keys
