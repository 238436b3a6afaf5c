"""A witness of the logs: what it saw last of each must be the beginning of what it is shown next.

It cosigns (C2SP tlog-cosignature) each checkpoint that continues the one before, and says so with both when one does
not: nobody can make two histories that both fit what it keeps.
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
from shared.translog.checkpoint import Checkpoint, open_checkpoint
from shared.translog.merkle import ProofError
from shared.translog.note import Note, NoteError, VerifierKey, parse_note

_NOT_FOUND: Final = 404

OTHER_ROOT: Final = "同一大小却是另一棵树 / another tree of the same size"
NOT_CONTINUED: Final = "较大的树不以较小的树开头 / the larger tree does not begin with the smaller one"
SHORTER: Final = "日志变短了，见过的条目没有了 / the log became shorter than it was seen"


class Shown(NamedTuple):
    """A checkpoint whose signature is the log's, and its note."""

    checkpoint: Checkpoint
    note: Note


class Rewritten(RuntimeError):  # noqa: N818 - what was found, and no fault of ours
    """Two checkpoints that the log signed cannot both be true. `evidence`: the file that has both."""

    def __init__(self, reason: str, one: Shown, other: Shown) -> None:
        self.origin, self.reason = one.checkpoint.origin, reason
        sizes = f"{one.checkpoint.size}, {other.checkpoint.size}"
        super().__init__(f"{self.origin}: 历史被改写 / history was rewritten: {reason} ({sizes})")
        self.one, self.other = one, other
        self.evidence: Path | None = None


class Unverified(RuntimeError):  # noqa: N818 - of the note, and no fault of ours
    """A checkpoint that is not signed by a key of its log; it says nothing about the log, and is not cosigned."""


@dataclass(frozen=True)
class Seen:
    """What became of a checkpoint: the log's first, larger than before, or nothing new. `keys`: accepted with it."""

    state: Literal["first", "grown", "known"]
    checkpoint: Checkpoint
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True)
class Witness:
    """Looks at checkpoints and keeps the last of each log.

    `keys`: the only keys that are believed; without them those of a log are taken from its service when it is first
    seen, and another one when a checkpoint by it continues what was seen (the service's key was changed).
    """

    folder: WitnessFolder
    keys: Sequence[VerifierKey] | None
    now: Callable[[], datetime]

    def look(self, data: bytes, reader: LogReader) -> Seen:
        """Hold a checkpoint against the one seen last, and keep and cosign it if it is larger.

        Raises Rewritten, after both are on disk as evidence; Unverified; ApiError where the service does not give what
        the proof needs.
        """
        with self.folder.locked():
            known = self._known_keys(origin_of(data))
            shown, keys = self._open(data, known, reader)
            origin = shown.checkpoint.origin
            kept = self.folder.seen(origin)
            try:
                if kept is not None:
                    self._check(Shown(Checkpoint.parse(kept.text), kept), shown, reader)
            except Rewritten as found:
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
        """The checkpoint, and the keys of which one signed it."""
        try:
            return Shown(open_checkpoint(data, known), parse_note(data)), known
        except NoteError as error:
            if self.keys is not None:
                raise Unverified(f"{origin_of(data)}: {error}") from error
        origin = origin_of(data)
        offered = [key for key in reader.verifier_keys() if key.name == origin]
        try:
            return Shown(open_checkpoint(data, offered), parse_note(data)), offered
        except NoteError as error:
            raise Unverified(f"{origin}: {error}") from error

    def _check(self, kept: Shown, shown: Shown, reader: LogReader) -> None:
        """Raise Rewritten unless the smaller of both is the beginning of the larger."""
        old, new = sorted((kept, shown), key=lambda one: one.checkpoint.size)
        if old.checkpoint.size == new.checkpoint.size:
            if old.checkpoint.root != new.checkpoint.root:
                raise Rewritten(OTHER_ROOT, kept, shown)
            return
        try:
            reader.check_continues(old.checkpoint, new.checkpoint)
        except ProofError as error:
            raise Rewritten(NOT_CONTINUED, kept, shown) from error
        except ApiError as error:
            if error.status == _NOT_FOUND:
                self._check_shorter(new, reader)
            raise

    def _check_shorter(self, seen: Shown, reader: LogReader) -> None:
        """Raise Rewritten if the log that is served ends before a checkpoint of it that was signed."""
        known = self._known_keys(seen.checkpoint.origin)
        served, _ = self._open(reader.checkpoint(), known, reader)
        if served.checkpoint.origin == seen.checkpoint.origin and served.checkpoint.size < seen.checkpoint.size:
            raise Rewritten(SHORTER, seen, served)

    def _keep_evidence(self, found: Rewritten, keys: Sequence[VerifierKey]) -> Path:
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
    """Which log a note says that it is of. Unverified if it is no checkpoint."""
    try:
        return Checkpoint.parse(parse_note(data).text).origin
    except NoteError as error:
        raise Unverified(f"不是检查点 / not a checkpoint: {error}") from error
