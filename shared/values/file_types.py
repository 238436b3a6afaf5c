"""The type of a document file by its content, for the few types that offices exchange. Reads the given file alone.

The name and the declared type of an uploaded file prove nothing. A ZIP container is a document if its directory has the
parts that the standard of the type requires (ECMA-376 for DOCX and XLSX, GB/T 33190 for OFD), and no macros.
"""

import io
import struct
import zipfile
from typing import IO, Final, NamedTuple


class FileType(NamedTuple):
    """A type of file: its media type, and the endings of a name, the usual one first."""

    media_type: str
    endings: tuple[str, ...]


PDF: Final = FileType("application/pdf", (".pdf",))
JPEG: Final = FileType("image/jpeg", (".jpg", ".jpeg"))
PNG: Final = FileType("image/png", (".png",))
OFD: Final = FileType("application/ofd", (".ofd",))
DOCX: Final = FileType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
XLSX: Final = FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
FILE_TYPES: Final = {one.media_type: one for one in (PDF, JPEG, PNG, OFD, DOCX, XLSX)}

_MAGIC: Final = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
_ZIP_MAGIC: Final = b"PK\x03\x04"
_CONTAINERS: Final = (
    (frozenset({"OFD.xml"}), OFD),
    (frozenset({"[Content_Types].xml", "word/document.xml"}), DOCX),
    (frozenset({"[Content_Types].xml", "xl/workbook.xml"}), XLSX),
)
_MACROS: Final = "vbaProject.bin"
# The end of a ZIP file: signature, number of the disk, and 12 bytes further the size of the directory, then a comment.
_END_MAGIC: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_COMMENT_MOST_BYTES: Final = 65_535
# A directory of 1 MiB names thousands of parts; each costs several times its size in memory.
_DIRECTORY_MOST_BYTES: Final = 1 << 20


def file_type(file: IO[bytes]) -> FileType | None:
    """Return the type of a seekable file, or None if it is none of `FILE_TYPES`."""
    file.seek(0)
    head = file.read(8)
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    return _container_type(file) if head.startswith(_ZIP_MAGIC) else None


def _container_type(file: IO[bytes]) -> FileType | None:
    if not 0 < _directory_bytes(file) <= _DIRECTORY_MOST_BYTES:
        return None
    try:
        with zipfile.ZipFile(file) as container:
            names = set(container.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    if any(name.endswith(_MACROS) for name in names):
        return None
    return next((found for parts, found in _CONTAINERS if parts <= names), None)


def _directory_bytes(file: IO[bytes]) -> int:
    """Return the size of the ZIP directory that the end of the file states; 0 if there is no such end."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES - _COMMENT_MOST_BYTES))
    tail = file.read()
    place = tail.rfind(_END_MAGIC)
    if place < 0 or len(tail) - place < _END_BYTES:
        return 0
    found: int = struct.unpack_from("<I", tail, place + 12)[0]
    return found
