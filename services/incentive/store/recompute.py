"""Recomputing awards from all facts, and recording the difference: new versions and postings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection

from services.incentive.domain.awards import Award, zero_out
from services.incentive.domain.entitlements import NO_FACTS, KnownFacts, compute_awards
from services.incentive.domain.facts import AwardFact, Fact, FactRef, Registers, about_of, is_counted
from services.incentive.domain.payables.highest_only import with_payables
from services.incentive.domain.postings import entitlement_posting
from services.incentive.domain.risk_flags import Peers
from services.incentive.domain.similar_purchases import (
    SimilarPurchases,
    first_near_cap,
    is_split,
    similar_purchases,
)
from services.incentive.domain.subjects.participation import participations
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import related_of
from services.incentive.store.awards import load_awards, record_awards, similar_buyers
from services.incentive.store.changes import Changes
from services.incentive.store.derived.participants import is_without_participants, write_participants
from services.incentive.store.facts import NOTHING_RECORDED, JustRecorded, load_facts, load_linked
from services.incentive.store.ledger import lock_ledger, next_instant, post
from services.incentive.store.payable_inputs import load_payable_inputs
from services.incentive.store.rulebook import (
    Rulebook,
    SettingsInForce,
    enter_again,
    enter_settings,
    is_entered,
    registers_text,
    revision_fault,
    settings_in_force,
)
from shared.events.fact_topics import FIRST_PURCHASE
from shared.postgres.query import execute, fetch_values
from shared.settings import SettingsError
from shared.values.times import Clock

RECOMPUTE_BATCH: Final = 5_000
_EVERYBODY: Final = "SELECT DISTINCT about FROM fact_current ORDER BY about"
_ABOUTS: Final = "SELECT DISTINCT about FROM award_current WHERE subject = ANY(%(subjects)s) ORDER BY about"

log = structlog.get_logger(__name__)


class Recomputation(NamedTuple):
    """The rulebook, the instant and the occasion (Chinese, English) of a recomputation.

    `is_of_act`: an act is the occasion, facts and policy are as they were.
    """

    rulebook: Rulebook
    instant: datetime
    occasion: tuple[str, str] = ("", "")
    is_of_act: bool = False


def recompute(
    connection: Connection, abouts: Sequence[str], parsed: Mapping[tuple[str, str], Fact], run: Recomputation
) -> list[tuple[Award | None, Award]]:
    """Recompute the awards of these subjects and exchanges; record versions and postings of what differs.

    Return those, before (None: they are new) and after. Includes those with whom they share items, and those on whose
    awards risk flags may change. Needs the ledger's lock.
    """
    rulebook, policy = run.rulebook, run.rulebook.policy
    just_recorded = JustRecorded(parsed, run.instant) if parsed else NOTHING_RECORDED
    known = _load_known(connection, abouts, just_recorded, rulebook)
    if not run.is_of_act:
        _write_participants(connection, {about: known[about] for about in _participating(abouts, parsed)}, policy)
    similar, more = _load_similar(connection, known, rulebook)
    if more:
        known |= _load_known(connection, more, just_recorded, rulebook)
    peers = Peers(similar, related_of(connection, known.keys()))
    earned = {
        award.award_id: award
        for facts in known.values()
        for award in compute_awards(facts, policy, rulebook.exchanges, peers)
    }
    before = load_awards(connection, list(known), {award.subject for award in earned.values()})
    after = [
        *(award for award in before.values() if award.about not in known),
        *earned.values(),
        *_no_longer_earned(known, earned, before, policy),
    ]
    settled = with_payables(after, policy, load_payable_inputs(connection, after, policy))
    changed = sorted(
        (award for award in settled if award != before.get(award.award_id)), key=lambda award: award.award_id
    )
    record_awards(connection, changed, run.instant)
    arrived = _arrived(parsed, rulebook.registers)
    postings = [
        entitlement_posting(before.get(award.award_id), award, arrived.get(award.about, ()), run.occasion)
        for award in changed
    ]
    post(connection, [found for found in postings if found is not None], run.instant)
    return [(before.get(award.award_id), award) for award in changed]


def _participating(abouts: Sequence[str], parsed: Mapping[tuple[str, str], Fact]) -> list[str]:
    """Those whose participations may have changed: measures for red flags change none; all if no facts arrived."""
    arrived = {about_of(fact) for fact in parsed.values() if isinstance(fact, AwardFact)}
    return [about for about in abouts if not parsed or about in arrived]


def _write_participants(connection: Connection, known: Mapping[str, KnownFacts], policy: Policy) -> None:
    """Derive the participations of subjects from all facts about them."""
    subjects = [about for about in known if not about.startswith("exchange/")]
    if subjects:
        write_participants(
            connection, subjects, (one for subject in subjects for one in participations(known[subject], policy))
        )


def recompute_subjects(connection: Connection, subjects: Sequence[str], run: Recomputation) -> None:
    """Recompute the awards of these subjects, and of the exchanges that they operate, after an act."""
    run = run._replace(is_of_act=True)
    for start in range(0, len(subjects), RECOMPUTE_BATCH):
        some = list(subjects[start : start + RECOMPUTE_BATCH])
        recompute(connection, fetch_values(connection, _ABOUTS, str, subjects=some), {}, run)


def _load_known(
    connection: Connection, abouts: Sequence[str], just_recorded: JustRecorded, rulebook: Rulebook
) -> dict[str, KnownFacts]:
    """The facts about these subjects and exchanges, and about all subjects that share items with one of them."""
    # Those about whom nothing counts any more lose their awards.
    known = dict.fromkeys(abouts, NO_FACTS) | load_facts(
        connection, abouts, rulebook.registers, just_recorded=just_recorded
    )
    groups = load_linked(connection, known, rulebook.policy)
    known |= load_facts(
        connection, sorted(groups.keys() - known.keys()), rulebook.registers, just_recorded=just_recorded
    )
    return {about: facts.with_linked(about, groups) for about, facts in known.items()}


def _load_similar(
    connection: Connection, known: Mapping[str, KnownFacts], rulebook: Rulebook
) -> tuple[SimilarPurchases, list[str]]:
    """Everybody's first purchases near the cap, and the others whose flag of split purchases they change.

    A purchase changes the flags of the few that it makes just enough, or leaves too few; the rest of the awards stay.
    Empty if nobody in `known` has such a purchase or had one.
    """
    policy = rulebook.policy
    near = [facts.of for facts in known.values() if first_near_cap(facts.of, policy) is not None]
    others = similar_buyers(connection, list(known), policy, is_there=bool(near))
    abouts = [one.about for one in others]
    firsts = load_facts(connection, abouts, rulebook.registers, topic=FIRST_PURCHASE)
    similar = similar_purchases((*near, *(facts.of for facts in firsts.values())), policy)
    changed = [
        one.about for one in others if is_split(firsts.get(one.about, NO_FACTS).of, similar, policy) != one.is_flagged
    ]
    return similar, changed


def _arrived(parsed: Mapping[tuple[str, str], Fact], registers: Registers) -> dict[str, list[FactRef]]:
    """The facts that count and move money, by what they are about: measures for risk flags move none."""
    arrived: dict[str, list[FactRef]] = {}
    for (topic, key), fact in parsed.items():
        if isinstance(fact, AwardFact) and is_counted(topic, key, registers):
            arrived.setdefault(about_of(fact), []).append(fact.ref)
    return arrived


def _no_longer_earned(
    known: Mapping[str, KnownFacts], earned: Mapping[str, Award], before: Mapping[str, Award], policy: Policy
) -> Iterator[Award]:
    newest = {ref.fact: ref for facts in known.values() for ref in (fact.ref for fact in facts.of)}
    for old in before.values():
        if old.award_id not in earned and old.about in known:
            yield zero_out(old, policy, newest)


def put_in_force(connection: Connection, rulebook: Rulebook, clock: Clock) -> bool:
    """Put a rulebook in force and recompute everything by it; return False if it is in force already.

    Settings of an earlier version are first entered in the ledger. Raises SettingsError for a file that the ledger
    refuses.
    """
    lock_ledger(connection)
    # Recomputing everything may take longer than a batch may.
    execute(connection, "SET LOCAL transaction_timeout = 0")
    before = settings_in_force(connection)
    if before is not None and not is_entered(connection, before):
        _enter_after_upgrade(connection, before, next_instant(connection, clock()))
    if before is not None and (before.digests, before.registers) == (rulebook.digests, rulebook.registers):
        _fill_participants(connection, rulebook)
        return False
    fault = revision_fault(connection, rulebook.policy)
    if fault is not None:
        raise SettingsError(fault)
    _check_rules(connection, rulebook.policy)
    instant = next_instant(connection, clock())
    changes = _changes(before, rulebook)
    enter_settings(connection, rulebook, instant, changes)
    everybody = fetch_values(connection, _EVERYBODY, str)
    run = Recomputation(rulebook, instant, (f"{changes[0]}后重算，", f"recomputed, {changes[1]}, "))
    found = Changes()
    for start in range(0, len(everybody), RECOMPUTE_BATCH):
        found.add(recompute(connection, everybody[start : start + RECOMPUTE_BATCH], {}, run))
    for one in found.by_rule():
        log.info("amounts changed by what is put in force", **one._asdict())
    log.info(
        "policy, whitelist and registers put in force",
        policy=rulebook.policy.id,
        revision=rulebook.policy.revision,
        policy_sha256=rulebook.policy.digest,
        whitelist_sha256=rulebook.exchanges.digest,
        registers=rulebook.registers,
        awards_recomputed=found.recomputed,
    )
    return True


def _fill_participants(connection: Connection, rulebook: Rulebook) -> None:
    """Derive the participants of a ledger that an upgrade left without them."""
    everybody = fetch_values(connection, _EVERYBODY, str) if is_without_participants(connection) else []
    for start in range(0, len(everybody), RECOMPUTE_BATCH):
        some = everybody[start : start + RECOMPUTE_BATCH]
        _write_participants(connection, load_facts(connection, some, rulebook.registers), rulebook.policy)


def _enter_after_upgrade(connection: Connection, found: SettingsInForce, instant: datetime) -> None:
    seq = enter_again(connection, found, instant)
    log.info(
        "settings in force entered after an upgrade",
        seq=seq,
        policy=found.policy_id,
        revision=found.policy_revision,
        policy_sha256=found.policy_digest,
        whitelist_sha256=found.whitelist_digest,
        registers=found.registers,
    )


def _changes(before: SettingsInForce | None, rulebook: Rulebook) -> tuple[str, str]:
    """Describe what is put in force, in Chinese and English: the policy's revision, whitelist, registers."""
    policy, zh, en = rulebook.policy, [], []
    if before is None or before.policy_digest != policy.digest:
        zh.append(f"政策 {policy.id} 第 {policy.revision} 版施行")
        en.append(f"policy {policy.id} revision {policy.revision} put in force")
    if before is None:
        zh.append("交易场所名录施行")
        en.append("whitelist put in force")
    elif before.whitelist_digest != rulebook.exchanges.digest:
        zh.append("交易场所名录变更")
        en.append("whitelist changed")
    if before is not None and before.registers != rulebook.registers:
        zh.append(f"改以登记簿 {registers_text(rulebook.registers)} 为准")
        en.append(f"registers {registers_text(rulebook.registers)} count")
    return "、".join(zh), " and ".join(en)


def _check_rules(connection: Connection, policy: Policy) -> None:
    """Refuse a file without a rule that has awards: they must stay explainable. A rule can be ended in the file."""
    rules = fetch_values(connection, "SELECT DISTINCT rule FROM award_current ORDER BY rule", str)
    gone = [rule for rule in rules if rule not in policy.rule_order]
    if gone:
        raise SettingsError(
            f"POLICY_FILE: revision {policy.revision} of {policy.id} lacks the rule {', '.join(gone)}, which has"
            " awards; to end it, keep it as `earned: recorded`, without an amount"
        )
