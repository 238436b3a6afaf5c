"""Systemd units, and the confinement of the set's programs: the same on one host and on several machines.

Units hold no secrets: programs read files, and a unit sees only the folders of secrets that its program needs.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from deploy.secrets import BACKUP
from shared.settings import Service

Kind = Literal["api", "consumer"]

_UNIT: Final = """\
[Unit]
Description={description}
Wants=network-online.target
After={after}
{part_of}StartLimitIntervalSec=0

[Service]
{service}
Restart=always
RestartSec=1
"""
_INSTALL: Final = """
[Install]
WantedBy=multi-user.target
"""

# The confinement of all our programs, which `systemd-analyze security` rates.
CONFINED: Final = (
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "UMask=0077",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateUsers=yes",
    "PrivateIPC=yes",
    "ProtectHostname=yes",
    "ProtectClock=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    # A call that is refused fails with an error that the program logs, instead of killing it.
    "SystemCallErrorNumber=EPERM",
)
# Possible only for programs that have no just-in-time compiler and read nothing about the machine.
INTERPRETED: Final = ("MemoryDenyWriteExecute=yes", "ProcSubset=pid")
NETWORK: Final = "network-online.target"
BACKUP_UNIT: Final = "jiangbu-backup"
# A base backup once a day; a day and more of runs, any of which can be restored.
_BACKUP_OPTIONS: Final = "--full-after 23 --keep 100"
_BACKUP_TIMER: Final = """\
[Unit]
Description=Backups of jiangbu, every quarter of an hour

[Timer]
OnCalendar=*:0/15
RandomizedDelaySec=60
# Also at the start of a machine that was off.
Persistent=yes

[Install]
WantedBy=timers.target
"""


class Unit(NamedTuple):
    """A unit of systemd: its name with its suffix, and its text."""

    name: str
    text: str


class Installation(NamedTuple):
    """Where a machine has its programs, settings and secrets, and their account; what they start after and with."""

    programs: Path
    config: Path
    secrets: Path
    user: str = "jiangbu"
    after: str = NETWORK
    target: str | None = None


def service_unit(
    name: str, description: str, service: Sequence[str], after: str = NETWORK, target: str | None = None
) -> Unit:
    """Return a unit that is started again whenever it ends; `service` are the lines of its own.

    It stops with `target`, which starts it; without one it is enabled by itself.
    """
    text = _UNIT.format(
        description=description,
        after=after,
        part_of="" if target is None else f"PartOf={target}\n",
        service="\n".join(service),
    )
    return Unit(f"{name}.service", text + (_INSTALL if target is None else ""))


def program_name(service: Service, kind: Kind) -> str:
    """Return the name of a program's unit, without its suffix."""
    return f"jiangbu-{service}-{kind}"


def program_unit(installed: Installation, service: Service, kind: Kind, command: str, *limits: str) -> Unit:
    """Return the unit of an API or a consumer; `limits` are its lines of resource control."""
    holders = [service, *(["apis"] if kind == "api" else []), *(["service"] if service == "incentive" else [])]
    seen = " ".join(str(installed.secrets / holder) for holder in holders)
    lines = [
        f"User={installed.user}",
        f"EnvironmentFile={installed.config}/{service}.env",
        # Optional: settings that are not rendered, such as PUBLIC_URL and POLICY_FILE.
        f"EnvironmentFile=-{installed.config}/own.env",
        f"ExecStart={installed.programs}/{service} {command}",
        # Each ends by itself within 10 s.
        "TimeoutStopSec=15",
        *_heartbeat(kind),
        f"TemporaryFileSystem={installed.secrets}:ro",
        f"BindReadOnlyPaths={seen}",
        *limits,
        *CONFINED,
        *INTERPRETED,
    ]
    return service_unit(
        program_name(service, kind), f"jiangbu {service} {kind}", lines, installed.after, installed.target
    )


def backup_units(installed: Installation) -> Iterator[Unit]:
    """Yield the unit of a run of the backup, and its timer, which an operator enables on one machine.

    A folder of backups is below the state folder, unless a drop-in makes another one writable.
    """
    seen = " ".join(str(installed.secrets / holder) for holder in (BACKUP, "postgres"))
    lines = [
        "Type=oneshot",
        f"User={installed.user}",
        f"EnvironmentFile={installed.config}/backup.env",
        # BACKUP_PLACE, and the access to a bucket.
        f"EnvironmentFile=-{installed.config}/own.env",
        f"ExecStart={installed.programs}/jiangbu backup {_BACKUP_OPTIONS} --metrics %S/%N/backup.prom",
        f"StateDirectory={BACKUP_UNIT}",
        "StateDirectoryMode=0755",
        "TimeoutStartSec=6h",
        f"TemporaryFileSystem={installed.secrets}:ro",
        f"BindReadOnlyPaths={seen}",
        "MemoryMax=1G",
        "TasksMax=256",
        "CPUWeight=25",
        *CONFINED,
        *INTERPRETED,
    ]
    head = f"[Unit]\nDescription=Backup of jiangbu\nWants={NETWORK}\nAfter={installed.after}\n"
    yield Unit(f"{BACKUP_UNIT}.service", "\n".join((head, "[Service]", *lines, "")))
    yield Unit(f"{BACKUP_UNIT}.timer", _BACKUP_TIMER)


def _heartbeat(kind: Kind) -> tuple[str, ...]:
    """Return the lines by which a consumer tells `python -m deploy.health` of its progress."""
    return () if kind == "api" else ("RuntimeDirectory=%N", "Environment=HEARTBEAT_FILE=%t/%N/heartbeat")
