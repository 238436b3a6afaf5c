"""What a log and a witness say to each other (C2SP tlog-witness), without the way between them."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from shared.translog.checkpoint import cosigned_at
from shared.translog.note import NoteError, Signature, VerifierKey, parse_note

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE_TYPE = "text/x.tlog.size"  # of the answer that says what the witness cosigned last


def add_checkpoint(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body that asks for a cosignature of a signed checkpoint, with proof that it continues the tree of `old`."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def cosignature_in(answer: bytes, note: str, key: VerifierKey) -> Signature:
    """The witness's signature in its answer, verified; others are left out. Raises NoteError if it is not there."""
    signed = parse_note(note.encode() + answer)
    if cosigned_at(signed, key) is None:
        raise NoteError(f"no cosignature by {key.name}")
    return next(one for one in signed.signatures if (one.name, one.key_id) == (key.name, key.key_id))
