"""The procedures of docs/en/operations about exchanges, passwords and keys, run as written on real engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
import yaml
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.secrets import ADMIN, SIGNING_KEY
from services.incentive.commands.send_upload import ExchangeUsers
from shared.translog.keyfile import load_key
from shared.web.keys import load_keys
from tests.support.paths import ROOT
from tests.support.procedures import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devset.postgres import Postgres
    from tests.support.engines.secured_broker import SecuredBroker

EXCHANGES = ROOT / "exchanges.yaml"
ADDED = "newdex"
TOPIC = f"exchange.{ADDED}.trades.v1"


@pytest.fixture(scope="module")
def run(secured: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """`run(name, **variables)`: run a procedure as the admin, with one more exchange on the whitelist."""
    listed = yaml.safe_load(EXCHANGES.read_text("utf-8"))["exchanges"]
    added = {"id": ADDED, "name": "虚构丙 / Fictional C", "from": "2026-01-01", "operators": []}
    whitelist = tmp_path_factory.mktemp("whitelist") / "exchanges.yaml"
    whitelist.write_text(yaml.safe_dump({"exchanges": [*listed, added]}, allow_unicode=True), "utf-8")

    def run(name: str, **variables: str) -> str:
        given = {**secured.environment(ADMIN), "EXCHANGES_FILE": str(whitelist), "SECRETS": str(secured.secrets)}
        return carry_out(name, given | variables)

    run("add an exchange")
    yield run
    done = secured.jiangbu(EXCHANGES, "topics", "apply", "--secrets", str(secured.secrets))  # for other tests
    assert done.exit_code == 0, done.output


def sees_its_topic(secured: SecuredBroker, password: str | None = None) -> bool:
    """Return True if the added exchange can log in and see its topic."""
    try:
        user = secured.as_user(f"exchange.{ADDED}", password)
        with KafkaAdminClient(**user.client_config(), bootstrap_timeout_ms=60_000) as admin:
            return TOPIC in admin.list_topics()
    except KafkaError:
        return False


def test_an_exchange_is_added_shut_out_and_let_in_again(run: Callable[..., str], secured: SecuredBroker) -> None:
    assert sees_its_topic(secured)
    assert (secured.secrets / f"exchange.{ADDED}" / "api-key").exists()
    known = secured.password_file(f"exchange.{ADDED}").read_text("ascii").strip()
    run("shut an exchange out", ID=ADDED)
    assert not sees_its_topic(secured, known)
    run("let an exchange in again", ID=ADDED)
    assert not sees_its_topic(secured, known)
    assert sees_its_topic(secured)


def test_an_exchange_is_let_send_by_browser(run: Callable[..., str], secured: SecuredBroker, tmp_path: Path) -> None:
    run("let an exchange send by browser", ID=ADDED, USERS=str(tmp_path / "users"))
    for exchange, is_on in ((ADDED, True), ("kmdex", False)):
        own = ExchangeUsers(tmp_path / "users", secured.as_user("incentive")).client_config(exchange)
        assert (own is not None) is is_on
        if own is not None:
            with KafkaAdminClient(**own, bootstrap_timeout_ms=60_000) as admin:
                assert TOPIC in admin.list_topics()


def test_a_password_of_kafka_is_changed(run: Callable[..., str], secured: SecuredBroker) -> None:
    known = secured.password_file(f"exchange.{ADDED}").read_text("ascii").strip()
    run("another password of Kafka", NAME=f"exchange.{ADDED}")
    assert not sees_its_topic(secured, known)
    assert sees_its_topic(secured)


def test_an_api_key_is_changed(run: Callable[..., str], secured: SecuredBroker) -> None:
    key_file, hashes = secured.secrets / "auditor" / "api-key", secured.secrets / "apis" / "api-keys.yaml"
    known = key_file.read_bytes().strip()
    assert load_keys(hashes).find(known) is not None
    run("another API key", HOLDER="auditor")
    after = load_keys(hashes)
    assert after.find(known) is None
    found = after.find(key_file.read_bytes().strip())
    assert found is not None
    assert found.role == "auditor"


def test_a_signing_key_is_changed(run: Callable[..., str], secured: SecuredBroker) -> None:
    file = secured.secrets / "trade-ingest" / SIGNING_KEY
    known = load_key(file).private_bytes_raw()
    run("another signing key", HOLDER="trade-ingest")
    assert load_key(file).private_bytes_raw() != known


def test_a_password_of_a_database_is_changed(run: Callable[..., str], secured: SecuredBroker, server: Postgres) -> None:
    admin = {
        "DATABASE_ADMIN_URL": f"postgresql://postgres@127.0.0.1:{server.port}/postgres",
        "DATABASE_ADMIN_PASSWORD_FILE": str(server.password_file),
    }
    file = secured.secrets / "listing" / "database-password"
    known = file.read_text("ascii").strip()
    run("another password of a database", HOLDER="listing", **admin)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("listing", "listing_service", known))
    psycopg.connect(server.url("listing", "listing_service", file.read_text("ascii").strip())).close()
