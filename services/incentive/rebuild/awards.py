"""Awards recomputed from all recorded facts in files of this machine, and compared with the stored ones.

The subject of a fact follows from its key, and the version that counts from (generation, seq): nothing here relies on
`fact_current` or a column `about`, as these are checked, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
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
from services.incentive.rebuild.names import compare_names
from services.incentive.rebuild.participants import participants_as_they_stand
from services.incentive.store.acts import related_of
from services.incentive.store.awards import award_from_row
from services.incentive.store.payable_inputs import load_payable_inputs
from services.incentive.store.rows import AWARD_COLUMNS, AwardRow, columns
from services.incentive.store.rulebook import Rulebook
from shared.disk_rows import DiskRows, full_join
from shared.events.fact_topics import ANNUAL_TOTAL, SIGN
from shared.postgres.query import fetch, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan

_decode_award: Final = msgspec.json.Decoder(Award).decode
_BATCH: Final = 1_000  # awards or subjects that are in memory together
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
_AS_THEY_STAND: Final = f"SELECT {columns(AwardRow)} FROM award_current WHERE about = ANY(%(abouts)s)"
_OPERATORS: Final = "SELECT o.* FROM ledger_settings s, operators_listed(s.whitelist) AS o"
_KNOWN_TO: Final = "SELECT exchange, about FROM known_to ORDER BY exchange, about"
_NEWEST: Final = "(SELECT DISTINCT ON (award_id) * FROM award_version ORDER BY award_id, version DESC) n"
_SUBJECTS: Final = f"""
    SELECT award_id, coalesce(c.subject, n.subject) FROM {_NEWEST} FULL JOIN award_current c USING (award_id)
    ORDER BY award_id
"""
_STORED: Final = f"""
    SELECT coalesce(m.subject, c.subject, n.subject), award_id, {columns(AwardRow, "n")},
           {columns(AwardRow, "c")}
    FROM {_NEWEST} FULL JOIN award_current c USING (award_id) LEFT JOIN unnest(
        CAST(%(award_ids)s AS text[]), CAST(%(subjects)s AS text[])) AS m (award_id, subject) USING (award_id)
    ORDER BY 1, 2
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


class Rebuilt:
    """The awards and the other rows that follow from all recorded facts, in files of this machine.

    Awards about whose subject a fact is damaged are copies of the current ones: a damaged fact moves no money.
    `accounts`: the balance of each entitlement, in fen.
    """

    def __init__(self) -> None:
        self._awards = DiskRows[_KeptAward](4, _KeptAward._make)
        self._subjects = DiskRows[tuple[str, str]](2)  # of awards
        self.accounts = DiskRows[tuple[str, int]](2)
        self.known_to = DiskRows[tuple[str, str]](2)  # exchange, subject
        self.names = DiskRows[tuple[str, str]](2)  # subject, name
        self.participants = DiskRows[Participation](len(Participation._fields), Participation._make)
        self.damaged: list[str] = []  # subjects that cannot be recomputed

    def add(self, award: Award, *, is_copy: bool = False) -> None:
        self._awards.add(_KeptAward(award.subject, award.award_id, is_copy, msgspec.json.encode(award)))
        self._subjects.add((award.award_id, award.subject))
        if award.ceiling_fen > 0:
            self.accounts.add((f"entitlement:{award.subject}:{award.award_id}:{award.year}", award.ceiling_fen))

    def add_copies(self, awards: Sequence[Award]) -> None:
        """Add awards as they stand, except those that were recomputed."""
        copied = {award.award_id for award in awards}
        recomputed = {award_id for award_id, _ in self._subjects if award_id in copied} if copied else ()
        for award in awards:
            if award.award_id not in recomputed:
                self.add(award, is_copy=True)

    def awards(self) -> Iterator[tuple[Award, bool]]:
        """Return each award in order of subject and id, and whether it is a copy."""
        for row in self._awards:
            yield _decode_award(row.encoded), bool(row.is_copy)

    def moved(self, connection: Connection) -> dict[str, str]:
        """Return the subjects of those awards that are stored with another subject, by the award's id."""
        stored = stream(connection, _SUBJECTS, tuple[str, str])
        pairs = full_join(stored, self._subjects, itemgetter(0), itemgetter(0))
        return {key: wanted[1] for key, found, wanted in pairs if found is not None and wanted not in (None, found)}


class _KeptAward(NamedTuple):
    subject: str
    award_id: str
    is_copy: bool
    encoded: bytes


def rebuild_awards(connection: Connection, rulebook: Rulebook, rebuilt: Rebuilt) -> Iterator[Difference]:
    """Compute what all recorded facts earn; report damaged facts, and readers and names that differ.

    `compare_awards`, which has all awards of a subject, computes the payables.
    """
    near: list[tuple[str, KnownFacts]] = []  # whose red flags depend on each other
    related = related_of(connection)
    groups, unsafe = _declared_groups(connection, rulebook.policy)
    rows = stream(connection, _FACTS, _FactRow)
    for about, of_it in groupby(rows, key=lambda row: row.whose):
        read = _read_rows(of_it, rulebook.registers)
        yield from read.faults
        rebuilt.known_to.extend((exchange, about) for exchange in read.exchanges)
        rebuilt.names.extend((about, name) for name in read.names[-1:])
        facts = read.facts.with_linked(about, groups)
        if read.faults or about in unsafe:
            rebuilt.damaged.append(about)
        elif first_near_cap(facts.of, rulebook.policy) is not None:
            near.append((about, facts))
        else:
            yield from _earn(about, facts, rulebook, Peers(NO_SIMILAR, related), rebuilt)
    others = Peers(similar_purchases((facts.of for _, facts in near), rulebook.policy), related)
    for about, facts in near:
        yield from _earn(about, facts, rulebook, others, rebuilt)
    rebuilt.participants.extend(participants_as_they_stand(connection, rebuilt.damaged))
    copies = fetch(connection, _AS_THEY_STAND, AwardRow, abouts=rebuilt.damaged)
    rebuilt.add_copies([award_from_row(row) for row in copies])
    rebuilt.known_to.extend(fetch(connection, _OPERATORS, tuple[str, str]))
    yield from _compare_known_to(connection, rebuilt)
    yield from compare_names(connection, rebuilt.names, rebuilt.damaged)


def _earn(about: str, facts: KnownFacts, rulebook: Rulebook, peers: Peers, rebuilt: Rebuilt) -> Iterator[Difference]:
    """Add what facts earn, or the subject if that cannot be computed."""
    try:
        for award in compute_awards(facts, rulebook.policy, rulebook.exchanges, peers):
            rebuilt.add(award)
        for one in participations(facts, rulebook.policy):
            rebuilt.participants.add(one)
    except CutDatesError as error:
        rebuilt.damaged.append(about)
        yield Difference(f"fact about {about}", str(error), None)


def _compare_known_to(connection: Connection, rebuilt: Rebuilt) -> Iterator[Difference]:
    stored = stream(connection, _KNOWN_TO, tuple[str, str])
    for (exchange, about), found, wanted in full_join(stored, rebuilt.known_to, tuple, tuple):
        if found != wanted and about not in rebuilt.damaged:
            yield Difference(f"known_to {exchange} {about}", found and "shown", wanted and "shown")


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


class _SideBySide(NamedTuple):
    """The newest version, the current row and the rebuilt award; at least one is there. `is_copy`: of the latter."""

    newest: AwardRow | None
    current: AwardRow | None
    rebuilt: Award | None
    is_copy: bool

    @property
    def award_id(self) -> str:
        return next(one.award_id for one in (self.rebuilt, self.current, self.newest) if one is not None)


def compare_awards(connection: Connection, policy: Policy, rebuilt: Rebuilt) -> Iterator[ComparedAward]:
    """Compare every award with what was rebuilt, in order of subjects."""
    together: list[_SideBySide] = []
    for _, of_subject in groupby(_side_by_side(connection, rebuilt), key=itemgetter(0)):
        together.extend(pair for _, pair in of_subject)
        if len(together) >= _BATCH:
            yield from _compared(connection, together, policy)
            together.clear()
    yield from _compared(connection, together, policy)


def _side_by_side(connection: Connection, rebuilt: Rebuilt) -> Iterator[tuple[str, _SideBySide]]:
    """Return all awards with their subjects, in order of subject and id."""
    width, moved = len(AWARD_COLUMNS), rebuilt.moved(connection)
    places = {"award_ids": list(moved), "subjects": list(moved.values())}
    stored = stream(connection, _STORED, tuple[Any, ...], **places)
    for (subject, _), row, kept in full_join(stored, rebuilt.awards(), itemgetter(0, 1), _place):
        newest, current = (
            None if row is None or row[start] is None else AwardRow._make(row[start : start + width])
            for start in (2, 2 + width)
        )
        award, is_copy = kept or (None, False)
        yield subject, _SideBySide(newest, current, award, is_copy)


def _place(kept: tuple[Award, bool]) -> tuple[str, str]:
    return kept[0].subject, kept[0].award_id


def _compared(connection: Connection, together: Sequence[_SideBySide], policy: Policy) -> Iterator[ComparedAward]:
    """Compare all awards of whole subjects, as G6 needs them.

    The payables of a subject with a damaged fact stay as they are: they may depend on the day that the fact says.
    """
    earned = [one.rebuilt for one in together if one.rebuilt is not None]
    gone = [_first(one.current, one.newest) for one in together if one.rebuilt is None]
    awards = [*earned, *_zeroed(connection, gone, policy)]
    damaged = {one.rebuilt.subject for one in together if one.rebuilt is not None and one.is_copy}
    sound = [award for award in awards if award.subject not in damaged]
    inputs = load_payable_inputs(connection, sound, policy)
    expected = {award.award_id: award for award in awards} | {
        award.award_id: award for award in with_payables(sound, policy, inputs)
    }
    for one in together:
        award, current = expected[one.award_id], one.current
        if award.subject in damaged and current is not None:
            payable_fen = min(current.payable_fen, award.ceiling_fen)
            award = replace(award, payable_fen=payable_fen, suppressed_by=current.suppressed_by)
        yield ComparedAward(one.newest, current, award)


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
