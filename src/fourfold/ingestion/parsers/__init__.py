"""Parsers by the name of the format that `fourfold.ingestion.detect` tells."""

from fourfold.core.registry import Registry
from fourfold.ingestion.base import Parser

_HERE = "fourfold.ingestion.parsers"

PARSERS: Registry[Parser] = Registry(
    "parser",
    group="fourfold.parsers",
    builtin={
        "pdf": f"{_HERE}.pdf:PdfParser",
        "docx": f"{_HERE}.docx:DocxParser",
        "pptx": f"{_HERE}.pptx:PptxParser",
        "xlsx": f"{_HERE}.xlsx:XlsxParser",
        "odt": f"{_HERE}.odt:OdtParser",
        "zip": f"{_HERE}.zip:ZipParser",
        "eml": f"{_HERE}.eml:EmlParser",
        "msg": f"{_HERE}.msg:MsgParser",
        "html": f"{_HERE}.html:HtmlParser",
        "xml": f"{_HERE}.xml:XmlParser",
        "markdown": f"{_HERE}.markdown:MarkdownParser",
        "csv": f"{_HERE}.csv:CsvParser",
        "json": f"{_HERE}.json:JsonParser",
        "jsonl": f"{_HERE}.json:JsonLinesParser",
        "whatsapp": f"{_HERE}.whatsapp:WhatsAppParser",
        "text": f"{_HERE}.text:TextParser",
        "image": f"{_HERE}.image:ImageParser",
        "doc": f"{_HERE}.legacy:LegacyParser",
        "xls": f"{_HERE}.legacy:LegacyParser",
        "ppt": f"{_HERE}.legacy:LegacyParser",
        "rtf": f"{_HERE}.legacy:LegacyParser",
        "epub": f"{_HERE}.legacy:LegacyParser",
    },
    extras={"image": "ocr"},
)
