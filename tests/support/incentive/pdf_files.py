"""Read PDFs as their readers do: text, fonts, attached files, pictures."""

from __future__ import annotations

import ctypes
import re

import pypdfium2
import pypdfium2.raw as c


def text_of(document: bytes) -> str:
    """Return the text of all pages, each run of spaces as one space."""
    with pypdfium2.PdfDocument(document) as opened:
        pages = [opened[number].get_textpage().get_text_bounded() for number in range(len(opened))]
    return re.sub(r"[\s ]+", " ", "\n".join(pages))


def page_count(document: bytes) -> int:
    with pypdfium2.PdfDocument(document) as opened:
        return len(opened)


def embedded_fonts(document: bytes) -> dict[str, bool]:
    """Return for each font of the text whether its file is in the document."""
    fonts = {}
    with pypdfium2.PdfDocument(document) as opened:
        for number in range(len(opened)):
            for item in opened[number].get_objects(filter=[c.FPDF_PAGEOBJ_TEXT]):
                font = c.FPDFTextObj_GetFont(item.raw)
                fonts[_font_name(font)] = bool(c.FPDFFont_GetIsEmbedded(font))
    return fonts


def attachments(document: bytes) -> dict[str, bytes]:
    with pypdfium2.PdfDocument(document) as opened:
        files = [opened.get_attachment(number) for number in range(opened.count_attachments())]
        return {file.get_name(): bytes(file.get_data()) for file in files}


def _font_name(font: c.FPDF_FONT) -> str:
    size = c.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(size)
    c.FPDFFont_GetBaseFontName(font, buffer, size)
    return buffer.value.decode().split("+")[-1]
