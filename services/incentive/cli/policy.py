"""`incentive policy check` and `incentive policy diff`, for the people who write policy files."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import click

from services.incentive.policy.diff import ValueChange, compare
from services.incentive.policy.loader import load_policy
from services.incentive.policy.terms import (
    Interval,
    OnceAtRate,
    OnceFixed,
    Policy,
    RuleTerms,
    Texts,
    YearlyAtRate,
)
from shared.language import localized, say
from shared.values.money import format_yuan
from shared.yaml_files.tree import YamlFileError

_PLACES = {
    "": Texts("整份文件", "the file"),
    "rules": Texts("规则的次序", "order of rules"),
    "declared.rules": Texts("申报类规则的次序", "order of declared rules"),
    "declared.readings": Texts("申报类规则的解读", "readings of all declared rules"),
}
FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("policy", help=say("检查和比较政策文件。", "Check and compare policy files."))
def policy_commands() -> None:
    """Group the commands on policy files."""


@policy_commands.command(
    "check",
    help=say(
        "检查政策文件并列出内容；有误则逐行列出并以 1 结束。",
        "Check a policy file and show its content; exit 1 with all faults, one a line.",
    ),
)
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Print the summary of a policy file."""
    for line in summary(read_file(file)):
        click.echo(line)


@policy_commands.command(
    "diff",
    help=say(
        "逐项比较两个政策文件，并指出每处变化涉及的期间。",
        "Compare two policy files value by value, with the period that each change affects.",
    ),
)
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
def diff(before: Path, after: Path) -> None:
    """Print the differences of two policy files."""
    old, new = read_file(before), read_file(after)
    changes = compare(old, new)
    if not changes:
        click.echo(say("没有差别", "no difference"))
    for group, of_it in groupby(changes, key=lambda change: change.group):
        click.echo(_heading(group, old, new))
        for touches, alike in groupby(of_it, key=_touches):
            for change in alike:
                click.echo(f"  {change.path} [{change.article}]: {_shown(change.before)} -> {_shown(change.after)}")
            click.echo(f"      {touches}")


def _heading(group: str, before: Policy, after: Policy) -> str:
    """Return the heading of a group of changes: the rule, if new or removed so marked, or the place in the file."""
    rule = group.rpartition(".")[2]
    known = [policy.terms(rule) for policy in (before, after) if rule in policy.rule_order]
    if not known or not group.endswith(f"rules.{rule}"):
        return _said(_PLACES[group]) if group in _PLACES else group
    terms = known[-1]
    is_new, is_gone = rule not in before.rule_order, rule not in after.rule_order
    state = say("（新增）", " (new)") if is_new else say("（取消）", " (removed)") if is_gone else ""
    return f"{terms.article} {rule} {_said(terms.name)}{state}"


def summary(policy: Policy) -> Iterator[str]:
    """Render the content of a policy file for people, line by line."""
    yield f"{policy.id} revision {policy.revision}: {policy.document_no} {_said(policy.title)}"
    yield f"{say('印发', 'issued')} {policy.issued}"
    yield f"{say('有效期', 'in force')} {_days(policy.in_force)}"
    yield f"{say('另一种读法', 'other reading')} {_days(policy.in_force_alternative)}"
    yield f"{say('切分日期', 'totals are cut at')} {', '.join(day.isoformat() for day in policy.cut_dates)}"
    yield f"{say('年度预算', 'annual budget')} {format_yuan(policy.budget_fen)}"
    closes = f"{policy.closes_on:%m-%d}"
    yield say(f"结账日：次年 {closes} 之后", f"a year closes after {closes} of the next year")
    yield say("规则（金额相等时在前者优先）：", "rules (of equal rewards the earlier one is payable):")
    for terms in policy.rules:
        yield f"  {_titled(terms.article, terms.rule, terms.name)}: {_amounts(terms)}"
    for declared in policy.declared.rules:
        title = _titled(declared.article, declared.rule, declared.name)
        values = _values(policy, f"declared.rules.{declared.rule}", earned=declared.earned, per=declared.per)
        yield f"  {title}{say('（申报）', ' (declared)')}: {values}"
    for flag in policy.risk_flags:
        title = _titled(flag.article, flag.flag, flag.name)
        yield f"  {title}{say('（核查线索）', ' (red flag)')}: {_values(policy, f'signs.{flag.flag}')}"
    for limit in policy.declared.limits:
        title = _titled(limit.article, limit.limit, limit.says)
        yield f"  {title}{say('（限额）', ' (limit)')}: {format_yuan(limit.most_fen)} / {limit.per}"
    for pool in policy.declared.pools:
        title = _titled(pool.article, pool.pool, pool.says)
        yield f"  {title}{say('（年度额度）', ' (annual pool)')}: {format_yuan(pool.annual_fen)}"
    yield say("解读：", "readings:")
    for reading in policy.readings:
        basis = f" {reading.basis}" if reading.basis else ""
        yield f"  [{reading.mark}] {reading.clause} {reading.article} {reading.reading}{basis}"
        yield f"      {_said(reading.says)}"
        if reading.alternative is not None:
            yield f"      {say('另一种读法', 'other reading')}: {_said(reading.alternative)}"
        for other in reading.others:
            yield f"      {say('另一种读法', 'other reading')}: {_said(other.says)}"
        if reading.needs is not None:
            yield f"      {say('测算另需', 'not computable without')}: {_said(reading.needs)}"


def _said(texts: Texts) -> str:
    return say(texts.zh, texts.en)


def _titled(article: str, name: str, title: Texts) -> str:
    return f"{article} {name} {_said(title)}"


def read_file(file: Path) -> Policy:
    """Read a policy file that a person names; exit with 1 and all faults if it is not valid."""
    try:
        return load_policy(file)
    except YamlFileError as error:
        click.echo(localized(str(error)), err=True)
        raise SystemExit(1) from error


def _amounts(terms: RuleTerms) -> str:
    if isinstance(terms, OnceFixed):
        return format_yuan(terms.amount_fen)
    if isinstance(terms, OnceAtRate):
        return _rate(terms.rate, terms.cap_fen)
    if isinstance(terms, YearlyAtRate):
        threshold = f"{say('达到', 'at least')} {format_yuan(terms.at_least_fen)}"
        return f"{threshold}, {_rate(terms.rate, terms.cap_fen)}"
    over = say("超过", "over")
    return "; ".join(f"{over} {format_yuan(tier.over_fen)}: {format_yuan(tier.amount_fen)}" for tier in terms.tiers)


def _rate(rate: object, cap_fen: int) -> str:
    return f"{rate}, {say('至多', 'at most')} {format_yuan(cap_fen)}"


def _values(policy: Policy, path: str, **set_by_readings: str) -> str:
    """List the values of a rule except its texts; those that its readings set come last."""
    begin = f"{path}."
    own = [(one.path.removeprefix(begin), one.value) for one in policy.values if one.path.startswith(begin)]
    own += [(name, value) for name, value in set_by_readings.items() if name not in dict(own)]
    shown = [f"{name} {text}" for name, text in own if "readings." not in name and not name.endswith((".zh", ".en"))]
    return ", ".join(one for one in shown if not one.startswith("article "))


def _touches(change: ValueChange) -> str:
    if change.period is None:
        return say("仅文字，不影响金额", "wording only, no amount changes")
    years = ", ".join(str(year) for year in change.years)
    period = _days(change.period)
    return say(f"涉及 {period}；年度 {years}", f"affects {period}; years {years}")


def _days(period: Interval) -> str:
    last = period.end_on - timedelta(days=1)
    return say(f"{period.start_on} 至 {last}（含）", f"{period.start_on} to {last} inclusive")


def _shown(text: str | None) -> str:
    return say("（无）", "(none)") if text is None else text
