"""The bodies of our answers in OpenAI's shapes; ours is the field `fourfold`."""

from __future__ import annotations

from typing import Any

import msgspec

from fourfold.core.records import Hit, TokenLogprob, Usage
from fourfold.core.tools import ToolCall
from fourfold.server.speakers import Piece, Reply


class Head(msgspec.Struct):
    """What every chunk and every answer to one request repeats."""

    id: str
    created: int
    model: str
    trace: str


def chat_completion(head: Head, reply: Reply, *, hits: bool) -> bytes:
    """A whole answer to a chat."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.answer.text, "refusal": None}
    if reply.tool_calls:
        message |= {"content": reply.answer.text or None, "tool_calls": _calls(reply.tool_calls)}
    choice = {
        "index": 0,
        "message": message,
        "logprobs": _logprobs(reply.logprobs),
        "finish_reason": _reason(reply),
    }
    return _body(head, "chat.completion", [choice], reply, hits=hits)


def text_completion(head: Head, reply: Reply, *, hits: bool) -> bytes:
    """A whole completion of a prompt."""
    choice = {
        "index": 0,
        "text": reply.answer.text,
        "logprobs": None,
        "finish_reason": _reason(reply),
    }
    return _body(head, "text_completion", [choice], reply, hits=hits)


def chat_chunk(head: Head, piece: Piece, *, first: bool, hits: bool) -> bytes:
    """A piece of an answer to a chat."""
    delta: dict[str, Any] = {"role": "assistant"} if first else {}
    if first or piece.text:
        delta["content"] = piece.text
    if piece.tool_calls:
        calls = enumerate(_calls(piece.tool_calls))
        delta["tool_calls"] = [{"index": index, **call} for index, call in calls]
    choice = {
        "index": 0,
        "delta": delta,
        "logprobs": _logprobs(piece.logprobs),
        "finish_reason": _reason(piece.reply) if piece.reply else None,
    }
    return _chunk(head, "chat.completion.chunk", choice, piece, hits=hits)


def text_chunk(head: Head, piece: Piece, *, first: bool, hits: bool) -> bytes:
    """A piece of a completion of a prompt; the first has no mark of its own here."""
    choice = {
        "index": 0,
        "text": piece.text,
        "logprobs": None,
        "finish_reason": _reason(piece.reply) if piece.reply else None,
    }
    return _chunk(head, "text_completion", choice, piece, hits=hits)


def usage_chunk(head: Head, kind: str, usage: Usage) -> bytes:
    """The chunk after the last, for those who asked for the tokens."""
    return msgspec.json.encode({**_common(head, kind), "choices": [], "usage": _usage(usage)})


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as every interface shows it."""
    chunk = hit.chunk
    return {
        "document": chunk.path,
        "source": chunk.source,
        "document_id": chunk.document_id,
        "title": chunk.title,
        "place": chunk.place.as_json(),
        "score": hit.score,
        "vector_rank": hit.vector_rank,
        "lexical_rank": hit.lexical_rank,
        "duplicates": list(hit.duplicates),
        "text": chunk.text,
    }


def evidence(reply: Reply, trace: str, *, hits: bool) -> dict[str, Any]:
    """The field `fourfold`: what the answer rests on, whether it is a refusal, its trace."""
    answer = reply.answer
    return {
        "citations": [citation.as_json() for citation in answer.citations],
        "refused": answer.refused,
        "refused_because": answer.refused_because,
        "notice": answer.notice,
        "trace": trace,
        **({"hits": [hit_json(hit) for hit in answer.hits]} if hits else {}),
    }


def _body(head: Head, kind: str, choices: list[Any], reply: Reply, *, hits: bool) -> bytes:
    return msgspec.json.encode(
        {
            **_common(head, kind),
            "choices": choices,
            "usage": _usage(reply.answer.usage),
            "fourfold": evidence(reply, head.trace, hits=hits),
        }
    )


def _chunk(head: Head, kind: str, choice: Any, piece: Piece, *, hits: bool) -> bytes:
    body: dict[str, Any] = {**_common(head, kind), "choices": [choice]}
    if piece.reply:
        body["fourfold"] = evidence(piece.reply, head.trace, hits=hits)
    if hits and piece.hits is not None:
        body["fourfold"] = {"hits": [hit_json(hit) for hit in piece.hits], "trace": head.trace}
    return msgspec.json.encode(body)


def _common(head: Head, kind: str) -> dict[str, Any]:
    return {"id": head.id, "object": kind, "created": head.created, "model": head.model}


def _reason(reply: Reply) -> str:
    return "stop" if reply.finish_reason == "cancelled" else reply.finish_reason


def _calls(calls: tuple[ToolCall, ...]) -> list[dict[str, Any]]:
    return [_call(call) for call in calls]


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = msgspec.json.encode(call.arguments).decode()
    function = {"name": call.name, "arguments": arguments}
    said = {"id": call.id, "type": "function", "function": function}
    if not call.signature:
        return said
    return {**said, "extra_content": {"fourfold": {"signature": call.signature}}}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _logprobs(logprobs: tuple[TokenLogprob, ...]) -> dict[str, Any] | None:
    if not logprobs:
        return None
    return {"content": [_token(one) for one in logprobs], "refusal": None}


def _token(one: TokenLogprob) -> dict[str, Any]:
    likeliest = [_likely(token, value) for token, value in one.likeliest.items()]
    return {**_likely(one.token, one.logprob), "top_logprobs": likeliest}


def _likely(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode("utf-8", "replace"))}
