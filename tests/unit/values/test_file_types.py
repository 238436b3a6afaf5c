"""The type of a file by its content."""

import io
import zipfile

import pytest

from shared.values import file_types
from shared.values.file_types import DOCX, JPEG, OFD, PDF, PNG, XLSX, FileType, file_type


def container(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "part")
    return made.getvalue()


WORD = container("[Content_Types].xml", "word/document.xml", "word/styles.xml")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n", PDF),
        (b"\xff\xd8\xff\xe0 jfif", JPEG),
        (b"\x89PNG\r\n\x1a\n rest", PNG),
        (container("OFD.xml", "Doc_0/Document.xml"), OFD),
        (WORD, DOCX),
        (container("[Content_Types].xml", "xl/workbook.xml"), XLSX),
        (b"", None),
        (b"%PD", None),
        (b"text %PDF-1.7", None),
        (b"<html>", None),
        (b"MZ\x90\x00", None),
        (container("invoice.exe"), None),
        (container("xl/workbook.xml"), None),
        (container("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), None),
        (WORD[:-30], None),
        (b"PK\x03\x04" + b"x" * 100, None),
        (b"PK\x03\x04" + b"x" * 40 + b"PK\x05\x06" + b"\x01" * 18, None),
    ],
)
def test_the_type_of_a_file_is_that_of_its_content(content: bytes, found: FileType | None):
    assert file_type(io.BytesIO(content)) == found


def test_a_container_with_a_huge_directory_is_not_opened(monkeypatch: pytest.MonkeyPatch):
    huge = container("[Content_Types].xml", "word/document.xml", *(f"{'n' * 200}{number}" for number in range(5000)))
    monkeypatch.setattr(file_types.zipfile, "ZipFile", None)
    assert file_type(io.BytesIO(huge)) is None


def test_a_comment_at_the_end_of_a_container_is_skipped():
    made = io.BytesIO(WORD)
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = b"c" * 60_000
    assert file_type(made) == DOCX
