"""Files kept for the documents that acts name: stored once by SHA-256, in pieces, so that none need fit in memory."""

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import IO, Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.workflow import Actor
from shared.postgres.query import execute, execute_many, fetch, fetch_one, fetch_optional, fetch_values
from shared.values.file_types import file_type

KEPT_MOST_BYTES: Final = 20 << 20
_PIECE_BYTES: Final = 1 << 20

_KEEP: Final = """
    INSERT INTO kept_file (sha256, name, media_type, bytes, who, person, kept_at, uploaded_at)
    VALUES (%(sha256)s, %(name)s, %(media_type)s, %(bytes)s, %(who)s, %(person)s, %(kept_at)s, %(kept_at)s)
    ON CONFLICT DO NOTHING
"""
_UPLOADED_AGAIN: Final = "UPDATE kept_file SET uploaded_at = %(at)s WHERE sha256 = %(sha256)s AND uploaded_at < %(at)s"
_FILES_AT_ONCE: Final = 100


class KeptFile(NamedTuple):
    """A kept file: who uploaded it first, under which name, and when."""

    sha256: str
    name: str
    media_type: str
    bytes: int
    who: str
    person: str
    kept_at: datetime


class RemovedFile(NamedTuple):
    """A kept file that was removed."""

    sha256: str
    bytes: int


class FileTooLargeError(ValueError):
    """The file is larger than `KEPT_MOST_BYTES`."""


class FileTypeError(ValueError):
    """The file is empty, or its content is of no type that is kept."""


def sha256_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of a file in hex."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def keep_file(connection: Connection, file: IO[bytes], name: str, actor: Actor, now: datetime) -> KeptFile:
    """Keep a seekable file; return what is kept, which may be since an earlier upload.

    Raises FileTooLargeError or FileTypeError.
    """
    size = file.seek(0, 2)
    if size > KEPT_MOST_BYTES:
        raise FileTooLargeError
    found = file_type(file)
    if found is None:
        raise FileTypeError
    sha256 = sha256_of(file)
    row = KeptFile(sha256, name, found.media_type, size, actor.name, actor.identity, now)
    if execute(connection, _KEEP, **row._asdict()):
        statement = "INSERT INTO kept_file_piece VALUES (%(sha256)s, %(number)s, %(content)s)"
        pieces = enumerate(_read_pieces(file))
        execute_many(
            connection,
            statement,
            ({"sha256": sha256, "number": number, "content": content} for number, content in pieces),
        )
        return row
    execute(connection, _UPLOADED_AGAIN, sha256=sha256, at=now)
    kept = find_kept(connection, sha256)
    return row if kept is None else kept


def remove_unnamed_files(connection: Connection, before: datetime) -> list[RemovedFile]:
    """Remove files that no act names and that were uploaded last before an instant; so many at once."""
    statement = "SELECT sha256, bytes FROM remove_unnamed_files(%(before)s, %(most)s)"
    return fetch(connection, statement, RemovedFile, before=before, most=_FILES_AT_ONCE)


def _read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while content := file.read(_PIECE_BYTES):
        yield content


def find_kept(connection: Connection, sha256: str) -> KeptFile | None:
    statement = f"SELECT {', '.join(KeptFile._fields)} FROM kept_file WHERE sha256 = %(sha256)s"
    return fetch_one(connection, statement, KeptFile, sha256=sha256)


def kept_among(connection: Connection, digests: Collection[str]) -> frozenset[str]:
    """Return those of these SHA-256 whose files are kept."""
    statement = "SELECT sha256 FROM kept_file WHERE sha256 = ANY(%(digests)s)"
    return frozenset(fetch_values(connection, statement, str, digests=sorted(digests)))


def kept_pieces(connection: Connection, sha256: str) -> Iterator[bytes]:
    """Load a kept file piece by piece."""
    statement = "SELECT content FROM kept_file_piece WHERE sha256 = %(sha256)s AND number = %(number)s"
    number = 0
    while (content := fetch_optional(connection, statement, bytes, sha256=sha256, number=number)) is not None:
        yield content
        number += 1
