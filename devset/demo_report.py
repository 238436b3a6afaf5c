"""Output of `make demo`: a summary of at most 60 lines of 80 columns, or every award with its explanation."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from devset.expected import RunOutcome, policy_tree
from devset.ha.failover import Failover
from services.incentive.verifier.values import fen
from shared.language import caller_language, pick, say
from shared.values.json_types import Json

WIDTH = 80
AWARDS_SHOWN, AWARDS_SHOWN_OF_A_RULE, DIFFERENCES_SHOWN = 12, 3, 10
TOTALS_WIDTHS = (10, 26, -8, -18, -18)
AWARD_WIDTHS = (22, 31, -13, -14)
console = Console(width=WIDTH, highlight=False, soft_wrap=False)


class DemoRun(NamedTuple):
    """A run of the demonstration: events sent, processing time, the found and expected outcome, and a failover."""

    records: int
    seconds: float
    year: int
    awards: Sequence[Json]
    found: RunOutcome
    expected: RunOutcome
    failover: Failover | None = None

    @property
    def differing(self) -> list[str]:
        """Ids of awards that differ from the expected ones."""
        found, expected = self.found.awards, self.expected.awards
        return sorted(one for one in found.keys() | expected if found.get(one) != expected.get(one))

    @property
    def is_right(self) -> bool:
        keeps_decisions = self.failover is None or not self.failover.missing
        return not self.differing and self.found.rejected == self.expected.rejected and keeps_decisions

    @property
    def explained(self) -> Json:
        """The award that the summary explains: the highest one for listed trading of a year."""
        return max(self.awards, key=lambda one: (one["rule"] == "annual_listed_trading", fen(one["payable"])))


def print_summary(run: DemoRun, explanation: Json) -> None:
    names = {rule["rule"]: rule["name"][caller_language()] for rule in policy_tree()["rules"]}
    total, award_id = len(run.found.awards), run.explained["award_id"]
    print_section(say("一、收到的事件", "1. Events"), _events(run))
    print_section(say("二、各项合计（元）", "2. Totals by rule (yuan)"), _totals(run.awards, names))
    title = say(f"三、奖补 {total} 项，此处 {AWARDS_SHOWN} 项", f"3. Awards: {AWARDS_SHOWN} of {total}")
    print_section(title, _chosen_awards(run.awards, names))
    print_section(say("四、一项奖补的说明", "4. One award explained"), [award_id, *_sentences(explanation)])
    print_section(say("五、被拒收事件", "5. Rejected events"), [_counts(run.found.rejected)])
    print_section(say("六、核对", "6. Checks"), checks(run))


def print_section(title: str, lines: Iterable[str]) -> None:
    console.print(title, style="bold", markup=False)
    for line in lines:
        console.print(line, markup=False)


def print_explained(award: Json, explanation: Json) -> None:
    """Print one award with its full explanation."""
    amounts = say(
        f"测算上限 {award['ceiling']} 元，可兑现 {award['payable']} 元",
        f"ceiling {award['ceiling']} yuan, payable {award['payable']} yuan",
    )
    name = pick(award["subject"]["name"], caller_language())
    print_section(award["award_id"], [f"{name}: {amounts}", *_sentences(explanation), ""])


def _sentences(explanation: Json) -> list[str]:
    return re.split(r"(?<=。)(?=.)|(?<=\.) ", explanation[caller_language()])


def _events(run: DemoRun) -> Iterator[str]:
    rate = run.records / run.seconds
    yield say(
        f"两个虚构交易场所 {run.year} 年的 {run.records:,} 条事件经 Kafka 送达，"
        f"{run.seconds:.0f} 秒内处理完毕（每秒 {rate:,.0f} 条）。",
        f"{run.records:,} events of two fictional exchanges in {run.year}, sent through Kafka and"
        f" processed in {run.seconds:.0f} s ({rate:,.0f} a second).",
    )


def _totals(awards: Sequence[Json], names: dict[str, str]) -> Iterator[str]:
    counted = [one for one in awards if one["ceiling"] != "0.00"]
    yield _row(TOTALS_WIDTHS, say("条款 奖项 项数 测算上限 可兑现", "article rule awards ceiling payable").split())
    for rule in (*names, None):
        of_rule = [one for one in counted if rule in (one["rule"], None)]
        sums = [money(sum(fen(one[name]) for one in of_rule)) for name in ("ceiling", "payable")]
        title = [of_rule[0]["article"] if of_rule else "", names[rule]] if rule else ["", say("合计", "total")]
        yield _row(TOTALS_WIDTHS, [*title, f"{len(of_rule):,}", *sums])
    cancelled = len(awards) - len(counted)
    yield say(f"另有 {cancelled} 项因更正归零。", f"{cancelled} more were cancelled by corrections.")


def _chosen_awards(awards: Sequence[Json], names: dict[str, str]) -> Iterator[str]:
    """List the highest awards of each rule, then the highest of those that another award suppresses."""
    by_ceiling = sorted(awards, key=lambda one: -fen(one["ceiling"]))
    chosen = [
        one for rule in names for one in [one for one in by_ceiling if one["rule"] == rule][:AWARDS_SHOWN_OF_A_RULE]
    ]
    suppressed = [one for one in by_ceiling if one["suppressed_by"] and one not in chosen]
    chosen += suppressed[: AWARDS_SHOWN - len(chosen)]
    yield _row(AWARD_WIDTHS, say("奖项 主体 测算上限 可兑现", "rule subject ceiling payable").split())
    for one in chosen:
        subject = pick(one["subject"]["name"], caller_language())
        yield _row(AWARD_WIDTHS, [names[one["rule"]], subject, money(fen(one["ceiling"])), money(fen(one["payable"]))])
    yield say(
        "可兑现为 0：就高不重复，同一主体同一年度另有更高的奖补。",
        "Payable 0.00: only the highest award of a subject and year is payable.",
    )


def checks(run: DemoRun) -> Iterator[str]:
    """Yield the verdicts of the run, each a line or more."""
    wrong, count = run.differing, len(run.found.awards)
    yield _verdict(
        not wrong,
        say(
            f"{count} 项奖补的上限、可兑现额与核查线索同核验程序的独立测算一致",
            f"{count} awards agree with the independent verifier: ceilings, payables, red flags",
        ),
        say(f"{len(wrong)} 项奖补与独立测算不符", f"{len(wrong)} awards differ from the independent verifier"),
    )
    for award_id in wrong[:DIFFERENCES_SHOWN]:
        yield f"  {award_id}: {run.found.awards.get(award_id)} != {run.expected.awards.get(award_id)}"
    expected = _counts(run.expected.rejected)
    yield _verdict(
        run.found.rejected == run.expected.rejected,
        say("被拒收的事件与样例预期一致", "the rejected events are exactly the expected ones"),
        say(f"应拒收 {expected}", f"expected to be rejected: {expected}"),
    )
    if run.failover:
        yield from _failover(run.failover)


def _failover(failover: Failover) -> Iterator[str]:
    killed, primary, count = failover.killed, failover.primary, failover.decisions
    yield say(
        f"处理途中，主库所在机器 {killed} 停机（kill -9），{primary} 接替；决定中断 {failover.pause_s:.1f} 秒，",
        f"the machine of the primary, {killed}, was killed in the middle (kill -9), and",
    )
    yield say(
        f"其后 {killed} 恢复，成为备库。",
        f"{primary} took over: no decision for {failover.pause_s:.1f} s. {killed} is back as a standby.",
    )
    yield _verdict(
        not failover.missing,
        say(f"已应答的 {count} 项决定全部在案", f"all {count} decisions that were acknowledged are on record"),
        say(
            f"已应答的 {count} 项决定中缺 {failover.missing} 项",
            f"{failover.missing} of {count} acknowledged decisions are missing",
        ),
    )


def _verdict(is_right: bool, right: str, wrong: str) -> str:
    return f"✓ {right}" if is_right else f"✗ {wrong}"


def _counts(rejected: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(rejected.items()))


def _row(widths: Sequence[int], cells: Sequence[str]) -> str:
    """Format a table row. Widths are in terminal columns; a negative width aligns the cell to the right."""
    parts = []
    for width, cell in zip(widths, cells, strict=True):
        cut = cell if cell_len(cell) < abs(width) else set_cell_size(cell, abs(width) - 1)
        padding = " " * (abs(width) - cell_len(cut))
        parts.append(padding + cut if width < 0 else cut + padding)
    return "".join(parts).rstrip()


def money(amount_fen: int) -> str:
    return f"{amount_fen // 100:,}.{amount_fen % 100:02}"
