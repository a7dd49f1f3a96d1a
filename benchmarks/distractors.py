r"""Cut 50,000 distractor chunks out of Debian's documentation and embed them once.

    mkdir debs && cd debs && apt-get download gimp-help-de gimp-help-en libreoffice-help-de \
        manpages-de installation-guide-amd64 debian-handbook anarchism
    for d in *.deb; do dpkg-deb -x $d ../unpacked; done
    python benchmarks/distractors.py unpacked OUT

Writes OUT/chunks.jsonl (`text`, `language`, `origin`) and OUT/slices/*.npy (float16); an
interrupted run goes on where it stopped.
"""

import asyncio
import gzip
import html
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ORIGINS = [
    ("de", "gimp-help-de", "usr/share/gimp/2.0/help/de"),
    ("de", "libreoffice-help-de", "usr/share/libreoffice/help/de/text"),
    ("de", "debian-handbook", "usr/share/doc/debian-handbook/html/de-DE"),
    ("de", "installation-guide-amd64", "usr/share/doc/installation-guide-amd64/de"),
    ("de", "manpages-de", "usr/share/man/de"),
    ("en", "anarchism", "usr/share/doc/anarchism/html"),
    ("en", "gimp-help-en", "usr/share/gimp/2.0/help/en"),
    ("en", "debian-handbook", "usr/share/doc/debian-handbook/html/en-US"),
    ("en", "installation-guide-amd64", "usr/share/doc/installation-guide-amd64/en"),
]
BLOCK_END = re.compile(r"</?(?:p|div|dd|dt|li|h\d|td|tr|table|pre|section)\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^>]+>")
SLICE = 1_000
WANTED = 50_000
LONGEST = 500


def paragraphs(file: Path) -> Iterator[str]:
    """The running text of an HTML file or a manual page."""
    if file.suffix == ".gz":
        source = gzip.decompress(file.read_bytes()).decode("utf-8", "replace")
        source = re.sub(r"\\f[BIRP]|\\&|\\c", "", source).replace("\\-", "-")
        blocks = re.split(r"^\.(?!B|I|R)[^\n]*$", source, flags=re.MULTILINE)
        blocks = [re.sub(r"^\.[BIR]+ ", "", block, flags=re.MULTILINE) for block in blocks]
    else:
        source = file.read_text("utf-8", "replace")
        source = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", source)
        blocks = [html.unescape(TAG.sub("", block)) for block in BLOCK_END.split(source)]
    for block in blocks:
        yield " ".join(block.split())


def chunks_of(text: str) -> Iterator[str]:
    """Whole sentences, at most LONGEST characters together."""
    kept = ""
    for sentence in re.split(r"(?<=[.!?]) +", text):
        if kept and len(kept) + len(sentence) > LONGEST:
            yield kept
            kept = ""
        kept = f"{kept} {sentence}".strip()
    yield kept


def all_chunks(root: Path) -> dict[str, list[dict[str, str]]]:
    """Every chunk of 80 to 500 characters, each text once, by language."""
    seen: set[str] = set()
    found: dict[str, list[dict[str, str]]] = {"de": [], "en": []}
    for language, origin, folder in ORIGINS:
        for file in sorted((root / folder).rglob("*")):
            if not file.is_file() or file.suffix not in {".html", ".gz"}:
                continue
            for paragraph in paragraphs(file):
                for text in chunks_of(paragraph):
                    if 80 <= len(text) <= LONGEST and text not in seen:
                        seen.add(text)
                        found[language].append(
                            {"text": text, "language": language, "origin": origin}
                        )
    return found


def main(root: Path, out: Path) -> None:
    from fourfold.models.e5 import E5Embedder

    out.mkdir(parents=True, exist_ok=True)
    listing = out / "chunks.jsonl"
    if not listing.exists():
        found = all_chunks(root)
        rng = random.Random(7)
        for chunks in found.values():
            rng.shuffle(chunks)
        print({language: len(chunks) for language, chunks in found.items()})
        picked = found["de"][: WANTED // 2] + found["en"][: WANTED // 2]
        rng.shuffle(picked)
        listing.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in picked))
    texts = [json.loads(line)["text"] for line in listing.read_text().splitlines()]
    slices = out / "slices"
    slices.mkdir(exist_ok=True)
    model = E5Embedder(threads=1)
    for start in range(0, len(texts), SLICE):
        target = slices / f"{start:06d}.npy"
        if not target.exists():
            vectors = asyncio.run(model.embed_passages(texts[start : start + SLICE]))
            np.save(target.with_suffix(".tmp.npy"), vectors.astype(np.float16))
            target.with_suffix(".tmp.npy").rename(target)
            print(start + len(vectors), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
