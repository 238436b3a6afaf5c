"""`make demo`: publish a year of sample events, print the awards with explanations and check them by the verifier."""

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from devset.client import Client
from devset.demo_report import DemoRun, print_explained, print_section, print_summary
from devset.expected import expected_outcome
from devset.ha.engines import ThreeOfEach
from devset.ha.failover import kill_the_primary
from devset.processes import LocalError
from devset.programs import SERVICES
from devset.stopping import StopSignals
from devset.supervisor import LocalSet, Options
from devset.up import EXCHANGES_FILE, data_folder, exit_on_error, print_addresses, running_set
from exchange_kit.sample.year import sample_events
from shared.events.records import SampleRecord
from shared.kafka.publish.publish_records import publish
from shared.language import say
from shared.settings import KafkaSettings
from shared.values.json_types import Json
from shared.whitelist import load_whitelist

EVENTS = 24_000
SEED = 2026
YEAR = 2026
QUIET_TIMEOUT_S = 300.0


@click.command(help=say("演示：样例事件、奖补、说明与核对", "Demonstration: sample events, awards and checks."))
@click.option("--stay", is_flag=True, help=say("演示后保持运行，直到 Ctrl-C", "keep running until Ctrl-C"))
@click.option(
    "--all", "show_all", is_flag=True, help=say("列出每项奖补及其说明", "print every award with its explanation")
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help=say("新的数据目录，演示后保留", "new data folder, which is kept"),
)
@click.option("--ha", is_flag=True, help=say("高可用：演示中主库停机", "highly available: the primary is killed"))
def main(*, stay: bool, show_all: bool, data_dir: Path | None, ha: bool) -> None:
    signals = StopSignals()
    signals.install()
    is_right = False
    with exit_on_error(), data_folder(data_dir) as folder:
        if any(folder.glob("*")):
            raise LocalError(
                f"目录 {folder} 非空：请另选新目录，或用 make up 续用",
                f"{folder} is not empty: give a new folder, or reuse it with `make up`",
            )
        with running_set(Options(folder, EXCHANGES_FILE, None, any_ports=True, ha=ha), signals) as local:
            is_right = show(local, show_all=show_all)
            print_section(say("七、接着看", "7. Where to look next"), _next_steps(local, stay=stay))
            if stay:
                print_addresses(local, folder)
                local.watch()
    sys.exit(0 if is_right else 1)


def show(local: LocalSet, *, show_all: bool) -> bool:
    """Publish the sample, wait, and print the results. Return True if they are as expected."""
    whitelist = load_whitelist(EXCHANGES_FILE)
    records = list(sample_events(SEED, whitelist.ids, EVENTS, YEAR, rubbish=True))
    client = Client.with_key(local.addresses, local.secrets.keys["auditor"])
    began = time.monotonic()
    _send(records, local.addresses.kafka)
    failover = kill_the_primary(local, local.engines, client) if isinstance(local.engines, ThreeOfEach) else None
    _await_quiet(client, local)
    seconds = time.monotonic() - began
    awards = list(client.items("incentive", "/v1/awards"))
    expected = expected_outcome(records, whitelist)
    run = DemoRun(len(records), seconds, YEAR, awards, client.outcome(), expected, failover)
    for award in awards if show_all else ():
        print_explained(award, _explanation(client, award["award_id"]))
    print_summary(run, _explanation(client, run.explained["award_id"]))
    return run.is_right


def _explanation(client: Client, award_id: str) -> Json:
    texts: Json = client.get("incentive", f"/v1/awards/{award_id}/explanation")["text"]
    return texts


def _next_steps(local: LocalSet, *, stay: bool) -> list[str]:
    if not stay:
        return [
            "make demo ARGS=--stay  " + say("保持运行，可在网页上查看", "keep the set running, with its pages"),
            "make demo ARGS=--all   " + say("列出每项奖补及其说明", "print every award with its explanation"),
        ]
    key = local.secrets.keys["auditor"]
    sign_in = say(f"以此密钥登录（审计）：{key}", f"sign in as an auditor with {key}")
    return [f"{local.addresses.url('incentive')}/", sign_in]


def _bar(*columns: ProgressColumn) -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description}"), BarColumn(), *columns, TimeElapsedColumn(), console=console)


def _send(records: list[SampleRecord], bootstrap_servers: str) -> None:
    config = KafkaSettings(tuple(bootstrap_servers.split(","))).client_config()
    with _bar(MofNCompleteColumn()) as bar:
        task = bar.add_task(say("发送事件", "publishing events"), total=len(records))
        published = publish(records, config, lambda sofar: bar.update(task, completed=sofar.acknowledged.total()))
    if published.failed:
        failed, reasons = published.failed, "; ".join(published.failures)
        raise LocalError(f"{failed} 条未送达 Kafka：{reasons}", f"Kafka did not accept {failed}: {reasons}")


def _await_quiet(client: Client, local: LocalSet) -> None:
    with _bar(TextColumn("{task.fields[waiting]}")) as bar:
        tasks = {
            service: bar.add_task(say(f"处理：{service}", f"processing: {service}"), total=1, waiting="")
            for service in SERVICES
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
