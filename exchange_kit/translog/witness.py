"""A witness of the logs: each checkpoint must continue the one that it saw before.

It cosigns (C2SP tlog-cosignature) a checkpoint that does, and keeps both as evidence if one does not. So a log cannot
show two histories to the same witness.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, NamedTuple

from exchange_kit.api import ApiError
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness_folder import WitnessFolder
from shared.language import add_details
from shared.translog.checkpoint import Checkpoint, open_checkpoint
from shared.translog.merkle import ProofError
from shared.translog.note import Note, NoteError, VerifierKey, parse_note

_NOT_FOUND: Final = 404

OTHER_ROOT: Final = "大小相同但树根不同 / same size, different root"
NOT_CONTINUED: Final = "较大的树不是较小的树的延续 / the larger tree does not continue the smaller one"
SHORTER: Final = "日志变短，见过的条目消失了 / the log is shorter than before"


class Shown(NamedTuple):
    """A checkpoint with a valid signature of its log, and its note."""

    checkpoint: Checkpoint
    note: Note


class RewrittenError(RuntimeError):
    """The log signed two contradictory checkpoints. `evidence`: the file with both."""

    def __init__(self, reason: str, one: Shown, other: Shown) -> None:
        self.origin, self.reason = one.checkpoint.origin, reason
        sizes = f"{one.checkpoint.size}, {other.checkpoint.size}"
        message = add_details(f"{self.origin}: 历史被改写 / history was rewritten", reason)
        super().__init__(add_details(message, sizes))
        self.one, self.other = one, other
        self.evidence: Path | None = None


class UnverifiedError(RuntimeError):
    """The checkpoint is not signed by a trusted key of its log: it proves nothing and is not cosigned."""


@dataclass(frozen=True)
class Seen:
    """The result for a checkpoint: first of its log, grown, or known. `keys`: newly accepted keys."""

    state: Literal["first", "grown", "known"]
    checkpoint: Checkpoint
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True)
class Witness:
    """Checks checkpoints and keeps the last one of each log.

    `keys`: the only trusted keys. Without them, a log's keys are taken from its service when it is first seen, and a
    new key when a checkpoint signed with it continues the log (the service's key was rotated).
    """

    folder: WitnessFolder
    keys: Sequence[VerifierKey] | None
    now: Callable[[], datetime]

    def look(self, data: bytes, reader: LogReader) -> Seen:
        """Compare a checkpoint with the last one seen; cosign and keep it if it is larger.

        RewrittenError, once the evidence is on disk; UnverifiedError; ApiError if the proof cannot be fetched.
        """
        with self.folder.locked():
            known = self._known_keys(origin_of(data))
            shown, keys = self._open(data, known, reader)
            origin = shown.checkpoint.origin
            kept = self.folder.seen(origin)
            try:
                if kept is not None:
                    self._check(Shown(Checkpoint.parse(kept.text), kept), shown, reader)
            except RewrittenError as found:
                found.evidence = self._keep_evidence(found, keys)
                raise
            new_keys = tuple(key for key in keys if key not in known)
            if new_keys:
                self.folder.keep_keys(origin, (*known, *new_keys))
            before = -1 if kept is None else Checkpoint.parse(kept.text).size
            if before < shown.checkpoint.size:
                self.folder.keep(shown.note, int(self.now().timestamp()))
                return Seen("first" if kept is None else "grown", shown.checkpoint, new_keys)
            return Seen("known", shown.checkpoint, new_keys)

    def _known_keys(self, origin: str) -> tuple[VerifierKey, ...]:
        return self.folder.keys(origin) if self.keys is None else tuple(self.keys)

    def _open(
        self, data: bytes, known: Sequence[VerifierKey], reader: LogReader
    ) -> tuple[Shown, Sequence[VerifierKey]]:
        """Return the checkpoint and the keys of which one signed it."""
        try:
            return Shown(open_checkpoint(data, known), parse_note(data)), known
        except NoteError as error:
            if self.keys is not None:
                raise UnverifiedError(f"{origin_of(data)}: {error}") from error
        origin = origin_of(data)
        offered = [key for key in reader.verifier_keys() if key.name == origin]
        try:
            return Shown(open_checkpoint(data, offered), parse_note(data)), offered
        except NoteError as error:
            raise UnverifiedError(f"{origin}: {error}") from error

    def _check(self, kept: Shown, shown: Shown, reader: LogReader) -> None:
        """Raise RewrittenError unless the larger checkpoint continues the smaller."""
        old, new = sorted((kept, shown), key=lambda one: one.checkpoint.size)
        if old.checkpoint.size == new.checkpoint.size:
            if old.checkpoint.root != new.checkpoint.root:
                raise RewrittenError(OTHER_ROOT, kept, shown)
            return
        try:
            reader.check_continues(old.checkpoint, new.checkpoint)
        except ProofError as error:
            raise RewrittenError(NOT_CONTINUED, kept, shown) from error
        except ApiError as error:
            if error.status == _NOT_FOUND:
                self._check_shorter(new, reader)
            raise

    def _check_shorter(self, seen: Shown, reader: LogReader) -> None:
        """Raise RewrittenError if the served log is shorter than a checkpoint that it signed."""
        known = self._known_keys(seen.checkpoint.origin)
        served, _ = self._open(reader.checkpoint(), known, reader)
        if served.checkpoint.origin == seen.checkpoint.origin and served.checkpoint.size < seen.checkpoint.size:
            raise RewrittenError(SHORTER, seen, served)

    def _keep_evidence(self, found: RewrittenError, keys: Sequence[VerifierKey]) -> Path:
        notes = {"seen": str(found.one.note), "shown": str(found.other.note)}
        evidence = {
            "origin": found.origin,
            "reason": found.reason,
            "found_at": self.now().isoformat(),
            "keys": "".join(f"{key}\n" for key in keys),
            **notes,
        }
        digest = sha256("\n".join(str(one.checkpoint) for one in (found.one, found.other)).encode()).hexdigest()[:12]
        return self.folder.keep_evidence(found.origin, evidence, digest)


def origin_of(data: bytes) -> str:
    """Return the origin that a note claims. UnverifiedError if it is not a checkpoint."""
    try:
        return Checkpoint.parse(parse_note(data).text).origin
    except NoteError as error:
        raise UnverifiedError(f"不是检查点 / not a checkpoint: {error}") from error
