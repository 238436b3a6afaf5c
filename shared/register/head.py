"""The head of a register: its generation, the next `seq`, and the settings under which it counts.

Whoever holds the head's row is the one writer: from there to the commit entries get their `seq`, without gaps, in
commit order.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from shared.operator_errors import OperatorError
from shared.postgres.database import change, fetch
from shared.values.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from shared.whitelist import Whitelist

_HEAD = b"SELECT register, generation, next_seq, settings_digest FROM register_head"
# A writer that was stopped in the middle must not hold the register for ever.
_LOCK = b"""
    SELECT register, generation, next_seq, settings_digest,
           set_config('transaction_timeout', '120s', true),
           set_config('idle_in_transaction_session_timeout', '30s', true)
    FROM register_head FOR UPDATE
"""


class SettingsDifferError(OperatorError):
    """The whitelist or cut dates of this worker are not those of the register's last `settings` entry."""


class WrongRegisterError(OperatorError):
    """The database belongs to another register than REGISTER says."""


class Head(NamedTuple):
    register: str
    generation: int
    next_seq: int
    settings_digest: str | None


class RegisterSettings(NamedTuple):
    """What changes how documents count: the whitelist and the dates at which totals are cut."""

    content: dict[str, Any]
    digest: str


def register_settings(exchanges: Whitelist, cut_dates: Sequence[date]) -> RegisterSettings:
    content = {**exchanges.canonical(), "cut_at": [day.isoformat() for day in sorted(set(cut_dates))]}
    return RegisterSettings(content, settings_digest(content))


def settings_digest(content: dict[str, Any]) -> str:
    """SHA-256, in hex, of settings in their canonical form."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def lock_head(connection: Connection) -> Head:
    """Become the register's one writer until the transaction ends."""
    ((register, generation, next_seq, settings_digest, *_),) = fetch(connection, _LOCK)
    return Head(register, generation, next_seq, settings_digest)


def read_head(connection: Connection) -> Head:
    """The head as this snapshot has it."""
    ((register, generation, next_seq, settings_digest),) = fetch(connection, _HEAD)
    return Head(register, generation, next_seq, settings_digest)


def check_settings(head: Head, settings: RegisterSettings) -> None:
    if head.settings_digest != settings.digest:
        raise SettingsDifferError(
            "the register counts under another whitelist or other cut dates than this worker's;"
            " start all workers with the same EXCHANGES_FILE and TOTALS_CUT_AT"
        )


def check_register(head: Head, register: str) -> None:
    if head.register != register:
        raise WrongRegisterError(f"the database holds register {head.register!r}, but REGISTER is {register!r}")


def advance_head(connection: Connection, next_seq: int) -> None:
    change(connection, b"UPDATE register_head SET next_seq = %(next_seq)s", {"next_seq": next_seq})


def record_settings(connection: Connection, head: Head, settings: RegisterSettings, now: datetime) -> None:
    """Enter a change of settings as the register's next entry."""
    connection.execute(
        text(
            "INSERT INTO settings_entry (seq, digest, content, recorded_at)"
            " VALUES (:seq, :digest, CAST(:content AS jsonb), :now)"
        ),
        {"seq": head.next_seq, "digest": settings.digest, "content": json.dumps(settings.content), "now": now},
    )
    connection.execute(
        text("UPDATE register_head SET next_seq = next_seq + 1, settings_digest = :digest"), {"digest": settings.digest}
    )


def raise_generation(connection: Connection, head: Head, published: int) -> Head:
    """Go on as the generation after this one and the greatest published: to readers it is newer than all before."""
    generation = max(head.generation, published) + 1
    connection.execute(text("UPDATE register_head SET generation = :generation"), {"generation": generation})
    return head._replace(generation=generation)
