"""Real engines start with what `jiangbu init` wrote, and let in who has a password, by TLS alone."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from cryptography import x509
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaTimeoutError, SaslAuthenticationFailedError, TopicAuthorizationFailedError
from psycopg import sql

import shared.kafka.client_patches  # noqa: F401 - patches the clients used here
from deploy.api_keys import HASHES, Person
from deploy.doctor.certificates import served_until
from deploy.environment import read_environment
from deploy.first_setup.answers import Answers, NamedExchange
from deploy.first_setup.certificates import read_certificate, valid_until
from deploy.first_setup.plan import GivenFiles, make_plan, whitelist_text
from deploy.first_setup.writing import write_plan
from deploy.secrets import DATABASE_PASSWORD
from devset.postgres import account_for, allow_traversal, postgres_account
from devset.processes import base_environment, free_ports, spawn
from shared.web.keys import load_keys
from shared.whitelist import parse_whitelist
from tests.support.engines.postgres_with_tls import binaries_with_tls
from tests.support.engines.secured_broker import SMALL, SecuredBroker
from tests.support.procedures import PAGES, blocks, carry_out
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOON_MS = 1500
ANSWERS = Answers(
    "jiangbu.example.org",
    (*(Person(f"officer-{number}", "bureau") for number in (1, 2, 3)), Person("auditor-1", "auditor")),
    (NamedExchange("kmdex", "虚构甲"),),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """The folder that `jiangbu init` wrote."""
    folder, text = tmp_path_factory.mktemp("first"), whitelist_text(ANSWERS.exchanges)
    plan = make_plan(ANSWERS, GivenFiles(parse_whitelist(text), text), folder, "systemd")
    list(write_plan(plan, datetime.now(UTC)))
    return folder


# Kafka


@dataclass
class WrittenBroker(SecuredBroker):
    """A broker with the secrets and the certificate that `jiangbu init` wrote into `written`."""

    written: Path | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._stand_in_for_the_image()

    @property
    def secrets(self) -> Path:
        return self.written / "secrets"

    @property
    def tls_file(self) -> Path:
        return self.written / "tls" / "broker.pem"

    @property
    def ca_file(self) -> Path:
        return self.written / "tls" / "authority.pem"


@pytest.fixture(scope="module")
def broker(written: Path, engine_folder: Path, extended) -> Iterator[WrittenBroker]:
    assert read_environment(written / "kafka.env") == {"KAFKA_TLS_FILE": str(written / "tls" / "broker.pem")}
    # Nobody's password changes here, and a slow machine may not authenticate again in time.
    settings = tuple(setting for setting in SMALL if not setting.startswith("connections.max.reauth.ms"))
    broker = WrittenBroker(engine_folder / "first-kafka", settings=settings, written=written)
    try:
        broker.start()
        done = broker.jiangbu(written / "exchanges.yaml", "topics", "apply", "--secrets", str(broker.secrets))
        assert done.exit_code == 0, done.output
        yield broker
    finally:
        broker.stop()


def test_an_exchange_sends_by_tls_with_its_password(broker: WrittenBroker) -> None:
    exchange = replace(
        broker.as_user("exchange.kmdex"),
        bootstrap_servers=(broker.outside,),
        security_protocol="SASL_SSL",
        ssl_ca_file=broker.ca_file,
    )
    with KafkaProducer(**exchange.client_config()) as producer:
        assert producer.send("exchange.kmdex.trades.v1", b"{}").get(60).offset == 0
        with pytest.raises(TopicAuthorizationFailedError):
            producer.send("facts.listing.v1", b"{}").get(60)
    host, port = broker.outside.split(":")
    assert served_until(host, int(port)) == valid_until(broker.tls_file.read_text("ascii"))  # as the doctor asks
    stranger = replace(exchange, sasl_username="nobody")
    with pytest.raises(SaslAuthenticationFailedError):
        KafkaProducer(**stranger.client_config())
    for unknown in (
        replace(exchange, security_protocol="SASL_PLAINTEXT"),
        replace(exchange, security_protocol="SSL"),
        replace(exchange, ssl_ca_file=None),
    ):
        with pytest.raises(KafkaTimeoutError):
            KafkaAdminClient(**unknown.client_config(), bootstrap_timeout_ms=SOON_MS)


# PostgreSQL


@pytest.fixture(scope="module")
def connect(written: Path, tmp_path_factory) -> Iterator[Callable[..., psycopg.Connection]]:
    """A PostgreSQL with the written settings; the value connects to it by TCP."""
    binaries, folder, (port,) = binaries_with_tls(), tmp_path_factory.mktemp("first-postgres"), free_ports(1)
    account = account_for(folder)
    for path in (folder, written / "tls" / "postgres.pem"):
        allow_traversal(path)
    password = written / "secrets" / "postgres" / DATABASE_PASSWORD
    handed = folder / "password"
    shutil.copy(password, handed)
    if account is not None:
        shutil.chown(handed, account.pw_uid)
        shutil.chown(written / "tls" / "postgres.pem", account.pw_uid)  # as the printed command does
    programs = {"environment": base_environment(), "account": postgres_account(), "working_directory": folder}
    data, log = folder / "data", folder / "log"
    init = [binaries / "initdb", "-D", data, "-U", "postgres", "--pwfile", handed, "--auth=scram-sha-256"]
    assert spawn("initdb", init, log_file=log, **programs).process.wait() == 0, log.read_text("utf-8")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"include '{written / 'postgres' / 'jiangbu.conf'}'\n")
    server = spawn(
        "postgres",
        [binaries / "postgres", "-D", data, "-p", str(port), "-c", "unix_socket_directories="],
        log_file=log,
        death_signal=signal.SIGQUIT,
        **programs,
    )

    def connect(user: str, database: str, password: str, **settings: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=port, user=user, dbname=database, password=password, connect_timeout=60, **settings
        )

    def answers() -> bool:
        assert server.alive(), log.read_text("utf-8")
        try:
            connect("postgres", "postgres", password.read_text("ascii").strip()).close()
        except psycopg.OperationalError as error:
            return "password authentication failed" in str(error)
        return True

    try:
        until(answers, why=lambda: log.read_text("utf-8"))
        yield connect
    finally:
        server.stop(signal.SIGINT, 20)


def test_a_service_reads_its_database_by_tls_with_its_password(
    written: Path, connect: Callable[..., psycopg.Connection]
) -> None:
    secret = {
        name: (written / "secrets" / name / DATABASE_PASSWORD).read_text("ascii").strip()
        for name in ("postgres", "listing")
    }
    with connect("postgres", "postgres", secret["postgres"]) as admin:
        # `jiangbu databases apply` needs PostgreSQL 18, and the installed one with TLS may be older.
        statement = sql.SQL("CREATE ROLE listing_service LOGIN PASSWORD {}")
        admin.execute(statement.format(sql.Literal(secret["listing"])))
    own = read_environment(written / "own.env")
    checked = {"sslmode": own["PGSSLMODE"], "sslrootcert": own["PGSSLROOTCERT"]}
    role, database = "listing_service", "postgres"
    with connect(role, database, secret["listing"], **checked) as connection:
        assert connection.pgconn.ssl_in_use
        port = connection.info.port
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(role, database, "not-the-password", **checked)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(role, database, secret["listing"], sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(role, database, secret["listing"], sslmode="verify-full", sslrootcert="system")
    # As the doctor asks for it.
    served = served_until("127.0.0.1", port, is_postgres=True)
    assert served == valid_until((written / "tls" / "postgres.pem").read_text("ascii"))


# The page


def test_the_page_is_followed(tmp_path: Path) -> None:
    (given,) = (one.text for one in blocks(PAGES / "operations/first-hour.md") if one.about == "answers")
    (tmp_path / "answers.yaml").write_text(given, "utf-8")
    where = {"PATH": os.defpath, "CONFIG": str(tmp_path / "set")}
    carry_out("first setup", where, cwd=tmp_path)
    assert len(load_keys(tmp_path / "set" / "secrets" / HASHES).keys) == 6
    carry_out("a certificate by hand", {"PATH": os.defpath, "ADDRESS": "jiangbu.example.org"}, cwd=tmp_path)
    by_hand = read_certificate((tmp_path / "proxy-certificate.pem").read_text("ascii"))
    by_hand.verify_directly_issued_by(read_certificate((tmp_path / "authority.pem").read_text("ascii")))
    for one in (by_hand, read_certificate((tmp_path / "set" / "tls" / "proxy.pem").read_text("ascii"))):
        kinds = [x509.SubjectAlternativeName, x509.ExtendedKeyUsage, x509.BasicConstraints]
        found = [one.extensions.get_extension_for_class(kind).value for kind in kinds]
        assert found[0].get_values_for_type(x509.DNSName) == ["jiangbu.example.org"]
        assert list(found[1]) == [x509.ExtendedKeyUsageOID.SERVER_AUTH]
        assert found[2].ca is False
