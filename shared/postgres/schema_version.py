"""Schema version of a service's database: the migration it has, and the one that the code requires."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from sqlalchemy import Engine

from shared.postgres.query import fetch_optional
from shared.settings import Service

_FILE = re.compile(r"r?(\d{4})_\w+\.py")


class WrongSchemaError(Exception):
    """The tables belong to another version or are missing. The message says what to do."""


def package_of(service: Service) -> str:
    """Return the package of a service, which holds its code and migrations."""
    return f"services.{service.replace('-', '_')}"


@cache
def required_revision(service: Service) -> str:
    """Return the newest migration of the code. It is read from file names, so that Alembic need not be imported."""
    return newest_revision(found.name for found in files(f"{package_of(service)}.migrations.versions").iterdir())


def newest_revision(names: Iterable[str]) -> str:
    """Return the newest migration among the names of files."""
    return max(number[1] for name in names if (number := _FILE.fullmatch(name)))


def database_revision(engine: Engine) -> str | None:
    """Return the migration of the database; None if it was never migrated."""
    with engine.connect() as connection:
        if fetch_optional(connection, "SELECT to_regclass('alembic_version')::text", str) is None:
            return None
        return fetch_optional(connection, "SELECT version_num FROM alembic_version", str)


def check_schema(engine: Engine, service: Service) -> None:
    """Raise WrongSchemaError unless the database has the migration that the code requires."""
    found, needed = database_revision(engine), required_revision(service)
    if found is None:
        raise WrongSchemaError(f"数据库尚未迁移 / the database is not migrated yet: run `{service} migrate`")
    versions = f"the database has migration {found}, this program needs {needed}"
    if found < needed:
        raise WrongSchemaError(f"数据库结构过旧 / database older than the program, {versions}: run `{service} migrate`")
    if found > needed:
        raise WrongSchemaError(f"程序版本过旧 / program older than the database, {versions}: start the newer version")
