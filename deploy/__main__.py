"""`jiangbu`: for those who operate the set."""

import sys
from typing import get_args

import click
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from deploy.doctor import examine
from deploy.topics import TopicsRefusedError, apply_topics
from shared.db import make_engine
from shared.exchanges import ExchangesError, load_exchanges
from shared.register.head import raise_generation
from shared.settings import (
    KafkaSettings,
    Service,
    SettingsError,
    load_exchanges_file,
    load_kafka_settings,
    load_settings,
)

BROKER_TIMEOUT_MS = 10_000


@click.group(help="奖补运维命令 / Commands for operators of the set. 设置见 .env.example / settings: see .env.example.")
def main() -> None:
    pass


@main.group(help="Kafka 主题 / Kafka topics.")
def topics() -> None:
    pass


@topics.command(help="建立并配置全部主题（可重复执行）/ Create and configure all topics; safe to repeat.")
@click.option("--dry-run", is_flag=True, help="只显示，不修改 / say what would be done, change nothing")
def apply(dry_run: bool) -> None:
    try:
        exchanges = load_exchanges(load_exchanges_file())
        admin = _admin(load_kafka_settings())
        try:
            for step in apply_topics(admin, exchanges, dry_run=dry_run):
                click.echo(step.text)
        finally:
            admin.close()
    except (SettingsError, ExchangesError, TopicsRefusedError) as error:
        raise click.ClickException(str(error)) from error
    except (KafkaError, OSError) as error:
        raise click.ClickException(f"Kafka 无法连接或拒绝 / Kafka is away or refuses: {error!r}") from error


@main.command(
    help="检查一个服务的设置及其所需的一切 / Check a service's settings and all that it needs; exit 1 if not well."
)
@click.option("--service", type=click.Choice(get_args(Service)), required=True)
def doctor(service: Service) -> None:
    well = True
    for finding in examine(service):
        click.echo(f"{'正常 ok  ' if finding.well else '异常 FAIL'}  {finding.subject}: {finding.text}")
        well = well and finding.well
    sys.exit(0 if well else 1)


@main.command(
    "new-generation",
    help="登记簿自旧备份恢复后进入下一代 / Go on as the next generation after an older backup was put back.",
)
@click.option("--service", type=click.Choice(["listing", "trade-ingest"]), required=True)
@click.confirmation_option(
    prompt="仅限恢复旧备份后，且服务已停止；继续? / Only after an older backup, with the service stopped. Go on?"
)
def new_generation(service: Service) -> None:
    try:
        settings = load_settings(service)
        engine = make_engine(settings.database_url, pool_size=1)
        try:
            with engine.begin() as connection:
                head = raise_generation(connection)
        finally:
            engine.dispose()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        raise click.ClickException(f"数据库 / database: {str(error).splitlines()[0]}") from error
    click.echo(f"登记簿 / register {head.register}: 第 {head.generation} 代 / generation {head.generation}")


def _admin(settings: KafkaSettings) -> KafkaAdminClient:
    return KafkaAdminClient(**settings.client_config(), bootstrap_timeout_ms=BROKER_TIMEOUT_MS)


if __name__ == "__main__":
    main()
