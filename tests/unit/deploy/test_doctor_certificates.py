"""`jiangbu doctor` reports certificates that end soon: of a server that really serves, and of files."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from socket import create_server
from typing import TYPE_CHECKING

import pytest

from deploy.doctor.certificates import certificates, ends_finding
from deploy.first_setup.certificates import SERVER_VALID, issue, new_authority, new_key
from shared.settings import DeploymentSettings, KafkaSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 10, tzinfo=UTC)


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    """Serve TLS with this certificate; the value is the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve() -> None:
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as client:
            client.recv(1)

    with create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        server.join()


def made(folder: Path, name: str, days_left: float) -> Path:
    """Write a server's certificate that ends so many days after NOW, as `jiangbu init` does."""
    issued_at = NOW + timedelta(days=days_left, hours=1) - SERVER_VALID
    path = folder / "tls" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(issue(new_authority(new_key(), "jiangbu", issued_at), ["127.0.0.1"], issued_at), "ascii")
    return path


@pytest.mark.parametrize(
    ("days", "well", "is_warning", "words"),
    [
        (31.0, True, False, "the first ends 2026-04-10"),
        (29.5, True, True, "ends in 29 days, on 2026-04-08"),
        (7.0, True, True, "ends in 7 days"),
        (6.9, False, False, "ends in 6 days"),
        (-1.0, False, False, "expired on 2026-03-09"),
    ],
)
def test_days_decide(days: float, well: bool, is_warning: bool, words: str) -> None:
    ends = {"later": NOW + timedelta(days=300), "first": NOW + timedelta(days=days)}
    found = ends_finding(ends, [], NOW)
    assert (found.well, found.is_warning) == (well, is_warning)
    assert words in found.text
    assert "later" not in found.text


def test_a_server_is_asked_although_its_certificate_has_expired(tmp_path: Path) -> None:
    with serving(made(tmp_path, "expired.pem", -3.0)) as address:
        settings = DeploymentSettings(kafka=KafkaSettings((address,), "SASL_SSL"), database_admin_url="host=/run")
        found = certificates(settings, None, NOW)
    assert not found.well
    assert found.text.startswith(f"Kafka {address}: 已于 2026-03-07 到期 / expired on 2026-03-07: see")


def test_files_beside_the_secrets(tmp_path: Path) -> None:
    made(tmp_path, "proxy.pem", 3.5)
    made(tmp_path, "broker.pem", 200.0)
    (tmp_path / "tls" / "authority-key.pem").write_text(new_key(), "ascii")
    settings = DeploymentSettings(kafka=KafkaSettings(("127.0.0.1:1",)), database_admin_url="host=/run")
    found = certificates(settings, tmp_path / "secrets", NOW)
    assert not found.well
    assert found.text.startswith(f"{tmp_path}/tls/proxy.pem: 3 天后到期 / ends in 3 days")
    assert "broker" not in found.text
    assert "authority-key" not in found.text


def test_what_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    path.write_text("none", "ascii")
    settings = DeploymentSettings(
        kafka=KafkaSettings(("127.0.0.1:1",), "SSL", ssl_ca_file=path), database_admin_url="host=/run"
    )
    found = certificates(settings, None, NOW)
    assert (found.well, found.is_warning) == (True, True)
    assert "not known: Kafka 127.0.0.1:1 (" in found.text
    assert f"{path} (" in found.text


def test_a_set_without_tls_has_none() -> None:
    settings = DeploymentSettings(kafka=KafkaSettings(("127.0.0.1:1",)), database_admin_url="host=db.example.org")
    assert certificates(settings, None, NOW).text == "未见 TLS 证书 / none is known"
