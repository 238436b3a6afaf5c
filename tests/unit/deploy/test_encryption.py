"""The doctor's warning of a set whose machines speak in plain text."""

from __future__ import annotations

import pytest

from deploy.doctor.encryption import encryption
from shared.settings import DeploymentSettings

PROXIES = "postgresql://postgres@/postgres?host=10.0.0.1,10.0.0.2&port=5000,5000"
BROKERS = "10.0.0.1:9092,10.0.0.2:9092"


@pytest.mark.parametrize(
    ("settings", "engines"),
    [
        ({}, "PostgreSQL, Patroni, Kafka"),
        ({"DATABASE_ADMIN_URL": f"{PROXIES}&sslmode=prefer"}, "PostgreSQL, Patroni, Kafka"),
        ({"DATABASE_ADMIN_URL": f"{PROXIES}&sslmode=verify-full"}, "Patroni, Kafka"),
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
    for name, value in (given | settings).items():
        monkeypatch.setenv(name, value)
    found = encryption(DeploymentSettings())
    assert found.well
    assert found.is_warning == bool(engines)
    if engines:
        assert f"in plain text between machines: {engines}: see" in found.text
