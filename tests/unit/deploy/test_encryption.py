"""The doctor's warning of a set whose machines speak in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.doctor.encryption import encryption
from shared.settings import DeploymentSettings

if TYPE_CHECKING:
    from deploy.doctor.finding import Finding

PROXIES = "postgresql://postgres@/postgres?host=10.0.0.1,10.0.0.2&port=5000,5000"
BROKERS = "10.0.0.1:9092,10.0.0.2:9092"


def found_with(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> Finding:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return encryption(DeploymentSettings())


@pytest.mark.parametrize(
    ("settings", "engines"),
    [
        ({}, "PostgreSQL, Patroni, Kafka"),
        ({"DATABASE_ADMIN_URL": f"{PROXIES}&sslmode=prefer"}, "PostgreSQL, Patroni, Kafka"),
        ({"DATABASE_ADMIN_URL": f"{PROXIES}&sslmode=verify-full"}, "Patroni, Kafka"),
        ({"PGSSLMODE": "verify-full"}, "Patroni, Kafka"),
        ({"PATRONI_URL": "https://10.0.0.1:8008"}, "PostgreSQL, Kafka"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL"}, "PostgreSQL, Patroni"),
        # One machine, or one name: nothing travels between machines of the set.
        (
            {
                "DATABASE_ADMIN_URL": "postgresql://postgres@db.example.org/postgres",
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092,127.0.1.2:9092",
            },
            "",
        ),
    ],
)
def test_engines_in_plain_text_are_named(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], engines: str
) -> None:
    given = {
        "DATABASE_ADMIN_URL": PROXIES,
        "KAFKA_BOOTSTRAP_SERVERS": BROKERS,
        "PATRONI_URL": "http://10.0.0.1:8008",
        "REGISTERS": "r1=http://10.0.0.1:8011,http://10.0.0.1:8012",
        "INCENTIVE_URL": "http://10.0.0.1:8013",
    }
    found = found_with(monkeypatch, given | settings)
    assert found.well
    assert found.is_warning == bool(engines)
    if engines:
        assert f"in plain text between machines: {engines}: see" in found.text


DATABASE = "postgresql://postgres@db.example.org/postgres"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "都在本机 / all on this machine"),
        (
            {"DATABASE_ADMIN_URL": DATABASE, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092,127.0.1.2:9092"},
            "without TLS, which is for containers of one machine: PostgreSQL (db.example.org)",
        ),
        (
            {"DATABASE_ADMIN_URL": DATABASE, "PGSSLMODE": "require", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"},
            "TLS: PostgreSQL; without TLS, which is for containers of one machine: Kafka (kafka)",
        ),
        (
            {
                "DATABASE_ADMIN_URL": f"{PROXIES}&sslmode=verify-full",
                "KAFKA_BOOTSTRAP_SERVERS": BROKERS,
                "KAFKA_SECURITY_PROTOCOL": "SSL",
                "PATRONI_URL": "https://10.0.0.1:8008",
            },
            "TLS: PostgreSQL, Patroni, Kafka; etcd is checked by `jiangbu ha render`",
        ),
    ],
)
def test_only_what_is_known_is_called_encrypted(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], told: str
) -> None:
    """One other machine may be a container of this one, or not; and the settings do not say how etcd is reached."""
    given = {
        "DATABASE_ADMIN_URL": "postgresql://postgres@127.0.0.1/postgres",
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    }
    found = found_with(monkeypatch, given | settings)
    assert (found.well, found.is_warning) == (True, False)
    assert found.text.endswith(told)
