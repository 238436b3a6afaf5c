"""`incentive what-if`: awards under another policy file, compared with those in force."""

import json
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import click
import msgspec

from services.incentive.commands.what_if import Amounts, WhatIf, what_if, what_if_json
from services.incentive.domain.declared_rules import group_by_items
from services.incentive.domain.entitlements import KnownFacts, known_facts
from services.incentive.domain.facts import Declaration, Fact, about_of, parse_fact
from services.incentive.domain.holds import RULE_SUSPENDED
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.domain.payables.other_grants import OtherGrants, RecordedGrant, grants_in_force
from services.incentive.domain.workflow import SET_ASIDE_STATES, WAIVED
from services.incentive.policy.loader import read_policy
from services.incentive.policy.terms import Policy
from services.incentive.store.facts import all_facts
from services.incentive.store.payable_inputs import all_payable_inputs
from services.incentive.store.rulebook import Rulebook, SettingsChangedError, rulebook_in_force
from shared.language import say
from shared.postgres.database import make_engine, snapshot
from shared.settings import Settings
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.whitelist import WhitelistError, parse_whitelist


def compare_ledger(settings: Settings, policy: Policy) -> tuple[WhatIf, Policy]:
    """Compare on the facts of the ledger's database, in one read-only snapshot; return the policy in force too."""
    engine = make_engine(settings.database_url)
    try:
        with snapshot(engine) as connection:
            before = rulebook_in_force(connection)
            if before is None:
                raise SettingsChangedError("台账尚无生效的政策 / no policy is in force in the ledger yet")
            facts = all_facts(connection, before.registers, {*before.policy.item_rules, *policy.item_rules})
            return what_if(facts, before, policy, all_payable_inputs(connection)), before.policy
    finally:
        engine.dispose()


def compare_extract(extract: Path, policy: Policy) -> tuple[WhatIf, Policy]:
    """Compare on the facts of an extract, without a database. Raises UnreadableExtract."""
    known, before, recorded = _facts_of_extract(extract, policy)
    return what_if(known, before, policy, recorded), before.policy


def show(found: WhatIf, before: Policy, after: Policy, *, as_json: bool) -> None:
    """Print the contract's JSON, or a text for people."""
    if as_json:
        click.echo(json.dumps(what_if_json(found), ensure_ascii=False))
        return
    for line in lines(found, before, after):
        click.echo(line)


def lines(found: WhatIf, before: Policy, after: Policy) -> Iterator[str]:
    """Render the awards that differ, then the sums by year."""
    count, differing = len(found.cases), len(found.differing)
    yield f"{before.id} revision {before.revision} -> {after.id} revision {after.revision}"
    yield say(
        f"奖补 {count} 项，其中变化 {differing} 项（测算上限/可兑现）",
        f"{count} awards, {differing} of them differ (ceiling/payable)",
    )
    for case in found.differing:
        change = _signed(case.after.payable_fen - case.before.payable_fen)
        yield f"  {case.award_id}: {_amounts(case.before)} -> {_amounts(case.after)} ({change})"
    yield say("各年度可兑现与预算：", "payable and budget by year:")
    for one in found.years:
        change = _signed(one.after_fen - one.before_fen)
        budget, left = format_yuan(one.budget_fen), format_yuan(abs(one.left_fen))
        fits = one.left_fen >= 0
        yield f"  {one.year}: {format_yuan(one.before_fen)} -> {format_yuan(one.after_fen)} ({change}), " + say(
            f"预算 {budget}，{'余' if fits else '超出'} {left}",
            f"budget {budget}, {left} left" if fits else f"budget {budget}, over by {left}",
        )
    yield say("台账未改动", "the ledger is unchanged")


def _amounts(one: Amounts) -> str:
    return f"{format_yuan(one.ceiling_fen)}/{format_yuan(one.payable_fen)}"


def _signed(fen: int) -> str:
    return f"+{format_yuan(fen)}" if fen > 0 else format_yuan(fen)


class UnreadableExtract(ValueError):  # noqa: N818 - said of the file
    """A file that is not an extract, or is incomplete."""


def _facts_of_extract(path: Path, policy: Policy) -> tuple[tuple[tuple[str, KnownFacts], ...], Rulebook, PayableInputs]:
    """Read an extract's facts by what they are about, its rulebook and what persons recorded, without verifying it."""
    try:
        with zipfile.ZipFile(path) as archive:
            settings = json.loads(archive.read("policy/settings.json"))[-1]
            source = archive.read(settings["policy"]["file"])
            exchanges = parse_whitelist(archive.read(settings["whitelist"]["file"]).decode())
            acts = [json.loads(line) for line in archive.read("decisions.ndjson").splitlines()]
            awards = [
                json.loads(line)
                for name in ("awards.ndjson", "context.ndjson")
                for line in archive.read(name).splitlines()
            ]
            items = [json.loads(line) for line in archive.read("facts.ndjson").splitlines()]
        rulebook = Rulebook(read_policy(source, settings["policy"]["file"]), source.decode(), exchanges)
        item_rules = {*rulebook.policy.item_rules, *policy.item_rules}
        return _by_about(items, item_rules), rulebook, _recorded(acts, awards)
    except (zipfile.BadZipFile, OSError, KeyError, IndexError, TypeError, ValueError, WhitelistError) as error:
        raise UnreadableExtract(f"{path}: 不是可用的核验包 / not a readable extract: {error}") from error


def _recorded(acts: Sequence[Json], awards: Iterable[Json]) -> PayableInputs:
    """Grants, and the approved amounts and set-aside awards among those that are wholly shown."""
    shown = [one for one in awards if not one["partial"]]
    refused = _refused(acts)
    return PayableInputs(
        grants=_grants(acts),
        standing_fen={one["award_id"]: parse_yuan(one["approved"]) - parse_yuan(one["returned"]) for one in shown},
        set_aside=frozenset(
            one["award_id"]
            for one in shown
            if one["state"] in SET_ASIDE_STATES
            or WAIVED in one["flags"]
            or one["award_id"] in refused
            or RULE_SUSPENDED in one["holds"]
        ),
    )


def _refused(acts: Sequence[Json]) -> set[str]:
    """The awards whose rise over the standing amount was refused and not reopened."""
    last = {one["award_id"]: one for one in acts if one.get("action") in ("reject", "reopen")}
    return {award_id for award_id, one in last.items() if one["action"] == "reject" and one["to"] != "rejected"}


def _grants(acts: Sequence[Json]) -> OtherGrants:
    withdrawn = {one["other_grant_id"] for one in acts if "grant_withdrawal_id" in one}
    return grants_in_force(
        RecordedGrant(
            seq=one["transaction"],
            id=one["other_grant_id"],
            subject=one["subject"],
            year=one["year"],
            title=one["name"],
            amount_fen=parse_yuan(one["amount"]),
            granted_on=date.fromisoformat(one["granted_on"]) if "granted_on" in one else None,
            rules=tuple(one.get("rules", ())),
            awards=tuple(one.get("awards", ())),
            is_withdrawn=one["other_grant_id"] in withdrawn,
        )
        for one in acts
        if "other_grant_id" in one and "grant_withdrawal_id" not in one
    )


def _by_about(items: Iterable[dict[str, object]], item_rules: Collection[str]) -> tuple[tuple[str, KnownFacts], ...]:
    """An extract does not number its facts: the newest is by `recorded_at`, then by name."""
    found: dict[str, list[tuple[tuple[str, str], Fact]]] = {}
    for item in items:
        topic, _, key = str(item["fact"]).partition("/")
        fact = parse_fact(topic, key, msgspec.json.encode(item["value"]))
        found.setdefault(about_of(fact), []).append(((str(item["recorded_at"]), key), fact))
    declared = (fact for facts in found.values() for _, fact in facts if isinstance(fact, Declaration))
    groups = group_by_items(declared, item_rules)
    return tuple((about, known_facts(facts).with_linked(about, groups)) for about, facts in found.items())
