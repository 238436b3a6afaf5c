"""The head of a register: its generation, the next `seq`, and the settings it counts by.

Holding the lock on the head's row makes a worker the register's one writer until it commits: entries are numbered
without gaps, in commit order.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from shared.events.fact_topics import AHEAD_HOURS
from shared.operator_errors import OperatorError
from shared.postgres.clock import check_clock
from shared.postgres.query import execute, fetch, fetch_optional
from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json
from shared.whitelist import Whitelist

_HEAD = "SELECT register, generation, next_seq, settings_digest FROM register_head"
# A stopped writer must not hold the register for ever.
_LOCK = """
    SELECT register, generation, next_seq, settings_digest,
           set_config('transaction_timeout', '120s', true),
           set_config('idle_in_transaction_session_timeout', '30s', true)
    FROM register_head FOR UPDATE
"""


class SettingsDifferError(OperatorError):
    """The worker's whitelist or cut dates differ from those of the register's last `settings` entry."""


class WrongRegisterError(OperatorError):
    """The database belongs to another register than REGISTER names."""


class Head(NamedTuple):
    register: str
    generation: int
    next_seq: int
    settings_digest: str | None


class RegisterSettings(NamedTuple):
    """The settings that decide how documents count: the whitelist, and the dates at which totals are cut."""

    content: Json
    digest: str


def register_settings(exchanges: Whitelist, cut_dates: Sequence[date]) -> RegisterSettings:
    """Return the settings of a register.

    By `ahead_hours` its facts name future-dated trades, by `refunds` the refunds of totals, by `void` the document that
    would be a first had it not been annulled or cancelled, by `products` the sums of exchanges by kind and industry.
    """
    content = {
        **exchanges.canonical(),
        "cut_at": [day.isoformat() for day in sorted(set(cut_dates))],
        "ahead_hours": AHEAD_HOURS,
        "refunds": True,
        "void": True,
        "products": True,
    }
    return RegisterSettings(content, settings_digest(content))


def settings_digest(content: Json) -> str:
    """Return the SHA-256, in hex, of settings in canonical form."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def lock_head(connection: Connection) -> Head:
    """Become the register's one writer until the transaction ends. Raises WrongClockError."""
    rows = fetch(connection, _LOCK, tuple[str, int, int, str | None, str, str])
    check_clock(connection)
    ((register, generation, next_seq, digest, *_),) = rows
    return Head(register, generation, next_seq, digest)


def read_head(connection: Connection) -> Head:
    (head,) = fetch(connection, _HEAD, Head)
    return head


def read_settings(connection: Connection, name: str) -> Any:
    """Return a field of the settings in force in this snapshot; None before the first settings entry."""
    statement = "SELECT content -> %(name)s FROM settings_entry ORDER BY seq DESC LIMIT 1"
    return fetch_optional(connection, statement, object, name=name)


def whitelist_periods(condition: str) -> str:
    """Return the SQL of (exchange, from_at, until_at) by the newest settings entry that meets the condition."""
    day = "CAST(e ->> '{}' AS timestamp) AT TIME ZONE INTERVAL '8 hours'"  # in Shanghai
    return f"""
        SELECT e ->> 'id' AS exchange, coalesce({day.format("from")}, '-infinity') AS from_at,
               coalesce({day.format("until")}, 'infinity') AS until_at
        FROM (SELECT content FROM settings_entry WHERE {condition} ORDER BY seq DESC LIMIT 1) s,
             jsonb_array_elements(s.content -> 'exchanges') e
    """


def check_settings(head: Head, settings: RegisterSettings) -> None:
    if head.settings_digest != settings.digest:
        raise SettingsDifferError(
            "登记簿按另一份名录或截止日期计数；请用同一 EXCHANGES_FILE 和 TOTALS_CUT_AT 启动全部进程 /"
            " the register counts by another whitelist or other cut dates than this worker's;"
            " start all workers with the same EXCHANGES_FILE and TOTALS_CUT_AT"
        )


def check_register(head: Head, register: str) -> None:
    if head.register != register:
        raise WrongRegisterError(
            f"数据库属于登记簿 {head.register!r}，而 REGISTER 为 {register!r} /"
            f" the database holds register {head.register!r}, but REGISTER is {register!r}"
        )


def advance_head(connection: Connection, next_seq: int) -> None:
    execute(connection, "UPDATE register_head SET next_seq = %(next_seq)s", next_seq=next_seq)


def record_settings(connection: Connection, head: Head, settings: RegisterSettings, now: datetime) -> None:
    execute(
        connection,
        "INSERT INTO settings_entry (seq, digest, content, recorded_at)"
        " VALUES (%(seq)s, %(digest)s, CAST(%(content)s AS jsonb), %(now)s)",
        seq=head.next_seq,
        digest=settings.digest,
        content=json.dumps(settings.content),
        now=now,
    )
    execute(
        connection,
        "UPDATE register_head SET next_seq = next_seq + 1, settings_digest = %(digest)s",
        digest=settings.digest,
    )


def raise_generation(connection: Connection, head: Head, published: int) -> Head:
    """Start the generation after this one and the highest published one, so that readers take it as newer."""
    generation = max(head.generation, published) + 1
    execute(connection, "UPDATE register_head SET generation = %(generation)s", generation=generation)
    return head._replace(generation=generation)
