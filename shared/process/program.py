"""The frame of each service's commands: settings, logs, and one clear line for what an operator can mend."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from shared.operator_errors import OperatorError
from shared.postgres.database import driver_error, is_not_migrated, is_transient
from shared.settings import Service, Settings, SettingsError, load_settings
from shared.telemetry.logs import set_up_logs
from shared.telemetry.masking import reason_of
from shared.whitelist import WhitelistError

if TYPE_CHECKING:
    from collections.abc import Callable

_BEHIND = 10  # as nice says it, of 19: a ninth of the share of who is not
OPERATOR_ERRORS = (SettingsError, WhitelistError)

log = structlog.get_logger(__name__)


def shorten_thread_switching() -> None:
    """Have threads hand over the interpreter: who comes back from PostgreSQL does not wait 5 ms for another."""
    sys.setswitchinterval(0.0005)


def lower_cpu_priority() -> None:
    """Leave the processors to those first for whom a person waits: what works through a queue is late by a moment."""
    os.nice(_BEHIND)


def owner_url(settings: Settings) -> str:
    """The URL of the role that owns the tables; only migrations need it."""
    if settings.database_owner_url is None:
        raise SettingsError("DATABASE_OWNER_URL is missing: migrations run as the owner of the tables")
    return settings.database_owner_url


def run_program(service: Service, do: Callable[[Settings], None]) -> None:
    """Do something with the service's settings; ends the program with 2 for wrong settings, 1 for a fault of ours."""
    try:
        settings = load_settings(service)
        set_up_logs(service, settings.log_level)
        do(settings)
    except OPERATOR_ERRORS as error:
        sys.stderr.write(f"{service}: {error}\n")
        sys.exit(2)
    except OperatorError as halt:
        log.critical("stopped, a person must look at it", reason=str(halt), state=type(halt).__name__)
        sys.exit(1)
    except Exception as error:
        reason = _reason_of_database(error, service)
        if reason is None:
            log.exception("stopped by a fault")
        else:
            log.critical("stopped, a person must look at it", reason=reason)
        sys.exit(1)


def _reason_of_database(error: Exception, service: Service) -> str | None:
    """What an operator can mend about the database; None for a fault of ours.

    Programs that go on for ever wait for a database that is away; who migrates wants to know.
    """
    if not isinstance(error, DBAPIError | psycopg.Error):
        return None
    if is_transient(error):
        return f"数据库不可用 / the database does not answer as it should: {reason_of(error)}"
    if is_not_migrated(error):
        return f"数据库尚未迁移 / the database is not migrated, or another's: run `{service} migrate`"
    if isinstance(driver_error(error), psycopg.errors.InsufficientPrivilege):
        return f"数据库角色权限不足 / the role of the database may not do that: {reason_of(error)}"
    return None
