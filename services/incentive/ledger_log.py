"""The ledger's log: its entries are the transactions as the API gives them, in canonical form."""

from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, select

from services.incentive.answers import transaction_json
from services.incentive.awards import next_seq
from services.incentive.models import ledger_entry, ledger_transaction
from shared.canonical import canonical_json
from shared.log_store import LogHead, ServiceLog


def ledger_log(private: Ed25519PrivateKey, log_origin: str) -> ServiceLog:
    """The log of the ledger, which has one for all times."""
    origin = f"{log_origin}/ledger"
    return ServiceLog(private, lambda connection: LogHead(origin, next_seq(connection)), stored_transactions)


def stored_transactions(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
    """The log entries of transactions `first` .. `until` - 1, each with its `seq`."""
    seq = ledger_transaction.c.seq
    rows = connection.execute(select(ledger_transaction).where(seq >= first, seq < until).order_by(seq)).all()
    entries: dict[int, list[Row[Any]]] = {row.seq: [] for row in rows}
    line = ledger_entry.c
    of_them = select(ledger_entry).where(line.seq >= first, line.seq < until).order_by(line.seq, line.line)
    for entry in connection.execute(of_them):
        if entry.seq in entries:
            entries[entry.seq].append(entry)
    for row in rows:
        yield row.seq, canonical_json(transaction_json(row, entries[row.seq]))
