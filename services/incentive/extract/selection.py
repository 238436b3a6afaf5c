"""What of the ledger belongs into an extract, as of its instant: chosen by a few statements, read as it is written out.

Everything is a function of the request and of the ledger's size: what was recorded later is left out. Choices are noted
in temporary tables of the transaction, which must be one snapshot; rows are read with cursors of the server.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, text

from services.incentive.domain.facts import (
    IS_COUNTED,
    Declaration,
    Fact,
    FlagMeasures,
    Registers,
    named_exchanges,
    parse_fact,
)
from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.extract.request import ExtractRequest
from services.incentive.policy.terms import Policy
from services.incentive.queries.ledger import ledger_end
from services.incentive.queries.serializers import Json, award_json, balance_json
from services.incentive.store.acts import render_acts
from services.incentive.store.award_context import load_award_context
from services.incentive.store.log_entries import transactions_of
from services.incentive.store.rulebook import registers_of
from shared.values.times import format_time

AT_ONCE: Final = 500
_STREAMED: Final = {"yield_per": AT_ONCE}

_SETTINGS: Final = text(
    "SELECT from_seq, recorded_at, policy_id, policy_revision, policy_digest, policy_source, whitelist_digest,"
    " whitelist, registers FROM ledger_settings WHERE recorded_at <= :as_of ORDER BY id"
)
_AWARDS_THEN: Final = (
    "CREATE TEMPORARY TABLE award_then (LIKE award_version) ON COMMIT DROP",
    """
    INSERT INTO award_then SELECT DISTINCT ON (award_id) * FROM award_version WHERE recorded_at <= :as_of
    ORDER BY award_id, version DESC
    """,
    "CREATE INDEX ON award_then (award_id)",
    "CREATE INDEX ON award_then (subject, year)",
    "ANALYZE award_then",
    'CREATE TEMPORARY TABLE told_award (award_id text COLLATE "C", whole boolean, asked boolean) ON COMMIT DROP',
)
_IN_PERIOD: Final = """
    t.seq >= :since AND t.seq < :size
    AND (CAST(:from_at AS timestamptz) IS NULL OR t.posted_at >= :from_at)
    AND (CAST(:until_at AS timestamptz) IS NULL OR t.posted_at < :until_at)
"""
# What suppresses is the highest of its group, so nothing suppresses it in turn.
_WHOLE: Final = f"""
    (CAST(:viewer AS text) IS NULL OR (a.exchanges = ARRAY[CAST(:viewer AS text)] COLLATE "C"
        AND (a.suppressed_by IS NULL OR starts_with(a.suppressed_by, '{OTHER_GRANT}/')
             OR coalesce(s.exchanges = ARRAY[CAST(:viewer AS text)] COLLATE "C", false))))
"""
_SEEN: Final = '(CAST(:viewer AS text) IS NULL OR a.exchanges @> ARRAY[CAST(:viewer AS text)] COLLATE "C")'
_ASKED: Final = f"""
    INSERT INTO told_award SELECT * FROM (
        SELECT a.award_id, {_WHOLE} AS whole, true
        FROM award_then a LEFT JOIN award_then s ON s.award_id = a.suppressed_by
        WHERE {_SEEN}
          AND (CAST(:exchange AS text) IS NULL OR a.exchanges @> ARRAY[CAST(:exchange AS text)] COLLATE "C")
          AND (CAST(:rules AS text[]) IS NULL OR a.rule = ANY(:rules))
          AND (CAST(:subjects AS text[]) IS NULL OR a.subject = ANY(:subjects) OR a.award_id IN (
              SELECT award_id FROM ledger_transaction
              WHERE seq < :size AND (subject = ANY(:subjects) OR subject_before = ANY(:subjects))))
    ) a
    WHERE NOT a.whole OR EXISTS (SELECT FROM ledger_transaction t WHERE t.award_id = a.award_id AND {_IN_PERIOD})
"""
# Anti-joined: a list of numbers that memory does not hold would be gone through again for each award.
CONTEXT: Final = f"""
    INSERT INTO told_award SELECT a.award_id, {_WHOLE}, false
    FROM award_then a LEFT JOIN award_then s ON s.award_id = a.suppressed_by
    WHERE {_SEEN} AND NOT EXISTS (SELECT FROM told_award t WHERE t.award_id = a.award_id) AND (a.subject, a.year) IN (
        SELECT subject, year FROM award_then JOIN told_award USING (award_id))
"""
# What was declared and never earned anything has no award, and is told where all is; so is all that is of no award. Of
# the latter, what is of the subjects that awards were of when they were decided on or are, and of their rules, is told
# with them.
_TRANSACTIONS: Final = f"""
    SELECT t.seq FROM ledger_transaction t LEFT JOIN told_award a ON a.award_id = t.award_id AND a.asked AND a.whole
    WHERE {_IN_PERIOD} AND (a.award_id IS NOT NULL OR (:is_all AND NOT EXISTS (
        SELECT FROM award_then n WHERE n.award_id = t.award_id)))
    UNION ALL
    SELECT t.seq FROM ledger_transaction t
    WHERE t.award_id IS NULL AND NOT :is_all AND CAST(:viewer AS text) IS NULL AND {_IN_PERIOD}
      AND (t.subject IN (SELECT subject FROM award_then JOIN told_award a USING (award_id) WHERE a.asked
                         UNION SELECT subject FROM decision JOIN told_award a USING (award_id) WHERE a.asked)
           OR t.seq IN (SELECT seq FROM act x LEFT JOIN hold_release r USING (id)
                        JOIN suspension s ON s.id = coalesce(r.hold_id, x.id)
                        WHERE s.rule IN (SELECT rule FROM award_then JOIN told_award a USING (award_id)
                                         WHERE a.asked)))
    ORDER BY seq
"""
_ACTS: Final = text(f"SELECT act.* FROM act JOIN ({_TRANSACTIONS}) t USING (seq) ORDER BY seq")
_AWARDS: Final = text(
    "SELECT a.*, t.whole FROM award_then a JOIN told_award t USING (award_id) WHERE t.asked = :asked ORDER BY award_id"
)
_BALANCES: Final = """
    SELECT account, sum(debit_fen) AS debit_fen, sum(credit_fen) AS credit_fen
    FROM ledger_entry e WHERE seq < :size {of} GROUP BY account ORDER BY account
"""
_OF_TOLD: Final = """
    AND seq IN (SELECT seq FROM ledger_transaction t
                JOIN told_award a ON a.award_id = t.award_id AND a.asked AND a.whole)
"""
_FACTS: Final = f"""
    INSERT INTO told_fact SELECT DISTINCT ON (topic, key) topic, key, id FROM fact
    WHERE recorded_at <= :as_of AND {IS_COUNTED} {{of}} ORDER BY topic, key, generation DESC, seq DESC
"""
_ABOUT_TOLD: Final = """
    AND about IN (SELECT about FROM award_then JOIN told_award t USING (award_id) WHERE t.whole)
"""


class LedgerPoint(NamedTuple):
    """As of when an extract tells: an instant (None: nothing was ever posted), and the ledger's size then."""

    as_of: datetime | None
    size: int


def ledger_point(connection: Connection, request: ExtractRequest, log_size: int) -> LedgerPoint:
    """The instant and the size that a request is about, of a ledger whose log has `log_size` entries."""
    last = ledger_end(connection, log_size, request.as_of)
    if last is None:
        return LedgerPoint(request.as_of, 0)
    return LedgerPoint(request.as_of or last.posted_at, last.seq + 1)


class Selection:
    """What one extract tells of the ledger; `connection` is in a transaction of its own, at one snapshot."""

    def __init__(self, connection: Connection, request: ExtractRequest, told: LedgerPoint) -> None:
        self._connection, self._request, self.told = connection, request, told
        self._parameters: dict[str, Any] = {
            "as_of": told.as_of,
            "size": 0 if request.is_foreign else told.size,
            "since": request.since or 0,
            "from_at": request.from_,
            "until_at": request.until,
            "viewer": request.viewer,
            "exchange": request.exchange,
            "rules": list(request.rules) or None,
            "subjects": list(request.subjects) or None,
            "is_all": request.of_all_awards,
        }
        settings = self.settings()
        self.registers: Registers = registers_of(settings[-1]) if settings else None
        self._parameters["registers"] = None if self.registers is None else list(self.registers)
        for statement in (*_AWARDS_THEN, *(() if request.is_foreign else (_ASKED, CONTEXT)), "ANALYZE told_award"):
            self._execute(statement)
        self.facts_left_out = 0

    def _execute(self, statement: str) -> None:
        # Statements that make something take no parameters.
        is_query = statement.lstrip().startswith("INSERT")
        self._connection.execute(text(statement), self._parameters if is_query else {})

    def _read(self, statement: Any, **more: Any) -> Iterator[Row[Any]]:
        yield from self._connection.execute(statement, {**self._parameters, **more}, execution_options=_STREAMED)

    def settings(self) -> list[Row[Any]]:
        """Policies, whitelists and registers that were in force up to the instant, in order."""
        return list(self._connection.execute(_SETTINGS, self._parameters))

    def transaction_seqs(self) -> Iterator[int]:
        """The numbers of the transactions that were asked for, in order."""
        for row in self._read(text(_TRANSACTIONS)):
            yield row.seq

    def transactions(self) -> Iterator[bytes]:
        """The same transactions, as the log has them."""
        seqs = self._connection.execute(text(_TRANSACTIONS), self._parameters, execution_options=_STREAMED).scalars()
        for some in seqs.partitions(AT_ONCE):
            for _, entry in transactions_of(self._connection, some):
                yield entry

    def decisions(self) -> Iterator[Json]:
        """What persons did in these transactions, in the same order."""
        acts = self._connection.execute(_ACTS, self._parameters, execution_options=_STREAMED)
        for some in acts.partitions(AT_ONCE):
            for _, told in render_acts(self._connection, some):
                if told is not None:
                    yield told

    def awards(self, policy: Policy, *, asked: bool) -> Iterator[Json]:
        """The awards that were asked for, or those that compete with them."""
        viewer = self._request.viewer
        visible = None if viewer is None else {viewer}
        rows = self._connection.execute(
            _AWARDS, {**self._parameters, "asked": asked}, execution_options=_STREAMED
        ).partitions(AT_ONCE)
        for some in rows:
            now = self._instant()
            standings = load_award_context(self._connection, some, policy, now, now)
            for row in some:
                yield award_json(row, standings[row.award_id], whole=row.whole, visible=visible, policy=policy, now=now)

    def balances(self) -> Iterator[Json]:
        """Every account, or those of the awards that were asked for, in order."""
        of = "" if self._request.of_all_awards else _OF_TOLD
        for row in self._read(text(_BALANCES.format(of=of))):
            yield balance_json(row)

    def facts(self) -> Iterator[Json]:
        """The facts that the awards rest on, in their newest version then; all that count, if all awards are asked for.

        For an exchange those alone that name no other.
        """
        self._connection.execute(
            text(
                'CREATE TEMPORARY TABLE told_fact (topic text COLLATE "C", key text COLLATE "C", id bigint)'
                " ON COMMIT DROP"
            )
        )
        is_all = self._request.of_all_awards and self._request.of_all_times
        self._execute(_FACTS.format(of="" if is_all else _ABOUT_TOLD))
        statement = text("SELECT f.* FROM told_fact t JOIN fact f USING (id) ORDER BY t.topic, t.key")
        viewer = self._request.viewer
        for row in self._read(statement):
            if viewer is not None and not _is_for(viewer, parse_fact(row.topic, row.key, row.value)):
                self.facts_left_out += 1
                continue
            yield fact_json(row)

    def counts(self) -> dict[str, int]:
        """How many awards are told of only in part."""
        partial = self._connection.execute(text("SELECT count(*) FROM told_award WHERE NOT whole")).scalar_one()
        return {"partial_awards": partial, "facts_of_others": self.facts_left_out}

    def _instant(self) -> datetime:
        if self.told.as_of is None:
            raise ValueError("there is an award, and nothing was posted")
        return self.told.as_of


def _is_for(viewer: str, fact: Fact) -> bool:
    """Whether a fact names no other exchange; of what is declared, whether it is of this one's operator.

    Of signs it cannot be told whose documents they are made of.
    """
    if isinstance(fact, FlagMeasures):
        return False
    named = named_exchanges(fact)
    return named == {viewer} if isinstance(fact, Declaration) else named <= {viewer}


def fact_json(row: Row[Any]) -> Json:
    """A version of a fact, by where it came from, with its value as it was published."""
    return {
        "fact": f"{row.topic}/{row.key}",
        "generation": row.generation,
        "seq": row.seq,
        "partition": row.partition,
        "offset": row.offset,
        "received_at": format_time(row.received_at),
        "recorded_at": format_time(row.recorded_at),
        "value": msgspec.json.decode(row.value),
    }


class WantedSubjects:
    """Whose documents are asked of the registers: noted in a temporary table, however many there are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute(text('CREATE TEMPORARY TABLE wanted (about text COLLATE "C" PRIMARY KEY) ON COMMIT DROP'))

    def add_told_facts(self) -> None:
        """Those whom the facts that are told are about."""
        self._connection.execute(text("INSERT INTO wanted SELECT DISTINCT about FROM told_fact JOIN fact USING (id)"))

    def add(self, abouts: Iterable[str]) -> None:
        self._connection.execute(
            text("INSERT INTO wanted SELECT unnest(CAST(:abouts AS text[])) ON CONFLICT DO NOTHING"),
            {"abouts": list(abouts)},
        )

    def __iter__(self) -> Iterator[str]:
        statement = text("SELECT about FROM wanted ORDER BY about")
        yield from self._connection.execute(statement, execution_options=_STREAMED).scalars()
