"""Chat exports: every message is one element, with its sender and its time in the text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fourfold.core.records import Place
from fourfold.ingestion.builder import DocumentBuilder

_SLACK_REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_TAG = re.compile(r"<[^<>]*>")
_BREAK_TAG = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote; `reply_to` names whom an answer in a thread answers."""

    sender: str
    time: str
    text: str
    number: int  # of the line or of the message in the file, from 1
    reply_to: str = ""


def add_messages(messages: Iterable[Message], into: DocumentBuilder) -> None:
    """Add each message as `Sender (time): text`."""
    for message in messages:
        answer = f", reply to {message.reply_to}" if message.reply_to else ""
        when = f" ({message.time}{answer})" if message.time or answer else ""
        into.add("message", f"{message.sender}{when}: {message.text}", Place(line=message.number))


def slack_messages(value: Any) -> list[Message]:
    """The messages of a Slack export (a list, or an object with `messages`); else nothing."""
    records = value.get("messages") if isinstance(value, dict) else value
    if not isinstance(records, list) or not records or not _all_have(records, "ts"):
        return []
    names = _slack_names(value, records)
    by_time = {str(record.get("ts")): record for record in records}
    messages = []
    for number, record in enumerate(records, 1):
        text = _slack_text(str(record.get("text") or ""), names) or _slack_files(record)
        first = by_time.get(str(record.get("thread_ts"))) if record.get("thread_ts") else None
        reply = _slack_sender(first, names) if first is not None and first is not record else ""
        if text:
            messages.append(
                Message(
                    sender=_slack_sender(record, names),
                    time=_from_timestamp(record.get("ts")),
                    text=text,
                    number=number,
                    reply_to=reply,
                )
            )
    return messages


def teams_messages(value: Any) -> list[Message]:
    """The messages of a Teams export (Graph's `value`, or `messages`); else nothing."""
    records = value
    if isinstance(value, dict):
        records = next((value[key] for key in ("value", "messages") if key in value), None)
    if not isinstance(records, list) or not records or not _are_teams(records):
        return []
    names = {str(record.get("id")): _teams_sender(record) for record in records}
    messages = []
    for number, record in enumerate(records, 1):
        text = _teams_text(record)
        if text:
            messages.append(
                Message(
                    sender=_teams_sender(record),
                    time=_readable_time(
                        str(record.get("createdDateTime") or record.get("time") or "")
                    ),
                    text=text,
                    number=number,
                    reply_to=names.get(str(record.get("replyToId")), ""),
                )
            )
    return messages


def _all_have(records: list[Any], key: str) -> bool:
    return all(isinstance(record, dict) and key in record for record in records)


def _slack_names(value: Any, records: list[dict[str, Any]]) -> dict[str, str]:
    """User ids and the names that people go by, from a list of users and from the messages."""
    users = value.get("users", []) if isinstance(value, dict) else []
    named = [user for user in users if isinstance(user, dict)] if isinstance(users, list) else []
    names = {str(user.get("id")): _display_name(user) for user in named}
    for record in records:
        profile = record.get("user_profile")
        if isinstance(profile, dict) and record.get("user"):
            names.setdefault(str(record["user"]), _display_name(profile))
    return names


def _display_name(user: Mapping[str, Any]) -> str:
    profile = user.get("profile")
    sources = [user, profile] if isinstance(profile, dict) else [user]
    for key in ("real_name", "display_name", "name"):
        for source in sources:
            if source.get(key):
                return str(source[key])
    return str(user.get("id") or "?")


def _slack_sender(record: Mapping[str, Any], names: Mapping[str, str]) -> str:
    user = str(record.get("user") or "")
    return names.get(user) or str(record.get("username") or user or record.get("bot_id") or "?")


def _slack_text(text: str, names: Mapping[str, str]) -> str:
    """Without Slack's marks: `<@U1>` becomes `@Anna`, `<url|label>` becomes `label (url)`."""

    def readable(found: re.Match[str]) -> str:
        kind, target, label = found.groups()
        if kind:
            return ("#" if kind == "#" else "@") + (label or names.get(target, target))
        return f"{label} ({target})" if label else target

    return html.unescape(_SLACK_REFERENCE.sub(readable, text)).strip()


def _slack_files(record: Mapping[str, Any]) -> str:
    files = record.get("files")
    if not isinstance(files, list):
        return ""
    names = [str(file.get("name")) for file in files if isinstance(file, dict) and file.get("name")]
    return ", ".join(f"[{name}]" for name in names)


def _from_timestamp(value: Any) -> str:
    try:
        moment = datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return str(value or "")
    return moment.strftime("%Y-%m-%d %H:%M")


def _are_teams(records: list[Any]) -> bool:
    """True when every record has a sender and a body, as Teams or a simple export writes them."""
    return all(
        isinstance(record, dict)
        and ("from" in record or "sender" in record or "user" in record)
        and ("body" in record or "content" in record or "text" in record)
        and ("createdDateTime" in record or "time" in record or "messageType" in record)
        for record in records
    )


def _teams_sender(record: Mapping[str, Any]) -> str:
    sender = record.get("from") or record.get("sender") or record.get("user")
    while isinstance(sender, dict):
        sender = (
            sender.get("displayName")
            or sender.get("name")
            or sender.get("user")
            or sender.get("application")
        )
    return str(sender or "?")


def _teams_text(record: Mapping[str, Any]) -> str:
    body = record.get("body") or record.get("content") or record.get("text") or ""
    is_html = isinstance(body, dict) and body.get("contentType") == "html"
    text = str(body.get("content") or "") if isinstance(body, dict) else str(body)
    if not is_html and "</" not in text:
        return text.strip()
    return html.unescape(_TAG.sub("", _BREAK_TAG.sub("\n", text))).strip()


def _readable_time(value: str) -> str:
    """`2026-03-04T09:15:00Z` as `2026-03-04 09:15`; anything else as it is."""
    found = re.match(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})", value)
    return f"{found[1]} {found[2]}" if found else value
