"""Places where backups are kept: a folder, or a bucket of S3-compatible storage."""

from pathlib import Path
from typing import Final, Protocol

from deploy.backup.bucket_store import BucketStore
from deploy.backup.sealed import missing
from shared.durable_files import replace_file
from shared.settings import load_bucket_settings

_BUCKET: Final = "s3://"


class BackupStore(Protocol):
    """Objects by name, such as `manifests/00000001`. Writing is atomic and durable."""

    def names(self, prefix: str) -> list[str]:
        """Return the names that begin with a prefix, which ends with a slash, sorted."""

    def write(self, name: str, content: bytes) -> None:
        """Create or replace an object."""

    def read(self, name: str) -> bytes:
        """Return an object. DamagedObjectError if it does not exist."""

    def delete(self, name: str) -> None:
        """Delete an object, if it exists."""


class FolderStore:
    """A folder whose files are the objects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, prefix: str) -> list[str]:
        found = (self._folder / prefix).rglob("*")
        return sorted(
            str(path.relative_to(self._folder)) for path in found if path.is_file() and path.suffix != ".part"
        )

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, content)

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            raise missing(name) from error

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


def open_store(place: str) -> BackupStore:
    """Return the store at a folder or at `s3://BUCKET/PREFIX`. SettingsError."""
    if not place.startswith(_BUCKET):
        return FolderStore(Path(place))
    bucket, _, prefix = place.removeprefix(_BUCKET).strip("/").partition("/")
    return BucketStore(load_bucket_settings(), bucket, prefix)
