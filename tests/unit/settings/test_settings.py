from datetime import date
from pathlib import Path

import psycopg
import pytest

from shared.settings import LocalSettings, RegisterAddress, Settings, SettingsError, load_kafka_settings
from shared.translog.note import COSIGNATURE_V1, VerifierKey
from tests.support.paths import ROOT, SETTINGS

IN_FILE = "in a file: p@ss/w%rd"
MINIMAL = {"KAFKA_BOOTSTRAP_SERVERS": "a:9092", "DATABASE_URL": "postgresql://u:secret@h/listing"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    def put(**values: str) -> None:
        for name, value in (MINIMAL | values).items():
            monkeypatch.setenv(name, value)

    for name in SETTINGS.findall((ROOT / ".env.example").read_text(encoding="utf-8")):
        monkeypatch.delenv(name, raising=False)
    return put


def test_defaults(environment) -> None:
    environment()
    settings = Settings("listing")
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
    settings = Settings("incentive")
    assert settings.exchanges == ("kmdex", "dcdex")
    assert settings.registers == {
        "r1": RegisterAddress("http://a:1", "http://b:2"),
        "r2": RegisterAddress("http://c:3", "http://d:4"),
    }
    assert settings.totals_cut_at == (date(2025, 1, 1), date(2026, 1, 2))
    config = settings.kafka.client_config()
    assert config["bootstrap_servers"] == ["a:1", "b:2"]
    assert (config["sasl_plain_username"], config["sasl_plain_password"]) == ("u", "p")


WITNESS = str(VerifierKey("example.org/w", bytes(range(32)), COSIGNATURE_V1))


def test_witnesses(environment) -> None:
    environment(WITNESSES=f" {WITNESS},https://w.example/a ; ")
    (found,) = Settings("listing").witnesses
    assert (str(found.key), found.url) == (WITNESS, "https://w.example/a")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", ""),
        ("KAFKA_BOOTSTRAP_SERVERS", "a"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:x"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ("KAFKA_SASL_MECHANISM", "GSSAPI"),
        ("KAFKA_SASL_PASSWORD_FILE", "/nowhere"),
        ("KAFKA_SSL_CA_FILE", "/nowhere"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://u:secret@h/d"),
        ("DATABASE_OWNER_URL", "postgresql://u:secret@h"),
        ("DATABASE_PASSWORD_FILE", str(ROOT / "README.md")),
        ("REGISTERS", "r1=http://a"),
        ("REGISTERS", "r1=ftp://a,http://b"),
        ("TOTALS_CUT_AT", "2025-02-30"),
        ("CHECKPOINT_INTERVAL", "0"),
        ("CHECKPOINT_INTERVAL", "nan"),
        ("HTTP_CONNECTIONS", "0"),
        ("HTTP_HEAD_TIMEOUT", "0"),
        ("HTTP_STALL_TIMEOUT", "soon"),
        ("WITNESSES", WITNESS),
        ("WITNESSES", f"{WITNESS},ftp://a"),
        ("WITNESSES", f"{WITNESS[:-1]}A,http://a"),
        ("WITNESSES", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW,http://a"),
        ("LOG_LEVEL", "LOUD"),
        ("EXCHANGES", ","),
    ],
)
def test_a_wrong_value_names_its_variable_and_no_secret(environment, name: str, value: str) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError) as raised:
        Settings("listing")
    message = str(raised.value)
    assert name.partition("_")[0] in message
    assert "secret" not in message
    assert "\n" not in message


def test_a_mirror_must_be_a_url(environment) -> None:
    environment(MAVEN_REPOSITORY="repo.example")
    with pytest.raises(SettingsError, match="MAVEN_REPOSITORY"):
        LocalSettings()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{IN_FILE}\n", encoding="utf-8")
    return file


def test_secrets_may_stand_in_files(environment, secret_file: Path) -> None:
    environment(
        KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT",
        KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        KAFKA_SASL_USERNAME="u",
        KAFKA_SASL_PASSWORD_FILE=str(secret_file),
        DATABASE_URL="postgresql://u@h:5/listing?application_name=a",
        DATABASE_PASSWORD_FILE=str(secret_file),
        DATABASE_OWNER_URL="postgresql://o@h/listing",
        DATABASE_OWNER_PASSWORD_FILE=str(secret_file),
    )
    settings = Settings("listing")
    assert settings.kafka.client_config()["sasl_plain_password"] == IN_FILE
    parsed = psycopg.conninfo.conninfo_to_dict(settings.database_url)
    assert parsed == {
        "user": "u", "password": IN_FILE, "host": "h", "port": "5", "dbname": "listing",
        "application_name": "a",
    }  # fmt: skip
    assert settings.database_owner_url is not None
    assert psycopg.conninfo.conninfo_to_dict(settings.database_owner_url)["password"] == IN_FILE


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("KAFKA_SASL_PASSWORD", {"KAFKA_SASL_PASSWORD": "also here"}),
        ("DATABASE_URL", {"DATABASE_PASSWORD_FILE": "FILE"}),
        ("DATABASE_URL", {"DATABASE_PASSWORD_FILE": "FILE", "DATABASE_URL": "postgresql://h/listing"}),
    ],
)
def test_a_secret_stands_in_one_place(environment, secret_file: Path, name: str, values: dict[str, str]) -> None:
    with_file = {key: value.replace("FILE", str(secret_file)) for key, value in values.items()}
    environment(KAFKA_SASL_PASSWORD_FILE=str(secret_file), **with_file)
    with pytest.raises(SettingsError, match=name) as raised:
        Settings("listing")
    assert "p@ss" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_SASL_PASSWORD", "in a variable"),
        ("OIDC_CLIENT_SECRET", "in a variable"),
        ("DATABASE_URL", "postgresql://u:hidden@h/listing"),
        ("DATABASE_OWNER_URL", "postgresql://o:hidden@h/listing"),
    ],
)
def test_variables_may_be_forbidden_for_secrets(environment, name: str, value: str) -> None:
    """Files are read as before; a secret in a variable is refused without being shown."""
    given = {"DATABASE_URL": "postgresql://u@h/listing", "DATABASE_OWNER_URL": "postgresql://o@h/listing"}
    environment(SECRETS_IN_FILES="1", **given)
    assert Settings("listing").database_url == given["DATABASE_URL"]
    environment(SECRETS_IN_FILES="1", **given | {name: value})
    with pytest.raises(SettingsError, match=f"^{name}: .*_FILE") as raised:
        Settings("listing")
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines\n", b"\xff"])
def test_a_secret_is_one_line(environment, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    environment(KAFKA_SASL_PASSWORD_FILE=str(tmp_path / "secret"))
    with pytest.raises(SettingsError, match="KAFKA_SASL_PASSWORD_FILE"):
        load_kafka_settings()


def test_what_the_protocol_needs_reaches_the_clients(environment, secret_file: Path) -> None:
    environment(
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        KAFKA_SASL_USERNAME="u",
        KAFKA_SASL_PASSWORD_FILE=str(secret_file),
        KAFKA_SSL_CA_FILE=str(secret_file),
        KAFKA_SSL_CERT_FILE=str(secret_file),
        KAFKA_SSL_KEY_FILE=str(secret_file),
    )
    config = load_kafka_settings().client_config()
    assert config["security_protocol"] == "SASL_SSL"
    assert config["sasl_mechanism"] == "SCRAM-SHA-512"
    assert {config[name] for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile")} == {str(secret_file)}


def test_standbys_are_read_as_the_user_of_the_primary(environment, secret_file: Path) -> None:
    given = {"DATABASE_URL": "postgresql://u@h/listing", "DATABASE_PASSWORD_FILE": str(secret_file)}
    environment(**given, DATABASE_READ_URL="postgresql://u@/listing?host=a,b&port=5001,5001")
    settings = Settings("listing")
    assert settings.database_read_url is not None
    assert psycopg.conninfo.conninfo_to_dict(settings.database_read_url)["password"] == IN_FILE
    environment(**given, DATABASE_READ_URL="postgresql://other@h2/listing")
    with pytest.raises(SettingsError, match=r"^DATABASE_READ_URL: "):
        Settings("listing")
