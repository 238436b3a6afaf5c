"""Compare a running set with the reference: documents, quarantine, facts, awards, ledger."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devset.expected import reported_award
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING
from shared.kafka.replay import replay_records
from tests.faults.reference import Place, Reference
from tests.faults.world import committed_ends
from tests.support.expected_facts import with_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg

    from services.incentive.verifier.expected import ExpectedAward
    from tests.faults.ha.rig import HaRig
    from tests.faults.rig import Rig

    AnyRig = Rig | HaRig

Json = dict[str, Any]
Fact = tuple[str, str, Json]  # topic, key and value
_TOLD = 5
_COMPARED_TOPICS = (LISTING, FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL)


@dataclass
class Findings:
    """Differences found. Records are counted; everything else is one line each."""

    lost: int = 0
    doubled: int = 0
    foreign: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.foreign or self.wrong)

    def __str__(self) -> str:
        told = [f"lost {self.lost}, doubled {self.doubled}, foreign {self.foreign}", *self.wrong[:30]]
        return "\n  ".join(told)

    def count(self, what: str, expected: Counter[Any], found: Counter[Any]) -> None:
        """Compare records by place: each must have left as many traces as expected."""
        lost, more = expected - found, found - expected
        self.lost += lost.total()
        for place, number in more.items():
            if expected[place]:
                self.doubled += number
            else:
                self.foreign += number
        for name, places in (("lost", lost), ("too many", more)):
            if places:
                self.wrong.append(f"{what}: {name}: {places.most_common(_TOLD)}")

    def compare(self, what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> None:
        """Compare values by key: both sides must have the same keys and values."""
        differing = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
        for key in sorted(differing, key=str)[:_TOLD]:
            self.wrong.append(f"{what} {key}: {found.get(key)} stands, {expected.get(key)} expected")
        if len(differing) > _TOLD:
            self.wrong.append(f"{what}: {len(differing)} differ in all")

    def holds(self, condition: bool, what: str) -> None:
        if not condition:
            self.wrong.append(what)


def compare(rig: AnyRig, reference: Reference, facts: Iterable[Fact] | None = None) -> Findings:
    """Compare everything; the set must be quiet. `facts` are all that were published, read here if not given."""
    findings = Findings()
    _documents(findings, rig, reference)
    _numbering(findings, rig)
    expected = reference.facts()
    _facts(findings, reference, expected, newest_facts(published_facts(rig) if facts is None else facts))
    _awards(findings, rig, reference.awards(expected))
    _ledger(findings, rig)
    return findings


def _documents(findings: Findings, rig: AnyRig, reference: Reference) -> None:
    accepted: Counter[Place] = Counter()
    refused: Counter[tuple[Place, str]] = Counter()
    duplicates: Counter[str] = Counter()
    for service, kind in (("listing", "listing"), ("trade-ingest", "trade")):
        with rig.database(service) as connection:
            rows = connection.execute(
                f'SELECT exchange, partition, "offset" FROM {kind}'
                f' UNION ALL SELECT exchange, partition, "offset" FROM {kind}_past'
            )
            accepted.update(Place(f"exchange.{row[0]}.{kind}s.v1", row[1], row[2]) for row in rows)
            rows = connection.execute('SELECT topic, partition, "offset", reason FROM quarantine')
            refused.update((Place(*row[:3]), row[3]) for row in rows)
            rows = connection.execute("SELECT exchange, records FROM intake_day WHERE outcome = 'duplicate'")
            for exchange, records in rows:
                duplicates[f"exchange.{exchange}.{kind}s.v1"] += int(records)
            states = {
                (row[0], row[1]): row[2] for row in connection.execute(f"SELECT exchange, number, revision FROM {kind}")
            }
            findings.compare(f"state of {kind}", reference.revisions(kind), states)
    findings.count("documents", reference.accepted, accepted)
    findings.count("quarantine", reference.refused, refused)
    findings.count("duplicates", reference.duplicates, duplicates)


def _numbering(findings: Findings, rig: AnyRig) -> None:
    """Check that `seq` of each register starts at 0 and has no gaps or duplicates."""
    for service, tables in (
        ("listing", ("listing", "listing_past", "settings_entry")),
        ("trade-ingest", ("trade", "trade_past", "listing_fact", "listing_fact_past", "settings_entry")),
    ):
        with rig.database(service) as connection:
            numbers = [row[0] for table in tables for row in connection.execute(f"SELECT seq FROM {table}")]
            (next_seq,) = connection.execute("SELECT next_seq FROM register_head").fetchone()
        findings.holds(
            sorted(numbers) == list(range(next_seq)), f"{service}: seq has gaps or doubles before {next_seq}"
        )


def newest_facts(facts: Iterable[Fact]) -> dict[str, dict[str, Json]]:
    """Return the value with the greatest generation and seq for each topic and key."""
    newest: dict[str, dict[str, Json]] = {topic: {} for topic in _COMPARED_TOPICS}
    for topic, key, value in facts:
        known = newest[topic].get(key)
        if known is None or _version(value) > _version(known):
            newest[topic][key] = value
    return newest


def published_facts(rig: AnyRig) -> Iterator[Fact]:
    """Yield the topic, key and value of every fact that was ever published, in the order of each partition."""
    kafka = rig.bootstrap_servers
    for records in replay_records({"bootstrap_servers": kafka}, committed_ends(kafka, _COMPARED_TOPICS)):
        for record in records:
            yield record.topic, record.key.decode().removeprefix("r1/"), json.loads(record.value)


def compare_versions(findings: Findings, facts: Iterable[Fact]) -> None:
    """Check that no version of a fact was published with two contents, or after a greater one of its key.

    Who has one version never takes the other, so neither may happen however often facts are sent.
    """
    known: dict[tuple[str, str], Json] = {}
    for topic, key, value in facts:
        last = known.setdefault((topic, key), value)
        findings.holds(_version(value) >= _version(last), f"{topic} {key}: {_version(value)} after {_version(last)}")
        if _version(value) == _version(last):
            findings.holds(value == last, f"{topic} {key}: two contents of version {_version(value)}")
        known[topic, key] = value


def _version(value: Json) -> tuple[int, int]:
    return value["generation"], value["seq"]


def _facts(
    findings: Findings, reference: Reference, expected: dict[str, Json], facts: dict[str, dict[str, Json]]
) -> None:
    for topic in (FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL):
        wanted = {name: value for name, value in expected.items() if name.startswith(f"{topic}/")}
        found = {f"{topic}/r1/{key}": value for key, value in facts[topic].items()}
        findings.compare(topic, with_content(wanted), with_content(found))
    listings = {tuple(key.split("/", 1)) for key in facts[LISTING]}
    findings.holds(listings == set(reference.revisions("listing")), "listing facts of other numbers than published")


def _awards(findings: Findings, rig: AnyRig, expected: dict[str, ExpectedAward]) -> None:
    awards = {one["award_id"]: reported_award(one) for one in rig.client.items("incentive", "/v1/awards")}
    findings.compare("award", expected, {award_id: one for award_id, one in awards.items() if one.ceiling})


def _ledger(findings: Findings, rig: AnyRig) -> None:
    """Check that the ledger is gapless, ordered and balanced, and that postings of an award sum up to its ceiling."""
    with rig.database("incentive") as connection:
        rows = connection.execute(
            "SELECT seq, posted_at, award_id, amount_fen FROM ledger_transaction ORDER BY seq"
        ).fetchall()
        findings.holds([row[0] for row in rows] == list(range(len(rows))), "ledger: seq has gaps")
        findings.holds([row[1] for row in rows] == sorted(row[1] for row in rows), "ledger: posted_at falls")
        posted: Counter[str] = Counter()
        for _, _, award_id, amount_fen in rows:
            if award_id is not None:
                posted[award_id] += amount_fen
        ceilings = dict(connection.execute("SELECT award_id, ceiling_fen FROM award_current").fetchall())
        findings.compare("posted for", ceilings, posted)
        unbalanced = connection.execute(
            "SELECT seq FROM ledger_entry GROUP BY seq HAVING sum(debit_fen) <> sum(credit_fen)"
        ).fetchall()
        findings.holds(not unbalanced, f"ledger: transactions do not balance: {unbalanced[:_TOLD]}")
        balances = _balances(connection)
    entitled = {account: fen for account, fen in balances.items() if account.startswith("entitlement:") and fen}
    by_award = Counter({award_id: fen for award_id, fen in ceilings.items() if fen})
    told: Counter[str] = Counter()
    for account, fen in entitled.items():
        # entitlement:<scheme>:<id>:<award_id>:<year>
        told[account.split(":", 3)[3].rpartition(":")[0]] += fen
    findings.compare("entitlement of", by_award, told)


def _balances(connection: psycopg.Connection[Any]) -> dict[str, int]:
    rows = connection.execute("SELECT account, sum(credit_fen - debit_fen)::bigint FROM ledger_entry GROUP BY account")
    return {row[0]: row[1] for row in rows}
