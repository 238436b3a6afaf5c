"""Checkpoints of a log (C2SP tlog-checkpoint) and cosignatures of witnesses over them.

A cosignature is of the Ed25519 kind (C2SP tlog-cosignature): eight bytes of POSIX seconds, then the signature.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.translog.merkle import HASH_BYTES
from shared.translog.note import COSIGNATURE_V1, Note, NoteError, Signature, VerifierKey, open_note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TOPIC = "logs.checkpoints.v1"  # newest checkpoints, keyed by origin

_TIME_BYTES = 8
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_FORM = re.compile(r"([^\n]+)\n([0-9]+)\n([A-Za-z0-9+/]{43}=)\n((?:[^\n]+\n)*)")


@dataclass(frozen=True)
class Checkpoint:
    """A log's origin, its number of entries and its root hash of 32 bytes. Extension lines are not kept."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Parse the text of a checkpoint; extension lines are ignored. NoteError."""
        found = _FORM.fullmatch(text)
        if found is None or not _SIZE.fullmatch(found[2]):
            raise NoteError("not a checkpoint: it needs an origin, a size and a root hash of 32 bytes, one a line")
        root = b64decode(found[3])
        if len(root) != HASH_BYTES or b64encode(root).decode() != found[3]:
            raise NoteError("the root hash of a checkpoint is 32 bytes")
        return cls(found[1], int(found[2]), root)


def open_checkpoint(data: bytes | str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Return the checkpoint of a note that one of these keys signed under the origin's name. NoteError."""
    note = open_note(data, keys)
    checkpoint = Checkpoint.parse(note.text)
    if all(signature.name != checkpoint.origin for signature in note.signatures):
        raise NoteError(f"the checkpoint of {checkpoint.origin} is not signed under that name")
    return checkpoint


def witness_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE_V1)


def cosign(note: Note, name: str, private: Ed25519PrivateKey, at_s: int) -> Note:
    """Add a witness's cosignature at `at_s` (POSIX seconds) to the note."""
    value = at_s.to_bytes(_TIME_BYTES, "big") + private.sign(_cosigned(note.text, at_s))
    signature = Signature(name, witness_key(name, private).key_id, value)
    return replace(note, signatures=(*note.signatures, signature))


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """Return when the witness with this key cosigned (POSIX seconds); None if it did not or it does not verify."""
    for signature in note.signatures:
        if (signature.name, signature.key_id) == (key.name, key.key_id):
            at_s = int.from_bytes(signature.value[:_TIME_BYTES], "big")
            bare = replace(signature, value=signature.value[_TIME_BYTES:])
            return at_s if key.signs(bare, _cosigned(note.text, at_s)) else None
    return None


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
