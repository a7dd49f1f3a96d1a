"""How the numbers of a workbook are shown: dates, per cent, amounts of money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from fourfold.ingestion.parsers.office import child, children
from fourfold.ingestion.parsers.xml import local_name

# Numbers of built-in formats: https://learn.microsoft.com/dotnet/api/documentformat.openxml.spreadsheet.numberingformat
_BUILT_IN = {9: "0%", 10: "0.00%", 20: "h:mm", 21: "h:mm:ss", 22: "d.m.yy h:mm", 45: "mm:ss"}
_BUILT_IN_DATES = frozenset({*range(14, 18), *range(27, 37), *range(50, 59)})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_CURRENCY = re.compile(r'\[\$([^\]-]+)(?:-[^\]]*)?\]|"\s*([€$£]|EUR|USD|CHF|GBP)\s*"|([€£])')
_MAX_SERIAL = 2_958_466  # the day after 31 December 9999


@dataclass(frozen=True, slots=True)
class CellFormats:
    """The formats of a workbook, by the number that a cell gives as its style."""

    codes: tuple[str, ...]
    since: datetime

    @classmethod
    def read(cls, styles: Element | None, workbook: Element) -> CellFormats:
        """From the parts `styles.xml` and `workbook.xml`."""
        properties = child(workbook, "workbookPr")
        is_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        since = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)
        return cls(codes=tuple(_codes(styles)), since=since)

    def text(self, raw: str, style: str) -> str:
        """A number as a person would write it; anything else as it is."""
        code = self.codes[int(style)] if style.isdecimal() and int(style) < len(self.codes) else ""
        try:
            number = float(raw)
        except ValueError:
            return raw
        bare = _QUOTED.sub("", code).lower()
        if re.search(r"[ymdhs]", bare) and 0 <= number < _MAX_SERIAL and "general" not in bare:
            return self._moment(number, bare)
        if "%" in bare:
            return f"{_plain(number * 100)} %"
        found = _CURRENCY.search(code)
        unit = next(filter(None, found.groups()), "").strip() if found else ""
        return f"{_plain(number)} {unit}".strip()

    def _moment(self, number: float, code: str) -> str:
        moment = self.since + timedelta(seconds=round(number * 86_400))
        has_date, has_time = re.search("[yd]", code), re.search("[hs]", code)
        if has_date and has_time:
            return moment.strftime("%Y-%m-%d %H:%M")
        if has_time:
            return moment.strftime("%H:%M:%S").removesuffix(":00")
        return moment.strftime("%Y-%m-%d")


def _codes(styles: Element | None) -> list[str]:
    own = {
        entry.get("numFmtId", ""): entry.get("formatCode", "")
        for entry in children(styles, "numFmts")
    }
    cells = children(styles, "cellXfs")
    ids = [e.get("numFmtId", "0") for e in cells if local_name(e.tag) == "xf"]
    return [own.get(id_) or _built_in(id_) for id_ in ids]


def _built_in(id_: str) -> str:
    number = int(id_) if id_.isdecimal() else 0
    return "d.m.yyyy" if number in _BUILT_IN_DATES else _BUILT_IN.get(number, "")


def _plain(number: float) -> str:
    """Without the noise of binary fractions: 0.3, not 0.30000000000000004."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.12g}"
