"""`make demo`: a year of sample events through Kafka to explained awards, checked against the verifier's rules."""

import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from devset.client import Client
from devset.demo_report import DemoRun, print_explained, print_section, print_summary
from devset.expected import expected_outcome
from devset.processes import LocalError
from devset.stopping import StopSignals
from devset.supervisor import LocalSet, Options
from devset.up import data_folder, running_set, tell, told_in_one_line
from exchange_kit.publish import PublishError, publish
from exchange_kit.records import SampleRecord
from exchange_kit.sample.year import sample_events
from shared.language import say
from shared.settings import KafkaSettings
from shared.whitelist import load_whitelist

EVENTS = 24_000
SEED = 2026
YEAR = 2026
EXCHANGES_FILE = Path("exchanges.yaml")
QUIET_TIMEOUT_S = 300.0


@click.command(help=say("演示：样例事件、奖补、说明与核对", "The demonstration: events, awards and checks."))
@click.option("--stay", is_flag=True, help=say("演示后保持运行，直到 Ctrl-C", "stay until Ctrl-C"))
@click.option("--all", "show_all", is_flag=True, help=say("列出每项奖补及其说明", "print every award explained"))
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help=say("新的数据目录，演示后保留", "a new folder, which is kept"),
)
def main(*, stay: bool, show_all: bool, data_dir: Path | None) -> None:
    signals = StopSignals()
    signals.install()
    is_right = False
    with told_in_one_line(), data_folder(data_dir) as folder:
        if any(folder.glob("*")):
            raise LocalError(f"目录不是空的 / {folder} is not empty: give a new one, or use `make up` to resume it")
        with running_set(Options(folder, EXCHANGES_FILE, None, any_ports=True), signals) as local:
            is_right = show(local, show_all=show_all)
            print_section(say("七、接着看", "7. Where to look next"), _next_steps(local, stay=stay))
            if stay:
                tell(local, folder)
                local.watch()
    sys.exit(0 if is_right else 1)


def show(local: LocalSet, *, show_all: bool) -> bool:
    """Publish, wait, print, check; return True if all is as expected."""
    whitelist = load_whitelist(EXCHANGES_FILE)
    records = list(sample_events(SEED, whitelist.ids, EVENTS, YEAR, rubbish=True))
    client = Client.with_key(local.addresses, local.secrets.keys["auditor"])
    began = time.monotonic()
    _send(records, local.addresses.kafka)
    _await_quiet(client, local)
    seconds = time.monotonic() - began
    awards = list(client.items("incentive", "/v1/awards"))
    run = DemoRun(len(records), seconds, YEAR, awards, client.outcome(), expected_outcome(records, whitelist))
    for award in awards if show_all else ():
        print_explained(award, _explanation(client, award["award_id"]))
    print_summary(run, _explanation(client, run.explained["award_id"]))
    return run.is_right


def _explanation(client: Client, award_id: str) -> dict[str, Any]:
    texts: dict[str, Any] = client.get("incentive", f"/v1/awards/{award_id}/explanation")["text"]
    return texts


def _next_steps(local: LocalSet, *, stay: bool) -> list[str]:
    if not stay:
        return [
            "make demo ARGS=--stay  " + say("保持运行，可在网页上查看", "keeps the set running, with its pages"),
            "make demo ARGS=--all   " + say("列出每项奖补及其说明", "prints every award with its explanation"),
        ]
    key = local.secrets.keys["auditor"]
    sign_in = say(f"以此密钥登录（审计）：{key}", f"sign in as an auditor with {key}")
    return [f"{local.addresses.url('incentive')}/", sign_in]


def _bar(*columns: Any) -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description}"), BarColumn(), *columns, TimeElapsedColumn(), console=console)


def _send(records: list[SampleRecord], bootstrap_servers: str) -> None:
    config = KafkaSettings((bootstrap_servers,)).client_config()
    with _bar(MofNCompleteColumn()) as bar:
        task = bar.add_task(say("发送事件", "publishing events"), total=len(records))
        try:
            published = publish(records, config, lambda sofar: bar.update(task, completed=sofar.acknowledged.total()))
        except PublishError as error:
            raise LocalError(str(error)) from error
    if published.failed:
        raise LocalError(f"{published.failed} 条未送达 / were not taken by Kafka: {'; '.join(published.failures)}")


def _await_quiet(client: Client, local: LocalSet) -> None:
    with _bar(TextColumn("{task.fields[waiting]}")) as bar:
        tasks = {
            service: bar.add_task(say(f"处理：{service}", f"processing: {service}"), total=1, waiting="")
            for service in ("listing", "trade-ingest", "incentive")
        }
        client.await_quiet(
            QUIET_TIMEOUT_S,
            local.tend,
            lambda service, waiting: bar.update(
                tasks[service], completed=waiting == 0, waiting=say(f"{waiting} 条待处理", f"{waiting} waiting")
            ),
        )


if __name__ == "__main__":
    main()
