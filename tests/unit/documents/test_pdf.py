"""PDFs: fonts that are embedded, text that is data, rare characters, and the same bytes twice."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import typst

from services.incentive.documents import pdf
from services.incentive.documents.fonts import printable
from tests.support.incentive.pdf_files import attachments, embedded_fonts, text_of

if TYPE_CHECKING:
    from pathlib import Path

MADE = datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)
TEMPLATE = """#import "official-1.typ": *
#show: official.with(data.title)
#heading-line(data.title)

#data.name 核定 #money(data.sum) 元
"""


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(pdf.TEMPLATES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "sample-1.typ").write_text(TEMPLATE, "utf-8")
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path)


def rendered(**changes: str) -> bytes:
    data = {"title": "样例", "name": "昆明虚构数据有限公司", "sum": "1234567.80", **changes}
    return pdf.render_pdf("sample/1", data, MADE)


@pytest.mark.usefixtures("templates")
def test_text_can_be_read_and_every_font_is_embedded() -> None:
    document = rendered()
    assert "昆明虚构数据有限公司 核定 1,234,567.80 元" in text_of(document)
    assert embedded_fonts(document) == {"NotoSerifSC-Regular": True, "NotoSansSC-Regular": True}


@pytest.mark.usefixtures("templates")
def test_the_same_data_gives_the_same_bytes() -> None:
    assert rendered() == rendered()
    assert rendered(sum="1234567.81") != rendered()


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize("name", ['#panic("x")', "*甲* $x$ _乙_ \\ `丙` #import", "<script>", '"] + [', "// 注"])
def test_markup_in_data_is_text(name: str) -> None:
    assert f"{name} 核定" in text_of(rendered(name=name))


@pytest.mark.usefixtures("templates")
def test_a_rare_character_is_shown_by_its_code_point() -> None:
    assert "〔U+20BB7〕野家" in text_of(rendered(name="\U00020bb7野家"))


@pytest.mark.usefixtures("templates")
def test_without_the_replacement_the_library_refuses_a_rare_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "printable", lambda value: value)
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        rendered(name="\U00020bb7野家")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("昆明市\u3000五华区", "昆明市\u3000五华区"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("a\u202eb", "a〔U+202E〕b"),
        ("\x00\ue000", "〔U+0000〕〔U+E000〕"),
    ],
)
def test_what_is_printable_stays_and_the_rest_is_named(text: str, expected: str) -> None:
    assert printable({"a": [text, 1, None]}) == {"a": [expected, 1, None]}


@pytest.mark.usefixtures("templates")
def test_a_document_carries_what_it_was_rendered_from() -> None:
    data = {"title": "样例", "name": "甲", "sum": "0.00"}
    attached = pdf.Attachment("statement.json", "application/json", '{"number": "一"}')
    for tagged in (True, False):
        document = pdf.render_pdf("sample/1", data, MADE, attached, tagged=tagged)
        assert attachments(document) == {"statement.json": '{"number": "一"}'.encode()}


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0.00", "0.00"), ("999.99", "999.99"), ("1000.00", "1,000.00"), ("-25000.10", "-25,000.10"),
     ("123456789012.34", "123,456,789,012.34")],
)  # fmt: skip
def test_money_is_grouped_and_never_rounded(amount: str, shown: str) -> None:
    assert f"核定 {shown} 元" in text_of(rendered(sum=amount))
