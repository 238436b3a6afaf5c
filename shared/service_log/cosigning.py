"""Ask witnesses over HTTP to cosign checkpoints (C2SP tlog-witness), and store their cosignatures."""

from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import structlog
from sqlalchemy import Engine

from shared.postgres.database import snapshot
from shared.postgres.query import execute
from shared.service_log.store import SignedSize, cosignatures, stored_hashes
from shared.settings import WitnessAddress
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import consistency_proof, split_hashes
from shared.translog.note import NoteError, parse_note
from shared.translog.tiles import node_of
from shared.translog.witness_protocol import SIZE_TYPE, add_checkpoint, cosignature_in

_ANSWERS_WITHIN_S: Final = 5.0
_LONGEST_ANSWER_BYTES: Final = 64 * 1024

_ADD: Final = "INSERT INTO log_cosignature (checkpoint_id, vkey, line) VALUES (%(id)s, %(vkey)s, %(line)s)"

log = structlog.get_logger(__name__)


class NotCosignedError(Exception):
    """A witness did not cosign; the message is one line. `size` is what it reports to have cosigned last."""

    def __init__(self, message: str, size: int | None = None) -> None:
        super().__init__(message)
        self.size = size


class Cosigners:
    """The witnesses of one service's log. One that is unavailable or refuses delays nothing and is asked again."""

    def __init__(self, engine: Engine, witnesses: Sequence[WitnessAddress]) -> None:
        self._engine = engine
        self._witnesses = witnesses
        self._sizes: dict[tuple[str, str], int] = {}  # size that a witness cosigned last, by origin
        self._told: dict[str, str] = {}

    def ask(self, signed: SignedSize) -> str:
        """Return the checkpoint's note with all cosignatures given now or before."""
        if not self._witnesses:
            return signed.note
        with snapshot(self._engine) as connection:
            lines = cosignatures(connection, signed.id)
        for witness in self._witnesses:
            vkey = str(witness.key)
            if vkey in lines:
                continue
            try:
                lines[vkey] = self._cosigned(witness, signed)
            except NotCosignedError as error:
                if self._told.get(vkey) != str(error):
                    log.warning("witness did not cosign", witness=witness.key.name, reason=str(error))
                self._told[vkey] = str(error)
                continue
            self._told.pop(vkey, None)
            with self._engine.begin() as connection:
                execute(connection, _ADD, id=signed.id, vkey=vkey, line=lines[vkey])
        return signed.note + "".join(lines.values())

    def _cosigned(self, witness: WitnessAddress, signed: SignedSize) -> str:
        """Return the witness's signature line; ask again if it reports another size than expected."""
        place = (str(witness.key), Checkpoint.parse(parse_note(signed.note).text).origin)
        try:
            answer = self._ask(witness, signed, self._sizes.get(place, 0))
        except NotCosignedError as error:
            if error.size is None:
                raise
            if error.size > signed.size:
                said = f"它见过更长的日志 / it has seen a larger log: {error.size} > {signed.size}"
                raise NotCosignedError(said) from error
            answer = self._ask(witness, signed, error.size)
        try:
            line = cosignature_in(answer, signed.note, witness.key).line()
        except NoteError as error:
            raise NotCosignedError(f"应答中没有它的签名 / its answer lacks its signature: {error}") from error
        self._sizes[place] = signed.size
        return line

    def _ask(self, witness: WitnessAddress, signed: SignedSize, old: int) -> bytes:
        body = add_checkpoint(old, self._proof(old, signed.size), signed.note)
        url = f"{witness.url}/add-checkpoint"
        try:
            # The settings allow only http and https.
            with urlopen(Request(url, body, method="POST"), timeout=_ANSWERS_WITHIN_S) as answer:  # noqa: S310
                read: bytes = answer.read(_LONGEST_ANSWER_BYTES)
                return read
        except HTTPError as error:
            with error:
                raise _refusal(error) from error
        except (OSError, HTTPException) as error:
            raise NotCosignedError(f"无应答 / no answer: {type(error).__name__}") from error

    def _proof(self, old: int, size: int) -> list[bytes]:
        def read(level: int, first: int, count: int) -> list[bytes]:
            return split_hashes(stored_hashes(connection, level, first, count))

        with snapshot(self._engine) as connection:
            return consistency_proof(old, size, node_of(read))


def _refusal(error: HTTPError) -> NotCosignedError:
    said = error.read(_LONGEST_ANSWER_BYTES).decode(errors="replace").strip()[:200]
    if error.code == HTTPStatus.CONFLICT and error.headers.get_content_type() == SIZE_TYPE and said.isdecimal():
        return NotCosignedError(f"它签过的大小是 / it last cosigned size {said}", int(said))
    meaning = {
        HTTPStatus.NOT_FOUND: "它不认识这一日志 / it does not know the log",
        HTTPStatus.FORBIDDEN: "它不认识日志的公钥 / it does not know the log's key",
        HTTPStatus.CONFLICT: "它见过另一段历史 / it has seen a different history",
        HTTPStatus.UNPROCESSABLE_ENTITY: "它见过另一段历史 / it has seen a different history",
    }.get(HTTPStatus(error.code), "")
    return NotCosignedError(f"{error.code} {meaning}: {said}")
