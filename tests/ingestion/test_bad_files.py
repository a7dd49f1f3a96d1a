"""Broken, hostile and odd files: each gives a document or a cause in words."""

import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fourfold.ingestion.base import Limits, Parsed
from fourfold.ingestion.detect import detect

Parse = Callable[[bytes | str, str], Parsed]
Cause = Callable[..., str]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


@pytest.mark.parametrize("data", [b"", b"\n \r\n", b"\x00" * 100, b"\xef\xbb\xbf", b"---\n...\n"])
def test_empty_files_are_named(cause: Cause, data: bytes) -> None:
    assert cause(data, "a.txt") == "empty"


@pytest.mark.parametrize(
    "name", ["brief.docx", "folien.pptx", "tabelle.xlsx", "text.odt", "paket.zip"]
)
def test_truncated_archives_are_named(cause: Cause, make: SimpleNamespace, name: str) -> None:
    data = make.everything()[name]
    assert cause(data[: len(data) * 2 // 3], name) == "truncated"


def test_a_truncated_pdf_is_named(cause: Cause, make: SimpleNamespace) -> None:
    assert cause(make.everything()["seiten.pdf"][:60], "a.pdf") == "truncated"


def test_office_files_with_a_password_are_named(cause: Cause) -> None:
    assert cause(OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx") == "encrypted"


def test_an_encrypted_pdf_is_named(cause: Cause, make: SimpleNamespace) -> None:
    locked = make.everything()["seiten.pdf"].replace(
        b"/Root 1 0 R",
        b"/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O(%s)/U(%s)>>"
        % (b"o" * 32, b"u" * 32),
    )
    assert cause(locked, "a.pdf") == "encrypted"


def test_an_encrypted_member_is_named(parse: Parse, make: SimpleNamespace) -> None:
    data = bytearray(make.zipped({"a.txt": "geheim"}))
    data[6] |= 1  # the flag in the local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    assert [f.cause for f in parse(bytes(data), "a.zip").failures] == ["encrypted"]


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.docx"])
def test_a_bomb_is_refused(parse: Parse, cause: Cause, make: SimpleNamespace, name: str) -> None:
    huge = b" " * 30_000_000
    limits = Limits(unpacked_bytes=1_000_000)
    part = "a.txt" if name.endswith("zip") else "word/document.xml"
    data = make.zipped(
        {"[Content_Types].xml": "<x/>", part: huge} if "doc" in name else {part: huge}
    )
    if name == "bomb.docx":
        assert cause(data, name, limits) == "too_large"
        return
    from fourfold.ingestion.parse import parse_bytes

    assert [f.cause for f in parse_bytes(data, name, limits).failures] == ["too_large"]


def test_an_archive_that_lies_about_sizes_is_refused(make: SimpleNamespace) -> None:
    from fourfold.ingestion.base import Unparsable
    from fourfold.ingestion.unpack import Archive

    data = make.zipped({"a.txt": b"0" * 3_000_000})
    archive = Archive(data, Limits(unpacked_bytes=1_000_000))
    archive._zip.getinfo("a.txt").file_size = 10
    with pytest.raises(Unparsable):
        archive.read("a.txt")


def test_nested_archives_are_entered_only_so_deep(make: SimpleNamespace) -> None:
    from fourfold.ingestion.parse import parse_bytes

    data = make.zipped({"x.txt": "ganz innen"})
    for _ in range(6):
        data = make.zipped({"x.zip": data})
    parsed = parse_bytes(data, "x.zip", Limits(nesting=3))
    assert parsed.documents == ()
    assert [f.cause for f in parsed.failures] == ["nested_too_deep"]


def test_too_many_members_are_refused(cause: Cause, make: SimpleNamespace) -> None:
    data = make.zipped({f"{n}.txt": "x" for n in range(30)})
    assert cause(data, "a.zip", Limits(members=20)) == "too_large"


def test_a_hundred_thousand_nested_tags(parse: Parse, cause: Cause) -> None:
    deep = "<div>" * 100_000 + "Ganz innen steht ein Satz." + "</div>" * 100_000
    assert parse(f"<html>{deep}</html>", "a.html").documents[0].text == "Ganz innen steht ein Satz."
    xml = "<?xml version='1.0'?>" + "<a>" * 100_000 + "x" + "</a>" * 100_000
    assert cause(xml.encode(), "a.xml") == "nested_too_deep"
    assert cause(b"[" * 100_000 + b"]" * 100_000, "a.json") == "nested_too_deep"


def test_entities_do_not_blow_up(cause: Cause) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{levels}]><r>&l11;</r>'
    assert cause(bomb.encode(), "a.xml") == "unreadable"
    outside = (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'
    )
    assert cause(outside.encode(), "a.xml") == "unreadable"


def test_fifty_megabytes_on_one_line(parse: Parse) -> None:
    document = parse(b"wort " * 10_000_000, "a.txt").documents[0]
    assert len(document.text) == 49_999_999


def test_content_decides_against_the_extension(parse: Parse, make: SimpleNamespace) -> None:
    files = make.everything()
    assert parse(files["seiten.pdf"], "brief.docx").documents[0].media_type == "application/pdf"
    assert parse(files["brief.docx"], "a.pdf").documents[0].title == "Garantie"
    assert parse("Nur Text.", "a.pdf").documents[0].text == "Nur Text."


def test_nothing_invisible_stays_in_a_text(parse: Parse) -> None:
    text = (
        parse("Gar\x00an\u00adtie\u200b\ufeff\x07 u\u0308ber\r\nalles", "a.txt").documents[0].text
    )
    assert text == "Garantie über\nalles"
    assert parse('["a\\ud800b"]', "a.json").documents[0].text == "ab"


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"\x00\x00\x00\x20ftypheic", "HEIC"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"ID3\x04", "sound"),
        (b"MZ\x90\x00", "program"),
    ],
)
def test_foreign_formats_are_named(head: bytes, word: str) -> None:
    from fourfold.ingestion.base import Unparsable
    from fourfold.ingestion.parse import parse_bytes

    with pytest.raises(Unparsable, match=word) as caught:
        parse_bytes(head + bytes(range(256)) * 4, "a.bin", Limits())
    assert caught.value.cause == "unsupported"


def test_names_in_archives_keep_their_umlauts(parse: Parse, make: SimpleNamespace) -> None:
    assert parse(make.zipped({"ä ö.txt": "Umlaute."}), "a.zip").documents[0].member == "!/ä ö.txt"


@pytest.mark.parametrize("kind", ["", "application/vnd.oasis.opendocument.text"])
def test_telling_the_format_unpacks_next_to_nothing(make: SimpleNamespace, kind: str) -> None:
    bomb = make.zipped({"mimetype": kind.encode() + b" " * 60_000_000, "content.xml": "<a/>"})
    tracemalloc.start()
    try:
        detect(bomb, "a.odt")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
