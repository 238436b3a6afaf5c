"""The plan of `jiangbu init`, made from the answers: files, certificates, secrets, and the commands that follow.

Nothing here reads or writes.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal, NamedTuple

import yaml

from deploy.api_keys import Person
from deploy.environment import environment_text
from deploy.first_setup.answers import Answers, NamedExchange, answers_yaml
from deploy.first_setup.engine_files import haproxy_cfg, pg_hba_conf, postgresql_conf
from deploy.host.layout import KAFKA, LOOPBACK, TARGET
from deploy.secrets import KAFKA_GID, Secret, wanted_secrets
from shared.settings import DEFAULT_TOTALS_CUT_AT
from shared.whitelist import Whitelist

Runner = Literal["systemd", "compose"]

FOR_ALL: Final = 0o644
FOR_OWNER: Final = 0o600
KAFKA_PORT: Final = 9094

_WHITELIST_HEAD: Final = """\
# 交易场所名录 / The dated whitelist of exchanges.
# 可补充各交易场所的起止日期、批准文件和运营主体 / May also have days, approval and operators of an exchange:
#   from: 2026-01-01
#   until: null
#   approved_by: 批准文号
#   operators: [{uscc: 统一社会信用代码, name: 名称, from: 2026-01-01, until: null}]
"""


class PlannedFile(NamedTuple):
    """A file with its text and mode."""

    path: Path
    text: str
    mode: int = FOR_ALL


class PlannedCertificate(NamedTuple):
    """A server's key and certificates in one file, for these names; `owner` is the account that reads the file."""

    path: Path
    names: tuple[str, ...]
    owner: str | int


class GivenFiles(NamedTuple):
    """The files that the answers name, as read: the whitelist in force, a policy's text and the cut dates it needs."""

    whitelist: Whitelist
    whitelist_text: str
    policy_text: str | None = None
    cut_dates: tuple[date, ...] = ()


class Plan(NamedTuple):
    """Everything that `jiangbu init` writes below `folder`; `owns_authority` if it signs the certificates itself."""

    folder: Path
    name: str
    files: tuple[PlannedFile, ...]
    certificates: tuple[PlannedCertificate, ...]
    owns_authority: bool
    secrets: tuple[Secret, ...]
    whitelist: Whitelist
    persons: tuple[Person, ...]
    commands: tuple[str, ...]

    @property
    def secrets_folder(self) -> Path:
        return self.folder / "secrets"

    @property
    def authority_file(self) -> Path:
        return authority_file(self.folder)

    @property
    def authority_key_file(self) -> Path:
        return self.folder / "tls" / "authority-key.pem"


def make_plan(answers: Answers, given: GivenFiles, folder: Path, runner: Runner, program: str = "jiangbu") -> Plan:
    """Return what to write below the absolute `folder` for a set that systemd or Docker Compose runs.

    `program` is the path of `jiangbu` for the commands that follow.
    """
    certificates = _certificates(answers.address, folder, runner)
    secrets = tuple(wanted_secrets(given.whitelist))
    if runner == "systemd":
        # Engines on the host get their secrets from systemd, or are told them once: no group of theirs reads the files.
        secrets = tuple(secret._replace(gid=None) for secret in secrets)
    return Plan(
        folder=folder,
        name=answers.address,
        files=(*_common_files(answers, given, folder), *_files_of(runner, answers, given, folder)),
        certificates=certificates,
        owns_authority=answers.certificates == "own",
        secrets=secrets,
        whitelist=given.whitelist,
        persons=answers.persons,
        commands=tuple(
            _compose_commands(folder) if runner == "compose" else _host_commands(answers.address, folder, program)
        ),
    )


def authority_file(folder: Path) -> Path:
    """Return the certificate of the authority that clients trust."""
    return folder / "tls" / "authority.pem"


def whitelist_file(folder: Path) -> Path:
    return folder / "exchanges.yaml"


def policy_file(folder: Path) -> Path:
    return folder / "policy.yaml"


def whitelist_text(exchanges: Iterable[NamedExchange]) -> str:
    """Return a whitelist of exchanges by id and name, open in time."""
    listed = {"exchanges": [one._asdict() for one in exchanges]}
    return _WHITELIST_HEAD + yaml.safe_dump(listed, allow_unicode=True, sort_keys=False)


def _certificates(address: str, folder: Path, runner: Runner) -> tuple[PlannedCertificate, ...]:
    local = ("localhost", LOOPBACK)
    broker = PlannedCertificate(
        folder / "tls" / "broker.pem", (address, *local), KAFKA if runner == "systemd" else KAFKA_GID
    )
    proxy = PlannedCertificate(folder / "tls" / "proxy.pem", (address,), "root")
    if runner == "compose":  # PostgreSQL is on a network of its own, which leaves the machine nowhere
        return broker, proxy
    return broker, PlannedCertificate(folder / "tls" / "postgres.pem", local, "postgres"), proxy


def _common_files(answers: Answers, given: GivenFiles, folder: Path) -> Iterable[PlannedFile]:
    yield PlannedFile(folder / "answers.yaml", answers_yaml(answers))
    yield PlannedFile(whitelist_file(folder), given.whitelist_text)
    if given.policy_text is not None:
        yield PlannedFile(policy_file(folder), given.policy_text)
    yield PlannedFile(folder / "haproxy.cfg", haproxy_cfg(folder / "tls" / "proxy.pem"))


def _files_of(runner: Runner, answers: Answers, given: GivenFiles, folder: Path) -> Iterable[PlannedFile]:
    own = {"PUBLIC_URL": f"https://{answers.address}", **_policy_settings(given, folder)}
    broker = {"KAFKA_TLS_FILE": str(folder / "tls" / "broker.pem")}
    if runner == "compose":
        published = {
            "EXCHANGES_FILE": str(whitelist_file(folder)),
            "KAFKA_OUTSIDE_ADDRESS": f"{answers.address}:{KAFKA_PORT}",
            "KAFKA_BIND_ADDRESS": "0.0.0.0",  # noqa: S104 - with TLS and passwords
        }
        yield PlannedFile(folder / "compose.env", environment_text(own | broker | published))
        return
    trusted = {
        "TRUSTED_PROXIES": LOOPBACK,
        # Read by libpq.
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(authority_file(folder)),
    }
    yield PlannedFile(folder / "own.env", environment_text(own | trusted), FOR_OWNER)
    yield PlannedFile(folder / "kafka.env", environment_text(broker), FOR_OWNER)
    hba = folder / "postgres" / "pg_hba.conf"
    yield PlannedFile(folder / "postgres" / "jiangbu.conf", postgresql_conf(folder / "tls" / "postgres.pem", hba))
    yield PlannedFile(hba, pg_hba_conf())


def _policy_settings(given: GivenFiles, folder: Path) -> Mapping[str, str]:
    if given.policy_text is None:
        return {}
    settings = {"POLICY_FILE": str(policy_file(folder))}
    days = {*DEFAULT_TOTALS_CUT_AT.split(","), *(day.isoformat() for day in given.cut_dates)}
    cut_at = ",".join(sorted(days))
    return settings if cut_at == DEFAULT_TOTALS_CUT_AT else settings | {"TOTALS_CUT_AT": cut_at}


def _compose_commands(folder: Path) -> Iterable[str]:
    compose = f"docker compose --env-file {folder}/compose.env"
    yield f"{compose} build secrets"
    yield f"{compose} run --rm -v {folder}/secrets:/from:ro secrets sh -c 'cp -a --update=none /from/* /secrets/'"
    yield f"{compose} up -d --wait"
    yield from _proxy_commands(folder)


def _host_commands(address: str, folder: Path, program: str) -> Iterable[str]:
    outside = f"--outside {address}:{KAFKA_PORT}"
    yield f"EXCHANGES_FILE={whitelist_file(folder)} {program} install --systemd --config {folder} {outside}"
    yield f"chown {KAFKA}: {folder}/tls/broker.pem"
    yield f"chown postgres: {folder}/tls/postgres.pem"
    yield f"cp {folder}/postgres/jiangbu.conf /etc/postgresql/18/main/conf.d/ && systemctl restart postgresql"
    password = f'"$(cat {folder}/secrets/postgres/database-password)"'
    yield f"printf \"ALTER ROLE postgres PASSWORD '%s'\" {password} | runuser -u postgres -- psql -q"
    yield f"systemctl daemon-reload && systemctl enable --now {KAFKA}"
    yield f"{program} upgrade --config {folder} && systemctl enable {TARGET}"
    yield from _proxy_commands(folder)


def _proxy_commands(folder: Path) -> Iterable[str]:
    yield f"cp {folder}/haproxy.cfg /etc/haproxy/haproxy.cfg && systemctl restart haproxy"
