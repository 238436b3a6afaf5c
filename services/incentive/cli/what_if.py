"""`incentive what-if`: awards under another policy file, for the people who write it. Nothing is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from services.incentive.commands.what_if import AwardComparison, WhatIf, what_if, what_if_json
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import other_grants_of
from services.incentive.store.extract_facts import facts_of_extract
from services.incentive.store.facts import all_facts
from services.incentive.store.rulebook import SettingsChangedError, rulebook_in_force
from shared.postgres.database import make_engine, snapshot
from shared.settings import Settings
from shared.values.money import format_yuan


def of_ledger(settings: Settings, policy: Policy) -> tuple[WhatIf, Policy]:
    """The facts of the ledger's database, in one snapshot that PostgreSQL keeps from writing."""
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


def of_extract(extract: Path, policy: Policy) -> tuple[WhatIf, Policy]:
    """The facts of an extract: no database is asked. Raises NoExtract."""
    found = facts_of_extract(extract)
    return what_if(found.known, found.rulebook, policy, found.grants), found.rulebook.policy


def say(found: WhatIf, before: Policy, after: Policy, *, as_json: bool) -> None:
    """The contract's JSON, or a text for people."""
    if as_json:
        click.echo(json.dumps(what_if_json(found), ensure_ascii=False))
        return
    for line in lines(found, before, after):
        click.echo(line)


def lines(found: WhatIf, before: Policy, after: Policy) -> Iterator[str]:
    """What differs, award by award, then the sums by year."""
    yield f"{before.id} revision {before.revision} -> {after.id} revision {after.revision}"
    yield (
        f"奖补 / awards {len(found.cases)}，其中变化 / of which differ {len(found.differing)}"
        "（测算上限/可兑现 ceiling/payable）"
    )
    yield from map(_case_line, found.differing)
    yield "年度可兑现合计与预算 / payable of each year, and the budget:"
    for one in found.years:
        change = _signed(one.after_fen - one.before_fen)
        left = "余 / left" if one.left_fen >= 0 else "超出 / over by"
        yield (
            f"  {one.year}: {format_yuan(one.before_fen)} -> {format_yuan(one.after_fen)} ({change}),"
            f" 预算 / budget {format_yuan(one.budget_fen)}, {left} {format_yuan(abs(one.left_fen))}"
        )
    yield "台账未改动 / the ledger is as it was"


def _case_line(case: AwardComparison) -> str:
    before = f"{format_yuan(case.before.ceiling_fen)}/{format_yuan(case.before.payable_fen)}"
    after = f"{format_yuan(case.after.ceiling_fen)}/{format_yuan(case.after.payable_fen)}"
    change = _signed(case.after.payable_fen - case.before.payable_fen)
    return f"  {case.award_id}: {before} -> {after} ({change})"


def _signed(fen: int) -> str:
    return f"+{format_yuan(fen)}" if fen > 0 else format_yuan(fen)
