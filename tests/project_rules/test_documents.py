"""Links, paths and languages of the documents; part of `make check`, which also builds the site."""

import re
from pathlib import Path

import pytest

from tests.support.documents import DOCS, DOCUMENTS, PAGES
from tests.support.paths import ROOT
from tests.support.procedures import blocks


def slug(heading: str) -> str:
    """Return the anchor of a heading."""
    text = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return text.replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+://", target):
            continue
        path, _, anchor = target.partition("#")
        linked = document.parent / path if path else document
        if "generated" in linked.parts:  # Sphinx checks these
            continue
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|yml|json|svg|md|sha256|ndjson))`", text)
    named += re.findall(r"`((?:services|shared|exchange_kit|deploy|devset|tests|docs)(?:/[a-z_-]+)+)/?`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_both_languages_have_the_same_pages() -> None:
    chinese = sorted(path.relative_to(DOCS / "zh") for path in DOCUMENTS if path.is_relative_to(DOCS / "zh"))
    assert chinese == PAGES


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_both_languages_have_the_same_code(page: Path) -> None:
    """The code blocks are equal except for comments of shell commands."""

    def code(language: str) -> list[tuple[str, ...]]:
        found = blocks(DOCS / language / page)
        return [(one.mark, one.language, re.sub(r"(?m)\s+# .*$", "", one.text)) for one in found]

    assert code("zh") == code("en")


def words(path: Path) -> int:
    return len(path.read_text("utf-8").split())


def test_pages_stay_short() -> None:
    """A page must be readable in one go: README links to the others, docs/architecture has one subject per page."""
    assert 200 <= words(ROOT / "README.md") <= 1050
    assert [path.name for path in (DOCS / "architecture").glob("*.md") if words(path) > 1500] == []


def test_decisions_are_numbered_without_gaps() -> None:
    records = sorted((DOCS / "decisions").glob("0*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    titles = [re.match(r"# (\d+)\. ", path.read_text("utf-8")) for path in records]
    assert [title and int(title[1]) for title in titles] == list(range(1, len(records) + 1))
