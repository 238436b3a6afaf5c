"""`incentive policy check` and `incentive policy diff`: reading policy files, for the people who write them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import click

from services.incentive.policy.diff import ValueChange, compare
from services.incentive.policy.loader import PolicyError, load_policy
from services.incentive.policy.terms import (
    Interval,
    OnceAtRate,
    OnceFixed,
    Policy,
    RewardLimit,
    RuleTerms,
    YearlyAtRate,
)
from shared.values.money import format_yuan

_PLACES = {
    "": "文件 / the file",
    "rules": "规则的次序 / order of rules",
    "declared.rules": "申报类规则的次序 / order of declared rules",
    "declared.readings": "申报类规则的解读 / readings of all declared rules",
}
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("policy")
def policy_commands() -> None:
    """政策文件 / policy files."""


@policy_commands.command("check")
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """检查政策文件并列出内容 / check a policy file and say what it holds; exit 1 with every fault, one a line."""
    for line in summary(read_file(file)):
        click.echo(line)


@policy_commands.command("diff")
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
def diff(before: Path, after: Path) -> None:
    """逐项比较两个政策文件 / compare two policy files value by value, and say which periods a change touches."""
    old, new = read_file(before), read_file(after)
    changes = compare(old, new)
    if not changes:
        click.echo("没有差别 / no difference")
    for group, of_it in groupby(changes, key=lambda change: change.group):
        click.echo(_heading(group, old, new))
        for touches, alike in groupby(of_it, key=_touches):
            for change in alike:
                click.echo(f"  {change.path} [{change.article}]: {_shown(change.before)} -> {_shown(change.after)}")
            click.echo(f"      {touches}")


def _heading(group: str, before: Policy, after: Policy) -> str:
    """What a group of changes is about: a rule by its name, and whether it is new or gone; else its place."""
    rule = group.rpartition(".")[2]
    known = [policy.terms(rule) for policy in (before, after) if rule in policy.rule_order]
    if not known or not group.endswith(f"rules.{rule}"):
        return _PLACES.get(group, group)
    terms = known[-1]
    is_new, is_gone = rule not in before.rule_order, rule not in after.rule_order
    state = "（新增 / new）" if is_new else "（取消 / gone）" if is_gone else ""
    return f"{terms.article} {rule} {terms.name.zh} / {terms.name.en}{state}"


def summary(policy: Policy) -> Iterator[str]:
    """What a policy file holds, for people, line by line."""
    yield f"{policy.id} revision {policy.revision}: {policy.document_no} {policy.title.zh} / {policy.title.en}"
    yield f"印发 / issued {policy.issued}"
    yield f"有效期 / in force {_days(policy.in_force)}"
    yield f"另一种读法 / other reading {_days(policy.in_force_alternative)}"
    yield f"切分日期 / totals are cut at {', '.join(day.isoformat() for day in policy.cut_dates)}"
    yield f"年度预算 / budget a year {format_yuan(policy.budget_fen)}"
    yield f"结账日 / a year closes after {policy.closes_month:02d}-{policy.closes_day:02d} of the next year"
    yield "规则（相等时在前者优先）/ rules (of equal rewards the earlier one is payable):"
    for terms in policy.rules:
        yield f"  {terms.article} {terms.rule} {terms.name.zh} / {terms.name.en}: {_amounts(terms)}"
    for declared in policy.declared.rules:
        name = f"{declared.article} {declared.rule} {declared.name.zh} / {declared.name.en}"
        yield f"  {name}（申报 / declared）: {_values(policy, f'declared.rules.{declared.rule}')}"
    for sign in policy.risk_flags:
        name = f"{sign.article} {sign.flag} {sign.name.zh} / {sign.name.en}"
        yield f"  {name}（迹象 / sign）: {_values(policy, f'signs.{sign.flag}')}"
    for limit in policy.declared.limits:
        yield f"  {limit.article} {limit.limit} {limit.says.zh} / {limit.says.en}（限额 / limit）: {_limit(limit)}"
    for pool in policy.declared.pools:
        said = f"{pool.article} {pool.pool} {pool.says.zh} / {pool.says.en}"
        yield f"  {said}（年度额度 / pool of a year）: {format_yuan(pool.annual_fen)}"
    yield "解读 / readings:"
    for reading in policy.readings:
        basis = f" {reading.basis}" if reading.basis else ""
        yield f"  [{reading.mark}] {reading.clause} {reading.article} {reading.reading}{basis}"
        yield f"      {reading.says.zh} / {reading.says.en}"
        if reading.alternative is not None:
            yield f"      另一种读法 / other reading: {reading.alternative.zh} / {reading.alternative.en}"


def read_file(file: Path) -> Policy:
    """The policy of a file that a person names; ends the program with 1 and every fault."""
    try:
        return load_policy(file)
    except PolicyError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from error


def _amounts(terms: RuleTerms) -> str:
    if isinstance(terms, OnceFixed):
        return format_yuan(terms.amount_fen)
    if isinstance(terms, OnceAtRate):
        return f"{terms.rate}, 至多 / at most {format_yuan(terms.cap_fen)}"
    if isinstance(terms, YearlyAtRate):
        threshold = f"达到 / at least {format_yuan(terms.at_least_fen)}"
        return f"{threshold}, {terms.rate}, 至多 / at most {format_yuan(terms.cap_fen)}"
    return "; ".join(
        f"超过 / over {format_yuan(tier.over_fen)}: {format_yuan(tier.amount_fen)}" for tier in terms.tiers
    )


def _values(policy: Policy, path: str) -> str:
    """The values of a rule, but for its words."""
    own = [(value.path.removeprefix(f"{path}."), value.value) for value in policy.values if _is_of(value.path, path)]
    shown = [f"{name} {text}" for name, text in own if "readings." not in name and not name.endswith((".zh", ".en"))]
    return ", ".join(one for one in shown if not one.startswith("article "))


def _is_of(path: str, group: str) -> bool:
    return path.startswith(f"{group}.")


def _limit(limit: RewardLimit) -> str:
    return f"{format_yuan(limit.most_fen)} / {limit.per}"


def _touches(change: ValueChange) -> str:
    if change.period is None:
        return "仅文字，不影响金额 / wording only, no amount changes"
    years = ", ".join(str(year) for year in change.years)
    return f"涉及 / touches {_days(change.period)}; 年度 / years {years}"


def _days(period: Interval) -> str:
    last = period.end_on - timedelta(days=1)
    return f"{period.start_on} 至 / to {last}（含 / included）"


def _shown(text: str | None) -> str:
    return "（无 / none）" if text is None else text
