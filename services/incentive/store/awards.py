"""Awards anew from all facts, and what is written of them: versions and postings, with the ledger's lock held."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, text

from services.incentive.domain.declared_rules import declared_awards
from services.incentive.domain.event_rules import (
    Entitlement,
    EvidenceItem,
    SubjectFacts,
    exchange_awards,
    subject_awards,
)
from services.incentive.domain.facts import (
    AwardFact,
    Declaration,
    ExchangeTotal,
    Fact,
    FactRef,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
    Registers,
    about_of,
    is_counted,
    parse_fact,
)
from services.incentive.domain.postings import Award, Posting, award_of, entitlement_posting, with_payables, zero_out
from services.incentive.domain.risk_flags import Peers, with_risk_flags
from services.incentive.policy.terms import Policy
from services.incentive.store.act_queries import other_grants_of, related_of
from services.incentive.store.as_of import FACT_NOW, FACT_THEN
from services.incentive.store.risk_flag_context import PeerIndex, similar_buyers, similar_purchases
from services.incentive.store.rulebook import Rulebook
from services.incentive.store.tables import AWARD_COLUMNS
from shared.postgres.database import pg_array, rows_of, written

_FACTS: Final = (
    "SELECT c.about, c.topic, c.key, f.id, f.value FROM fact_current c {facts}"
    " WHERE c.about = ANY(CAST(:abouts AS text[])) ORDER BY c.topic, c.key"
)
_FACTS_NOW: Final = written(text(_FACTS.format(facts=FACT_NOW)))
_FACTS_THEN: Final = written(text(_FACTS.format(facts=FACT_THEN)))

_AWARDS_OF: Final = written(text("SELECT * FROM award_current WHERE about = ANY(CAST(:abouts AS text[]))"))
_COMPETING: Final = written(
    text(
        "SELECT * FROM award_current"
        " WHERE subject = ANY(CAST(:subjects AS text[])) AND about <> ALL(CAST(:abouts AS text[]))"
    )
)


class KnownFacts(NamedTuple):
    """All that is known of one subject or exchange, in order of topic and key, and what was recorded last.

    Of a subject, the one recorded last gives the name. Signs earn nothing and name nobody: where there is nothing
    else, `newest` is None.
    """

    of: tuple[Fact, ...]
    newest: AwardFact | None


NO_FACTS: Final = KnownFacts((), None)


def known_facts(facts: Iterable[tuple[Any, Fact]]) -> KnownFacts:
    """Facts of one, each with what sorts them by when they were recorded."""
    known = list(facts)
    earning = [(place, fact) for place, fact in known if isinstance(fact, AwardFact)]
    newest = max(earning, key=lambda pair: pair[0])[1] if earning else None
    return KnownFacts(tuple(fact for _, fact in known), newest)


class Recomputation(NamedTuple):
    """By what, when and on what occasion (Chinese, English) awards are computed."""

    rulebook: Rulebook
    instant: datetime
    occasion: tuple[str, str]


def recompute(
    connection: Connection, abouts: Sequence[str], parsed: Mapping[tuple[str, str], Fact], run: Recomputation
) -> None:
    """Awards of these subjects and exchanges anew from all their facts; versions and postings of what differs.

    With them those on whose awards signs may come or go.
    """
    policy = run.rulebook.policy
    registers = run.rulebook.registers
    # Of whom nothing counts any more, awards are taken away.
    known = dict.fromkeys(abouts, NO_FACTS) | load_facts(connection, abouts, parsed, registers)
    alike = similar_purchases((facts.of for facts in known.values()), policy)
    if more := similar_buyers(connection, abouts, policy, is_there=bool(alike)):
        abouts = [*abouts, *more]
        known |= load_facts(connection, more, parsed, registers)
        alike = similar_purchases((facts.of for facts in known.values()), policy)
    others = PeerIndex(alike, related_of(connection, known.keys()))
    earned = {
        award.award_id: (about, award)
        for about, facts in known.items()
        for award in compute_entitlements(facts, run.rulebook, others.around(about))
    }
    before = _load_awards(connection, abouts, {award.subject.subject for _, award in earned.values()})
    after = [
        *(award for award in before.values() if award.about not in known),
        *_restated(known, earned, before, policy),
    ]
    grants = other_grants_of(connection, {award.subject for award in after})
    settled = with_payables(after, policy.rule_order, grants)
    changed = [award for award in settled if award != before.get(award.award_id)]
    changed.sort(key=lambda award: award.award_id)
    record_awards(connection, changed, run.instant)
    arrived: dict[str, list[FactRef]] = {}
    for (topic, key), fact in parsed.items():
        if not (isinstance(fact, AwardFact) and is_counted(topic, key, registers)):
            continue  # no sign moves money
        arrived.setdefault(about_of(fact), []).append(fact.ref)
    postings = [
        entitlement_posting(before.get(award.award_id), award, arrived.get(award.about, ()), run.occasion)
        for award in changed
    ]
    post(connection, [found for found in postings if found is not None], run.instant)


def _restated(
    known: Mapping[str, KnownFacts],
    earned: Mapping[str, tuple[str, Entitlement]],
    before: Mapping[str, Award],
    policy: Policy,
) -> Iterator[Award]:
    """Every award of those whose facts are known, as it is now."""
    newest = {fact.ref.fact: fact.ref for facts in known.values() for fact in facts.of}
    for about, award in earned.values():
        yield award_of(about, award, policy)
    for old in before.values():
        if old.award_id not in earned and old.about in known:
            yield zero_out(old, policy, newest)


def load_facts(
    connection: Connection,
    abouts: Sequence[str],
    parsed: Mapping[tuple[str, str], Fact],
    registers: Registers,
    as_of: datetime | None = None,
) -> dict[str, KnownFacts]:
    """The newest version of every fact about each that counts, now or as of an instant.

    `parsed` holds, by topic and key, those that are read already.
    """
    statement = _FACTS_NOW if as_of is None else _FACTS_THEN
    found = rows_of(connection, statement, abouts=pg_array(abouts), as_of=as_of)
    known: dict[str, list[tuple[int, Fact]]] = {}
    for about, topic, key, fact_id, value in found:
        if is_counted(topic, key, registers):
            fact = parsed.get((topic, key)) or parse_fact(topic, key, value)
            known.setdefault(about, []).append((fact_id, fact))
    return {about: known_facts(facts) for about, facts in known.items()}


def subject_facts(facts: Iterable[Fact]) -> SubjectFacts:
    """The facts of one subject, sorted out."""
    listings, purchases = [], []
    declared = []
    totals: dict[int, list[ProviderTotal]] = {}
    for fact in facts:
        if isinstance(fact, FirstListing):
            listings.append(fact)
        elif isinstance(fact, FirstPurchase):
            purchases.append(fact)
        elif isinstance(fact, ProviderTotal):
            totals.setdefault(fact.year, []).append(fact)
        elif isinstance(fact, Declaration):
            declared.append(fact)
    return SubjectFacts(tuple(listings), tuple(purchases), totals, tuple(declared))


def exchange_totals(facts: Iterable[Fact]) -> dict[int, list[ExchangeTotal]]:
    """The totals of one exchange, by year."""
    totals: dict[int, list[ExchangeTotal]] = {}
    for fact in facts:
        if isinstance(fact, ExchangeTotal):
            totals.setdefault(fact.year, []).append(fact)
    return totals


def compute_entitlements(facts: KnownFacts, rulebook: Rulebook, around: Peers) -> list[Entitlement]:
    """What one subject or exchange earns, with the signs that are found on it. Raises CutDatesError."""
    policy = rulebook.policy
    if facts.newest is None:
        return []
    if isinstance(facts.newest, ExchangeTotal):
        earned = exchange_awards(facts.newest.exchange, exchange_totals(facts.of), rulebook.exchanges, policy)
    else:
        party, known = facts.newest.party, subject_facts(facts.of)
        earned = [*subject_awards(party, known, policy), *declared_awards(party, known.declared, policy)]
    return [with_risk_flags(award, facts.of, around, policy) for award in earned]


def _load_awards(connection: Connection, abouts: Sequence[str], subjects: set[str]) -> dict[str, Award]:
    """Awards of these, and those that compete with them under G6: all of each subject, before and now."""
    these = pg_array(abouts)
    of_these = rows_of(connection, _AWARDS_OF, abouts=these)
    who = pg_array(sorted(subjects | {row.subject for row in of_these}))
    competing = rows_of(connection, _COMPETING, subjects=who, abouts=these)
    return {row.award_id: award_from_row(row) for row in (*of_these, *competing)}


def award_from_row(row: Row[Any]) -> Award:
    """An award as a row of `award_current` or `award_version` has it."""
    return Award(
        award_id=row.award_id,
        about=row.about,
        rule=row.rule,
        article=row.article,
        policy_id=row.policy_id,
        policy_revision=row.policy_revision,
        subject=row.subject,
        subject_name=row.subject_name,
        exchange=row.exchange,
        year=row.year,
        base_fen=row.base_fen,
        rate=row.rate,
        cap_fen=row.cap_fen,
        ceiling_fen=row.ceiling_fen,
        payable_fen=row.payable_fen,
        suppressed_by=row.suppressed_by,
        flags=tuple(row.flags),
        evidence=tuple(
            EvidenceItem(FactRef(item["fact"], item["generation"], item["seq"]), tuple(item["exchanges"]))
            for item in row.evidence
        ),
    )


def evidence_json(evidence: Iterable[EvidenceItem]) -> list[dict[str, Any]]:
    """Evidence as the contract shows it."""
    return [
        {
            "fact": item.ref.fact,
            "generation": item.ref.generation,
            "seq": item.ref.seq,
            "exchanges": list(item.exchanges),
        }
        for item in evidence
    ]


def award_rows(awards: Iterable[Award], instant: datetime) -> str:
    """Awards as rows of their tables, in JSON for `jsonb_populate_recordset`; without a version."""
    return _json(
        [
            {
                **msgspec.structs.asdict(award),
                "recorded_at": instant,
                "exchanges": award.exchanges,
                "evidence": evidence_json(award.evidence),
            }
            for award in awards
        ]
    )


def record_awards(connection: Connection, awards: Sequence[Award], instant: datetime) -> None:
    """Each as the next version of its award."""
    if not awards:
        return
    columns = ", ".join(AWARD_COLUMNS)
    # The version is the database's to count.
    connection.execute(
        text(
            f"INSERT INTO award_version ({columns})"
            f" SELECT {', '.join('coalesce(c.version + 1, 0)' if n == 'version' else f'a.{n}' for n in AWARD_COLUMNS)}"
            " FROM jsonb_populate_recordset(NULL::award_version, CAST(:rows AS jsonb)) a"
            " LEFT JOIN award_current c USING (award_id)"
        ),
        {"rows": award_rows(awards, instant)},
    )


def post(connection: Connection, postings: Sequence[Posting], instant: datetime) -> None:
    """Number the postings and insert them with their entries in one statement, as the ledger's triggers ask."""
    if not postings:
        return
    first = next_seq(connection)
    transactions: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for seq, found in enumerate(postings, first):
        transactions.append(
            {
                **msgspec.structs.asdict(found),
                "seq": seq,
                "posted_at": instant,
                "entries": len(found.entries),
            }
        )
        entries.extend(
            {"seq": seq, "line": line, **msgspec.structs.asdict(entry)} for line, entry in enumerate(found.entries)
        )
    connection.execute(
        text(
            "WITH posted AS (INSERT INTO ledger_transaction SELECT * FROM"
            " jsonb_populate_recordset(NULL::ledger_transaction, CAST(:transactions AS jsonb)))"
            " INSERT INTO ledger_entry SELECT * FROM"
            " jsonb_populate_recordset(NULL::ledger_entry, CAST(:entries AS jsonb))"
        ),
        {"transactions": _json(transactions), "entries": _json(entries)},
    )


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()


def next_seq(connection: Connection) -> int:
    """The number of the next transaction."""
    return int(connection.execute(text("SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction")).scalar_one())
