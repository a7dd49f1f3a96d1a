"""E-mails with their attachments, and exports of chats."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fourfold.ingestion.base import Parsed

Parse = Callable[[bytes | str, str], Parsed]

MULTIPART = """From: =?utf-8?q?J=C3=BCrgen?= <j@firma.example>
To: Ben <ben@firma.example>
Subject: =?utf-8?b?UHJlaXNlIGbDvHIgTcOkcno=?=
Date: Wed, 4 Mar 2026 09:15:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: multipart/alternative; boundary="y"

--y
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Die Preise gelten ab M=E4rz.

> Ab wann gelten sie?
--y
Content-Type: text/html

<p>Die Preise gelten <b>bald</b>.</p>
--y--
--x
Content-Type: text/csv; name="preise.csv"
Content-Disposition: attachment; filename="../../preise.csv"

Teil;Preis
Akku;90
--x
Content-Type: image/png; name="logo.png"
Content-ID: <logo>
Content-Disposition: inline

ignored
--x
Content-Type: application/zip
Content-Disposition: attachment; filename="kaputt.zip"

PK\x03\x04broken
--x
Content-Type: message/rfc822

From: c@firma.example
To: d@firma.example
Subject: Anfrage

Was kostet der Akku?
--x--
"""


def test_a_mail_gives_headers_body_and_attachments(parse: Parse) -> None:
    parsed = parse(MULTIPART, "a.eml")
    mail = parsed.documents[0]
    assert [document.member for document in parsed.documents] == [
        "",
        "!/preise.csv",
        "!/Anfrage.eml",
    ]
    assert mail.title == "Preise für März"
    assert mail.metadata["from"] == "Jürgen <j@firma.example>"
    assert mail.metadata["date"] == "2026-03-04 09:15 +0100"
    assert [element.text for element in mail.elements[2:]] == [
        "Die Preise gelten ab März.",
        "> Ab wann gelten sie?",
    ]
    assert parsed.documents[1].text == "Teil: Akku; Preis: 90"
    assert [(failure.member, failure.cause) for failure in parsed.failures] == [
        ("!/kaputt.zip", "truncated")
    ]


def test_an_html_mail_is_read(parse: Parse) -> None:
    mail = "From: a@b.example\nSubject: Hi\nContent-Type: text/html\n\n<p>Grüße</p><p>Anna</p>"
    texts = [element.text for element in parse(mail, "a.eml").documents[0].elements]
    assert texts == ["Hi", "From: a@b.example", "Grüße", "Anna"]


@pytest.mark.parametrize(
    "line",
    [
        "Content-Type: multipart/mixed; boundary=",
        "Content-Type: text/plain; charset=no-such-charset",
        "Content-Transfer-Encoding: base64\nX: =?utf-8?b?!!?=",
        "Date: not a date\nTo: =?xx?q?a?=",
    ],
)
def test_a_malformed_mail_gives_what_can_be_read(parse: Parse, line: str) -> None:
    document = parse(f"From: a@b.example\nSubject: Hallo\n{line}\n\nText", "a.eml").documents[0]
    assert document.title == "Hallo"


@pytest.mark.parametrize(
    ("export", "time"),
    [
        (
            "12.03.26, 09:15 - Anna: Hallo\nzweite Zeile\n12.03.26, 09:16 - Ben: Ja\n",
            "12.03.26, 09:15",
        ),
        (
            "[12.03.26, 09:15:04] Anna: Hallo\nzweite Zeile\n[12.03.26, 09:16:00] Ben: Ja\n",
            "12.03.26, 09:15:04",
        ),
        (
            "3/12/26, 9:15 AM - Anna: Hallo\nzweite Zeile\n3/12/26, 9:16 AM - Ben: Ja\n",
            "3/12/26, 9:15 AM",
        ),
        (
            "\u200e[3/12/26, 9:15:04\u202fPM] Anna: Hallo\nzweite Zeile\n"
            "[3/12/26, 9:16:00\u202fPM] Ben: Ja\n",
            "3/12/26, 9:15:04 PM",
        ),
        (
            "2026-03-12, 09:15 - Anna: Hallo\nzweite Zeile\n2026-03-12, 09:16 - Ben: Ja\n",
            "2026-03-12, 09:15",
        ),
    ],
)
def test_whatsapp_of_each_system(parse: Parse, export: str, time: str) -> None:
    elements = parse(export, "chat.txt").documents[0].elements
    assert next((e.kind, e.text, e.place.line) for e in elements) == (
        "message",
        f"Anna ({time}): Hallo\nzweite Zeile",
        1,
    )
    assert elements[1].place.line == 3


def test_whatsapp_notices_and_left_out_pictures_are_skipped(parse: Parse) -> None:
    export = (
        "12.03.26, 09:15 - Nachrichten sind Ende-zu-Ende-verschlüsselt.\n"
        "12.03.26, 09:16 - Anna: <Medien ausgeschlossen>\n12.03.26, 09:17 - Ben: Um 10: Treffen\n"
    )
    elements = parse(export, "chat.txt").documents[0].elements
    assert [element.text for element in elements] == ["Ben (12.03.26, 09:17): Um 10: Treffen"]


def test_a_slack_export_names_people_and_threads(parse: Parse) -> None:
    export = [
        {"user": "U1", "ts": "1772611200.0", "text": "Fragen <@U2>?", "thread_ts": "1772611200.0",
         "user_profile": {"real_name": "Anna"}},
        {"user": "U2", "ts": "1772611260.0", "text": "Ja &amp; <http://x.example|hier>",
         "thread_ts": "1772611200.0", "user_profile": {"real_name": "Ben"}},
    ]  # fmt: skip
    elements = parse(json.dumps(export), "slack.json").documents[0].elements
    assert [(e.text, e.place.line) for e in elements] == [
        ("Anna (2026-03-04 08:00): Fragen @Ben?", 1),
        ("Ben (2026-03-04 08:01, reply to Anna): Ja & hier (http://x.example)", 2),
    ]


def test_a_teams_export_gives_messages(parse: Parse) -> None:
    export = {
        "value": [
            {
                "id": "1",
                "createdDateTime": "2026-03-04T09:15:00Z",
                "from": {"user": {"displayName": "Anna"}},
                "body": {"contentType": "html", "content": "<p>Guten <b>Tag</b></p>"},
            }
        ]
    }
    elements = parse(json.dumps(export), "teams.json").documents[0].elements
    assert [(e.kind, e.text) for e in elements] == [
        ("message", "Anna (2026-03-04 09:15): Guten Tag")
    ]


def test_members_of_an_archive_are_documents(parse: Parse, make: SimpleNamespace) -> None:
    inner = make.zipped({"b.txt": "Innen."})
    data = make.zipped({"a.txt": "Außen.", "in.zip": inner, "x.bin": b"\x00\x01\x02" * 99})
    parsed = parse(data, "a.zip")
    assert [d.member for d in parsed.documents] == ["!/a.txt", "!/in.zip!/b.txt"]
    assert [(f.member, f.cause) for f in parsed.failures] == [("!/x.bin", "unsupported")]


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("../../etc/passwd.txt", "!/etc/passwd.txt"),
        ("/abs/a.txt", "!/abs/a.txt"),
        ("C:\\temp\\a.txt", "!/temp/a.txt"),
        ("a!/b.txt", "!/a_/b.txt"),
        ("..", "!/member"),
    ],
)
def test_names_in_archives_cannot_lead_out(
    parse: Parse, make: SimpleNamespace, name: str, member: str
) -> None:
    assert parse(make.zipped({name: "Inhalt des Textes."}), "a.zip").documents[0].member == member
