"""`make demo`: a year of sample events through Kafka to awards with their reasons, checked against a slow reckoning."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from devset.client import Client, fen_of
from devset.expected import Expected, Outcome, expected_outcome
from devset.processes import LocalError
from devset.stopping import StopSignals
from devset.supervisor import LocalSet, Options
from devset.up import data_folder, running_set, tell, told_in_one_line
from exchange_kit.publish import PublishError, publish
from exchange_kit.records import SampleRecord
from exchange_kit.sample.year import sample_events
from shared.settings import KafkaSettings
from shared.values.money import format_yuan
from shared.whitelist import Whitelist, load_whitelist

EVENTS = 24_000
SEED = 2026
YEAR = 2026
EXCHANGES_FILE = Path("exchanges.yaml")
QUIET_TIMEOUT_S = 300.0
SHOWN_OF_A_RULE = 3
NOTHING = "0.00"
AWARD_WIDTH = 34
DIFFERENCES_SHOWN = 10

console = Console()


@click.command(help="演示 / The demonstration: sample events, awards, reasons, checked.")
@click.option("--stay", is_flag=True, help="演示后保持运行，直到 Ctrl-C / stay until Ctrl-C")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="新的数据目录 / a new folder, kept")
def main(stay: bool, data_dir: Path | None) -> None:
    signals = StopSignals()
    signals.install()
    began = time.monotonic()
    well = False
    with told_in_one_line(), data_folder(data_dir) as folder:
        if any(folder.glob("*")):
            raise LocalError(f"目录不是空的 / {folder} is not empty: give a new one, or use `make up` to resume it")
        with running_set(Options(folder, EXCHANGES_FILE, None, any_ports=True), signals) as local:
            ready = time.monotonic()
            well = show(local)
            console.print(f"启动 / start {ready - began:.0f} s, 处理与核对 / rest {time.monotonic() - ready:.0f} s")
            if stay:
                tell(local, folder)
                local.watch()
    sys.exit(0 if well else 1)


def show(local: LocalSet) -> bool:
    """Publish, wait, show, check; whether all is as it must be."""
    exchanges = load_whitelist(EXCHANGES_FILE)
    records = list(sample_events(SEED, exchanges.ids, EVENTS, YEAR, rubbish=True))
    client = Client.with_key(local.addresses, local.secrets.keys["auditor"])
    _send(records, local.addresses.kafka)
    _await_quiet(client, local)
    outcome = expected_outcome(records, operators_of(exchanges))
    awards = list(client.items("incentive", "/v1/awards"))
    _show_awards(client, awards)
    found = client.outcome()
    return _check_awards(found.awards, outcome) & _check_refusals(found.refused, outcome)


def operators_of(exchanges: Whitelist) -> dict[str, str]:
    """USCCs of the operators at the end of the sample's year, by exchange."""
    return {
        exchange_id: operator.uscc
        for exchange_id in exchanges.ids
        if (operator := exchanges.operator_on(exchange_id, date(YEAR, 12, 31))) is not None
    }


def _bar(*columns: Any) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), *columns, TimeElapsedColumn(), console=console)


def _send(records: list[SampleRecord], bootstrap_servers: str) -> None:
    config = KafkaSettings((bootstrap_servers,)).client_config()
    with _bar(MofNCompleteColumn()) as bar:
        task = bar.add_task("发送事件 / publishing events", total=len(records))
        try:
            published = publish(records, config, lambda sofar: bar.update(task, completed=sofar.acknowledged.total()))
        except PublishError as error:
            raise LocalError(str(error)) from error
    if published.failed:
        raise LocalError(f"{published.failed} 条未送达 / were not taken by Kafka: {'; '.join(published.failures)}")


def _await_quiet(client: Client, local: LocalSet) -> None:
    with _bar(TextColumn("{task.fields[waiting]}")) as bar:
        tasks = {
            service: bar.add_task(f"处理 / working: {service}", total=1, waiting="")
            for service in ("listing", "trade-ingest", "incentive")
        }
        client.await_quiet(
            QUIET_TIMEOUT_S,
            local.tend,
            lambda service, waiting: bar.update(
                tasks[service], completed=waiting == 0, waiting=f"{waiting} 条待处理 / waiting"
            ),
        )


def _show_awards(client: Client, awards: list[dict[str, Any]]) -> None:
    counts: Counter[str] = Counter(award["rule"] for award in awards if award["ceiling"] != NOTHING)
    gone = len(awards) - counts.total()
    table = Table(title=f"奖补 / awards ({len(awards)})", show_lines=True)
    table.add_column("奖补 / award", width=AWARD_WIDTH)
    table.add_column("理由 / reason")
    for award in _worth_showing(awards):
        reasons = client.get("incentive", f"/v1/awards/{award['award_id']}/explanation")["text"]
        subject, exchange = award["subject"], award["exchange"] or ""
        lines = [
            f"[bold]{award['rule']}[/] {award['year']} {exchange}".rstrip(),
            subject["name"],
            f"测算上限 / ceiling {award['ceiling']}",
            f"可兑现 / payable {award['payable']}",
        ]
        table.add_row("\n".join(lines), f"{reasons['zh']}\n{reasons['en']}")
    console.print(table)
    console.print("各项数目 / how many: " + ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items())))
    console.print(f"更正后归零 / taken away again by corrections: {gone}")


def _worth_showing(awards: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The highest of each rule, and one that lost against another."""
    shown: list[dict[str, Any]] = []
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for award in awards:
        by_rule.setdefault(award["rule"], []).append(award)
    for rule in sorted(by_rule):
        highest = sorted(by_rule[rule], key=lambda one: -fen_of(one["ceiling"]))
        shown += highest[:SHOWN_OF_A_RULE]
        shown += [one for one in highest[SHOWN_OF_A_RULE:] if one["suppressed_by"] is not None][:1]
    return shown


def _check_awards(given: Mapping[str, Expected], outcome: Outcome) -> bool:
    """Every award of the services is the expected one, to the fen, and none is missing."""
    wrong = sorted(
        award_id for award_id in given.keys() | outcome.awards if given.get(award_id) != outcome.awards.get(award_id)
    )
    for award_id in wrong[:DIFFERENCES_SHOWN]:
        console.print(f"[red]不符 / differs[/]: {award_id}: {given.get(award_id)}, not {outcome.awards.get(award_id)}")
    payable = sum(amounts.payable_fen for amounts in given.values())
    said = f"{len(given)} 项奖补，可兑现合计 / awards, payable in all {format_yuan(payable)}"
    return _verdict(
        not wrong, f"奖补与独立测算一致 / awards agree with the slow reckoning: {said}", f"{len(wrong)} differ"
    )


def _check_refusals(counts: Counter[str], outcome: Outcome) -> bool:
    """What was refused is what had to be, for the reasons it had to be for."""
    table = Table(title="隔离记录 / quarantine")
    for heading in ("原因 / reason", "条数 / records", "应有 / expected"):
        table.add_column(heading)
    for reason in sorted(counts.keys() | outcome.refused):
        table.add_row(reason, str(counts[reason]), str(outcome.refused[reason]))
    console.print(table)
    return _verdict(counts == outcome.refused, "隔离记录符合 / quarantine is as it must be", "quarantine differs")


def _verdict(well: bool, good: str, bad: str) -> bool:
    console.print(f"[green]✓[/] {good}" if well else f"[red]✗[/] {bad}")
    return well


if __name__ == "__main__":
    main()
