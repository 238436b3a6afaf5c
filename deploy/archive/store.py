"""The folder of an archive, on a disk or in object storage: Parquet files, and the manifest that says which count.

The manifest is written last. A file that it does not name belongs to a run that was interrupted, and the next run
removes it: every offset is in exactly one file, whether a reader asks the manifest or lists the folders.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq

from shared.operator_errors import OperatorError
from shared.settings import load_bucket_settings

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_BUCKET: Final = "s3://"
_READ_BYTES: Final = 1 << 20
_HELD_BYTES: Final = 32 << 20  # of rows that wait for their row group


class ArchivedFile(NamedTuple):
    """A file of the archive: its path below the folder, rows, and the SHA-256 of its bytes in hex."""

    path: str
    rows: int
    sha256: str


class ReadUpTo(NamedTuple):
    """How far a partition is archived; `topic_id` tells a topic from another of the same name."""

    topic_id: str
    next_offset: int


class Manifest(NamedTuple):
    """The contents of an archive.

    `topics`: by `<topic>/<partition>`; `ledger`: by table, the next number to be read; `files` as they were made.
    """

    topics: dict[str, ReadUpTo]
    ledger: dict[str, int]
    files: list[ArchivedFile]


class ArchiveStore:
    """An archive at a path, in a bucket of the settings (`s3://bucket/folder`), or at a URI that `pyarrow.fs` knows."""

    def __init__(self, to: str) -> None:
        try:
            self._files, self._root = _file_system(to)
            self._is_local = isinstance(self._files, pa_fs.LocalFileSystem)
            self._files.create_dir(self._root, recursive=True)
            self.manifest = self._read_manifest()
        except (pa.ArrowInvalid, OSError) as error:
            raise OperatorError(f"{to}: 不是存档位置 / not a place for an archive: {error}") from error
        self._remove_unnamed()

    def _read_manifest(self) -> Manifest:
        path = f"{self._root}/{MANIFEST}"
        if self._files.get_file_info(path).type == pa_fs.FileType.NotFound:
            return Manifest({}, {}, [])
        with self._files.open_input_stream(path) as source:
            content = json.loads(source.read())
        if content["version"] != VERSION:
            raise OperatorError(f"{path}: 版本不识 / of another version: {content['version']}")
        return Manifest(
            {name: ReadUpTo(**position) for name, position in content["topics"].items()},
            content["ledger"],
            [ArchivedFile(**file) for file in content["files"]],
        )

    def _remove_unnamed(self) -> None:
        """Remove the files of an interrupted run."""
        named = {file.path for file in self.manifest.files}
        for found in self._files.get_file_info(pa_fs.FileSelector(self._root, recursive=True)):
            path = found.path.removeprefix(f"{self._root}/")
            if found.type == pa_fs.FileType.File and path.endswith(".parquet") and path not in named:
                self._files.delete_file(found.path)

    def commit(self) -> None:
        """Write the manifest; what was added until now counts from here on."""
        content = {
            "version": VERSION,
            "topics": {name: position._asdict() for name, position in sorted(self.manifest.topics.items())},
            "ledger": self.manifest.ledger,
            "files": [file._asdict() for file in self.manifest.files],
        }
        # An object appears as a whole once its stream is closed; a file does by its renaming.
        path = f"{self._root}/{MANIFEST}"
        part = f"{path}.part" if self._is_local else path
        with self._files.open_output_stream(part) as target:
            target.write(json.dumps(content, indent=1).encode())
        if self._is_local:
            self._sync(part)
            self._files.move(part, path)
            self._sync(self._root)

    def parquet_writer(self, path: str, schema: pa.Schema) -> pq.ParquetWriter:
        self._files.create_dir(f"{self._root}/{path.rpartition('/')[0]}", recursive=True)
        return pq.ParquetWriter(f"{self._root}/{path}", schema, filesystem=self._files, compression="zstd")

    def add(self, path: str, rows: int) -> None:
        """Name a closed file in the manifest, which is not written yet."""
        self._sync(f"{self._root}/{path}")
        digest = hashlib.sha256()
        with self._files.open_input_stream(f"{self._root}/{path}") as source:
            for block in iter(lambda: source.read(_READ_BYTES), b""):
                digest.update(block)
        self.manifest.files.append(ArchivedFile(path, rows, digest.hexdigest()))

    def _sync(self, path: str) -> None:
        if self._is_local:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _file_system(to: str) -> tuple[pa_fs.FileSystem, str]:
    """Return the file system of a place and the path in it. SettingsError, OSError, ArrowInvalid."""
    if not to.startswith(_BUCKET):
        found: tuple[pa_fs.FileSystem, str] = pa_fs.FileSystem.from_uri(to if "://" in to else str(Path(to).absolute()))
        return found
    bucket = load_bucket_settings()
    scheme, _, address = bucket.endpoint.partition("://")
    files = pa_fs.S3FileSystem(
        access_key=bucket.access_key,
        secret_key=bucket.secret_key,
        region=bucket.region,
        scheme=scheme,
        endpoint_override=address,
    )
    return files, to.removeprefix(_BUCKET).strip("/")


class TableWriter:
    """Writes the rows of one range of numbers, each row into the file of its folder, and names the files at the end.

    `name` is the name of the range's files, with its first number and the one after its last.
    """

    def __init__(self, store: ArchiveStore, schema: pa.Schema, name: str) -> None:
        self._store, self._schema, self._name = store, schema, name
        self._held: dict[str, list[tuple[object, ...]]] = {}
        self._held_bytes = 0
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: Counter[str] = Counter()
        self._opened = ExitStack()

    def add(self, folder: str, row: tuple[object, ...], size_bytes: int) -> None:
        """Add a row, with the schema's columns in order, to a folder such as `records/exchange=x/month=2026-03`."""
        self._held.setdefault(folder, []).append(row)
        self._held_bytes += size_bytes
        if self._held_bytes > _HELD_BYTES:
            self._write_held()

    def _write_held(self) -> None:
        for folder, rows in self._held.items():
            columns = zip(self._schema, zip(*rows, strict=True), strict=True)
            arrays = [pa.array(values, field.type) for field, values in columns]
            self._writer(folder).write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._rows[folder] += len(rows)
        self._held, self._held_bytes = {}, 0

    def _writer(self, folder: str) -> pq.ParquetWriter:
        if folder not in self._writers:
            writer = self._store.parquet_writer(f"{folder}/{self._name}", self._schema)
            self._writers[folder] = self._opened.enter_context(writer)
        return self._writers[folder]

    def finish(self) -> None:
        """Close the files and name them in the manifest, which is not written yet."""
        self._write_held()
        self._opened.close()
        for folder, rows in sorted(self._rows.items()):
            self._store.add(f"{folder}/{self._name}", rows)


def spans(first: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """Divide `first` .. `end` - 1 into half-open spans of at most `most` numbers."""
    for begin in range(first, end, most):
        yield begin, min(begin + most, end)
