"""Receipts: each record of a file is in its register's log, worked out here and not taken from the register's word.

The register says at which `seq` it took a document's revision, and by which record. That makes the entry that the log
must have there; of it only what follows from the own bytes is believed, and the log's tree shows the rest.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from exchange_kit.api import ApiError
from exchange_kit.register import Refused, Register, value_key
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import Witness
from exchange_kit.validate import DUPLICATE, Judged, place_of
from shared.events.decode import FieldError, Kind
from shared.translog.checkpoint import Checkpoint, cosigned_at, open_checkpoint
from shared.translog.merkle import ProofError, leaf_hash
from shared.translog.note import COSIGNATURE_V1, Note, NoteError, VerifierKey, parse_note
from shared.values.canonical_json import canonical_json

# `duplicate`: the same content came before in the file, in other bytes; `other_record`: the register has that revision
# from a record with other bytes; `not_in_log`: the register says that it has the record, and its log has not.
Outcome = Literal["in_log", "duplicate", "other_record", "refused", "missing", "not_in_log"]
WELL: Final = frozenset({"in_log", "duplicate"})

_COVERED_WITHIN_S: Final = 30.0
_ASK_EVERY_S: Final = 0.5


class Receipt(msgspec.Struct, frozen=True):
    """What is known of one line. Whoever has `entry`, `proof` (base64 hashes) and the checkpoint can check it again."""

    line: int
    kind: Kind | None
    number: str | None
    revision: int | None
    outcome: Outcome
    index: int | None = None
    entry: dict[str, Any] | None = None
    proof: list[str] = []
    reason: str | None = None
    errors: list[FieldError] = []


@dataclass(frozen=True)
class Covering:
    """A checkpoint that covers what is asked for, its note, and who of those whom we know cosigned it."""

    checkpoint: Checkpoint
    note: str
    cosigners: tuple[str, ...]


class Search:
    """Where the registers say that an exchange's records are, and why they are not."""

    def __init__(self, registers: Mapping[Kind, Register]) -> None:
        self._registers = registers
        self._quarantine: dict[Kind, dict[bytes, Refused]] = {}

    def find(self, kind: Kind, judged: Judged) -> Receipt:
        """What the register says of a line, without proof."""
        verdict, record, document = judged
        value = None if record is None else record.value
        number = revision = entry = None
        if document is not None:
            revision, (_, number) = document.revision, place_of(document)
            entry = self._registers[kind].entries(number).get(revision)
            if entry is not None and entry["value_sha256"] == hashlib.sha256(value or b"").hexdigest():
                return Receipt(verdict.line, kind, number, revision, "in_log", entry["seq"], entry)
        refused = self._refused(kind).get(value_key(value))
        if refused is not None:
            reason, errors = refused.reason, refused.errors
            return Receipt(verdict.line, kind, number, revision, "refused", reason=reason, errors=errors)
        if entry is None:
            return Receipt(verdict.line, kind, number, revision, "missing")
        outcome: Outcome = "duplicate" if verdict.outcome == DUPLICATE else "other_record"
        return Receipt(verdict.line, kind, number, revision, outcome, entry["seq"], entry)

    def _refused(self, kind: Kind) -> dict[bytes, Refused]:
        """Asked for when something is not where it should be, and once."""
        if kind not in self._quarantine:
            self._quarantine[kind] = self._registers[kind].quarantine()
        return self._quarantine[kind]


def prove(found: Iterable[Receipt], reader: LogReader, checkpoint: Checkpoint) -> Iterator[Receipt]:
    """Each receipt with the proof that its entry is in the log, or as `not_in_log`; without an entry as it is."""
    for receipt in found:
        if receipt.entry is None:
            yield receipt
            continue
        try:
            path = reader.inclusion(leaf_hash(canonical_json(receipt.entry)), receipt.entry["seq"], checkpoint)
        except ProofError as error:
            yield msgspec.structs.replace(receipt, outcome="not_in_log", reason=str(error))
        else:
            yield msgspec.structs.replace(receipt, proof=[b64encode(one).decode() for one in path])


def covering(size: int, reader: LogReader, keys: Sequence[VerifierKey] | None, witness: Witness | None) -> Covering:
    """A checkpoint of at least `size` entries: the one that the witness has, if there is a witness, else a served one.

    The witness first looks at what is served. ApiError if there is none in time; Unverified, Rewritten, NoteError.
    """
    deadline = time.monotonic() + _COVERED_WITHIN_S
    while True:
        found = _checkpoint(reader, keys, witness)
        if found.checkpoint.size >= size:
            return found
        if time.monotonic() > deadline:
            said = f"检查点只有 {found.checkpoint.size} 条 / the checkpoint has only so many entries, of {size}"
            raise ApiError(f"{reader.api.name}: {said}", None)
        time.sleep(_ASK_EVERY_S)


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
