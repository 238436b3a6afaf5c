"""Texts that people read use the words of docs/glossary.md and none of those that its last column excludes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documents import DOCUMENTS
from tests.support.paths import ROOT

CODE = [
    path for room in ("services", "shared", "exchange_kit", "deploy", "devset") for path in (ROOT / room).rglob("*.py")
]
TEMPLATES = [*ROOT.glob("services/**/*.html"), *ROOT.glob("services/**/*.template.md")]
PAGES = [path for path in DOCUMENTS if path.name != "glossary.md"]
CHINESE = re.compile(r"[\u3400-\u9fff]")


def glossary() -> list[list[str]]:
    """Return the cells of each row: Chinese, English, in code, meaning, not."""
    rows = re.findall(r"^\|(?! 中文| ---)(.*)\|$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


AVOIDED = [word for row in glossary() for word in row[4].split(", ") if word]


def texts(path: Path) -> Iterator[str]:
    """Return the string literals that people read: no docstrings, addresses or names."""
    if path.suffix != ".py":
        yield path.read_text("utf-8")
        return
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = node.value
            if CHINESE.search(text) or (" " in text and not text.startswith(("/", "SELECT"))):
                yield text


def pattern(word: str) -> re.Pattern[str]:
    return re.compile(word if CHINESE.search(word) else rf"\b{word}\b", re.IGNORECASE)


def test_there_is_one_word_for_one_thing() -> None:
    assert {len(row) for row in glossary()} == {5}
    for column in (0, 1):
        terms = [term for row in glossary() for term in row[column].split(", ")]
        assert len(terms) == len(set(terms))


@pytest.mark.parametrize("word", AVOIDED)
def test_texts_do_not_use_a_word_that_the_glossary_avoids(word: str) -> None:
    found = pattern(word)
    assert [
        (str(path.relative_to(ROOT)), text[:60])
        for path in sorted([*CODE, *TEMPLATES, *PAGES])
        for text in texts(path)
        if found.search(text)
    ] == []
