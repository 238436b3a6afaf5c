"""The migration that a service's database has, and the one that this code is written for."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from shared.postgres.query import fetch_optional

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from shared.settings import Service

_FILE = re.compile(r"r?(\d{4})_\w+\.py")


class WrongSchemaError(Exception):
    """The tables are those of another version, or none; the message says what to do."""


def package_of(service: Service) -> str:
    """Where its code and its migrations are."""
    return f"services.{service.replace('-', '_')}"


@cache
def required_revision(service: Service) -> str:
    """The newest one of the code. Told by the files' names, as programs that only look need not load Alembic."""
    names = (found.name for found in files(f"{package_of(service)}.migrations.versions").iterdir())
    return max(number[1] for name in names if (number := _FILE.fullmatch(name)))


def database_revision(engine: Engine) -> str | None:
    """The one that the database has; None when it was never migrated."""
    with engine.connect() as connection:
        if fetch_optional(connection, "SELECT to_regclass('alembic_version')::text", str) is None:
            return None
        return fetch_optional(connection, "SELECT version_num FROM alembic_version", str)


def check_schema(engine: Engine, service: Service) -> None:
    """Nothing may read or write tables that it was not written for. WrongSchemaError."""
    found, needed = database_revision(engine), required_revision(service)
    if found is None:
        raise WrongSchemaError(f"数据库尚未迁移 / the database is not migrated yet: run `{service} migrate`")
    if found < needed:
        told = f"its tables are of migration {found}, not {needed}: run `{service} migrate`"
        raise WrongSchemaError(f"数据库结构过旧 / the database is older than the program, {told}")
    if found > needed:
        told = f"its tables are of migration {found}, not {needed}: start the newer version"
        raise WrongSchemaError(f"程序版本过旧 / the program is older than the database, {told}")
