from datetime import date

import pytest

from shared.settings import RegisterAddress, SettingsError, load_local_settings, load_settings

MINIMAL = {"KAFKA_BOOTSTRAP_SERVERS": "a:9092", "DATABASE_URL": "postgresql://u:secret@h/listing"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    def put(**values: str) -> None:
        for name, value in (MINIMAL | values).items():
            monkeypatch.setenv(name, value)

    for name in ("EXCHANGES", "REGISTERS", "REGISTER", "TOTALS_CUT_AT", "LOG_LEVEL", "KAFKA_SECURITY_PROTOCOL"):
        monkeypatch.delenv(name, raising=False)
    return put


def test_defaults(environment) -> None:
    environment()
    settings = load_settings("listing")
    assert settings.register == "r1"
    assert settings.exchanges is None
    assert settings.totals_cut_at == (date(2025, 10, 15), date(2028, 10, 15), date(2028, 10, 16))
    assert settings.policy_file.name == "kunming-2025-14.yaml"
    assert settings.kafka.client_config()["bootstrap_servers"] == ["a:9092"]


def test_everything_given(environment) -> None:
    environment(
        KAFKA_BOOTSTRAP_SERVERS="a:1, b:2",
        KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT",
        KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        KAFKA_SASL_USERNAME="u",
        KAFKA_SASL_PASSWORD="p",  # noqa: S106
        EXCHANGES="kmdex, dcdex",
        REGISTERS="r1=http://a:1,http://b:2/; r2=http://c:3,http://d:4",
        TOTALS_CUT_AT="2026-01-02,2025-01-01",
    )
    settings = load_settings("incentive")
    assert settings.exchanges == ("kmdex", "dcdex")
    assert settings.registers == {
        "r1": RegisterAddress("http://a:1", "http://b:2"),
        "r2": RegisterAddress("http://c:3", "http://d:4"),
    }
    assert settings.totals_cut_at == (date(2025, 1, 1), date(2026, 1, 2))
    config = settings.kafka.client_config()
    assert config["bootstrap_servers"] == ["a:1", "b:2"]
    assert (config["sasl_plain_username"], config["sasl_plain_password"]) == ("u", "p")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", ""),
        ("KAFKA_BOOTSTRAP_SERVERS", "a"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:x"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://u:secret@h/d"),
        ("DATABASE_OWNER_URL", "postgresql://u:secret@h"),
        ("REGISTERS", "r1=http://a"),
        ("REGISTERS", "r1=ftp://a,http://b"),
        ("TOTALS_CUT_AT", "2025-02-30"),
        ("CHECKPOINT_INTERVAL", "0"),
        ("CHECKPOINT_INTERVAL", "nan"),
        ("LOG_LEVEL", "LOUD"),
        ("EXCHANGES", ","),
    ],
)
def test_a_wrong_value_names_its_variable_and_no_secret(environment, name: str, value: str) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError) as raised:
        load_settings("listing")
    message = str(raised.value)
    assert name.partition("_")[0] in message
    assert "secret" not in message
    assert "\n" not in message


def test_a_mirror_must_be_a_url(environment) -> None:
    environment(MAVEN_REPOSITORY="repo.example")
    with pytest.raises(SettingsError, match="MAVEN_REPOSITORY"):
        load_local_settings()
