"""Check a whole deployment, or what one service needs; one finding for each requirement."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from deploy.broker.streams import streams_of
from deploy.doctor import files
from deploy.doctor.apis import api
from deploy.doctor.backups import backups
from deploy.doctor.broker import broker
from deploy.doctor.certificates import certificates
from deploy.doctor.databases import database, disk, server
from deploy.doctor.encryption import encryption
from deploy.doctor.finding import Checked, Finding, ahead_faults, check
from deploy.doctor.patroni import patroni
from deploy.doctor.replication import standbys, way_to_primary
from services.incentive.store.ledger import last_instant
from shared.kafka.errors import MissingTopicsError, check_topics
from shared.postgres.clock import ahead_s, clock_error_s, is_wrong, wrong_clock_text
from shared.postgres.database import make_engine
from shared.postgres.schema_version import WrongSchemaError, check_schema, required_revision
from shared.process.liveness import stall_reason
from shared.service_log.signing import signing_key_file
from shared.settings import (
    DeploymentSettings,
    Service,
    Settings,
    SettingsError,
    read_service_key,
    read_session_key,
)
from shared.translog.keyfile import KeyFileError, load_key
from shared.values.times import now
from shared.web.keys import KeysError, load_keys
from shared.whitelist import WhitelistError, load_whitelist


def examine(service: Service | None, folder: Path | None, *, is_consumer: bool = False) -> Iterator[Finding]:
    """Check one service by its own settings, or the whole deployment as the admin of both engines.

    `folder` holds the secrets; without it passwords, API keys, users and rights are not checked. `is_consumer`: where
    the consumer of the service runs, which has no API keys. Settings or a whitelist that cannot be loaded end the
    checks.
    """
    try:
        yield from _deployment(folder) if service is None else _service(service, is_consumer=is_consumer)
    except SettingsError as error:
        yield Finding("设置 settings", False, str(error))
    except WhitelistError as error:
        yield Finding("名单 whitelist", False, str(error))


def _deployment(folder: Path | None) -> Iterator[Finding]:
    settings = DeploymentSettings()
    registers = tuple(settings.registers)
    yield Finding("设置 settings", True, f"registers {', '.join(registers)}")
    yield files.policy_file(settings.policy_file, settings.totals_cut_at)
    exchanges = load_whitelist(settings.exchanges_file)
    yield files.whitelist(exchanges, settings.exchanges_file)
    if folder is None:
        unchecked = "未检查密码、密钥、用户与权限 / passwords, API keys, users and rights are not checked"
        yield Finding("安全 security", True, unchecked, is_warning=True)
    else:
        yield files.secret_files(folder, exchanges)
        yield files.api_keys(folder, exchanges)
    yield from broker(settings.kafka, exchanges, registers, folder)
    yield server(settings.database_admin_url)
    yield disk(settings.database_admin_url)
    yield standbys(settings.database_admin_url)
    yield backups(settings.database_admin_url, settings.backup, now())
    if settings.patroni_url is not None:
        yield patroni(settings.patroni_url, settings.patroni_ca_file)
    yield encryption(settings)
    yield certificates(settings, folder, now())
    for service in get_args(Service):
        yield from database(service, settings.database_admin_url, registers, folder)
    for register, address in settings.registers.items():
        yield api(f"listing {register}", address.listing)
        yield api(f"trade-ingest {register}", address.trade_ingest)
    yield api("incentive", settings.incentive_url)


def _service(service: Service, *, is_consumer: bool) -> Iterator[Finding]:
    """Check what a service needs, in the order in which it needs it."""
    settings = Settings(service)
    yield Finding("设置 settings", True, f"{service}, register {settings.register}")
    if not is_consumer:
        yield _keys(settings.api_keys_file)
    elif settings.heartbeat_file is not None:
        yield _heartbeat(settings.heartbeat_file)
    yield _signing_key(settings)
    if service == "incentive":
        yield _shown_keys(settings)
    yield _database(settings)
    if service == "incentive":
        yield files.policy_file(settings.policy_file)
    exchanges = load_whitelist(settings.exchanges_file)
    yield files.whitelist(exchanges, settings.exchanges_file, settings.exchanges or ())
    streams = streams_of(service, settings.register, settings.exchanges or exchanges.ids)
    yield from _broker(settings, (*streams.reads, *streams.publishes))


@check("密钥 API keys", KeysError, OSError)
def _keys(path: Path | None) -> Checked:
    if path is None:
        return ["API_KEYS_FILE: 未设置 / is not set"], ""
    return [], f"{path}: {len(load_keys(path).keys)} keys"


@check("心跳 heartbeat")
def _heartbeat(path: Path) -> Checked:
    """Check that each part of the consumer makes progress, as the probe of its container does."""
    why = stall_reason(str(path), time.monotonic())
    return [] if why is None else [why], str(path)


@check("签名密钥 signing key")
def _signing_key(settings: Settings) -> Checked:
    try:
        path = signing_key_file(settings)
        load_key(path)
    except FileNotFoundError:
        return [], f"{path}: 首次启动时生成 / is created at the first start"
    except (SettingsError, KeyFileError, OSError) as error:
        return [f"SIGNING_KEY_FILE: {error}"], ""
    return [], str(path)


@check("其他密钥 other keys", SettingsError)
def _shown_keys(settings: Settings) -> Checked:
    """Check the key with which the service asks registers, and the one that signs cookies of pages, if it has one."""
    read_service_key(settings)
    read_session_key(settings)
    return [], ", ".join(str(path) for path in (settings.service_key_file, settings.session_key_file) if path)


@check("数据库 database", WrongSchemaError)
def _database(settings: Settings) -> Checked:
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        check_schema(engine, settings.service)
        with engine.connect() as connection:
            ahead = ahead_s(connection, last_instant(connection)) if settings.service == "incentive" else 0.0
            error_s = clock_error_s(connection)
    except SQLAlchemyError as error:
        return [f"DATABASE_URL: {str(error).splitlines()[0]}"], ""
    finally:
        engine.dispose()
    clock = [wrong_clock_text(error_s)] if is_wrong(error_s) else []
    return clock + ahead_faults(ahead) + way_to_primary(
        settings.database_url
    ), f"revision {required_revision(settings.service)}"


def _broker(settings: Settings, topics: tuple[str, ...]) -> Iterator[Finding]:
    servers = ", ".join(settings.kafka.bootstrap_servers)
    missing: MissingTopicsError | None = None
    try:
        check_topics(settings.kafka.client_config(), topics)
    except MissingTopicsError as error:
        missing = error
    except (KafkaError, OSError) as error:
        yield Finding("Kafka", False, f"{servers}: {error!r}")
        return
    yield Finding("Kafka", True, servers)
    yield Finding("主题 topics", missing is None, str(missing or f"{len(topics)} topics"))
