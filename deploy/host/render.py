"""Render the units and settings of one host."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from deploy.environment import (
    Whereabouts,
    admin_settings,
    backup_settings,
    environment_text,
    login,
    owner_settings,
    service_settings,
)
from deploy.host.layout import KAFKA, LOOPBACK, OWN_BROKER, TARGET, Host
from deploy.secrets import ADMIN, KAFKA_PASSWORD, Secret
from deploy.systemd_units import (
    CONFINED,
    NETWORK,
    Installation,
    Kind,
    Unit,
    backup_units,
    program_name,
    program_unit,
    service_unit,
)
from shared.settings import Service

_KAFKA_FILES: Final = Path(__file__).parents[1] / "kafka"
_LIMITS: Final[dict[Kind, tuple[str, ...]]] = {
    "api": ("MemoryMax=512M", "TasksMax=256"),
    # The APIs, which answer people, take precedence when processors are busy.
    "consumer": ("MemoryMax=512M", "TasksMax=256", "CPUWeight=25"),
}


def units(host: Host) -> Iterator[Unit]:
    """Yield the units of the host: the programs, the target that starts and stops them, backups, and its own Kafka."""
    after = f"{NETWORK} postgresql.service" + ("" if host.broker else f" {KAFKA}.service")
    installed = Installation(host.prefix / "current" / "bin", host.config, host.secrets, host.user, after, TARGET)
    for service in get_args(Service):
        workers = " --workers 2" if service == "incentive" else ""
        serve = f"serve --bind {host.bind}:{host.ports[service]}{workers}"
        yield program_unit(installed, service, "api", serve, *_LIMITS["api"])
        yield program_unit(installed, service, "consumer", "consume", *_LIMITS["consumer"])
    yield _target()
    yield from backup_units(installed)
    if host.broker is None:
        yield _kafka(host)


def _target() -> Unit:
    programs = [f"{program_name(service, kind)}.service" for service in get_args(Service) for kind in get_args(Kind)]
    return Unit(
        TARGET,
        f"[Unit]\nDescription=jiangbu\nWants={' '.join(programs)}\n\n[Install]\nWantedBy=multi-user.target\n",
    )


def _kafka(host: Host) -> Unit:
    """Return the unit of the host's own broker, which alone gets the admin's password, for its first start."""
    clients = "OUTSIDE://:9094" if host.outside else f"OUTSIDE://{LOOPBACK}:9094"
    listeners = f"CONTROLLER://{LOOPBACK}:9093,NODE://{LOOPBACK}:9095,INSIDE://{OWN_BROKER},{clients}"
    password = Secret(ADMIN, KAFKA_PASSWORD).path(host.secrets)
    lines = [
        f"User={KAFKA}",
        f"StateDirectory={KAFKA}",
        f"Environment=KAFKA_DATA=%S/{KAFKA}/kraft",
        f"Environment=KAFKA_INSIDE_ADDRESS={OWN_BROKER}",
        f"Environment=KAFKA_OUTSIDE_ADDRESS={host.outside or f'{LOOPBACK}:9094'}",
        "Environment=KAFKA_ADMIN_PASSWORD_FILE=%d/admin",
        f"LoadCredential=admin:{password}",
        # Optional: KAFKA_TLS_FILE, KAFKA_HEAP_OPTS.
        f"EnvironmentFile=-{host.config}/kafka.env",
        f"InaccessiblePaths={host.secrets}",
        f"ExecStart=/bin/bash {host.config}/kafka/start.sh listeners={listeners}",
        "SuccessExitStatus=143",
        "LimitNOFILE=100000",
        "TimeoutStopSec=120",
        "MemoryMax=1G",
        "TasksMax=512",
        *CONFINED,
    ]
    return service_unit(KAFKA, "Apache Kafka of jiangbu", lines)


def public_files(host: Host) -> dict[Path, str]:
    """Return the files that everybody may read: units, and the configuration of the host's own Kafka."""
    files = {host.units / unit.name: unit.text for unit in units(host)}
    if host.broker is None:
        for name in ("start.sh", "server.properties", "log4j2.xml"):
            files[host.config / "kafka" / name] = (_KAFKA_FILES / name).read_text("utf-8")
    return files


def private_files(host: Host) -> dict[Path, str]:
    """Return the settings by file: of each service, of its migrations, of backups, and of operators' commands."""
    where = Whereabouts(
        host.config,
        host.secrets,
        host.broker or OWN_BROKER,
        host.url("listing"),
        host.url("trade-ingest"),
        "SASL_PLAINTEXT",
    )
    files: dict[Path, str] = {}
    for service in get_args(Service):
        database, role, owner = login(service)
        own = service_settings(where, service, _database_url(host, database, role))
        owners = owner_settings(where, service, _database_url(host, database, owner))
        files[host.config / f"{service}.env"] = environment_text(own)
        files[host.config / f"{service}-owner.env"] = environment_text(owners)
    admin_url = _database_url(host, "postgres", "postgres")
    admin = {**admin_settings(where, admin_url), "INCENTIVE_URL": host.url("incentive")}
    return files | {
        host.config / "admin.env": environment_text(admin),
        host.config / "backup.env": environment_text(backup_settings(where, admin_url)),
    }


def _database_url(host: Host, database: str, role: str) -> str:
    return f"postgresql://{role}@{host.database}/{database}"
