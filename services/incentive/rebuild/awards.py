"""Awards worked out again from all recorded facts, in a temporary table, and held against those that stand.

Whose a fact is follows from its key, and which version counts from (generation, seq): nothing here goes by
`fact_current` or by a column `about`, as these are among what is checked.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.awards import Award, award_of, zero_out
from services.incentive.domain.entitlements import KnownFacts, compute_entitlements, known_facts
from services.incentive.domain.event_rules import CutDatesError
from services.incentive.domain.facts import (
    Fact,
    FactError,
    FactRef,
    Registers,
    about_of,
    is_counted,
    named_exchanges,
    parse_fact,
)
from services.incentive.domain.highest_only import with_payables
from services.incentive.domain.risk_flags import PeerIndex, first_near_cap, similar_purchases
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import other_grants_of, related_of
from services.incentive.store.awards import award_from_row, award_rows
from services.incentive.store.rows import AWARD_COLUMNS, AwardRow
from services.incentive.store.rulebook import Rulebook, registers_of
from shared.events.fact_topics import ANNUAL_TOTAL, SIGN
from shared.postgres.query import execute, fetch, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan

_AT_ONCE: Final = 1_000  # awards or subjects that are in memory together
_NO_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WHOSE: Final = f"""
    CASE WHEN topic NOT IN ('{ANNUAL_TOTAL}', '{SIGN}') THEN split_part(key, '/', 2)
         WHEN split_part(key, '/', 2) = 'exchange' THEN concat('exchange/', split_part(key, '/', 3))
         ELSE split_part(key, '/', 3) END
"""
_FACTS: Final = (
    f"SELECT id, topic, key, about, generation, seq, value, {_WHOSE} AS whose FROM fact"
    " ORDER BY whose, topic, key, generation, seq"
)
_REBUILT: Final = (
    "CREATE TEMPORARY TABLE rebuilt_award (LIKE award_version) ON COMMIT DROP;"
    "ALTER TABLE rebuilt_award ADD PRIMARY KEY (award_id);"
    "CREATE TEMPORARY TABLE rebuilt_known_to (LIKE known_to) ON COMMIT DROP"
)
_KEEP: Final = (
    f"INSERT INTO rebuilt_award ({', '.join(AWARD_COLUMNS)})"
    f" SELECT {', '.join('0' if name == 'version' else name for name in AWARD_COLUMNS)}"
    " FROM jsonb_populate_recordset(NULL::rebuilt_award, CAST(%(rows)s AS jsonb))"
)
_KEEP_AS_THEY_STAND: Final = (
    f"INSERT INTO rebuilt_award SELECT {', '.join(AWARD_COLUMNS)} FROM award_current WHERE about = ANY(%(abouts)s)"
    " ON CONFLICT DO NOTHING"
)
_KEEP_KNOWN: Final = """
    INSERT INTO rebuilt_known_to SELECT * FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(abouts)s AS text[]))
"""
_KNOWN_TO: Final = """
    SELECT exchange, about, k.about IS NOT NULL AS stands FROM known_to k FULL JOIN (
        SELECT * FROM rebuilt_known_to
        UNION SELECT o.* FROM ledger_settings s, operators_listed(s.whitelist) AS o) f USING (exchange, about)
    WHERE (k.about IS NULL OR f.about IS NULL) AND about <> ALL(%(damaged)s)
    ORDER BY exchange, about
    """


def _columns_of(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in AWARD_COLUMNS)


_SIDE_BY_SIDE: Final = (
    f"SELECT {_columns_of('n')}, {_columns_of('c')}, {_columns_of('r')}"
    " FROM (SELECT DISTINCT ON (award_id) * FROM award_version ORDER BY award_id, version DESC) n"
    " FULL JOIN award_current c USING (award_id) FULL JOIN rebuilt_award r USING (award_id)"
    " ORDER BY coalesce(r.subject, c.subject, n.subject), coalesce(r.award_id, c.award_id, n.award_id)"
)


class _FactRow(NamedTuple):
    """A version of a fact, and whose it is by its key."""

    id: int
    topic: str
    key: str
    about: str
    generation: int
    seq: int
    value: bytes
    whose: str


class _KnownRow(NamedTuple):
    """A subject that an exchange may see by mistake (`stands`), or does not see."""

    exchange: str
    about: str
    stands: bool


_LAST_EARNED: Final = f"""
    SELECT DISTINCT ON (award_id) {", ".join(AWARD_COLUMNS)} FROM award_version
    WHERE award_id = ANY(%(ids)s) AND ceiling_fen > 0 ORDER BY award_id, version DESC
"""
_NEWEST_REFS: Final = """
    SELECT n.topic, n.key, f.generation, f.seq
    FROM unnest(CAST(%(topics)s AS text[]), CAST(%(keys)s AS text[]), CAST(%(untils)s AS timestamptz[]))
        AS n(topic, key, counted_until)
    CROSS JOIN LATERAL (
        SELECT generation, seq FROM fact
        WHERE topic = n.topic AND key = n.key AND recorded_at < coalesce(n.counted_until, 'infinity')
        ORDER BY generation DESC, seq DESC LIMIT 1
    ) f
"""


class _RegistersRow(NamedTuple):
    """The registers that counted from an instant on."""

    recorded_at: datetime
    registers: list[str] | None


class ComparedAward(NamedTuple):
    """An award as its newest version has it, as it stands in `award_current`, and as it follows from the facts."""

    newest: AwardRow | None
    stands: AwardRow | None
    follows: Award

    @property
    def is_right(self) -> bool:
        """Whether it stands as it follows, and as its newest version says."""
        return bool(self.stands == self.newest and not self._members_that_differ())

    def differences(self) -> Iterator[Difference]:
        """What is not as it should be, by row."""
        award_id = self.follows.award_id
        if self.stands is None:
            follows = f"version {self.newest.version}" if self.newest is not None else _ceiling(self.follows)
            yield Difference(f"award_current {award_id}", None, follows)
            return
        if self.newest is None:
            yield Difference(f"award_version {award_id}", None, f"version {self.stands.version}")
        elif self.stands != self.newest:
            names = [name for name in AWARD_COLUMNS if getattr(self.stands, name) != getattr(self.newest, name)]
            yield Difference(
                f"award_current {award_id}",
                _listed((name, getattr(self.stands, name)) for name in names),
                f"{_listed((name, getattr(self.newest, name)) for name in names)}, award_version {self.newest.version}",
            )
        if members := self._members_that_differ():
            yield Difference(
                f"award {award_id}",
                _listed((name, stands) for name, stands, _ in members),
                _listed((name, follows) for name, _, follows in members),
            )

    def _members_that_differ(self) -> list[tuple[str, object, object]]:
        if self.stands is None:
            return [("award", None, self.follows)]
        stands, follows = _members(award_from_row(self.stands)), _members(self.follows)
        stands["exchanges"], follows["exchanges"] = tuple(self.stands.exchanges), self.follows.exchanges
        return [(name, stands[name], follows[name]) for name in follows if stands[name] != follows[name]]


def rebuild_awards(connection: Connection, rulebook: Rulebook) -> Iterator[Difference]:
    """Fill the temporary table `rebuilt_award` with what all recorded facts earn, and tell which facts are damaged.

    It lives until the transaction ends. Awards of whom a damaged fact is about are kept as they stand: no money is
    moved on its word. Payables are worked out by `compare_awards`, which has all awards of a subject.
    """
    execute(connection, _REBUILT)
    earned: list[Award] = []
    damaged: list[str] = []
    near: list[tuple[str, KnownFacts]] = []  # whose signs need the facts of each other: few
    related = related_of(connection)
    known: list[tuple[str, str]] = []
    rows = stream(connection, _FACTS, _FactRow)
    for about, of_it in groupby(rows, key=lambda row: row.whose):
        facts, named, faults = _newest_of_rows(of_it, rulebook.registers)
        yield from faults
        known.extend((exchange, about) for exchange in named)
        if faults:
            damaged.append(about)
        elif first_near_cap(facts.of, rulebook.policy) is not None:
            near.append((about, facts))
        else:
            yield from _earn(about, facts, rulebook, PeerIndex((), related), (earned, damaged))
        if len(earned) >= _AT_ONCE:
            execute(connection, _KEEP, rows=award_rows(earned, _NO_INSTANT))
            earned.clear()
        if len(known) >= _AT_ONCE:
            _keep_known(connection, known)
    _keep_known(connection, known)
    others = PeerIndex(similar_purchases((facts.of for _, facts in near), rulebook.policy), related)
    for about, facts in near:
        yield from _earn(about, facts, rulebook, others, (earned, damaged))
    if earned:
        execute(connection, _KEEP, rows=award_rows(earned, _NO_INSTANT))
    execute(connection, _KEEP_AS_THEY_STAND, abouts=damaged)
    execute(connection, "ANALYZE rebuilt_award")
    for row in stream(connection, _KNOWN_TO, _KnownRow, damaged=damaged):
        told = ("shown", None) if row.stands else (None, "shown")
        yield Difference(f"known_to {row.exchange} {row.about}", *told)


def _keep_known(connection: Connection, known: list[tuple[str, str]]) -> None:
    """Who is named with which exchange, into the temporary table."""
    if known:
        exchanges, abouts = zip(*known, strict=True)
        execute(connection, _KEEP_KNOWN, exchanges=list(exchanges), abouts=list(abouts))
        known.clear()


def _newest_of_rows(rows: Iterable[_FactRow], registers: Registers) -> tuple[KnownFacts, set[str], list[Difference]]:
    """The newest version of each fact that counts, rows in order; exchanges that any names; what is damaged."""
    newest: dict[tuple[str, str], tuple[int, Fact]] = {}
    named: set[str] = set()
    faults = []
    for row in rows:
        try:
            fact = _read_fact(row)
        except FactError as error:
            faults.append(Difference(f"fact {row.id} {row.topic} {row.key}", str(error), None))
        else:
            named |= named_exchanges(fact)
            if is_counted(row.topic, row.key, registers):
                newest[row.topic, row.key] = row.id, fact
    return known_facts(newest.values()), named, faults


def _earn(
    about: str, facts: KnownFacts, rulebook: Rulebook, others: PeerIndex, into: tuple[list[Award], list[str]]
) -> Iterator[Difference]:
    """Put what facts earn into the first of two lists; of whom it cannot be worked out, into the second."""
    earned, damaged = into
    try:
        earned.extend(
            award_of(about, award, rulebook.policy)
            for award in compute_entitlements(facts, rulebook.policy, rulebook.exchanges, others.around(about))
        )
    except CutDatesError as error:
        damaged.append(about)
        yield Difference(f"fact about {about}", str(error), None)


def _read_fact(row: _FactRow) -> Fact:
    fact = parse_fact(row.topic, row.key, row.value)
    if (fact.ref.generation, fact.ref.seq) != (row.generation, row.seq):
        raise FactError(f"value {fact.ref.generation}, {fact.ref.seq}; columns {row.generation}, {row.seq}")
    if about_of(fact) != row.about:
        raise FactError(f"about {row.about}; value {about_of(fact)}")
    return fact


# The newest version, the current row and the rebuilt one of an award; at least one is there.
_SideBySide = tuple[AwardRow | None, AwardRow | None, AwardRow | None]


def compare_awards(connection: Connection, policy: Policy) -> Iterator[ComparedAward]:
    """Every award side by side, in order of subjects; needs `rebuild_awards`."""
    rows = stream(connection, _SIDE_BY_SIDE, tuple[Any, ...])
    together: list[_SideBySide] = []
    by_subject = groupby(
        (_side_by_side(row) for row in rows), key=lambda found: _first(found[2], found[1], found[0]).subject
    )
    for _, of_it in by_subject:
        together.extend(of_it)
        if len(together) >= _AT_ONCE:
            yield from _compared(connection, together, policy)
            together.clear()
    yield from _compared(connection, together, policy)


def _side_by_side(row: tuple[Any, ...]) -> _SideBySide:
    width = len(AWARD_COLUMNS)
    parts = (row[start : start + width] for start in range(0, 3 * width, width))
    newest, stands, rebuilt = (AwardRow(*part) if part[0] is not None else None for part in parts)
    return newest, stands, rebuilt


def _compared(connection: Connection, together: Sequence[_SideBySide], policy: Policy) -> Iterator[ComparedAward]:
    """Those of whole subjects, as G6 needs them."""
    earned = [award_from_row(rebuilt) for _, _, rebuilt in together if rebuilt is not None]
    gone = [_first(stands, newest) for newest, stands, rebuilt in together if rebuilt is None]
    awards = [*earned, *_taken_away(connection, gone, policy)]
    grants = other_grants_of(connection, {award.subject for award in awards})
    follows = {award.award_id: award for award in with_payables(awards, policy.rule_order, grants)}
    for newest, stands, rebuilt in together:
        yield ComparedAward(newest, stands, follows[_first(rebuilt, stands, newest).award_id])


def _taken_away(connection: Connection, gone: Sequence[AwardRow], policy: Policy) -> list[Award]:
    """Awards that nothing earns any more: as they last had a ceiling, with amounts of zero and the newest evidence."""
    if not gone:
        return []
    last_earned = fetch(connection, _LAST_EARNED, AwardRow, ids=[row.award_id for row in gone])
    last = {row.award_id: award_from_row(row) for row in last_earned}
    awards = [last.get(row.award_id) or award_from_row(row) for row in gone]
    newest = _newest_refs(connection, {evidence.ref.fact for award in awards for evidence in award.evidence})
    return [zero_out(award, policy, newest) for award in awards]


def _newest_refs(connection: Connection, facts: Iterable[str]) -> dict[str, FactRef]:
    """The newest version of each of these that ever counted, by name (`<topic>/<key>`)."""
    named = [fact.partition("/") for fact in sorted(facts)]
    settings = fetch(connection, "SELECT recorded_at, registers FROM ledger_settings ORDER BY id", _RegistersRow)
    rows = fetch(
        connection,
        _NEWEST_REFS,
        tuple[str, str, int, int],
        topics=[topic for topic, _, _ in named],
        keys=[key for _, _, key in named],
        untils=[_counted_until(topic, key, settings) for topic, _, key in named],
    )
    return {f"{topic}/{key}": FactRef(f"{topic}/{key}", generation, seq) for topic, key, generation, seq in rows}


def _counted_until(topic: str, key: str, settings: Sequence[_RegistersRow]) -> datetime | None:
    """When a fact's register ceased to count, by all rows of `ledger_settings`; None where it counts."""
    until: datetime | None = None
    for row in settings:
        if is_counted(topic, key, registers_of(row.registers)):
            until = None
        elif until is None:
            until = row.recorded_at
    return until


def _first(*rows: AwardRow | None) -> AwardRow:
    return next(row for row in rows if row is not None)


def _members(award: Award) -> dict[str, object]:
    return msgspec.structs.asdict(award)


def _ceiling(award: Award) -> str:
    return f"ceiling {format_yuan(award.ceiling_fen)}"


def _listed(members: Iterable[tuple[str, object]]) -> str:
    """Members for a person: amounts in yuan."""
    return ", ".join(f"{name.removesuffix('_fen')} {_shown(name, value)}" for name, value in members)


def _shown(name: str, value: object) -> str:
    return format_yuan(value) if name.endswith("_fen") and isinstance(value, int) else str(value)
