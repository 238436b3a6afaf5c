"""Receipts: proofs that each record of a file is in its register's log, computed here instead of trusting the register.

The register answers the `seq` and record of a document's revision, which determine the log entry. Only what follows
from the file's own bytes is trusted; the log's tree proves the rest.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from exchange_kit.api import ApiError
from exchange_kit.register import RegisterReader
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import Witness
from shared.events.decode import FieldError, Kind
from shared.events.validate import DUPLICATE, Judged, place_of
from shared.translog.checkpoint import Checkpoint, cosigned_at, open_checkpoint
from shared.translog.merkle import ProofError, leaf_hash
from shared.translog.note import COSIGNATURE_V1, Note, NoteError, VerifierKey, parse_note
from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json

# `duplicate`: an earlier line has the same content in other bytes; `other_record`: the register has the revision from a
# record with other bytes; `not_in_log`: the register claims to have the record, but its log does not.
Outcome = Literal["in_log", "duplicate", "other_record", "refused", "missing", "not_in_log"]
WELL: Final = frozenset({"in_log", "duplicate"})

# The fields of a log entry that a document's `revisions` have; the others follow from the document.
_ENTRY: Final = (
    "seq",
    "revision",
    "topic",
    "partition",
    "offset",
    "value_sha256",
    "content_mode",
    "headers_sha256",
)
_COVER_TIMEOUT_S: Final = 30.0
_POLL_S: Final = 0.5


class Receipt(msgspec.Struct, frozen=True):
    """The receipt of one line; `entry`, `proof` (base64 hashes) and the checkpoint suffice to verify it."""

    line: int
    kind: Kind | None
    number: str | None
    revision: int | None
    outcome: Outcome
    index: int | None = None
    entry: Json | None = None
    proof: list[str] = []
    reason: str | None = None
    errors: list[FieldError] = []


class Covering(NamedTuple):
    """A checkpoint that covers the entries, its note, and the known witnesses that cosigned it."""

    checkpoint: Checkpoint
    note: str
    cosigners: tuple[str, ...]


def find(register: RegisterReader, judged: Judged) -> Receipt:
    """Return what the register answers for a line, without proof."""
    verdict, record, document = judged
    value = None if record is None else record.value
    receipt, entry = Receipt(verdict.line, register.kind, None, None, "missing"), None
    if document is not None:
        _, number = place_of(document)
        receipt = replace(receipt, number=number, revision=document.revision)
        entry = _entry(register, number, document.revision)
    if entry is not None and entry["value_sha256"] == hashlib.sha256(value or b"").hexdigest():
        return replace(receipt, outcome="in_log", index=entry["seq"], entry=entry)
    refused = register.refusal(value)
    if refused is not None:
        return replace(receipt, outcome="refused", reason=refused.reason, errors=refused.errors)
    if entry is None:
        return receipt
    outcome: Outcome = "duplicate" if verdict.outcome == DUPLICATE else "other_record"
    return replace(receipt, outcome=outcome, index=entry["seq"], entry=entry)


def _entry(register: RegisterReader, number: str, revision: int) -> Json | None:
    """Return the log entry of a document's revision."""
    item = register.find(number) or {"revisions": []}
    found = next((one for one in item["revisions"] if one["revision"] == revision), None)
    document = {"kind": register.kind, "exchange": register.exchange, "number": number}
    return None if found is None else document | {name: found[name] for name in _ENTRY}


def prove(found: Iterable[Receipt], reader: LogReader, checkpoint: Checkpoint) -> Iterator[Receipt]:
    """Add the proof of its entry to each receipt, or change it to `not_in_log`; receipts without an entry stay."""
    for receipt in found:
        if receipt.entry is None:
            yield receipt
            continue
        try:
            path = reader.inclusion(leaf_hash(canonical_json(receipt.entry)), receipt.entry["seq"], checkpoint)
        except ProofError as error:
            yield replace(receipt, outcome="not_in_log", reason=str(error))
        else:
            yield replace(receipt, proof=[b64encode(one).decode() for one in path])


def covering(size: int, reader: LogReader, keys: Sequence[VerifierKey] | None, witness: Witness | None) -> Covering:
    """Return a checkpoint of at least `size` entries: the witness's if there is one, else the served one.

    The witness first checks what is served. ApiError on timeout; UnverifiedError, RewrittenError, NoteError.
    """
    deadline = time.monotonic() + _COVER_TIMEOUT_S
    while True:
        found = _checkpoint(reader, keys, witness)
        if found.checkpoint.size >= size:
            return found
        if time.monotonic() > deadline:
            name, have = reader.api.name, found.checkpoint.size
            raise ApiError(
                f"{name}: 检查点只有 {have} 条，需要 {size} 条",
                f"{name}: the checkpoint has {have} entries, {size} are needed",
            )
        time.sleep(_POLL_S)


def _checkpoint(reader: LogReader, keys: Sequence[VerifierKey] | None, witness: Witness | None) -> Covering:
    data = reader.checkpoint()
    if witness is None:
        checkpoint = open_checkpoint(data, reader.verifier_keys() if keys is None else keys)
        return Covering(checkpoint, data.decode(), _cosigners(parse_note(data), keys or ()))
    kept = witness.folder.seen(witness.look(data, reader).checkpoint.origin)
    if kept is None:
        raise NoteError("the witness's folder was emptied")
    return Covering(Checkpoint.parse(kept.text), str(kept), _cosigners(kept, (witness.folder.vkey, *(keys or ()))))


def _cosigners(note: Note, keys: Iterable[VerifierKey]) -> tuple[str, ...]:
    return tuple(key.name for key in keys if key.kind == COSIGNATURE_V1 and cosigned_at(note, key) is not None)
