"""The ledger's log: its entries are the transactions in canonical form (RFC 8785), which the API and pages show.

This is a hot path: structs have their fields in canonical order, because sorting them again took half the time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from services.incentive.domain.postings import SETTINGS
from services.incentive.store.ledger import next_seq
from shared.postgres.query import fetch
from shared.service_log.store import LogHead, ServiceLog
from shared.values.money import format_yuan
from shared.values.times import format_time


class _Fact(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    fact: str
    generation: int
    seq: int


class _Cause(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    facts: list[_Fact]
    text: str


class _Decision(msgspec.Struct, gc=False):
    id: str
    sha256: str


class _Entry(msgspec.Struct, gc=False):
    account: str
    credit: str
    debit: str


class _Policy(msgspec.Struct, gc=False):
    id: str
    revision: int


class _SettledPolicy(msgspec.Struct, gc=False):
    id: str
    revision: int
    sha256: str


class _SettledWhitelist(msgspec.Struct, gc=False):
    sha256: str


class _Settings(msgspec.Struct, gc=False):
    policy: _SettledPolicy
    registers: list[str] | None
    whitelist: _SettledWhitelist


class _Transaction(msgspec.Struct, gc=False):
    amount: str
    article: str | None
    award_id: str | None
    cause: _Cause
    decision: _Decision | None
    entries: list[_Entry]
    kind: str
    policy: _Policy
    posted_at: str
    seq: int
    settings: _Settings | msgspec.UnsetType


_TRANSACTIONS = """
    SELECT seq, posted_at, kind, award_id, amount_fen, policy_id, policy_revision, article, CAST(cause AS text),
           decision_id, decision_sha256
    FROM ledger_transaction WHERE {} ORDER BY seq
"""
_ENTRIES = "SELECT seq, account, debit_fen, credit_fen FROM ledger_entry WHERE {} ORDER BY seq, line"
_SETTINGS = """
    SELECT from_seq, recorded_at, policy_id, policy_revision, policy_digest, registers, whitelist_digest
    FROM ledger_settings WHERE from_seq = ANY(%(seqs)s)
"""
_encode = msgspec.json.Encoder().encode
_decode_cause = msgspec.json.Decoder(_Cause).decode


def ledger_log(private: Ed25519PrivateKey, log_origin: str) -> ServiceLog:
    """The log of the ledger, which has one for all times."""
    origin = f"{log_origin}/ledger"
    return ServiceLog(private, lambda connection: LogHead(origin, next_seq(connection)), stored_transactions)


def stored_transactions(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
    """The log entries of transactions `first` .. `until` - 1, each with its `seq`."""
    return _log_entries(connection, "seq >= %(first)s AND seq < %(until)s", first=first, until=until)


def transactions_of(connection: Connection, seqs: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """The log entries of the transactions of these numbers, in order, each with its `seq`."""
    return _log_entries(connection, "seq = ANY(%(seqs)s)", seqs=list(seqs))


def _log_entries(connection: Connection, which: str, **parameters: object) -> Iterator[tuple[int, bytes]]:
    yuan, time = cache(format_yuan), cache(format_time)  # amounts and times of a batch are often equal
    entries: dict[int, list[_Entry]] = {}
    lines = fetch(connection, _ENTRIES.format(which), tuple[int, str, int, int], **parameters)
    for seq, account, debit_fen, credit_fen in lines:
        entries.setdefault(seq, []).append(_Entry(account, yuan(credit_fen), yuan(debit_fen)))
    rows = fetch(
        connection,
        _TRANSACTIONS.format(which),
        tuple[int, datetime, str, str | None, int, str, int, str | None, str, str | None, str | None],
        **parameters,
    )
    settings = _settings_of(connection, [row[0] for row in rows if row[2] == SETTINGS])
    for seq, posted_at, kind, award_id, amount_fen, policy_id, revision, article, cause, decision, digest in rows:
        transaction = _Transaction(
            yuan(amount_fen),
            article,
            award_id,
            _decode_cause(cause),
            None if decision is None or digest is None else _Decision(decision, digest),
            entries.get(seq, []),
            kind,
            _Policy(policy_id, revision),
            time(posted_at),
            seq,
            settings.get((seq, posted_at), msgspec.UNSET),
        )
        yield seq, _encode(transaction)


def _settings_of(connection: Connection, seqs: Sequence[int]) -> dict[tuple[int, datetime], _Settings]:
    """Load the settings that these transactions put in force, by number and instant.

    Settings of earlier versions may have the same number.
    """
    if not seqs:
        return {}
    rows = fetch(connection, _SETTINGS, tuple[int, datetime, str, int, str, list[str] | None, str], seqs=list(seqs))
    return {
        (seq, at): _Settings(_SettledPolicy(policy_id, revision, digest), registers, _SettledWhitelist(whitelist))
        for seq, at, policy_id, revision, digest, registers, whitelist in rows
    }
