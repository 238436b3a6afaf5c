"""Selection of what belongs in an extract, as of its instant, by a few statements; rows are streamed when written.

Everything follows from the request and the ledger's size: what was recorded later is left out. The numbers of what is
selected are kept in files of this machine, so that a standby can be read. The transaction must be one snapshot.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

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
from services.incentive.queries.readings import AwardReadings
from services.incentive.queries.view import IS_WHOLE, ONLY_VIEWER, LedgerView, on_shared_ladders
from services.incentive.store.acts import render_acts
from services.incentive.store.award_context import load_award_context
from services.incentive.store.budgets import load_budget_holds
from services.incentive.store.log_entries import transactions_of
from services.incentive.store.rows import AwardRow, SeenAward, SettingsRow, columns
from services.incentive.store.rulebook import registers_of, rulebook_in_force
from shared.disk_rows import DiskRows, in_chunks
from shared.events.fact_topics import SIGN
from shared.postgres.query import (
    execute,
    fetch,
    fetch_value,
    fetch_values,
    pg_array,
    pg_arrays,
    stream,
    stream_chunks,
)
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

Row = TypeVar("Row", bound=tuple[Any, ...])

BATCH: Final = 500
CHUNK: Final = 5000  # numbers of rows that a statement is given


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
    about: str


_SETTINGS: Final = f"SELECT {columns(SettingsRow)} FROM ledger_settings WHERE recorded_at <= %(as_of)s ORDER BY id"
# A session of the extract reads its cursors to the end.
_READ_WHOLE: Final = "SET LOCAL cursor_tuple_fraction = 1"
_IN_PERIOD: Final = """
    t.seq >= %(since)s AND t.seq < %(size)s
    AND (CAST(%(from_at)s AS timestamptz) IS NULL OR t.posted_at >= %(from_at)s)
    AND (CAST(%(until_at)s AS timestamptz) IS NULL OR t.posted_at < %(until_at)s)
"""
_WHOLE: Final = f"(CAST(%(viewer)s AS text) IS NULL OR {IS_WHOLE})"
_SEEN: Final = f"(CAST(%(viewer)s AS text) IS NULL OR award.exchanges @> {ONLY_VIEWER})"
# An extract of one subject alone leaves out its awards with a posting that moves from or to another, or names the
# declaration of another who shares an item.
OF_ONE_ALONE: Final = f"""
    (CAST(%(own)s AS text) IS NULL OR (award.subject = %(own)s AND NOT EXISTS (
        SELECT FROM ledger_transaction t WHERE t.award_id = award.award_id AND t.seq < %(size)s
          AND (t.subject IS DISTINCT FROM %(own)s OR coalesce(t.subject_before, %(own)s) <> %(own)s
               OR EXISTS (SELECT FROM jsonb_array_elements(t.cause -> 'facts') named
                          WHERE starts_with(named ->> 'fact', '{DECLARED}/')
                            AND split_part(named ->> 'fact', '/', 3) <> %(own)s)))))
"""
_AWARDS_OF_ONE: Final = """
    SELECT count(*) FROM (SELECT DISTINCT ON (award_id) subject FROM award_version WHERE recorded_at <= %(as_of)s
                          ORDER BY award_id, version DESC) award WHERE subject = %(own)s
"""
_COLUMNS: Final = "s.award_id, s.version, s.whole, s.about, s.subject, s.rule, s.year, s.ceiling_fen, s.payable_fen"
# The requested awards, and those of the same subjects, which compete with them. Everything by joins: a list that does
# not fit in memory would be scanned again for each award.
SELECTED: Final = f"""
    WITH award_at AS MATERIALIZED (
        SELECT DISTINCT ON (award_id) award_id, version, about, subject, rule, year, ceiling_fen, payable_fen,
               suppressed_by, exchanges
        FROM award_version WHERE recorded_at <= %(as_of)s ORDER BY award_id, version DESC
    ), seen AS MATERIALIZED (
        SELECT award.*, {_WHOLE} AS whole
        FROM award_at award LEFT JOIN award_at suppressor ON suppressor.award_id = award.suppressed_by
        WHERE {_SEEN} AND {OF_ONE_ALONE}
    ), posted AS (
        SELECT DISTINCT award_id FROM ledger_transaction t WHERE {_IN_PERIOD}
    ), moved AS (
        SELECT DISTINCT award_id FROM ledger_transaction
        WHERE seq < %(size)s AND (subject = ANY(%(subjects)s) OR subject_before = ANY(%(subjects)s))
    ), asked AS MATERIALIZED (
        SELECT award.* FROM seen award LEFT JOIN posted USING (award_id) LEFT JOIN moved USING (award_id)
        WHERE (CAST(%(exchange)s AS text) IS NULL OR award.exchanges @> ARRAY[CAST(%(exchange)s AS text)] COLLATE "C")
          AND (CAST(%(rules)s AS text[]) IS NULL OR award.rule = ANY(%(rules)s))
          AND (CAST(%(subjects)s AS text[]) IS NULL OR award.subject = ANY(%(subjects)s) OR moved.award_id IS NOT NULL)
          AND (NOT award.whole OR posted.award_id IS NOT NULL)
    )
    SELECT {_COLUMNS}, true FROM asked s
    UNION ALL
    SELECT {_COLUMNS}, false FROM seen s
    WHERE NOT EXISTS (SELECT FROM asked a WHERE a.award_id = s.award_id)
      AND s.subject IN (SELECT subject FROM asked)
"""
_AWARDS: Final = f"""
    SELECT {columns(AwardRow, "a")}, w.whole
    FROM unnest(CAST(%(ids)s AS text[]), CAST(%(versions)s AS integer[]), CAST(%(wholes)s AS boolean[]))
         AS w(award_id, version, whole)
    JOIN award_version a ON a.award_id = w.award_id AND a.version = w.version ORDER BY a.award_id
"""
_YEARS: Final = "SELECT DISTINCT year FROM award_version WHERE recorded_at <= %(as_of)s"
_ALL_SEQS: Final = f"SELECT t.seq FROM ledger_transaction t WHERE {_IN_PERIOD} ORDER BY t.seq"
_SEQS_OF_AWARDS: Final = f"""
    SELECT t.seq FROM ledger_transaction t WHERE t.award_id = ANY(CAST(%(ids)s AS text[])) AND {_IN_PERIOD}
"""
# A declaration names the person who made it, so a subject's own key reads only the postings that follow from it.
_NOT_DECLARED: Final = f"AND c.topic <> '{DECLARED}'"
# Acts of no award are included that concern the subjects, rules and years of the selected awards, at the time of
# decisions or now.
_DECIDED_SUBJECTS: Final = "SELECT DISTINCT subject FROM decision WHERE award_id = ANY(CAST(%(ids)s AS text[]))"
_SEQS_OF_SUBJECTS: Final = f"""
    SELECT t.seq FROM ledger_transaction t
    WHERE t.award_id IS NULL AND t.subject = ANY(CAST(%(ids)s AS text[])) AND {_IN_PERIOD}
      AND (CAST(%(own)s AS text) IS NULL OR t.seq NOT IN (SELECT seq FROM act JOIN related_party USING (id)))
"""
_SEQS_OF_RULES: Final = f"""
    SELECT t.seq FROM ledger_transaction t
    WHERE t.award_id IS NULL AND {_IN_PERIOD}
      AND (t.seq IN (SELECT seq FROM act x LEFT JOIN hold_release r USING (id)
                     JOIN suspension s ON s.id = coalesce(r.hold_id, x.id) WHERE s.rule = ANY(%(of_rules)s))
           OR t.seq IN (SELECT seq FROM act JOIN year_closing USING (id) WHERE year = ANY(%(of_years)s)))
"""
_ENTERED_SETTINGS: Final = """
    SELECT seq FROM ledger_transaction WHERE award_id IS NULL AND kind = 'settings' AND seq < %(size)s ORDER BY seq
"""
_ACTS: Final = f"SELECT {columns(Act)} FROM act WHERE seq = ANY(CAST(%(seqs)s AS bigint[])) ORDER BY seq"
# A subject's key reads the decisions whose statements it may read, which say the same; other acts name persons inside
# the bureau and their reasons.
_ACTS_STATED: Final = f"""
    SELECT {columns(Act)} FROM act
    WHERE seq = ANY(CAST(%(seqs)s AS bigint[])) AND id IN (SELECT id FROM decision WHERE statement IS NOT NULL)
    ORDER BY seq
"""
_STATED: Final = """
    SELECT d.statement FROM act JOIN decision d USING (id)
    WHERE act.seq = ANY(CAST(%(seqs)s AS bigint[])) AND d.statement IS NOT NULL
"""
_STATEMENTS: Final = "SELECT content FROM statement WHERE sha256 = ANY(CAST(%(ids)s AS text[])) ORDER BY sha256"
_TRANSACTION_SUMS: Final = """
    SELECT coalesce(sum(debit_fen), 0), coalesce(sum(credit_fen), 0) FROM ledger_entry
    WHERE seq = ANY(CAST(%(seqs)s AS bigint[]))
"""
_BALANCES: Final = """
    SELECT account, sum(debit_fen) AS debit_fen, sum(credit_fen) AS credit_fen, CAST(%(size)s AS bigint) AS size
    FROM ledger_entry WHERE seq < %(size)s {of} GROUP BY account ORDER BY account
"""
_OF_AWARDS: Final = "AND seq IN (SELECT seq FROM ledger_transaction WHERE award_id = ANY(CAST(%(ids)s AS text[])))"
_ALL_FACTS: Final = f"""
    SELECT DISTINCT ON (topic, key) {columns(RecordedFact)} FROM fact
    WHERE recorded_at <= %(as_of)s AND {IS_COUNTED} ORDER BY topic, key, generation DESC, seq DESC
"""
_FACTS: Final = (
    f"SELECT {columns(RecordedFact)} FROM fact WHERE id = ANY(CAST(%(ids)s AS bigint[])) ORDER BY topic, key"
)
_FACTS_ABOUT: Final = f"""
    SELECT c.topic, c.key, f.id FROM fact_current c CROSS JOIN LATERAL (
        SELECT id FROM fact WHERE topic = c.topic AND key = c.key AND recorded_at <= %(as_of)s AND {IS_COUNTED}
        ORDER BY generation DESC, seq DESC LIMIT 1) f
    WHERE c.about = ANY(CAST(%(ids)s AS text[])) {{of}}
"""
# Ceilings also follow from declarations of subjects that share an item, directly or through others.
_LINKED: Final = f"""
    WITH RECURSIVE declared AS MATERIALIZED (
        SELECT DISTINCT about, split_part(key, '/', 5) AS item FROM fact
        WHERE topic = '{DECLARED}' AND recorded_at <= %(as_of)s
          AND split_part(key, '/', 3) = ANY(CAST(%(item_rules)s AS text[]))
    ), linked (about) AS (
        SELECT about COLLATE "C" FROM unnest(CAST(%(ids)s AS text[])) AS about
        UNION
        SELECT other.about FROM linked JOIN declared USING (about) JOIN declared other USING (item)
    )
    SELECT about FROM linked
"""


class _Award(NamedTuple):
    """A selected award in its version then; amounts are fen."""

    award_id: str
    version: int
    whole: bool
    about: str
    subject: str
    rule: str
    year: int
    ceiling_fen: int
    payable_fen: int
    is_asked: bool


class Selection:
    """The content of one extract; `connection` is in a transaction of its own, at one snapshot.

    `subjects_of_facts`: those of the facts that `facts` has yielded, whose documents the registers are asked for.
    """

    def __init__(self, connection: Connection, request: ExtractRequest, point: LedgerSize) -> None:
        self._connection, self._request, self.point = connection, request, point
        execute(connection, _READ_WHOLE)
        self._parameters: dict[str, object] = {
            "as_of": point.as_of,
            "size": 0 if request.is_foreign else point.size,
            "since": request.since or 0,
            "from_at": request.from_,
            "until_at": request.until,
            "viewer": request.viewer,
            "own": request.own,
            "exchange": request.exchange,
            "rules": list(request.rules) or None,
            "subjects": list(request.subjects) or None,
        }
        self.settings = fetch(connection, _SETTINGS, SettingsRow, as_of=point.as_of)
        self.registers: Registers = registers_of(self.settings[-1].registers) if self.settings else None
        self._parameters["registers"] = None if self.registers is None else list(self.registers)
        self._rulebook = rulebook = rulebook_in_force(connection, point.as_of) if self.settings else None
        self._parameters["on_shared_ladders"] = [] if rulebook is None else on_shared_ladders(request.viewer, rulebook)
        self._parameters["item_rules"] = [] if rulebook is None else list(rulebook.policy.item_rules)
        self.facts_left_out = self._partial_awards = self._awards = 0
        self._award_sums = Counter[str](ceiling=0, payable=0)
        self._asked, self._context = DiskRows[tuple[str, int, int]](3), DiskRows[tuple[str, int, int]](3)
        self._abouts, self._subjects = DiskRows[tuple[str, ...]](1), DiskRows[tuple[str, ...]](1)
        self._rules: set[str] = set()
        self._years: set[int] = set()
        self.subjects_of_facts = DiskRows[tuple[str, ...]](1)
        if not request.is_foreign:
            self._select_awards()
        self._seqs = None if request.of_all_awards else self._select_transactions()

    def _stream(self, statement: str, row_type: type[Row], **parameters: object) -> Iterator[Row]:
        return stream(self._connection, statement, row_type, **self._parameters, **parameters)

    def _select_awards(self) -> None:
        for award in self._stream(SELECTED, _Award):
            self._awards += 1
            (self._asked if award.is_asked else self._context).add((award.award_id, award.version, award.whole))
            self._years.add(award.year)
            if award.whole:
                self._abouts.add((award.about,))
            else:
                self._partial_awards += 1
            if award.is_asked:
                self._subjects.add((award.subject,))
                self._rules.add(award.rule)
                if award.whole:
                    self._award_sums.update(ceiling=award.ceiling_fen, payable=award.payable_fen)

    def _select_transactions(self) -> DiskRows[tuple[int, ...]]:
        seqs = DiskRows[tuple[int, ...]](1)
        for ids in self._whole_awards():
            seqs.extend(self._stream(_SEQS_OF_AWARDS, tuple[int], ids=ids))
        if self._request.reader is None:
            for ids in self._ids_of(self._asked):
                self._subjects.extend(self._stream(_DECIDED_SUBJECTS, tuple[str], ids=ids))
            for ids in self._ids_of(self._subjects):
                seqs.extend(self._stream(_SEQS_OF_SUBJECTS, tuple[int], ids=ids))
            of = {"of_rules": list(self._rules), "of_years": list(self._years)}
            seqs.extend(self._stream(_SEQS_OF_RULES, tuple[int], **of))
        return seqs

    @staticmethod
    def _ids_of(rows: DiskRows[Any]) -> Iterator[str]:
        """Return the first column as arrays for parameters."""
        return (pg_array(row[0] for row in chunk) for chunk in rows.chunks(CHUNK))

    def _whole_awards(self) -> Iterator[str]:
        """Return the requested awards that are wholly included, as arrays for parameters."""
        whole = (award_id for award_id, _, is_whole in self._asked if is_whole)
        return map(pg_array, in_chunks(whole, CHUNK))

    def _seq_chunks(self, size: int) -> Iterator[list[int]]:
        """Return the numbers of the requested transactions, in order.

        All are requested with all awards: those of no award are declarations that earned nothing, and acts.
        """
        rows = self._stream(_ALL_SEQS, tuple[int]) if self._seqs is None else self._seqs
        return in_chunks((seq for (seq,) in rows), size)

    def transaction_seqs(self) -> Iterator[int]:
        """Return the numbers of the requested transactions, in order."""
        return chain.from_iterable(self._seq_chunks(CHUNK))

    def transactions(self) -> Iterator[bytes]:
        """Return the same transactions as the log has them."""
        for seqs in self._seq_chunks(BATCH):
            for _, entry in transactions_of(self._connection, seqs):
                yield entry

    def entered_settings(self) -> list[tuple[int, bytes]]:
        """Return the number and log entry of every transaction that put a policy, whitelist or registers in force.

        The request does not filter them: they prove by which settings each posting was computed.
        """
        seqs = fetch_values(self._connection, _ENTERED_SETTINGS, int, size=self.point.size)
        return list(transactions_of(self._connection, seqs))

    def decisions(self) -> Iterator[Json]:
        """Return the acts of persons in these transactions, in order; for a subject, those with a statement."""
        statement = _ACTS if self._request.asking_subject is None else _ACTS_STATED
        for seqs in self._seq_chunks(CHUNK):
            for acts in stream_chunks(self._connection, statement, Act, BATCH, seqs=pg_array(seqs)):
                for _, rendered in render_acts(self._connection, acts):
                    if rendered is not None:
                        yield rendered

    def statements(self) -> Iterator[bytes]:
        """Return the statements of these decisions, in order of their SHA-256."""
        stated = DiskRows[tuple[str, ...]](1)
        for seqs in self._seq_chunks(CHUNK):
            stated.extend(fetch(self._connection, _STATED, tuple[str], seqs=pg_array(seqs)))
        for ids in self._ids_of(stated):
            for (content,) in stream(self._connection, _STATEMENTS, tuple[bytes], ids=ids):
                yield content

    def transaction_sums(self) -> Json:
        """Return the sums of the entries of these transactions."""
        sums = Counter[str](debit=0, credit=0)
        for seqs in self._seq_chunks(CHUNK):
            [(debit, credit)] = fetch(self._connection, _TRANSACTION_SUMS, tuple[Decimal, Decimal], seqs=pg_array(seqs))
            sums.update(debit=int(debit), credit=int(credit))
        return _in_yuan(sums)

    def awards(self, *, asked: bool) -> Iterator[Json]:
        """Return the requested awards, or those that compete with them."""
        now, rulebook = self.point.as_of, self._rulebook
        if now is None or rulebook is None:
            return
        view, policy = LedgerView(self._request.own or self._request.viewer, now, now, rulebook), rulebook.policy
        known = AwardReadings(self._connection, view)
        years = fetch_values(self._connection, _YEARS, int, as_of=now)
        budgets = load_budget_holds(self._connection, policy, years, now, now)
        for chunk in (self._asked if asked else self._context).chunks(BATCH):
            versions = pg_arrays(chunk, "ids", "versions", "wholes")
            rows = fetch(self._connection, _AWARDS, SeenAward, **versions)
            contexts = load_award_context(self._connection, rows, policy, now, now, budgets)
            readings = known.of(rows)
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
        return _in_yuan(self._award_sums)

    def balances(self) -> Iterator[Json]:
        """Return every account, or those of the requested awards, in order."""
        if self._request.of_all_awards:
            yield from map(balance_json, self._stream(_BALANCES.format(of=""), BalanceRow))
            return
        # An account such as a year's budget is shared by awards of several chunks.
        parts = DiskRows[tuple[str, int, int, int]](4)
        for number, ids in enumerate(self._whole_awards()):
            for part in self._stream(_BALANCES.format(of=_OF_AWARDS), BalanceRow, ids=ids):
                parts.add((part.account, number, int(part.debit_fen), int(part.credit_fen)))
        for account, of_account in groupby(parts, key=itemgetter(0)):
            debits, credits_ = zip(*((debit, credit) for _, _, debit, credit in of_account), strict=True)
            yield balance_json(BalanceRow(account, Decimal(sum(debits)), Decimal(sum(credits_)), self.point.size))

    def facts(self) -> Iterator[Json]:
        """Return the facts behind the awards in their newest version then, or all facts if all awards are requested.

        An exchange gets only those that name no other exchange, one subject no measures of red flags.
        """
        is_all = self._request.of_all_awards and self._request.of_all_times
        viewer = self._request.viewer
        for row in self._stream(_ALL_FACTS, RecordedFact) if is_all else self._facts_of_awards():
            if row.topic != DECLARED:
                self.subjects_of_facts.add((row.about,))
            is_of_others = self._request.own is not None and row.topic == SIGN
            if is_of_others or (viewer is not None and not _is_for(viewer, parse_fact(row.topic, row.key, row.value))):
                self.facts_left_out += 1
                continue
            yield fact_json(row)

    def _facts_of_awards(self) -> Iterator[RecordedFact]:
        selected = DiskRows[tuple[str, str, int]](3)
        of_linked = _FACTS_ABOUT.format(of=f"AND c.topic = '{DECLARED}'")
        of_own = "" if self._request.asking_subject is None else _NOT_DECLARED
        linked = DiskRows[tuple[str, ...]](1)
        for ids in self._ids_of(self._abouts):
            selected.extend(self._stream(_FACTS_ABOUT.format(of=of_own), tuple[str, str, int], ids=ids))
            if self._request.viewer is None and self._request.own is None:
                linked.extend(self._stream(_LINKED, tuple[str], ids=ids))
        for ids in self._ids_of(linked):
            selected.extend(self._stream(of_linked, tuple[str, str, int], ids=ids))
        for chunk in selected.chunks(BATCH):
            ids = pg_array(fact_id for _, _, fact_id in chunk)
            yield from fetch(self._connection, _FACTS, RecordedFact, ids=ids)

    def counts(self) -> dict[str, int]:
        """Count the awards that are only partly included, and the facts that were left out."""
        return {"partial_awards": self._partial_awards, "facts_of_others": self.facts_left_out}

    def awards_left_out(self) -> int:
        """Count the awards of the one subject that are left out because their postings name others."""
        return fetch_value(self._connection, _AWARDS_OF_ONE, int, **self._parameters) - self._awards


def _in_yuan(sums: Mapping[str, int]) -> Json:
    return {name: format_yuan(fen) for name, fen in sums.items()}


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
