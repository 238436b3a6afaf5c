"""`incentive policy check` and `incentive policy diff`: reading policy files, for the people who write them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click

from services.incentive.policy import PolicyError, load_policy
from services.incentive.policy_diff import Change, compare
from services.incentive.terms import Interval, OnceAtRate, OnceFixed, Policy, RuleTerms, YearlyAtRate
from shared.money import format_yuan

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("policy")
def policy_commands() -> None:
    """政策文件 / policy files."""


@policy_commands.command("check")
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """检查政策文件并列出内容 / check a policy file and say what it holds; exit 1 with every fault, one a line."""
    for line in summary(_load(file)):
        click.echo(line)


@policy_commands.command("diff")
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
def diff(before: Path, after: Path) -> None:
    """逐项比较两个政策文件 / compare two policy files value by value, and say which periods a change touches."""
    changes = compare(_load(before), _load(after))
    if not changes:
        click.echo("没有差别 / no difference")
    for change in changes:
        click.echo(f"{change.path} [{change.article}]: {_shown(change.before)} -> {_shown(change.after)}")
        click.echo(f"    {_touches(change)}")


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
    yield "解读 / readings:"
    for reading in policy.readings:
        basis = f" {reading.basis}" if reading.basis else ""
        yield f"  [{reading.mark}] {reading.clause} {reading.article} {reading.reading}{basis}"
        yield f"      {reading.says.zh} / {reading.says.en}"
        if reading.alternative is not None:
            yield f"      另一种读法 / other reading: {reading.alternative.zh} / {reading.alternative.en}"


def _load(file: Path) -> Policy:
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


def _touches(change: Change) -> str:
    if change.period is None:
        return "仅文字，不影响金额 / wording only, no amount changes"
    years = ", ".join(str(year) for year in change.years)
    return f"涉及 / touches {_days(change.period)}; 年度 / years {years}"


def _days(period: Interval) -> str:
    last = period.end_on - timedelta(days=1)
    return f"{period.start_on} 至 / to {last}（含 / included）"


def _shown(text: str | None) -> str:
    return "（无 / none）" if text is None else text
