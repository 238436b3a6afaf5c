"""Authentication on the broker of deploy/kafka, with plain clients."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaTimeoutError, SaslAuthenticationFailedError

import shared.kafka.client_patches  # noqa: F401 - patches the clients used here
from shared.settings import KafkaSettings
from tests.support.engines.secured_broker import START_SH, SecuredBroker

SOON_MS = 1500


def outside(broker: SecuredBroker) -> KafkaSettings:
    """Return settings of the admin for the TLS listener, without the CA that signed the broker's certificate."""
    return replace(broker.as_user("admin"), bootstrap_servers=(broker.outside,), security_protocol="SASL_SSL")


@pytest.mark.parametrize("client", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
@pytest.mark.parametrize("user", ["admin", "nobody", "node"])
def test_who_has_no_right_password_is_refused_at_once(secured: SecuredBroker, user: str, client: type) -> None:
    with pytest.raises(SaslAuthenticationFailedError, match="invalid credentials"):
        client(**secured.as_user(user, "not-the-password").client_config())


def test_nobody_gets_in_without_a_user(secured: SecuredBroker) -> None:
    with pytest.raises(KafkaTimeoutError):
        KafkaAdminClient(bootstrap_servers=secured.inside, bootstrap_timeout_ms=SOON_MS)


def test_with_tls_the_broker_must_be_the_one_that_the_authority_names(secured: SecuredBroker) -> None:
    stranger = outside(secured)
    with KafkaAdminClient(**replace(stranger, ssl_ca_file=secured.ca_file).client_config()) as admin:
        assert admin.describe_cluster()["brokers"][0]["port"] == int(secured.outside.rpartition(":")[2])
    with pytest.raises(KafkaTimeoutError, match="certificate verify failed"):  # of a handshake that has begun by then
        KafkaAdminClient(**stranger.client_config(), bootstrap_timeout_ms=5 * SOON_MS)
    in_the_clear = replace(stranger, security_protocol="SASL_PLAINTEXT")
    with pytest.raises(KafkaTimeoutError):
        KafkaAdminClient(**in_the_clear.client_config(), bootstrap_timeout_ms=SOON_MS)


@pytest.mark.parametrize("password", [None, "", "short", "with a space in it", 'quoted"quoted"quoted'])
def test_the_first_start_needs_a_password_that_can_be_handed_on(tmp_path: Path, password: str | None) -> None:
    file = tmp_path / "admin"
    if password is not None:
        file.write_text(password, "utf-8")
    environment = {"PATH": "/usr/bin:/bin", "KAFKA_DATA": str(tmp_path / "data"), "TMPDIR": str(tmp_path)}
    for with_file in ({"KAFKA_ADMIN_PASSWORD_FILE": str(file)}, {}):
        started = subprocess.run([START_SH], check=False, capture_output=True, text=True, env=environment | with_file)
        assert started.returncode == 2
        assert "KAFKA_ADMIN_PASSWORD_FILE" in started.stderr
        assert password in (None, "") or password not in started.stderr


def test_a_certificate_that_is_not_there_is_no_plain_text(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "KAFKA_TLS_FILE": str(tmp_path / "none.pem")}
    started = subprocess.run([START_SH], check=False, capture_output=True, text=True, env=environment)
    assert started.returncode == 2
    assert "KAFKA_TLS_FILE" in started.stderr
