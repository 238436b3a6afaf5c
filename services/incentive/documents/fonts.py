"""The fonts of documents, Noto Serif SC and Noto Sans SC, and which characters they have."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst
from fontTools.ttLib import TTFont
from pylopdf_fonts_zh_cn import sans_path, serif_path

# Neither visible nor a space: controls, formats (bidirectional marks), private use, surrogates, unassigned.
_WITHOUT_SHAPE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_LAYOUT: Final = "\n"


@cache
def document_fonts() -> typst.Fonts:
    """Return the fonts of the package, and no others, so that a document looks the same on every machine."""
    folder = str(_files()[0].parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def printable(value: Any) -> Any:
    """Replace each character without a glyph in all texts of a JSON value by its code point, as 〔U+20BB7〕.

    PDF/A refuses a character that no font of the document has, and a rare character of a name must not prevent a
    document or vanish from it.
    """
    if isinstance(value, str):
        return value if _is_printable(value) else "".join(map(_visible, value))
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {name: printable(member) for name, member in value.items()}
    return value


def _is_printable(text: str) -> bool:
    return all(ord(character) in _covered() for character in text) and (text.isascii() or text.isprintable())


def _visible(character: str) -> str:
    if character in _LAYOUT:
        return character
    if ord(character) in _covered() and unicodedata.category(character) not in _WITHOUT_SHAPE:
        return character
    return f"〔U+{ord(character):04X}〕"


@cache
def _covered() -> frozenset[int]:
    """Return the code points that both fonts have, 30,000 of them."""
    return frozenset.intersection(*map(_code_points, _files()))


def _code_points(file: Path) -> frozenset[int]:
    with TTFont(file, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _files() -> tuple[Path, Path]:
    return serif_path(), sans_path()
