"""Settings of every program, read from the environment by this module alone.

A missing or invalid value raises a `SettingsError` of one line that names the variable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args
from urllib.parse import quote, urlsplit

from environs import Env, EnvError

from shared.translog.note import COSIGNATURE_V1, VerifierKey

Service = Literal["listing", "trade-ingest", "incentive"]
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
ClientConfig = Mapping[str, Any]  # keyword arguments of every kafka-python client

T = TypeVar("T")

DEFAULT_REGISTER = "r1"
DEFAULT_CHECKPOINT_INTERVAL_S = 10.0
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
        config: dict[str, Any] = {
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
LOCAL_REGISTERS: Mapping[str, RegisterAddress] = {
    DEFAULT_REGISTER: RegisterAddress("http://127.0.0.1:8001", "http://127.0.0.1:8002")
}


@dataclass(frozen=True)
class AccessSettings:
    """URLs of an exchange's register and of the incentive service, and the exchange's API key."""

    address: RegisterAddress
    incentive_url: str
    key: str


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


@dataclass(frozen=True)
class Settings:
    """Settings of one service; `exchanges` None means all of the whitelist, `registers` None that none is named."""

    service: Service
    kafka: KafkaSettings
    database_url: str
    database_owner_url: str | None
    register: str
    exchanges: tuple[str, ...] | None
    registers: Mapping[str, RegisterAddress] | None
    exchanges_file: Path
    policy_file: Path
    totals_cut_at: tuple[date, ...]
    api_keys_file: Path | None
    signing_key_file: Path | None
    service_key_file: Path | None
    session_key_file: Path | None
    public_url: str | None
    oidc: OidcSettings | None
    log_origin: str
    checkpoint_interval_s: float
    witnesses: tuple[WitnessAddress, ...]
    heartbeat_file: Path | None
    otlp_endpoint: str | None
    log_level: str


@dataclass(frozen=True)
class LocalSettings:
    """Settings of the set on one machine: the cache of downloads and the Maven repository."""

    cache_folder: Path
    maven_repository: str | None


def load_settings(service: Service) -> Settings:
    """Load the settings of a service. SettingsError."""
    env = Env()
    return Settings(
        service=service,
        kafka=load_kafka_settings(),
        database_url=_with_password(
            _required(env, "DATABASE_URL", _postgres_url),
            _optional(env, "DATABASE_PASSWORD_FILE", _secret),
            "DATABASE_URL, DATABASE_PASSWORD_FILE",
        ),
        database_owner_url=_load_owner_url(env),
        register=_optional(env, "REGISTER", _register_id) or DEFAULT_REGISTER,
        exchanges=_optional(env, "EXCHANGES", _words),
        registers=_optional(env, "REGISTERS", _registers),
        exchanges_file=Path(_text(env, "EXCHANGES_FILE") or "exchanges.yaml"),
        policy_file=load_policy_file(),
        totals_cut_at=_load_totals_cut_at(env),
        api_keys_file=_optional(env, "API_KEYS_FILE", Path),
        signing_key_file=_optional(env, "SIGNING_KEY_FILE", Path),
        service_key_file=_optional(env, "SERVICE_KEY_FILE", Path),
        session_key_file=_optional(env, "SESSION_KEY_FILE", Path),
        public_url=_optional(env, "PUBLIC_URL", _http_url),
        oidc=_load_oidc_settings(env),
        log_origin=_text(env, "LOG_ORIGIN") or "jiangbu",
        checkpoint_interval_s=_optional(env, "CHECKPOINT_INTERVAL", _seconds) or DEFAULT_CHECKPOINT_INTERVAL_S,
        witnesses=_optional(env, "WITNESSES", _witnesses) or (),
        heartbeat_file=_optional(env, "HEARTBEAT_FILE", Path),
        otlp_endpoint=_optional(env, "OTEL_EXPORTER_OTLP_ENDPOINT", _http_url),
        log_level=load_log_level(),
    )


def _load_oidc_settings(env: Env) -> OidcSettings | None:
    issuer = _optional(env, "OIDC_ISSUER", _http_url)
    client_id, public_url = _text(env, "OIDC_CLIENT_ID"), _optional(env, "PUBLIC_URL", _http_url)
    secret = _one(
        _text(env, "OIDC_CLIENT_SECRET"),
        _optional(env, "OIDC_CLIENT_SECRET_FILE", _secret),
        "OIDC_CLIENT_SECRET, OIDC_CLIENT_SECRET_FILE",
    )
    if issuer is None:
        return None
    for name, value in (("OIDC_CLIENT_ID", client_id), ("PUBLIC_URL", public_url)):
        if value is None:
            raise _not_set(name)
    return OidcSettings(
        issuer=issuer,
        client_id=str(client_id),
        client_secret=secret,
        roles_claim=_text(env, "OIDC_ROLES_CLAIM") or "roles",
        name_claim=_text(env, "OIDC_NAME_CLAIM") or "preferred_username",
        public_url=str(public_url),
    )


def read_service_key(settings: Settings) -> str:
    """Read the API key with which a service calls another; only few programs need it. SettingsError."""
    if settings.service_key_file is None:
        raise _not_set("SERVICE_KEY_FILE")
    return _read_secret("SERVICE_KEY_FILE", settings.service_key_file)


def read_session_key(settings: Settings) -> str | None:
    """Read the key that signs the cookies of pages; None if none is set. SettingsError."""
    return None if settings.session_key_file is None else _read_secret("SESSION_KEY_FILE", settings.session_key_file)


def _read_secret(name: str, path: Path) -> str:
    try:
        return _secret(str(path))
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error


def load_kafka_settings() -> KafkaSettings:
    """Load the connection to the broker alone."""
    env = Env()
    protocol = _optional(env, "KAFKA_SECURITY_PROTOCOL", _protocol) or "PLAINTEXT"
    password = _text(env, "KAFKA_SASL_PASSWORD")
    password_file = _optional(env, "KAFKA_SASL_PASSWORD_FILE", _secret)
    settings = KafkaSettings(
        bootstrap_servers=_required(env, "KAFKA_BOOTSTRAP_SERVERS", _addresses),
        security_protocol=protocol,
        sasl_mechanism=_optional(env, "KAFKA_SASL_MECHANISM", _mechanism),
        sasl_username=_text(env, "KAFKA_SASL_USERNAME"),
        sasl_password=_one(password, password_file, "KAFKA_SASL_PASSWORD, KAFKA_SASL_PASSWORD_FILE"),
        ssl_ca_file=_optional(env, "KAFKA_SSL_CA_FILE", _file),
        ssl_cert_file=_optional(env, "KAFKA_SSL_CERT_FILE", _file),
        ssl_key_file=_optional(env, "KAFKA_SSL_KEY_FILE", _file),
    )
    if protocol.startswith("SASL"):
        given = {
            "KAFKA_SASL_MECHANISM": settings.sasl_mechanism,
            "KAFKA_SASL_USERNAME": settings.sasl_username,
            "KAFKA_SASL_PASSWORD_FILE": settings.sasl_password,
        }
        for name, value in given.items():
            if value is None:
                raise _not_set(name)
    return settings


def _load_owner_url(env: Env) -> str | None:
    url = _optional(env, "DATABASE_OWNER_URL", _postgres_url)
    password = _optional(env, "DATABASE_OWNER_PASSWORD_FILE", _secret)
    return None if url is None else _with_password(url, password, "DATABASE_OWNER_URL, DATABASE_OWNER_PASSWORD_FILE")


def load_database_admin_url() -> str:
    """Load the URL of PostgreSQL's superuser, who creates databases and roles."""
    env = Env()
    return _with_password(
        _required(env, "DATABASE_ADMIN_URL", _postgres_url),
        _optional(env, "DATABASE_ADMIN_PASSWORD_FILE", _secret),
        "DATABASE_ADMIN_URL, DATABASE_ADMIN_PASSWORD_FILE",
    )


def load_access_settings() -> AccessSettings:
    """Load the settings of `exchange-kit`: service URLs and API key."""
    env = Env()
    key, key_file = _text(env, "EXCHANGE_KEY"), _optional(env, "EXCHANGE_KEY_FILE", _secret)
    found = _one(key, key_file, "EXCHANGE_KEY, EXCHANGE_KEY_FILE")
    if found is None:
        raise _not_set("EXCHANGE_KEY_FILE")
    address = RegisterAddress(
        listing=_optional(env, "LISTING_URL", _http_url) or "http://127.0.0.1:8001",
        trade_ingest=_optional(env, "TRADE_INGEST_URL", _http_url) or "http://127.0.0.1:8002",
    )
    return AccessSettings(address, _load_incentive_url(env), found)


def _load_incentive_url(env: Env) -> str:
    return _optional(env, "INCENTIVE_URL", _http_url) or "http://127.0.0.1:8003"


@dataclass(frozen=True)
class DeploymentSettings:
    """Settings to inspect a whole deployment as the administrator of both engines."""

    kafka: KafkaSettings
    database_admin_url: str
    exchanges_file: Path
    policy_file: Path
    totals_cut_at: tuple[date, ...]
    registers: Mapping[str, RegisterAddress]
    incentive_url: str


def load_deployment_settings() -> DeploymentSettings:
    """Load the settings with which `jiangbu doctor` inspects the whole deployment."""
    env = Env()
    return DeploymentSettings(
        kafka=load_kafka_settings(),
        database_admin_url=load_database_admin_url(),
        exchanges_file=load_exchanges_file(),
        policy_file=load_policy_file(),
        totals_cut_at=_load_totals_cut_at(env),
        registers=_optional(env, "REGISTERS", _registers) or LOCAL_REGISTERS,
        incentive_url=_load_incentive_url(env),
    )


def _load_totals_cut_at(env: Env) -> tuple[date, ...]:
    return _optional(env, "TOTALS_CUT_AT", _days) or _days(DEFAULT_TOTALS_CUT_AT)


def load_register_ids() -> tuple[str, ...]:
    """Load the ids of the registers (REGISTERS), which name the services on Kafka; the default register if none."""
    return tuple(_optional(Env(), "REGISTERS", _registers) or (DEFAULT_REGISTER,))


def load_exchanges_file() -> Path:
    """Load the path of the whitelist alone."""
    return Path(_text(Env(), "EXCHANGES_FILE") or "exchanges.yaml")


def load_policy_file() -> Path:
    """Load the path of the policy file alone."""
    return Path(_text(Env(), "POLICY_FILE") or POLICY_FILE)


def load_log_level() -> str:
    return _optional(Env(), "LOG_LEVEL", _log_level) or "INFO"


def given_settings() -> dict[str, str]:
    """Return the caller's settings that the set on one machine passes on to its services unchanged."""
    env = Env()
    values = {name: _text(env, name) for name in PASSED_ON}
    return {name: value for name, value in values.items() if value is not None}


def load_local_settings() -> LocalSettings:
    """Load the cache of downloads (XDG_CACHE_HOME) and their source (MAVEN_REPOSITORY)."""
    env = Env()
    cache = _text(env, "XDG_CACHE_HOME")
    return LocalSettings(
        cache_folder=(Path(cache) if cache else Path.home() / ".cache") / "jiangbu",
        maven_repository=_optional(env, "MAVEN_REPOSITORY", _http_url),
    )


def _text(env: Env, name: str) -> str | None:
    """Return the value of a variable; None if it is unset or blank."""
    try:
        return str(env.str(name, "")).strip() or None
    except EnvError as error:
        raise SettingsError(f"{name}: {error}") from error


def _optional(env: Env, name: str, parse: Callable[[str], T]) -> T | None:
    text = _text(env, name)
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        # The value is not shown, as it may hold a password.
        raise SettingsError(f"{name}: {error}") from error


def _required(env: Env, name: str, parse: Callable[[str], T]) -> T:
    value = _optional(env, name, parse)
    if value is None:
        raise _not_set(name)
    return value


def _one(given: str | None, from_file: str | None, names: str) -> str | None:
    """Return a secret given directly or by a file; SettingsError if both are set."""
    if given and from_file:
        raise SettingsError(f"{names}: 只能设置一个 / only one of them may be set")
    return given or from_file


def _not_set(name: str) -> SettingsError:
    return SettingsError(f"{name}: 未设置 / is not set (all settings are named in .env.example)")


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ValueError("must name at least one, separated by commas")
    return words


def _addresses(text: str) -> tuple[str, ...]:
    for address in _words(text):
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit()):
            raise ValueError("must be HOST:PORT, several separated by commas")
    return _words(text)


def _protocol(text: str) -> SecurityProtocol:
    return cast("SecurityProtocol", _one_of(get_args(SecurityProtocol), text))


def _mechanism(text: str) -> SaslMechanism:
    return cast("SaslMechanism", _one_of(get_args(SaslMechanism), text))


def _one_of(known: tuple[str, ...], text: str) -> str:
    if text not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return text


def _postgres_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError("must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return text


def _with_password(url: str, password: str | None, names: str) -> str:
    """Insert the password from a file into the URL. SettingsError if the URL has one already."""
    if password is None:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if not user or parts.password is not None:
        raise SettingsError(f"{names}: with the file the URL must name a user, and no password")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


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
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, urls = part.partition("=")
        both = [_http_url(url.strip()) for url in urls.split(",")]
        if len(both) != 2:  # noqa: PLR2004 - listing and trade-ingest
            raise ValueError("must be ID=LISTING_URL,TRADE_INGEST_URL, several separated by semicolons")
        registers[_register_id(name.strip())] = RegisterAddress(*both)
    return registers


def _witnesses(text: str) -> tuple[WitnessAddress, ...]:
    """Parse `example.org/w1+01234567+BASE64,https://w1.example.org;...`: verifier keys and URLs of witnesses."""
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
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
        days = [date.fromisoformat(word) for word in _words(text)]
    except ValueError as error:
        raise ValueError("must be days such as 2025-10-15, separated by commas") from error
    return tuple(sorted(set(days)))


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError("names a file that does not exist")
    return path


def _secret(text: str) -> str:
    """Read a secret from a file of one line."""
    try:
        content = Path(text).read_text(encoding="utf-8").rstrip("\r\n")
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


def _log_level(text: str) -> str:
    return _one_of(("DEBUG", "INFO", "WARNING", "ERROR"), text.upper())
