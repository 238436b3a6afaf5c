"""Revisions of the tables: what the databases of one host have, and what an installed version needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

import psycopg

from deploy.databases import database_of
from deploy.environment import settings_in
from deploy.host.layout import HostError, Version
from shared.postgres.schema_version import newest_revision, package_of
from shared.settings import Service, SettingsError, load_database_admin_url, use_settings

_MIGRATIONS: Final = "lib/python3*/site-packages/{}/migrations/versions"


class Revisions(NamedTuple):
    """The newest migration of a database, None without tables, and the one that a version needs."""

    service: Service
    found: str | None
    needed: str

    @property
    def text(self) -> str:
        return f"{database_of(self.service)} {self.found or '-'} -> {self.needed}"


def differing(version: Version, config: Path) -> list[Revisions]:
    """Return the databases whose revision is not the one that the version needs. HostError; errors of psycopg."""
    try:
        use_settings(settings_in(config, "admin"))
        url = load_database_admin_url()
    except (SettingsError, OSError) as error:
        raise HostError(f"{config}/admin.env: 无法使用 / cannot be used: {error}") from error
    compared = (
        Revisions(service, _found(url, service), needed_revision(version, service)) for service in get_args(Service)
    )
    return [one for one in compared if one.found != one.needed]


def needed_revision(version: Version, service: Service) -> str:
    """Return the newest migration of a version by its files, as it may be older than this code. HostError."""
    folder = next(version.folder.glob(_MIGRATIONS.format(package_of(service).replace(".", "/"))), None)
    if folder is None:
        raise HostError(f"{version.folder}: 没有 {service} 的程序 / has no {service}; install the wheel there first")
    return newest_revision(path.name for path in folder.iterdir())


def _found(url: str, service: Service) -> str | None:
    with psycopg.connect(url) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database_of(service)]).fetchone():
            return None
    with psycopg.connect(url, dbname=database_of(service)) as connection:
        (table,) = connection.execute("SELECT to_regclass('alembic_version')").fetchone() or (None,)
        row = table and connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def migrations_between(revisions: list[Revisions]) -> Iterator[str]:
    """Yield the databases that are newer than the version."""
    return (one.text for one in revisions if one.found is not None and one.found > one.needed)
