"""`incentive what-if`: awards under another policy file, compared with those in force."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from services.incentive.commands.what_if import Amounts, WhatIf, what_if, what_if_json
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import other_grants_of
from services.incentive.store.extract_facts import facts_of_extract
from services.incentive.store.facts import all_facts
from services.incentive.store.rulebook import SettingsChangedError, rulebook_in_force
from shared.language import say
from shared.postgres.database import make_engine, snapshot
from shared.settings import Settings
from shared.values.money import format_yuan


def compare_ledger(settings: Settings, policy: Policy) -> tuple[WhatIf, Policy]:
    """Compare on the facts of the ledger's database, in one read-only snapshot; return the policy in force too."""
    engine = make_engine(settings.database_url)
    try:
        with snapshot(engine) as connection:
            before = rulebook_in_force(connection)
            if before is None:
                raise SettingsChangedError("台账尚无生效的政策 / no policy is in force in the ledger yet")
            facts = all_facts(connection, before.registers)
            return what_if(facts, before, policy, other_grants_of(connection)), before.policy
    finally:
        engine.dispose()


def compare_extract(extract: Path, policy: Policy) -> tuple[WhatIf, Policy]:
    """Compare on the facts of an extract, without a database. Raises UnreadableExtract."""
    found = facts_of_extract(extract)
    return what_if(found.known, found.rulebook, policy, found.grants), found.rulebook.policy


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
