"""`jiangbu doctor` on a real deployment without its APIs: healthy, and with each fault that it reports."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, get_args

import psycopg
import pytest
import yaml
from click.testing import CliRunner
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from deploy.__main__ import main
from deploy.api_keys import HASHES
from deploy.broker.access import every_acl
from deploy.broker.quotas import broker_quotas
from deploy.databases import database_of, owner_role, service_role
from deploy.doctor import databases as of_databases
from deploy.doctor import examine as of_examine
from deploy.environment import environment_text
from deploy.secrets import ADMIN, DATABASE_PASSWORD, Secret, make_secrets
from shared.postgres.migrate import migrate
from shared.postgres.schema_version import package_of, required_revision
from shared.settings import Service
from shared.values.times import now
from tests.support.paths import ROOT
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from devset.postgres import Postgres
    from tests.support.engines.secured_broker import SecuredBroker

APIS = {"接口 API listing r1", "接口 API trade-ingest r1", "接口 API incentive"}
SERVICES = get_args(Service)


@dataclass
class Deployment:
    """Both engines, the files, and how an operator calls `jiangbu`."""

    broker: SecuredBroker
    server: Postgres
    exchanges: Path

    @property
    def folder(self) -> Path:
        return self.broker.secrets

    @property
    def settings(self) -> dict[str, str]:
        return {
            **self.broker.environment(ADMIN),
            "EXCHANGES_FILE": str(self.exchanges),
            "DATABASE_ADMIN_URL": f"postgresql://postgres@127.0.0.1:{self.server.port}/postgres",
            "DATABASE_ADMIN_PASSWORD_FILE": str(Secret("postgres", DATABASE_PASSWORD).path(self.folder)),
            "REGISTERS": "r1=http://127.0.0.1:1,http://127.0.0.1:1",
            "INCENTIVE_URL": "http://127.0.0.1:1",
        }

    def jiangbu(self, *arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(main, arguments, env={**self.settings, **settings})

    def faults(self, *options: str, **settings: str) -> dict[str, str]:
        """Return the faults that the doctor reports, by subject; without the APIs, since none runs."""
        result = self.jiangbu("doctor", *(options or ("--secrets", str(self.folder))), **settings)
        assert result.exit_code == 1
        lines = [line.split("  ", 1) for line in result.output.splitlines()]
        assert {mark.strip() for mark, _ in lines} <= {"正常 ok", "注意 warn", "异常 FAIL"}, result.output
        wrong = dict(rest.strip().split(": ", 1) for mark, rest in lines if "FAIL" in mark)
        assert wrong.keys() >= APIS
        return {subject: text for subject, text in wrong.items() if subject not in APIS}

    def sql(self, database: str, *statements: str) -> None:
        with psycopg.connect(self.server.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="module")
def deployment(
    secured: SecuredBroker, server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    faster, server.settings = server.settings, {}  # the doctor reports a server that is not durable
    server.stop()
    server.start()
    exchanges = tmp_path_factory.mktemp("doctor") / "exchanges.yaml"
    exchanges.write_bytes((ROOT / "exchanges.yaml").read_bytes())
    made = Deployment(secured, server, exchanges)
    admin = Secret("postgres", DATABASE_PASSWORD)
    make_secrets(made.folder, [admin])
    admin.path(made.folder).write_bytes(server.password_file.read_bytes())
    for words in (
        ("secrets", str(made.folder)),
        ("topics", "apply", "--secrets", str(made.folder)),
        ("databases", "apply", str(made.folder)),
    ):
        result = made.jiangbu(*words)
        assert result.exit_code == 0, result.output
    for service in SERVICES:
        name = database_of(service)
        register = None if service == "incentive" else "r1"
        url = server.url(
            name, owner_role(name), (made.folder / f"{service}-owner" / DATABASE_PASSWORD).read_text().strip()
        )
        migrate(package_of(service), url, f"postgresql://{service_role(name)}@127.0.0.1/x", register)
    yield made
    server.settings = faster
    server.stop()
    server.start()


def test_apis_that_do_not_answer_are_all_that_is_wrong(deployment: Deployment) -> None:
    assert deployment.faults() == {}


def test_backups(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of them without their place; then they are recent, and some days later they are not."""
    place, key = tmp_path / "store", tmp_path / "backup.key"
    given = {"BACKUP_PLACE": str(place), "BACKUP_KEY_FILE": str(key)}
    said = deployment.jiangbu("doctor", "--secrets", str(deployment.folder)).output
    assert "注意 warn  备份 backups: no backup is known: run `jiangbu backup`" in said
    assert deployment.jiangbu("backup", "key", str(key)).exit_code == 0
    assert "there is no backup" in deployment.faults(**given)["备份 backups"]
    done = deployment.jiangbu("backup", "--to", str(place), "--key", str(key))
    assert done.exit_code == 0, done.output
    try:
        assert deployment.faults(**given) == {}
        said = deployment.jiangbu("doctor", "--secrets", str(deployment.folder)).output
        assert "set BACKUP_PLACE to check their age" in said
        monkeypatch.setattr(of_examine, "now", lambda: now() + timedelta(days=3))
        assert deployment.faults(**given).keys() == {"备份 backups"}
        assert "is 72 hours old" in deployment.faults(**given)["备份 backups"]
    finally:
        deployment.sql("postgres", "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")


def test_files(deployment: Deployment) -> None:
    folder, hashes = deployment.folder, deployment.folder / HASHES
    kept, listing = hashes.read_text("utf-8"), folder / "listing" / "kafka-password"
    hashes.write_text(yaml.safe_dump([one for one in yaml.safe_load(kept) if one["name"] != "auditor"]), "utf-8")
    listing.chmod(0o644)
    (folder / "incentive").chmod(0o755)
    try:
        found = deployment.faults(TOTALS_CUT_AT="2025-10-15")
    finally:
        hashes.write_text(kept, "utf-8")
        listing.chmod(0o600)
        (folder / "incentive").chmod(0o700)
    assert found.keys() == {"密码文件 passwords", "密钥 API keys", "政策文件 policy file"}
    assert f"{listing} -rw-r--r--" in found["密码文件 passwords"]
    assert f"{folder / 'incentive'} drwxr-xr-x" in found["密码文件 passwords"]
    assert "no key for auditor: run `jiangbu secrets" in found["密钥 API keys"]
    assert "2028-10-15" in found["政策文件 policy file"]
    assert "TOTALS_CUT_AT" in found["政策文件 policy file"]


def test_an_exchange_that_is_new_on_the_whitelist(deployment: Deployment) -> None:
    listed = deployment.exchanges.read_text("utf-8")
    newer = yaml.safe_load(listed)
    newer["exchanges"].append(
        {"id": "latedex", "name": "虚构", "from": "2026-01-01", "until": None, "approved_by": None, "operators": []}
    )
    deployment.exchanges.write_text(yaml.safe_dump(newer), "utf-8")
    try:
        found = deployment.faults()
    finally:
        deployment.exchanges.write_text(listed, "utf-8")
    assert found.keys() == {
        "密码文件 passwords",
        "密钥 API keys",
        "主题 topics",
        "用户 users",
        "权限 rights",
        "配额 quotas",
    }
    assert "exchange.latedex: 0: should be producer_byte_rate=4194304" in found["配额 quotas"]
    assert "exchange.latedex.trades.v1" in found["主题 topics"]
    assert "jiangbu secrets" in found["用户 users"]
    assert "exchange.latedex: lacks WRITE TOPIC exchange.latedex.listings.v1" in found["权限 rights"]


def test_topics_users_and_rights(deployment: Deployment) -> None:
    topic, facts = "exchange.kmdex.trades.v1", "facts.listing.v1"
    admin = KafkaAdminClient(**deployment.broker.as_user(ADMIN).client_config())
    password = deployment.broker.password_file("incentive")
    kept = password.read_bytes()
    try:
        # Not so short that the broker deletes records that later tests read.
        changed = [(topic, {"retention.ms": "9999999999999"}), (facts, {"cleanup.policy": "delete"})]
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, to) for name, to in changed])
        (right,) = [
            acl
            for acl in admin.describe_acls(every_acl())[0]
            if acl.principal == "User:exchange.kmdex" and acl.resource_pattern.resource_name == topic
        ]
        admin.delete_acls([right])
        with broker_quotas(deployment.broker.as_user(ADMIN)) as quotas:
            quotas.change("exchange.kmdex", {"request_percentage": 7.0})
        password.write_text("guessed", "ascii")
        until(lambda: "retention.ms" in deployment.faults().get("主题 topics", ""))
        found = deployment.faults()
    finally:
        admin.close()
        password.write_bytes(kept)
        assert deployment.jiangbu("topics", "apply", "--secrets", str(deployment.folder)).exit_code == 0
    assert found.keys() == {"主题 topics", "用户 users", "权限 rights", "配额 quotas"}
    assert "exchange.kmdex: request_percentage=7: should be" in found["配额 quotas"]
    assert f"{topic}: change retention.ms 9999999999999 -> -1" in found["主题 topics"]
    assert f"{facts}: change cleanup.policy delete -> compact" in found["主题 topics"]
    assert "incentive: its password differs" in found["用户 users"]
    assert f"exchange.kmdex: lacks WRITE TOPIC {topic}" in found["权限 rights"]
    assert all("jiangbu topics apply" in text for text in found.values())
    assert deployment.faults() == {}


def test_databases_roles_and_the_ledger(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    role = service_role("incentive")
    harms = {
        "postgres": (
            f"ALTER ROLE {role} CREATEDB",
            f"GRANT {owner_role('listing')} TO {service_role('listing')}",
            f"ALTER ROLE {service_role('trade_ingest')} PASSWORD 'another'",
            "GRANT CONNECT ON DATABASE trade_ingest TO PUBLIC",
            f"ALTER ROLE {role} NOBYPASSRLS",
            "REVOKE trade_ingest_service_viewer FROM trade_ingest_service",
            "ALTER ROLE incentive_service_viewer BYPASSRLS",
        ),
        "incentive": (
            f"GRANT UPDATE ON ledger_entry TO {role}",
            "ALTER TABLE fact DISABLE TRIGGER append_only",
            "ALTER TABLE position OWNER TO postgres",
            "ALTER TABLE ledger_settings DISABLE TRIGGER USER",
            "INSERT INTO ledger_settings VALUES (DEFAULT, 0, now() + '365 days', 'p', 1, '', '', '', '{}', '{r9}')",
            "ALTER TABLE ledger_settings ENABLE TRIGGER USER",
        ),
        "listing": ("UPDATE alembic_version SET version_num = '0001'",),
        "trade_ingest": (
            "GRANT DELETE ON log_checkpoint TO trade_ingest_service",
            "ALTER TABLE register_head DISABLE TRIGGER log_is_whole",
            "DROP TRIGGER append_only ON log_hash",
        ),
    }
    mending = {
        "postgres": (
            f"ALTER ROLE {role} NOCREATEDB",
            "ALTER ROLE incentive_service_viewer NOBYPASSRLS",
            f"REVOKE {owner_role('listing')} FROM {service_role('listing')}",
        ),
        "incentive": (
            f"REVOKE UPDATE ON ledger_entry FROM {role}",
            "ALTER TABLE fact ENABLE TRIGGER append_only",
            f"ALTER TABLE position OWNER TO {owner_role('incentive')}",
            "ALTER TABLE ledger_settings DISABLE TRIGGER USER",
            "DELETE FROM ledger_settings",
            "ALTER TABLE ledger_settings ENABLE TRIGGER USER",
        ),
        "listing": (f"UPDATE alembic_version SET version_num = '{required_revision('listing')}'",),
        "trade_ingest": (
            "REVOKE DELETE ON log_checkpoint FROM trade_ingest_service",
            "ALTER TABLE register_head ENABLE TRIGGER log_is_whole",
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log_hash EXECUTE FUNCTION log_stays()",
        ),
    }
    for database, statements in harms.items():
        deployment.sql(database, *statements)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(of_databases, "time", SimpleNamespace(time=lambda: time.time() + 10))
            found = deployment.faults()
    finally:
        for database, statements in mending.items():
            deployment.sql(database, *statements)
        assert deployment.jiangbu("databases", "apply", str(deployment.folder)).exit_code == 0
    said = {
        "PostgreSQL": ["clocks differ by 10"],
        "数据库 database listing": ["revision 0001, needed", "run `listing migrate`"],
        "数据库 database incentive": ["registers r9 count, not r1", "the ledger is ahead by 315"],
        "角色 roles of listing": ["REVOKE listing_owner FROM listing_service"],
        "角色 roles of trade_ingest": [
            "any role may connect",
            "password authentication failed",
            "cannot become trade_ingest_service_viewer",
            "databases apply",
            "REVOKE UPDATE, DELETE, TRUNCATE ON log_checkpoint FROM trade_ingest_service",
            "triggers are disabled: append_only ON log_hash, log_is_whole ON register_head",
            "run `trade-ingest rebuild --verify`",
        ],
        "角色 roles of incentive": [
            "ALTER ROLE incentive_service NOCREATEDB",
            "incentive_service: does not bypass row-level security",
            "ALTER ROLE incentive_service_viewer NOBYPASSRLS",
            "REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entry",
            "triggers are disabled: append_only ON fact: ",
            '"position" (postgres)',
        ],
    }
    assert found.keys() == said.keys()
    assert [(subject, word) for subject, words in said.items() for word in words if word not in found[subject]] == []
    assert deployment.faults() == {}


def test_a_database_that_is_not_there(deployment: Deployment) -> None:
    deployment.sql("postgres", "ALTER DATABASE trade_ingest RENAME TO elsewhere")
    try:
        found = deployment.faults()
    finally:
        deployment.sql("postgres", "ALTER DATABASE elsewhere RENAME TO trade_ingest")
    assert found.keys() == {"数据库 database trade_ingest"}
    assert "jiangbu databases apply" in found["数据库 database trade_ingest"]


def test_engines_that_do_not_answer(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.broker.admin.BROKER_TIMEOUT_MS", 500)
    nowhere = "postgresql://postgres@127.0.0.1:1/postgres"
    found = deployment.faults(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", DATABASE_ADMIN_URL=nowhere)
    assert {"Kafka", "PostgreSQL"} <= found.keys()
    assert "127.0.0.1:1" in found["Kafka"]
    assert "DATABASE_ADMIN_URL" in found["PostgreSQL"]


def test_a_broker_without_users(deployment: Deployment, kafka: str) -> None:
    found = deployment.faults(KAFKA_BOOTSTRAP_SERVERS=kafka, KAFKA_SECURITY_PROTOCOL="PLAINTEXT")
    assert "deploy/kafka" in found["用户 users"]


def test_a_folder_of_settings(deployment: Deployment, tmp_path: Path) -> None:
    """`own.env` wins, as for the programs, and what the shell has does not."""
    own = tmp_path / "own.env"
    (tmp_path / "secrets").symlink_to(deployment.folder)
    (tmp_path / "admin.env").write_text(environment_text(deployment.settings), "utf-8")
    own.write_text("TOTALS_CUT_AT=2020-12-31\n", "utf-8")
    shell = dict.fromkeys([*deployment.settings, "TOTALS_CUT_AT"], "")
    assert deployment.faults("--config", str(tmp_path), **shell).keys() == {"政策文件 policy file"}
    own.unlink()
    assert deployment.faults("--config", str(tmp_path), **shell) == {}

    result = deployment.jiangbu("doctor", "--config", str(tmp_path), "--service", "listing")
    assert (result.exit_code, result.output) == (1, f"Error: {tmp_path / 'listing.env'}: No such file or directory\n")


def test_a_disk_that_is_not_seen_from_here_is_a_warning(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_databases, "_DISK", "SELECT current_setting('data_directory'), false, 2000000000")
    said = deployment.jiangbu("doctor", "--no-secrets").output
    assert re.search(r"^注意 warn  磁盘 PostgreSQL disk: .*watch it on its machine: 2\.0 GB used$", said, re.MULTILINE)


def test_settings_that_are_missing(deployment: Deployment) -> None:
    result = deployment.jiangbu("doctor", DATABASE_ADMIN_URL="")
    assert result.exit_code == 1
    assert "DATABASE_ADMIN_URL" in result.output
    assert len(result.output.splitlines()) == 1
