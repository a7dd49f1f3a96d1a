"""Old Word, Excel and PowerPoint files, RTF and EPUB, through the library xberg."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import NOWHERE, DocumentBuilder
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.parsers.markdown import add_markdown

_LOCKED = re.compile(r"password|encrypt|protected", re.IGNORECASE)


class LegacyParser:
    """The text with headings, lists and tables; pages and slides are not known."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Converted to Markdown first, then read as that."""
        try:
            markdown = asyncio.run(_markdown(content))
        except RuntimeError as error:  # the only kind that xberg raises
            is_locked = _LOCKED.search(str(error))
            raise unparsable("encrypted" if is_locked else "unreadable") from error
        add_markdown(markdown, into, at=NOWHERE)
        return ()


async def _markdown(content: Content) -> str:
    import xberg

    source = xberg.ExtractInput(kind="bytes", bytes=content.data, filename=content.name)
    config = xberg.ExtractionConfig(output_format="markdown", use_cache=False, disable_ocr=True)
    result = await xberg.extract(source, config)
    return "\n\n".join(document.content for document in result.results)
