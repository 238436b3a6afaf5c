"""The manifest of a backup: everything that it consists of, with sizes, hashes and offsets.

A manifest names the objects of its own run and those of earlier runs that still belong to the backup, so that the
newest one is all that a restore needs. It is written last and is encrypted and authenticated like every other object:
a run that is interrupted leaves the previous backup as it was.
"""

from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from deploy.backup.sealed import BackupKey, DamagedObjectError
from deploy.backup.stores import BackupStore
from shared.operator_errors import OperatorError

_MANIFESTS: Final = "manifests/"
# The plain content of an object, which is held in memory.
PART_BYTES: Final = 16 << 20


class StoredPart(msgspec.Struct, frozen=True):
    """An object: its name, the size and the hash of what is stored, and the size of its content; in bytes."""

    name: str
    size: int
    sha256: str
    content_size: int


class TopicPart(msgspec.Struct, frozen=True):
    """Stored batches at the offsets first .. end - 1 of a partition. `unreadable`: damaged batches, left out."""

    part: StoredPart
    first: int
    end: int
    batches: int
    unreadable: tuple[tuple[int, int], ...] = ()


class PartitionCopy(msgspec.Struct, frozen=True):
    """The copy of a partition from offset `begin` on."""

    number: int
    begin: int
    parts: tuple[TopicPart, ...] = ()

    @property
    def end(self) -> int:
        """The offset after the last one that is in the backup."""
        return self.parts[-1].end if self.parts else self.begin


class TopicCopy(msgspec.Struct, frozen=True):
    """The copy of an exchange's topic."""

    name: str
    topic_id: str
    partitions: tuple[PartitionCopy, ...]


class BaseCopy(msgspec.Struct, frozen=True):
    """A base backup: a tar archive in parts. `start` and `end`: positions in the log, in bytes."""

    began: str
    finished: str
    timeline: int
    start: int
    end: int
    parts: tuple[StoredPart, ...]
    manifest: StoredPart


class LogSegment(msgspec.Struct, frozen=True):
    """A segment of PostgreSQL's write-ahead log."""

    part: StoredPart
    timeline: int
    number: int


class ServerCopy(msgspec.Struct, frozen=True):
    """The copy of a PostgreSQL server: base backups and the log since the oldest up to `until`, the oldest first."""

    system_id: str
    version: int
    segment_bytes: int
    slot: str
    bases: tuple[BaseCopy, ...]
    wal: tuple[LogSegment, ...]
    until: str


class LogCheckpoint(msgspec.Struct, frozen=True):
    """The newest checkpoint of a service's log at the time of a run."""

    service: str
    at: str
    size: int
    note: str


class SettingsFile(msgspec.Struct, frozen=True):
    """A file of settings, by its name."""

    name: str
    part: StoredPart


class BackupManifest(msgspec.Struct, frozen=True):
    """A whole backup. Instants are ISO 8601 in UTC."""

    number: int
    began: str
    finished: str
    server: ServerCopy
    topics: tuple[TopicCopy, ...]
    checkpoints: tuple[LogCheckpoint, ...]
    settings: tuple[SettingsFile, ...]

    def parts(self) -> list[StoredPart]:
        """Return all objects that the backup consists of, besides the manifest."""
        topics = [one.part for topic in self.topics for partition in topic.partitions for one in partition.parts]
        bases = [part for base in self.server.bases for part in (*base.parts, base.manifest)]
        return [*topics, *bases, *(one.part for one in self.server.wal), *(one.part for one in self.settings)]


_decode: Final = msgspec.json.Decoder(BackupManifest).decode


class Vault(NamedTuple):
    """A store of sealed objects, and its key."""

    store: BackupStore
    key: BackupKey

    def put(self, name: str, content: bytes) -> StoredPart:
        sealed = self.key.seal(name, content)
        self.store.write(name, sealed)
        return StoredPart(name, len(sealed), sha256(sealed).hexdigest(), len(content))

    def get(self, part: StoredPart) -> bytes:
        """Return the content of an object. DamagedObjectError if it is not exactly what was written."""
        sealed = self.store.read(part.name)
        if len(sealed) != part.size or sha256(sealed).hexdigest() != part.sha256:
            raise DamagedObjectError(f"{part.name}: 已损坏 / is damaged")
        return self.key.open(part.name, sealed)

    def manifests(self) -> list[str]:
        """Return the names of all manifests, the oldest first."""
        return self.store.names(_MANIFESTS)

    def newest(self) -> BackupManifest | None:
        """Return the newest manifest; None if there is no backup yet. DamagedObjectError, WrongBackupKeyError."""
        names = self.manifests()
        return self.manifest(names[-1]) if names else None

    def manifest(self, name: str | None = None) -> BackupManifest:
        """Return the manifest of that name, by default the newest. OperatorError if there is none."""
        if name is None:
            name = next(reversed(self.manifests()), None)
        if name is None:
            raise OperatorError("没有备份 / there is no backup")
        return _decode(self.key.open(name, self.store.read(name)))

    def publish(self, manifest: BackupManifest) -> str:
        """Write a manifest, which makes its run the newest backup; return its name."""
        name = f"{_MANIFESTS}{manifest.number:08}"
        self.put(name, msgspec.json.encode(manifest))
        return name


def next_run(previous: BackupManifest | None) -> int:
    """Return the number of the run that continues a backup."""
    return 1 if previous is None else previous.number + 1


def object_name(run: int, *path: object) -> str:
    """Return the name of an object of that run."""
    return "/".join((f"runs/{run:08}", *map(str, path)))
