"""Settings of every program, read from the environment by this module alone.

Making one of the classes reads every field that is not given. A missing or invalid value raises a `SettingsError` of
one line that names the variable.
"""
# ruff: noqa: RUF009 - `_setting` returns a dataclass field

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args
from urllib.parse import quote, urlsplit

from environs import Env, EnvError

from shared.translog.note import COSIGNATURE_V1, VerifierKey

Service = Literal["listing", "trade-ingest", "incentive"]
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Network = IPv4Network | IPv6Network
ClientConfig = Mapping[str, Any]  # keyword arguments of every kafka-python client

T = TypeVar("T")

DEFAULT_REGISTER = "r1"
DEFAULT_CHECKPOINT_INTERVAL_S = 10.0
DEFAULT_QUARANTINE_DAILY_BYTES = 64 << 20
# The days on which policy years that do not begin on 1 January begin and end; see TOTALS_CUT_AT in .env.example.
DEFAULT_TOTALS_CUT_AT = "2025-10-15,2028-10-15,2028-10-16"
POLICY_FILE = Path(__file__).resolve().parents[1] / "services" / "incentive" / "policy" / "kunming-2025-14.yaml"
# Settings that the set on one machine passes on to its services.
PASSED_ON = (
    "POLICY_FILE",
    "TOTALS_CUT_AT",
    "LOG_LEVEL",
    "LOG_ORIGIN",
    "CHECKPOINT_INTERVAL",
    "WITNESSES",
    "QUARANTINE_DAILY_BYTES",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
)


class SettingsError(ValueError):
    """A setting is missing or invalid; the message names the variable and says what it must be."""


@dataclass(frozen=True)
class KafkaSettings:
    """Connection to the broker."""

    bootstrap_servers: tuple[str, ...]
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism | None = None
    sasl_username: str | None = None
    sasl_password: str | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None

    def client_config(self) -> ClientConfig:
        """Return the keyword arguments of every kafka-python client."""
        config: dict[str, object] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
            # Reconnect soon after a restart of the broker; the default goes up to 30 s.
            "reconnect_backoff_max_ms": 1000,
        }
        if self.security_protocol.startswith("SASL"):
            config["sasl_mechanism"] = self.sasl_mechanism
            config["sasl_plain_username"] = self.sasl_username
            config["sasl_plain_password"] = self.sasl_password
        if self.security_protocol.endswith("SSL"):
            files = {
                "ssl_cafile": self.ssl_ca_file,
                "ssl_certfile": self.ssl_cert_file,
                "ssl_keyfile": self.ssl_key_file,
            }
            config |= {name: str(path) for name, path in files.items() if path is not None}
        return config


@dataclass(frozen=True)
class BucketSettings:
    """Access to S3-compatible storage; `endpoint` is its base URL."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str


@dataclass(frozen=True)
class ExchangeQuota:
    """Quotas of each exchange's user on each broker node; 0 means none.

    `byte_rate`: bytes written a second, as compressed. `request_percentage`: of the time of one request thread.
    """

    byte_rate: int
    request_percentage: int


@dataclass(frozen=True)
class RegisterAddress:
    """Base URLs of the listing and the trade-ingest service of one register."""

    listing: str
    trade_ingest: str


@dataclass(frozen=True)
class WitnessAddress:
    """The key and base URL of a witness that cosigns checkpoints."""

    key: VerifierKey
    url: str


# The default: one register on this machine.
_LOCAL = RegisterAddress("http://127.0.0.1:8001", "http://127.0.0.1:8002")
_INCENTIVE_URL = "http://127.0.0.1:8003"
DEFAULT_EXCHANGE_QUOTA = ExchangeQuota(4 << 20, 50)
LOCAL_REGISTERS: Mapping[str, RegisterAddress] = {DEFAULT_REGISTER: _LOCAL}


@dataclass(frozen=True)
class OidcSettings:
    """The OpenID Connect provider for signing in to the pages, and its claims.

    `roles_claim` is a path of keys such as `realm_access.roles`; the provider redirects back to `public_url`.
    """

    issuer: str
    client_id: str
    client_secret: str | None
    roles_claim: str
    name_claim: str
    public_url: str
    persons_file: Path | None = None


# Variables: each of these functions reads one, or a secret from one of two.


def _optional(name: str, parse: Callable[[str], T]) -> T | None:
    """Return the parsed value of a variable; None if it is unset or blank."""
    try:
        text = str(Env().str(name, "")).strip()
        return parse(text) if text else None
    except (EnvError, ValueError) as error:
        # The value is not shown, as it may hold a password.
        raise SettingsError(f"{name}: {error}") from error


def _required(name: str, parse: Callable[[str], T]) -> T:
    return _given(name, _optional(name, parse))


def _given(name: str, value: T | None) -> T:
    if value is None:
        raise SettingsError(f"{name}: 未设置 / is not set (all settings are named in .env.example)")
    return value


def _setting(name: str, parse: Callable[[str], T], default: T) -> T:
    """Declare a field that is read from the environment unless it is given."""
    return field(default_factory=lambda: default if (value := _optional(name, parse)) is None else value)


def _secret(name: str, file_name: str) -> str | None:
    """Return a secret given directly or by a file; SettingsError if both are set, or if only files are allowed."""
    given, from_file = _optional(name, str), _optional(file_name, _one_line)
    if given and from_file:
        raise SettingsError(f"{name}, {file_name}: 只能设置一个 / only one of them may be set")
    if given:
        _check_files_only(name, file_name)
    return given or from_file


def _check_files_only(name: str, file_name: str) -> None:
    """Refuse a secret in a variable where SECRETS_IN_FILES is set, as in the image: others can see an environment."""
    if _optional("SECRETS_IN_FILES", str):
        raise SettingsError(
            f"{name}: 密码须放在 {file_name} 所指文件中 / the secret must be in a file, see {file_name}"
        )


def _database_url(name: str, password_file_name: str) -> str | None:
    """Return the URL with the password from the file, if any. SettingsError if the URL has one already."""
    url, password = _optional(name, _postgres_url), _optional(password_file_name, _one_line)
    if url is None:
        return None
    parts = urlsplit(url)
    if password is None:
        if parts.password is not None:
            _check_files_only(name, password_file_name)
        return url
    user, _, host = parts.netloc.rpartition("@")
    if not user or parts.password is not None:
        raise SettingsError(f"{name}, {password_file_name}: with the file the URL must name a user, and no password")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def _database_read_url() -> str | None:
    """Return the URL of standbys; they are read with the role and password of DATABASE_URL. SettingsError."""
    url, primary = (
        _database_url("DATABASE_READ_URL", "DATABASE_PASSWORD_FILE"),
        _optional("DATABASE_URL", _postgres_url),
    )
    if url is not None and primary is not None and urlsplit(url).username != urlsplit(primary).username:
        raise SettingsError("DATABASE_READ_URL: must name the same user as DATABASE_URL")
    return url


# Parsers: ValueError for an invalid value.


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ValueError("must name at least one, separated by commas")
    return words


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(word, strict=False) for word in _words(text))
    except ValueError as error:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, separated by commas") from error


def _addresses(text: str) -> tuple[str, ...]:
    for address in _words(text):
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit()):
            raise ValueError("must be HOST:PORT, several separated by commas")
    return _words(text)


def _one_of(known: tuple[str, ...], text: str) -> str:
    if text not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return text


def _log_level(text: str) -> str:
    return _one_of(("DEBUG", "INFO", "WARNING", "ERROR"), text.upper())


def _postgres_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError("must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return text


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must be an http or https URL")
    return text.rstrip("/")


def _register_id(text: str) -> str:
    if not (text.isascii() and text.replace("-", "").isalnum()):
        raise ValueError("must be letters, digits and dashes")
    return text


def _registers(text: str) -> Mapping[str, RegisterAddress]:
    """Parse `r1=http://listing:8001,http://trade:8002;r2=...` to addresses by register id."""
    registers = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, _, urls = part.partition("=")
        both = [_http_url(url.strip()) for url in urls.split(",")]
        if len(both) != 2:  # noqa: PLR2004 - listing and trade-ingest
            raise ValueError("must be ID=LISTING_URL,TRADE_INGEST_URL, several separated by semicolons")
        registers[_register_id(name.strip())] = RegisterAddress(*both)
    return registers


def _witnesses(text: str) -> tuple[WitnessAddress, ...]:
    """Parse `example.org/w1+01234567+BASE64,https://w1.example.org;...`: verifier keys and URLs of witnesses."""
    found = []
    for part in filter(None, map(str.strip, text.split(";"))):
        vkey, comma, url = part.partition(",")
        if not comma:
            raise ValueError("must be VKEY,URL, several separated by semicolons")
        key = VerifierKey.parse(vkey)
        if key.kind != COSIGNATURE_V1:
            raise ValueError(f"{key.name} is not a cosignature key (type 0x04)")
        found.append(WitnessAddress(key, _http_url(url.strip())))
    return tuple(found)


def _days(text: str) -> tuple[date, ...]:
    try:
        return tuple(sorted({date.fromisoformat(word) for word in _words(text)}))
    except ValueError as error:
        raise ValueError("must be days such as 2025-10-15, separated by commas") from error


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError("names a file that does not exist")
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError("names a folder that does not exist")
    return path


def _one_line(path: str) -> str:
    """Read a secret from a file of one line."""
    try:
        content = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError("the file is not UTF-8") from error
    if not content.strip() or len(content.splitlines()) != 1:
        raise ValueError("the file must hold one line")
    return content


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise ValueError("must be a number of seconds over 0")
    return seconds


def _count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise ValueError("must be a whole number over 0")
    return int(text)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("must be a whole number, 0 or more")
    return int(text)


# Settings of programs.


def load_kafka_settings() -> KafkaSettings:
    """Load the connection to the broker alone."""
    protocol = _optional("KAFKA_SECURITY_PROTOCOL", partial(_one_of, get_args(SecurityProtocol)))
    mechanism = _optional("KAFKA_SASL_MECHANISM", partial(_one_of, get_args(SaslMechanism)))
    settings = KafkaSettings(
        bootstrap_servers=_required("KAFKA_BOOTSTRAP_SERVERS", _addresses),
        security_protocol=cast("SecurityProtocol", protocol or "PLAINTEXT"),
        sasl_mechanism=cast("SaslMechanism | None", mechanism),
        sasl_username=_optional("KAFKA_SASL_USERNAME", str),
        sasl_password=_secret("KAFKA_SASL_PASSWORD", "KAFKA_SASL_PASSWORD_FILE"),
        ssl_ca_file=_optional("KAFKA_SSL_CA_FILE", _file),
        ssl_cert_file=_optional("KAFKA_SSL_CERT_FILE", _file),
        ssl_key_file=_optional("KAFKA_SSL_KEY_FILE", _file),
    )
    if settings.security_protocol.startswith("SASL"):
        _given("KAFKA_SASL_MECHANISM", settings.sasl_mechanism)
        _given("KAFKA_SASL_USERNAME", settings.sasl_username)
        _given("KAFKA_SASL_PASSWORD_FILE", settings.sasl_password)
    return settings


def _load_oidc_settings() -> OidcSettings | None:
    issuer = _optional("OIDC_ISSUER", _http_url)
    secret = _secret("OIDC_CLIENT_SECRET", "OIDC_CLIENT_SECRET_FILE")
    if issuer is None:
        return None
    return OidcSettings(
        issuer=issuer,
        client_id=_required("OIDC_CLIENT_ID", str),
        client_secret=secret,
        roles_claim=_optional("OIDC_ROLES_CLAIM", str) or "roles",
        name_claim=_optional("OIDC_NAME_CLAIM", str) or "preferred_username",
        public_url=_required("PUBLIC_URL", _http_url),
        persons_file=_optional("PERSONS_FILE", Path),
    )


def load_database_admin_url() -> str:
    """Load the URL of PostgreSQL's superuser, who creates databases and roles."""
    return _given("DATABASE_ADMIN_URL", _database_url("DATABASE_ADMIN_URL", "DATABASE_ADMIN_PASSWORD_FILE"))


def load_bucket_settings() -> BucketSettings:
    """Load the access to S3-compatible storage, where backups can be kept."""
    return BucketSettings(
        endpoint=_required("BUCKET_ENDPOINT", _http_url),
        region=_optional("BUCKET_REGION", str) or "us-east-1",
        access_key=_required("BUCKET_ACCESS_KEY", str),
        secret_key=_given("BUCKET_SECRET_KEY_FILE", _secret("BUCKET_SECRET_KEY", "BUCKET_SECRET_KEY_FILE")),
    )


def load_patroni_password() -> str | None:
    """Load the password of Patroni's REST API; None if it asks for none."""
    return _secret("PATRONI_PASSWORD", "PATRONI_PASSWORD_FILE")


def load_exchanges_file() -> Path:
    """Load the path of the whitelist alone."""
    return _optional("EXCHANGES_FILE", Path) or Path("exchanges.yaml")


def load_policy_file() -> Path:
    """Load the path of the policy file alone."""
    return _optional("POLICY_FILE", Path) or POLICY_FILE


@dataclass(frozen=True)
class Settings:
    """Settings of one service; `exchanges` None means all of the whitelist, `registers` None that none is named."""

    service: Service
    kafka: KafkaSettings = field(default_factory=load_kafka_settings)
    database_url: str = field(
        default_factory=lambda: _given("DATABASE_URL", _database_url("DATABASE_URL", "DATABASE_PASSWORD_FILE"))
    )
    database_read_url: str | None = field(default_factory=_database_read_url)
    database_owner_url: str | None = field(
        default_factory=lambda: _database_url("DATABASE_OWNER_URL", "DATABASE_OWNER_PASSWORD_FILE")
    )
    register: str = _setting("REGISTER", _register_id, DEFAULT_REGISTER)
    exchanges: tuple[str, ...] | None = _setting("EXCHANGES", _words, None)
    registers: Mapping[str, RegisterAddress] | None = _setting("REGISTERS", _registers, None)
    exchanges_file: Path = field(default_factory=load_exchanges_file)
    policy_file: Path = field(default_factory=load_policy_file)
    totals_cut_at: tuple[date, ...] = _setting("TOTALS_CUT_AT", _days, _days(DEFAULT_TOTALS_CUT_AT))
    api_keys_file: Path | None = _setting("API_KEYS_FILE", Path, None)
    signing_key_file: Path | None = _setting("SIGNING_KEY_FILE", Path, None)
    service_key_file: Path | None = _setting("SERVICE_KEY_FILE", Path, None)
    session_key_file: Path | None = _setting("SESSION_KEY_FILE", Path, None)
    public_url: str | None = _setting("PUBLIC_URL", _http_url, None)
    trusted_proxies: tuple[Network, ...] = _setting("TRUSTED_PROXIES", _networks, ())
    upload_users_dir: Path | None = _setting("UPLOAD_USERS_DIR", _folder, None)
    oidc: OidcSettings | None = field(default_factory=_load_oidc_settings)
    log_origin: str = _setting("LOG_ORIGIN", str, "jiangbu")
    checkpoint_interval_s: float = _setting("CHECKPOINT_INTERVAL", _seconds, DEFAULT_CHECKPOINT_INTERVAL_S)
    quarantine_daily_bytes: int = _setting("QUARANTINE_DAILY_BYTES", _whole_number, DEFAULT_QUARANTINE_DAILY_BYTES)
    witnesses: tuple[WitnessAddress, ...] = _setting("WITNESSES", _witnesses, ())
    http_connections: int = _setting("HTTP_CONNECTIONS", _count, 2048)
    http_head_s: float = _setting("HTTP_HEAD_TIMEOUT", _seconds, 5.0)
    http_stall_s: float = _setting("HTTP_STALL_TIMEOUT", _seconds, 10.0)
    heartbeat_file: Path | None = _setting("HEARTBEAT_FILE", Path, None)
    otlp_endpoint: str | None = _setting("OTEL_EXPORTER_OTLP_ENDPOINT", _http_url, None)
    log_level: str = _setting("LOG_LEVEL", _log_level, "INFO")


@dataclass(frozen=True)
class BackupSettings:
    """The place of the backups and their key, by which a deployment knows how old they are."""

    place: str | None = _setting("BACKUP_PLACE", str, None)
    key_file: Path | None = _setting("BACKUP_KEY_FILE", _file, None)


@dataclass(frozen=True)
class DeploymentSettings:
    """Settings to inspect a whole deployment as the administrator of both engines."""

    kafka: KafkaSettings = field(default_factory=load_kafka_settings)
    database_admin_url: str = field(default_factory=load_database_admin_url)
    exchanges_file: Path = field(default_factory=load_exchanges_file)
    policy_file: Path = field(default_factory=load_policy_file)
    totals_cut_at: tuple[date, ...] = _setting("TOTALS_CUT_AT", _days, _days(DEFAULT_TOTALS_CUT_AT))
    registers: Mapping[str, RegisterAddress] = _setting("REGISTERS", _registers, LOCAL_REGISTERS)
    incentive_url: str = _setting("INCENTIVE_URL", _http_url, _INCENTIVE_URL)
    patroni_url: str | None = _setting("PATRONI_URL", _http_url, None)
    patroni_ca_file: Path | None = _setting("PATRONI_CA_FILE", _file, None)
    backup: BackupSettings = field(default_factory=BackupSettings)


@dataclass(frozen=True)
class AccessSettings:
    """URLs of an exchange's register and of the incentive service, and the exchange's API key."""

    key: str = field(default_factory=lambda: _given("EXCHANGE_KEY_FILE", _secret("EXCHANGE_KEY", "EXCHANGE_KEY_FILE")))
    listing_url: str = _setting("LISTING_URL", _http_url, _LOCAL.listing)
    trade_ingest_url: str = _setting("TRADE_INGEST_URL", _http_url, _LOCAL.trade_ingest)
    incentive_url: str = _setting("INCENTIVE_URL", _http_url, _INCENTIVE_URL)


def use_settings(given: Mapping[str, str]) -> None:
    """Have settings read from these values rather than from what the environment had."""
    os.environ.update(given)  # noqa: TID251 - this module reads it


@dataclass(frozen=True)
class LocalSettings:
    """Settings of the set on one machine: the cache of downloads, the Maven repository, installed programs."""

    cache_folder: Path = field(
        default_factory=lambda: (_optional("XDG_CACHE_HOME", Path) or Path.home() / ".cache") / "jiangbu"
    )
    maven_repository: str | None = _setting("MAVEN_REPOSITORY", _http_url, None)
    etcd: Path | None = _setting("ETCD", Path, None)
    haproxy: Path | None = _setting("HAPROXY", Path, None)


def read_service_key(settings: Settings) -> str:
    """Read the API key with which a service calls another; only few programs need it. SettingsError."""
    return _read_secret("SERVICE_KEY_FILE", _given("SERVICE_KEY_FILE", settings.service_key_file))


def read_session_key(settings: Settings) -> str | None:
    """Read the key that signs the cookies of pages; None if none is set. SettingsError."""
    return None if settings.session_key_file is None else _read_secret("SESSION_KEY_FILE", settings.session_key_file)


def as_exchange_user(kafka: KafkaSettings, folder: Path, user: str) -> KafkaSettings | None:
    """Return the connection with another user, whose password is in `<folder>/<user>/kafka-password`.

    None if the folder has no such file, or an empty one: the user is disabled. SettingsError if it cannot be used.
    """
    path = folder / user / "kafka-password"
    if not path.is_file() or not path.stat().st_size:
        return None
    password = _read_secret("UPLOAD_USERS_DIR", path)
    if not kafka.security_protocol.startswith("SASL"):
        return kafka
    return replace(kafka, sasl_username=user, sasl_password=password)


def _read_secret(name: str, path: Path) -> str:
    try:
        return _one_line(str(path))
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error


def load_exchange_quota() -> ExchangeQuota:
    """Load the quotas of exchanges' users on the broker."""
    byte_rate = _optional("KAFKA_EXCHANGE_BYTE_RATE", _whole_number)
    percentage = _optional("KAFKA_EXCHANGE_REQUEST_PERCENTAGE", _whole_number)
    return ExchangeQuota(
        DEFAULT_EXCHANGE_QUOTA.byte_rate if byte_rate is None else byte_rate,
        DEFAULT_EXCHANGE_QUOTA.request_percentage if percentage is None else percentage,
    )


def load_register_ids() -> tuple[str, ...]:
    """Load the ids of the registers (REGISTERS), which name the services on Kafka; the default register if none."""
    return tuple(_optional("REGISTERS", _registers) or (DEFAULT_REGISTER,))


def given_settings() -> dict[str, str]:
    """Return the caller's settings that the set on one machine passes on to its services unchanged."""
    return {name: value for name in PASSED_ON if (value := _optional(name, str)) is not None}
