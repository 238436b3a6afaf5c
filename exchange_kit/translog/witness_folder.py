"""The folder of a witness: its key, and for each log the checkpoint that it cosigned last and the log's keys.

Other tools can read the files: notes with cosignatures, verifier keys one a line. Files are replaced atomically and
synced before their content is used.
"""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from shared.durable_files import replace_file
from shared.language import LocalizedError
from shared.translog.checkpoint import Checkpoint, cosign, cosigned_at, witness_key
from shared.translog.keyfile import KeyFileError, load_or_create_key
from shared.translog.note import Note, NoteError, VerifierKey, parse_note

DEFAULT_FOLDER: Final = Path("~/.local/state/jiangbu/witness")


class FolderError(LocalizedError):
    """The folder cannot be used."""


class WitnessFolder:
    """The folder of a witness, created at the first start, which may set the witness's name."""

    def __init__(self, folder: Path, name: str | None) -> None:
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._private = load_or_create_key(folder / "key")
            with self.locked():
                self.vkey = self._load_vkey(name)
        except (OSError, KeyFileError, NoteError) as error:
            raise FolderError(f"见证目录不可用：{error}", f"cannot use the witness folder: {error}") from error

    def _load_vkey(self, name: str | None) -> VerifierKey:
        path = self.folder / "vkey"
        if path.exists():
            kept = VerifierKey.parse(path.read_text("utf-8"))
            if kept != witness_key(name or kept.name, self._private):
                raise FolderError(f"{path}: 名称或密钥不同：{kept}", f"{path}: has another name or key: {kept}")
            return kept
        own_name = f"exchange-kit/{self._private.public_key().public_bytes_raw().hex()[:8]}"
        made = witness_key(name or own_name, self._private)
        self._write("vkey", f"{made}\n")
        return made

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder against other processes, from reading the last checkpoint to storing the new one."""
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def seen(self, origin: str) -> Note | None:
        """Return the last cosigned checkpoint of a log. FolderError if the file was changed."""
        path = self.folder / _file(origin, "checkpoint")
        if not path.exists():
            return None
        try:
            note = parse_note(path.read_bytes())
            if cosigned_at(note, self.vkey) is not None and Checkpoint.parse(note.text).origin == origin:
                return note
        except NoteError:
            pass
        raise FolderError(
            f"{path}: 不是本见证签署的检查点", f"{path}: not a checkpoint of {origin} that this witness cosigned"
        )

    def keep(self, note: Note, at_s: int) -> Note:
        """Cosign a checkpoint at `at_s` (POSIX seconds) and store it as the last one."""
        signed = cosign(note, self.vkey.name, self._private, at_s)
        self._write(_file(Checkpoint.parse(note.text).origin, "checkpoint"), str(signed))
        return signed

    def keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """Return the accepted keys of a log."""
        path = self.folder / _file(origin, "keys")
        return tuple(map(VerifierKey.parse, path.read_text("utf-8").splitlines())) if path.exists() else ()

    def keep_keys(self, origin: str, keys: Iterable[VerifierKey]) -> None:
        self._write(_file(origin, "keys"), "".join(f"{key}\n" for key in keys))

    def keep_evidence(self, origin: str, evidence: dict[str, str], digest: str) -> Path:
        """Write the evidence to a file named by its digest; returns its path."""
        content = msgspec.json.format(msgspec.json.encode(evidence), indent=2).decode()
        return self._write(_file(origin, f"alarm-{digest}.json"), content)

    def _write(self, name: str, content: str) -> Path:
        path = self.folder / name
        replace_file(path, content, mode=0o666)
        return path


def _file(origin: str, suffix: str) -> str:
    return f"{quote(origin, safe='')}.{suffix}"
