"""Awards recomputed from all recorded facts in a temporary table, and compared with the stored ones.

The subject of a fact follows from its key, and the version that counts from (generation, seq): nothing here relies on
`fact_current` or a column `about`, as these are checked, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final, NamedTuple

from msgspec.structs import asdict, replace
from sqlalchemy import Connection

from services.incentive.domain.awards import Award, zero_out
from services.incentive.domain.declared_rules import group_by_items, sharing_subjects
from services.incentive.domain.entitlements import KnownFacts, compute_awards, known_facts
from services.incentive.domain.event_rules import CutDatesError
from services.incentive.domain.facts import (
    DECLARED,
    Declaration,
    Fact,
    FactError,
    FactRef,
    PartyFact,
    Registers,
    about_of,
    is_counted,
    named_exchanges,
    parse_fact,
)
from services.incentive.domain.payables.highest_only import with_payables
from services.incentive.domain.risk_flags import Peers
from services.incentive.domain.similar_purchases import NO_SIMILAR, first_near_cap, similar_purchases
from services.incentive.domain.subjects.participation import Participation, participations
from services.incentive.policy.terms import Policy
from services.incentive.rebuild.names import begin_names, compare_names, keep_names
from services.incentive.rebuild.participants import begin_participants, keep_as_they_stand, keep_participants
from services.incentive.store.acts import related_of
from services.incentive.store.awards import award_from_row, award_rows
from services.incentive.store.payable_inputs import load_payable_inputs
from services.incentive.store.rows import AWARD_COLUMNS, AwardRow, columns
from services.incentive.store.rulebook import Rulebook
from shared.events.fact_topics import ANNUAL_TOTAL, SIGN
from shared.postgres.query import execute, fetch, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan

_BATCH: Final = 1_000  # awards or subjects that are in memory together
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
_DECLARED_FACTS: Final = (
    f"SELECT id, topic, key, about, generation, seq, value, {_WHOSE} AS whose FROM fact WHERE topic = '{DECLARED}'"
    " ORDER BY key, generation, seq"
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
    SELECT concat('known_to ', exchange, ' ', about), CASE WHEN k.about IS NOT NULL THEN 'shown' END,
           CASE WHEN f.about IS NOT NULL THEN 'shown' END
    FROM known_to k FULL JOIN (
        SELECT * FROM rebuilt_known_to
        UNION SELECT o.* FROM ledger_settings s, operators_listed(s.whitelist) AS o) f USING (exchange, about)
    WHERE (k.about IS NULL OR f.about IS NULL) AND about <> ALL(%(damaged)s)
    ORDER BY exchange, about
    """
_SIDE_BY_SIDE: Final = f"""
    SELECT coalesce(r.subject, c.subject, n.subject) AS whose, {columns(AwardRow, "n")}, {columns(AwardRow, "c")},
           {columns(AwardRow, "r")}
    FROM (SELECT DISTINCT ON (award_id) * FROM award_version ORDER BY award_id, version DESC) n
    FULL JOIN award_current c USING (award_id) FULL JOIN rebuilt_award r USING (award_id)
    ORDER BY whose, coalesce(r.award_id, c.award_id, n.award_id)
"""


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


_LAST_EARNED: Final = f"""
    SELECT DISTINCT ON (award_id) {", ".join(AWARD_COLUMNS)} FROM award_version
    WHERE award_id = ANY(%(ids)s) AND ceiling_fen > 0 ORDER BY award_id, version DESC
"""
# The newest version that ever counted: a register ceases to count with the first settings after the last that named it.
_NEWEST_REFS: Final = f"""
    SELECT concat(topic, '/', key), f.generation, f.seq
    FROM (SELECT split_part(name, '/', 1) AS topic, substring(name FROM position('/' IN name) + 1) AS key
          FROM unnest(CAST(%(facts)s AS text[])) AS name) n
    CROSS JOIN LATERAL (
        SELECT generation, seq FROM fact
        WHERE topic = n.topic AND key = n.key AND recorded_at < ALL (
            SELECT recorded_at FROM ledger_settings WHERE id > (
                SELECT coalesce(max(id), 0) FROM ledger_settings
                WHERE registers IS NULL OR n.topic = '{DECLARED}' OR split_part(n.key, '/', 1) = ANY(registers)))
        ORDER BY generation DESC, seq DESC LIMIT 1
    ) f
"""


class ComparedAward(NamedTuple):
    """An award: its newest version, its row in `award_current`, and what follows from the facts."""

    newest: AwardRow | None
    current: AwardRow | None
    expected: Award

    def differences(self) -> Iterator[Difference]:
        """The differences, by row; none if the current row is the newest version and has what the facts earn."""
        award_id = self.expected.award_id
        if self.current is None:
            ceiling = f"ceiling {format_yuan(self.expected.ceiling_fen)}"
            expected = ceiling if self.newest is None else f"version {self.newest.version}"
            yield Difference(f"award_current {award_id}", None, expected)
            return
        if self.newest is None:
            yield Difference(f"award_version {award_id}", None, f"version {self.current.version}")
        elif self.newest != self.current:
            version = f", award_version {self.newest.version}"
            yield from _differing(f"award_current {award_id}", self.current._asdict(), self.newest._asdict(), version)
        stored = {**asdict(award_from_row(self.current)), "exchanges": tuple(self.current.exchanges)}
        earned = {**asdict(self.expected), "exchanges": self.expected.exchanges}
        yield from _differing(f"award {award_id}", stored, earned)


def rebuild_awards(connection: Connection, rulebook: Rulebook) -> Iterator[Difference]:
    """Fill the temporary table `rebuilt_award` with what all recorded facts earn; report damaged facts.

    The table lives until the transaction ends. Awards about whose subject a fact is damaged are copied as they are: a
    damaged fact moves no money. `compare_awards`, which has all awards of a subject, computes the payables.
    """
    execute(connection, _REBUILT)
    begin_names(connection)
    begin_participants(connection)
    found = _Found([], [], [], [], [])
    near: list[tuple[str, KnownFacts]] = []  # whose red flags depend on each other
    related = related_of(connection)
    groups, unsafe = _declared_groups(connection, rulebook.policy)
    rows = stream(connection, _FACTS, _FactRow)
    for about, of_it in groupby(rows, key=lambda row: row.whose):
        read = _read_rows(of_it, rulebook.registers)
        yield from read.faults
        found.known.extend((exchange, about) for exchange in read.exchanges)
        found.names.extend((about, name) for name in read.names[-1:])
        facts = read.facts.with_linked(about, groups)
        if read.faults or about in unsafe:
            found.damaged.append(about)
        elif first_near_cap(facts.of, rulebook.policy) is not None:
            near.append((about, facts))
        else:
            yield from found.earn(about, facts, rulebook, Peers(NO_SIMILAR, related))
        if max(len(found.earned), len(found.known), len(found.taking_part)) >= _BATCH:
            found.keep(connection)
    others = Peers(similar_purchases((facts.of for _, facts in near), rulebook.policy), related)
    for about, facts in near:
        yield from found.earn(about, facts, rulebook, others)
    found.keep(connection)
    keep_as_they_stand(connection, found.damaged)
    execute(connection, _KEEP_AS_THEY_STAND, abouts=found.damaged)
    execute(connection, "ANALYZE rebuilt_award")
    yield from stream(connection, _KNOWN_TO, Difference, damaged=found.damaged)
    yield from compare_names(connection, found.damaged)


class _Found(NamedTuple):
    """Recomputed rows that are not yet in the temporary tables, and all subjects that cannot be recomputed."""

    earned: list[Award]
    taking_part: list[Participation]
    known: list[tuple[str, str]]
    names: list[tuple[str, str]]
    damaged: list[str]

    def earn(self, about: str, facts: KnownFacts, rulebook: Rulebook, peers: Peers) -> Iterator[Difference]:
        """Add what facts earn, or the subject if that cannot be computed."""
        try:
            self.earned.extend(compute_awards(facts, rulebook.policy, rulebook.exchanges, peers))
            self.taking_part.extend(participations(facts, rulebook.policy))
        except CutDatesError as error:
            self.damaged.append(about)
            yield Difference(f"fact about {about}", str(error), None)

    def keep(self, connection: Connection) -> None:
        """Move everything into the temporary tables."""
        if self.earned:
            execute(connection, _KEEP, rows=award_rows(self.earned, _NO_INSTANT))
            self.earned.clear()
        _keep_known(connection, self.known)
        keep_names(connection, self.names)
        keep_participants(connection, self.taking_part)


def _declared_groups(
    connection: Connection, policy: Policy
) -> tuple[dict[str, tuple[Declaration, ...]], frozenset[str]]:
    """The declarations of subjects that share items, by subject (G11), and the subjects that share with a damaged one.

    A damaged declaration moves no money of those either; its key says whose and of which item it is.
    """
    newest: dict[str, Declaration] = {}
    damaged: set[str] = set()
    items: list[tuple[str, str]] = []
    for row in fetch(connection, _DECLARED_FACTS, _FactRow):
        match row.key.split("/", 4):
            case [_, _, rule, _, item] if rule in policy.item_rules:
                items.append((row.whose, item))
        try:
            fact = _read_fact(row)
        except FactError:
            damaged.add(row.whose)
        else:
            if isinstance(fact, Declaration):
                newest[row.key] = fact
    sharing = sharing_subjects(items)
    unsafe = frozenset(one for whose in damaged for one in sharing.get(whose, ()))
    return group_by_items(newest.values(), policy.item_rules), unsafe


def _keep_known(connection: Connection, known: list[tuple[str, str]]) -> None:
    """Move pairs of exchange and subject into the temporary table."""
    if known:
        exchanges, abouts = zip(*known, strict=True)
        execute(connection, _KEEP_KNOWN, exchanges=list(exchanges), abouts=list(abouts))
        known.clear()


class _ReadRows(NamedTuple):
    """The newest version of each fact that counts, all exchanges and names in any version, and damaged facts.

    `names` are in the order in which they were recorded.
    """

    facts: KnownFacts
    exchanges: set[str]
    names: list[str]
    faults: list[Difference]


def _read_rows(rows: Iterable[_FactRow], registers: Registers) -> _ReadRows:
    """Read the facts of one subject or exchange, given in order of topic, key and version."""
    newest: dict[tuple[str, str], tuple[int, Fact]] = {}
    exchanges: set[str] = set()
    names: list[tuple[int, str]] = []
    faults = []
    for row in rows:
        try:
            fact = _read_fact(row)
        except FactError as error:
            faults.append(Difference(f"fact {row.id} {row.topic} {row.key}", str(error), None))
        else:
            exchanges |= named_exchanges(fact)
            if isinstance(fact, PartyFact):
                names.append((row.id, fact.party.name))
            if is_counted(row.topic, row.key, registers):
                newest[row.topic, row.key] = row.id, fact
    return _ReadRows(known_facts(newest.values()), exchanges, [name for _, name in sorted(names)], faults)


def _read_fact(row: _FactRow) -> Fact:
    fact = parse_fact(row.topic, row.key, row.value)
    if (fact.generation, fact.seq) != (row.generation, row.seq):
        raise FactError(f"value {fact.generation}, {fact.seq}; columns {row.generation}, {row.seq}")
    if about_of(fact) != row.about:
        raise FactError(f"about {row.about}; value {about_of(fact)}")
    return fact


# The newest version, the current row and the rebuilt one of an award; at least one is there.
_SideBySide = tuple[AwardRow | None, AwardRow | None, AwardRow | None]


def compare_awards(connection: Connection, policy: Policy) -> Iterator[ComparedAward]:
    """Compare every award, in order of subjects; needs `rebuild_awards`."""
    rows = stream(connection, _SIDE_BY_SIDE, tuple[object, ...])
    together: list[_SideBySide] = []
    for _, of_subject in groupby(rows, key=lambda row: row[0]):
        together.extend(_side_by_side(row[1:]) for row in of_subject)
        if len(together) >= _BATCH:
            yield from _compared(connection, together, policy)
            together.clear()
    yield from _compared(connection, together, policy)


def _side_by_side(row: tuple[object, ...]) -> _SideBySide:
    width = len(AWARD_COLUMNS)
    newest, current, rebuilt = (
        None if row[start] is None else AwardRow._make(row[start : start + width]) for start in (0, width, 2 * width)
    )
    return newest, current, rebuilt


def _compared(connection: Connection, together: Sequence[_SideBySide], policy: Policy) -> Iterator[ComparedAward]:
    """Compare all awards of whole subjects, as G6 needs them.

    The payables of a subject with a damaged fact stay as they are: they may depend on the day that the fact says.
    """
    earned = [award_from_row(rebuilt) for _, _, rebuilt in together if rebuilt is not None]
    gone = [_first(current, newest) for newest, current, rebuilt in together if rebuilt is None]
    awards = [*earned, *_zeroed(connection, gone, policy)]
    damaged = {rebuilt.subject for _, _, rebuilt in together if rebuilt is not None and _is_as_it_stands(rebuilt)}
    sound = [award for award in awards if award.subject not in damaged]
    inputs = load_payable_inputs(connection, sound, policy)
    expected = {award.award_id: award for award in awards} | {
        award.award_id: award for award in with_payables(sound, policy, inputs)
    }
    for newest, current, rebuilt in together:
        award = expected[_first(rebuilt, current, newest).award_id]
        if award.subject in damaged and current is not None:
            payable_fen = min(current.payable_fen, award.ceiling_fen)
            award = replace(award, payable_fen=payable_fen, suppressed_by=current.suppressed_by)
        yield ComparedAward(newest, current, award)


def _is_as_it_stands(rebuilt: AwardRow) -> bool:
    """Return True if a row of `rebuilt_award` was copied, because a fact about its subject is damaged."""
    return rebuilt.recorded_at != _NO_INSTANT


def _zeroed(connection: Connection, gone: Sequence[AwardRow], policy: Policy) -> list[Award]:
    """Awards that are no longer earned: their last version with a ceiling, zeroed, with the newest evidence."""
    if not gone:
        return []
    last_earned = fetch(connection, _LAST_EARNED, AwardRow, ids=[row.award_id for row in gone])
    last = {row.award_id: award_from_row(row) for row in last_earned}
    awards = [last.get(row.award_id) or award_from_row(row) for row in gone]
    facts = sorted({evidence.ref.fact for award in awards for evidence in award.evidence})
    rows = fetch(connection, _NEWEST_REFS, tuple[str, int, int], facts=facts)
    newest = {fact: FactRef(fact, generation, seq) for fact, generation, seq in rows}
    return [zero_out(award, policy, newest) for award in awards]


def _first(*rows: AwardRow | None) -> AwardRow:
    return next(row for row in rows if row is not None)


def _differing(
    what: str, stored: Mapping[str, object], expected: Mapping[str, object], source: str = ""
) -> Iterator[Difference]:
    """The fields that differ, in one difference."""
    if names := [name for name in expected if stored[name] != expected[name]]:
        shown = [", ".join(_shown(name, fields[name]) for name in names) for fields in (stored, expected)]
        yield Difference(what, shown[0], shown[1] + source)


def _shown(name: str, value: object) -> str:
    """A field for a person: an amount in yuan."""
    if name.endswith("_fen") and isinstance(value, int):
        return f"{name.removesuffix('_fen')} {format_yuan(value)}"
    return f"{name.removesuffix('_fen')} {value}"
