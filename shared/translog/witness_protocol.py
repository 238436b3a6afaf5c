"""Messages between a log and a witness (C2SP tlog-witness), without the transport."""

from base64 import b64encode
from collections.abc import Sequence

from shared.translog.checkpoint import cosigned_at
from shared.translog.note import NoteError, Signature, VerifierKey, parse_note

SIZE_TYPE = "text/x.tlog.size"  # content type of the answer that reports the size cosigned last


def add_checkpoint(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Build the request for a cosignature, with the proof that the checkpoint continues the tree of size `old`."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def cosignature_in(answer: bytes, note: str, key: VerifierKey) -> Signature:
    """Return the witness's verified signature in its answer. NoteError if it is missing."""
    signed = parse_note(note.encode() + answer)
    if cosigned_at(signed, key) is None:
        raise NoteError(f"no cosignature by {key.name}")
    return next(one for one in signed.signatures if (one.name, one.key_id) == (key.name, key.key_id))
