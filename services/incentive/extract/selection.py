"""Selection of what belongs in an extract, as of its instant, by a few statements; rows are streamed when written.

Everything follows from the request and the ledger's size: what was recorded later is left out. The selection is held in
temporary tables of the transaction, which must be one snapshot.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.acts import Act
from services.incentive.domain.facts import (
    DECLARED,
    IS_COUNTED,
    Declaration,
    Fact,
    FlagMeasures,
    Registers,
    named_exchanges,
    parse_fact,
)
from services.incentive.extract.request import ExtractRequest
from services.incentive.queries.awards import award_json
from services.incentive.queries.ledger import BalanceRow, LedgerSize, balance_json
from services.incentive.queries.readings import readings_of_awards
from services.incentive.queries.view import IS_WHOLE, ONLY_VIEWER, LedgerView, on_shared_ladders
from services.incentive.store.acts import render_acts
from services.incentive.store.award_context import load_award_context
from services.incentive.store.budgets import load_budget_holds
from services.incentive.store.log_entries import transactions_of
from services.incentive.store.rows import AwardRow, SeenAward, SettingsRow, columns
from services.incentive.store.rulebook import registers_of, rulebook_in_force
from shared.postgres.query import copy_in, execute, fetch, fetch_value, fetch_values, stream, stream_chunks
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

Value = TypeVar("Value")

BATCH: Final = 500

_SETTINGS: Final = f"SELECT {columns(SettingsRow)} FROM ledger_settings WHERE recorded_at <= %(as_of)s ORDER BY id"
_AWARDS_AT: Final = (
    "CREATE TEMPORARY TABLE award_at (LIKE award_version) ON COMMIT DROP",
    """
    INSERT INTO award_at SELECT DISTINCT ON (award_id) * FROM award_version WHERE recorded_at <= %(as_of)s
    ORDER BY award_id, version DESC
    """,
    "CREATE INDEX ON award_at (award_id)",
    "CREATE INDEX ON award_at (subject, year)",
    "ANALYZE award_at",
    'CREATE TEMPORARY TABLE selected_award (award_id text COLLATE "C", whole boolean, asked boolean) ON COMMIT DROP',
)
_IN_PERIOD: Final = """
    t.seq >= %(since)s AND t.seq < %(size)s
    AND (CAST(%(from_at)s AS timestamptz) IS NULL OR t.posted_at >= %(from_at)s)
    AND (CAST(%(until_at)s AS timestamptz) IS NULL OR t.posted_at < %(until_at)s)
"""
_AWARDS_WITH_SUPPRESSORS: Final = (
    "award_at award LEFT JOIN award_at suppressor ON suppressor.award_id = award.suppressed_by"
)
_WHOLE: Final = f"(CAST(%(viewer)s AS text) IS NULL OR {IS_WHOLE})"
_SEEN: Final = f"(CAST(%(viewer)s AS text) IS NULL OR award.exchanges @> {ONLY_VIEWER})"
_ASKED: Final = f"""
    INSERT INTO selected_award SELECT * FROM (
        SELECT award.award_id, {_WHOLE} AS whole, true FROM {_AWARDS_WITH_SUPPRESSORS}
        WHERE {_SEEN}
          AND (CAST(%(exchange)s AS text) IS NULL OR award.exchanges @> ARRAY[CAST(%(exchange)s AS text)] COLLATE "C")
          AND (CAST(%(rules)s AS text[]) IS NULL OR award.rule = ANY(%(rules)s))
          AND (CAST(%(subjects)s AS text[]) IS NULL OR award.subject = ANY(%(subjects)s) OR award.award_id IN (
              SELECT award_id FROM ledger_transaction
              WHERE seq < %(size)s AND (subject = ANY(%(subjects)s) OR subject_before = ANY(%(subjects)s))))
    ) a
    WHERE NOT a.whole OR EXISTS (SELECT FROM ledger_transaction t WHERE t.award_id = a.award_id AND {_IN_PERIOD})
"""
# An anti-join: a list that does not fit in memory would be scanned again for each award.
CONTEXT: Final = f"""
    INSERT INTO selected_award SELECT award.award_id, {_WHOLE}, false FROM {_AWARDS_WITH_SUPPRESSORS}
    WHERE {_SEEN} AND NOT EXISTS (SELECT FROM selected_award t WHERE t.award_id = award.award_id)
      AND award.subject IN (SELECT subject FROM award_at JOIN selected_award USING (award_id))
"""
# Transactions of no award are included if all awards are: declarations that earned nothing, and acts. Otherwise acts
# are included that concern the subjects, rules and years of the selected awards, at the time of decisions or now.
_TRANSACTIONS: Final = f"""
    SELECT t.seq FROM ledger_transaction t LEFT JOIN selected_award a ON a.award_id = t.award_id AND a.asked AND a.whole
    WHERE {_IN_PERIOD} AND (a.award_id IS NOT NULL OR (%(is_all)s AND NOT EXISTS (
        SELECT FROM award_at n WHERE n.award_id = t.award_id)))
    UNION ALL
    SELECT t.seq FROM ledger_transaction t
    WHERE t.award_id IS NULL AND NOT %(is_all)s AND CAST(%(viewer)s AS text) IS NULL AND {_IN_PERIOD}
      AND (t.subject IN (SELECT subject FROM award_at JOIN selected_award a USING (award_id) WHERE a.asked
                         UNION SELECT subject FROM decision JOIN selected_award a USING (award_id) WHERE a.asked)
           OR t.seq IN (SELECT seq FROM act x LEFT JOIN hold_release r USING (id)
                        JOIN suspension s ON s.id = coalesce(r.hold_id, x.id)
                        WHERE s.rule IN (SELECT rule FROM award_at JOIN selected_award a USING (award_id)
                                         WHERE a.asked))
           OR t.seq IN (SELECT seq FROM act JOIN year_closing USING (id)
                        WHERE year IN (SELECT year FROM award_at JOIN selected_award USING (award_id))))
    ORDER BY seq
"""
_ENTERED_SETTINGS: Final = """
    SELECT seq FROM ledger_transaction WHERE award_id IS NULL AND kind = 'settings' AND seq < %(size)s ORDER BY seq
"""
_ACTS: Final = f"SELECT {columns(Act, 'act')} FROM act JOIN ({_TRANSACTIONS}) t USING (seq) ORDER BY seq"
_STATEMENTS: Final = f"""
    SELECT s.content FROM ({_TRANSACTIONS}) t JOIN act USING (seq) JOIN decision d ON d.id = act.id
    JOIN statement s ON s.sha256 = d.statement ORDER BY s.sha256
"""
_AWARDS: Final = f"""
    SELECT {columns(AwardRow, "a")}, t.whole FROM award_at a JOIN selected_award t USING (award_id)
    WHERE t.asked = %(asked)s ORDER BY award_id
"""
_TRANSACTION_SUMS: Final = (
    f"SELECT sum(debit_fen), sum(credit_fen) FROM ledger_entry JOIN ({_TRANSACTIONS}) t USING (seq)"
)
_AWARD_SUMS: Final = """
    SELECT sum(ceiling_fen), sum(payable_fen) FROM award_at JOIN selected_award USING (award_id) WHERE asked AND whole
"""
_BALANCES: Final = """
    SELECT account, sum(debit_fen) AS debit_fen, sum(credit_fen) AS credit_fen, CAST(%(size)s AS bigint) AS size
    FROM ledger_entry e WHERE seq < %(size)s {of} GROUP BY account ORDER BY account
"""
_OF_SELECTED: Final = """
    AND seq IN (SELECT seq FROM ledger_transaction t
                JOIN selected_award a ON a.award_id = t.award_id AND a.asked AND a.whole)
"""
_FACTS: Final = f"""
    INSERT INTO selected_fact SELECT DISTINCT ON (topic, key) topic, key, id FROM fact
    WHERE recorded_at <= %(as_of)s AND {IS_COUNTED} {{of}} ORDER BY topic, key, generation DESC, seq DESC
"""
_FACT_TABLE: Final = (
    'CREATE TEMPORARY TABLE selected_fact (topic text COLLATE "C", key text COLLATE "C", id bigint) ON COMMIT DROP'
)
_OF_WHOLE_AWARDS: Final = "SELECT about FROM award_at JOIN selected_award t USING (award_id) WHERE t.whole"
# Ceilings also follow from declarations of subjects that share an item, directly or through others.
_ABOUT_SELECTED: Final = f"""
    AND (about IN ({_OF_WHOLE_AWARDS}) OR CAST(%(viewer)s AS text) IS NULL AND topic = '{DECLARED}' AND about IN (
        WITH RECURSIVE declared AS MATERIALIZED (
            SELECT DISTINCT about, split_part(key, '/', 5) AS item FROM fact
            WHERE topic = '{DECLARED}' AND recorded_at <= %(as_of)s
              AND split_part(key, '/', 3) = ANY(CAST(%(item_rules)s AS text[]))
        ), linked (about) AS (
            {_OF_WHOLE_AWARDS}
            UNION
            SELECT other.about FROM linked JOIN declared USING (about) JOIN declared other USING (item)
        )
        SELECT about FROM linked))
"""


class RecordedFact(NamedTuple):
    """A version of a fact, and the record that brought it."""

    topic: str
    key: str
    generation: int
    seq: int
    value: bytes
    partition: int
    offset: int
    received_at: datetime
    recorded_at: datetime


_SELECTED_FACTS: Final = f"""
    SELECT {columns(RecordedFact, "f")} FROM selected_fact t JOIN fact f USING (id) ORDER BY t.topic, t.key
"""


class Selection:
    """The content of one extract; `connection` is in a transaction of its own, at one snapshot."""

    def __init__(self, connection: Connection, request: ExtractRequest, point: LedgerSize) -> None:
        self._connection, self._request, self.point = connection, request, point
        self._parameters: dict[str, object] = {
            "as_of": point.as_of,
            "size": 0 if request.is_foreign else point.size,
            "since": request.since or 0,
            "from_at": request.from_,
            "until_at": request.until,
            "viewer": request.viewer,
            "exchange": request.exchange,
            "rules": list(request.rules) or None,
            "subjects": list(request.subjects) or None,
            "is_all": request.of_all_awards,
        }
        self.settings = fetch(connection, _SETTINGS, SettingsRow, as_of=point.as_of)
        self.registers: Registers = registers_of(self.settings[-1].registers) if self.settings else None
        self._parameters["registers"] = None if self.registers is None else list(self.registers)
        self._rulebook = rulebook = rulebook_in_force(connection, point.as_of) if self.settings else None
        self._parameters["on_shared_ladders"] = [] if rulebook is None else on_shared_ladders(request.viewer, rulebook)
        self._parameters["item_rules"] = [] if rulebook is None else list(rulebook.policy.item_rules)
        for statement in (*_AWARDS_AT, *(() if request.is_foreign else (_ASKED, CONTEXT)), "ANALYZE selected_award"):
            self._execute(statement)
        self.facts_left_out = 0

    def _execute(self, statement: str) -> None:
        # DDL takes no parameters.
        takes_parameters = statement.lstrip().startswith("INSERT")
        execute(self._connection, statement, **(self._parameters if takes_parameters else {}))

    def transaction_seqs(self) -> Iterator[int]:
        """Return the numbers of the requested transactions, in order."""
        for (seq,) in stream(self._connection, _TRANSACTIONS, tuple[int], **self._parameters):
            yield seq

    def transactions(self) -> Iterator[bytes]:
        """Return the same transactions as the log has them."""
        for chunk in stream_chunks(self._connection, _TRANSACTIONS, tuple[int], BATCH, **self._parameters):
            for _, entry in transactions_of(self._connection, [seq for (seq,) in chunk]):
                yield entry

    def entered_settings(self) -> list[tuple[int, bytes]]:
        """Return the number and log entry of every transaction that put a policy, whitelist or registers in force.

        The request does not filter them: they prove by which settings each posting was computed.
        """
        seqs = fetch_values(self._connection, _ENTERED_SETTINGS, int, size=self.point.size)
        return list(transactions_of(self._connection, seqs))

    def decisions(self) -> Iterator[Json]:
        """Return the acts of persons in these transactions, in the same order."""
        for acts in stream_chunks(self._connection, _ACTS, Act, BATCH, **self._parameters):
            for _, rendered in render_acts(self._connection, acts):
                if rendered is not None:
                    yield rendered

    def statements(self) -> Iterator[bytes]:
        """Return the statements of these decisions, in order of their SHA-256."""
        for (content,) in stream(self._connection, _STATEMENTS, tuple[bytes], **self._parameters):
            yield content

    def transaction_sums(self) -> Json:
        """Return the sums of the entries of these transactions."""
        return self._sums(_TRANSACTION_SUMS, "debit", "credit")

    def awards(self, *, asked: bool) -> Iterator[Json]:
        """Return the requested awards, or those that compete with them."""
        now, viewer, rulebook = self.point.as_of, self._request.viewer, self._rulebook
        if now is None or rulebook is None:
            return
        view, policy = LedgerView(viewer, now, now, rulebook), rulebook.policy
        years = fetch_values(self._connection, "SELECT DISTINCT year FROM award_at", int)
        budgets = load_budget_holds(self._connection, policy, years, now, now)
        for rows in stream_chunks(self._connection, _AWARDS, SeenAward, BATCH, asked=asked):
            contexts = load_award_context(self._connection, rows, policy, now, now, budgets)
            readings = readings_of_awards(self._connection, view, rows)
            for row in rows:
                yield award_json(
                    row,
                    contexts[row.award_id],
                    view.visible,
                    policy,
                    readings[row.award_id],
                    sees_red_flags=view.viewer is None,
                )

    def award_sums(self) -> Json:
        """Return the sums of the requested awards that are wholly included."""
        return self._sums(_AWARD_SUMS, "ceiling", "payable")

    def _sums(self, statement: str, *names: str) -> Json:
        [sums] = fetch(self._connection, statement, tuple[Decimal | None, ...], **self._parameters)
        return {name: format_yuan(int(fen or 0)) for name, fen in zip(names, sums, strict=True)}

    def balances(self) -> Iterator[Json]:
        """Return every account, or those of the requested awards, in order."""
        of = "" if self._request.of_all_awards else _OF_SELECTED
        balances = stream(self._connection, _BALANCES.format(of=of), BalanceRow, **self._parameters)
        yield from map(balance_json, balances)

    def facts(self) -> Iterator[Json]:
        """Return the facts behind the awards in their newest version then, or all facts if all awards are requested.

        An exchange gets only those that name no other exchange.
        """
        self._execute(_FACT_TABLE)
        is_all = self._request.of_all_awards and self._request.of_all_times
        self._execute(_FACTS.format(of="" if is_all else _ABOUT_SELECTED))
        viewer = self._request.viewer
        for row in stream(self._connection, _SELECTED_FACTS, RecordedFact):
            if viewer is not None and not _is_for(viewer, parse_fact(row.topic, row.key, row.value)):
                self.facts_left_out += 1
                continue
            yield fact_json(row)

    def counts(self) -> dict[str, int]:
        """Count the awards that are only partly included, and the facts that were left out."""
        partial = fetch_value(self._connection, "SELECT count(*) FROM selected_award WHERE NOT whole", int)
        return {"partial_awards": partial, "facts_of_others": self.facts_left_out}


def _is_for(viewer: str, fact: Fact) -> bool:
    """Return True if a fact names no other exchange; a declaration must name this one's operator.

    Measures of red flags do not say whose documents they rest on.
    """
    if isinstance(fact, FlagMeasures):
        return False
    named = named_exchanges(fact)
    return named == {viewer} if isinstance(fact, Declaration) else named <= {viewer}


def fact_json(row: RecordedFact) -> Json:
    """Render a version of a fact with its source and its value as published."""
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


class SpooledValues(Generic[Value]):
    """Values in a temporary table, as they may not fit in memory; iterating gives each once, in order."""

    def __init__(self, connection: Connection, table: str, column_type: str) -> None:
        self._connection, self._table = connection, table
        self._new: list[tuple[Value]] = []
        execute(connection, f"DROP TABLE IF EXISTS {table}")
        execute(connection, f"CREATE TEMPORARY TABLE {table} (value {column_type}) ON COMMIT DROP")

    def add(self, value: Value) -> None:
        self._new.append((value,))
        if len(self._new) == BATCH:
            self._store()

    def _store(self) -> None:
        copy_in(self._connection, f"COPY {self._table} FROM STDIN", self._new)
        self._new.clear()

    def __iter__(self) -> Iterator[Value]:
        self._store()
        statement = f"SELECT DISTINCT value FROM {self._table} ORDER BY value"
        for (value,) in stream(self._connection, statement, tuple[Value]):
            yield value


def subjects_of_facts(connection: Connection) -> SpooledValues[str]:
    """The parties of the selected facts, whose documents the registers are asked for; declarations are of none."""
    wanted = SpooledValues[str](connection, "wanted_subject", 'text COLLATE "C"')
    of_documents = f"SELECT DISTINCT about FROM selected_fact JOIN fact USING (id) WHERE fact.topic <> '{DECLARED}'"
    execute(connection, f"INSERT INTO wanted_subject {of_documents}")
    return wanted
