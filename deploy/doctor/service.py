"""Check what a service needs, one finding for each requirement."""

from collections.abc import Iterator
from pathlib import Path

from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from deploy.broker.streams import streams_of
from deploy.doctor.finding import Finding
from services.incentive.policy.loader import PolicyError, load_policy
from shared.kafka.errors import MissingTopicsError, check_topics
from shared.postgres.database import make_engine
from shared.postgres.schema_version import WrongSchemaError, check_schema, required_revision
from shared.service_log.signing import signing_key_file
from shared.settings import Service, Settings, SettingsError
from shared.translog.keyfile import KeyFileError, load_key
from shared.web.keys import KeysError, load_keys
from shared.whitelist import Whitelist, WhitelistError, load_whitelist


def examine_service(service: Service) -> Iterator[Finding]:
    """Check settings, files, database and broker of one service, in the order in which it needs them."""
    try:
        settings = Settings(service)
    except SettingsError as error:
        yield Finding("设置 settings", False, str(error))
        return
    yield Finding("设置 settings", True, f"register {settings.register}")
    yield _keys(settings.api_keys_file)
    yield _signing_key(settings)
    yield _database(settings)
    if service == "incentive":
        yield _policy(settings.policy_file)
    try:
        exchanges = load_whitelist(settings.exchanges_file)
    except WhitelistError as error:
        yield Finding("名单 whitelist", False, str(error))
        return
    yield _whitelist(exchanges, settings)
    yield from _broker(settings, exchanges)


def _whitelist(exchanges: Whitelist, settings: Settings) -> Finding:
    unknown = sorted(set(settings.exchanges or ()) - set(exchanges.ids))
    if unknown:
        return Finding("名单 whitelist", False, f"EXCHANGES names exchanges that are not on it: {', '.join(unknown)}")
    return Finding("名单 whitelist", True, f"{settings.exchanges_file}: {', '.join(exchanges.ids)}")


def _keys(path: Path | None) -> Finding:
    subject = "密钥 API keys"
    if path is None:
        return Finding(subject, False, "API_KEYS_FILE: 未设置 / is not set")
    try:
        keys = load_keys(path)
    except (KeysError, OSError) as error:
        return Finding(subject, False, str(error))
    return Finding(subject, True, f"{path}: {len(keys.keys)} keys")


def _signing_key(settings: Settings) -> Finding:
    subject = "签名密钥 signing key"
    try:
        path = signing_key_file(settings)
        load_key(path)
    except FileNotFoundError:
        return Finding(subject, True, f"{path}: 首次启动时生成 / is created at the first start")
    except (SettingsError, KeyFileError, OSError) as error:
        return Finding(subject, False, f"SIGNING_KEY_FILE: {error}")
    return Finding(subject, True, str(path))


def _policy(path: Path) -> Finding:
    subject = "政策文件 policy file"
    try:
        policy = load_policy(path)
    except (PolicyError, OSError) as error:
        return Finding(subject, False, " | ".join(str(error).splitlines()))
    return Finding(subject, True, f"{policy.id} revision {policy.revision}")


def _database(settings: Settings) -> Finding:
    subject = "数据库 database"
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        check_schema(engine, settings.service)
    except WrongSchemaError as error:
        return Finding(subject, False, str(error))
    except SQLAlchemyError as error:
        return Finding(subject, False, f"DATABASE_URL: {str(error).splitlines()[0]}")
    finally:
        engine.dispose()
    return Finding(subject, True, f"revision {required_revision(settings.service)}")


def _broker(settings: Settings, exchanges: Whitelist) -> Iterator[Finding]:
    streams = streams_of(settings.service, settings.register, settings.exchanges or exchanges.ids)
    topics = (*streams.reads, *streams.publishes)
    servers = ", ".join(settings.kafka.bootstrap_servers)
    try:
        check_topics(settings.kafka.client_config(), topics)
    except MissingTopicsError as missing:
        yield Finding("Kafka", True, servers)
        yield Finding("主题 topics", False, str(missing))
    except (KafkaError, OSError) as error:
        yield Finding("Kafka", False, f"{servers}: {error!r}")
    else:
        yield Finding("Kafka", True, servers)
        yield Finding("主题 topics", True, f"{len(topics)} topics")
