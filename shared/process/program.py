"""Run a service's command: load settings, set up logs, report what an operator can fix in one line."""

import gc
import os
import sys
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from shared.language import add_details, localized, say
from shared.operator_errors import OperatorError
from shared.postgres.errors import DAMAGED, driver_error, is_damaged, is_not_migrated, is_transient
from shared.settings import Service, Settings, SettingsError
from shared.telemetry.logs import set_up_logs
from shared.telemetry.masking import reason_of
from shared.whitelist import WhitelistError

NICENESS = 10  # of 19: a ninth of the CPU share of a program at 0
OPERATOR_ERRORS = (SettingsError, WhitelistError)
_GARBAGE_THRESHOLD = 200_000  # objects made and not freed since the last look

log = structlog.get_logger(__name__)


def shorten_thread_switching() -> None:
    """Switch threads every 0.5 ms instead of 5: a thread that returns from PostgreSQL gets the interpreter sooner."""
    sys.setswitchinterval(0.0005)


def collect_garbage_rarely() -> None:
    """Look for cycles rarely, and only among objects made from now on.

    A batch makes some 100,000 values that live until its end and form no cycles. To look through them again and again
    took a third of the time, and a single look holds everything up for as long as a small batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD)


def lower_cpu_priority() -> None:
    """Let programs that a person waits for have the CPU first; a child of such a program has the priority already."""
    os.nice(max(0, NICENESS - os.nice(0)))


def owner_url(settings: Settings) -> str:
    """Return the URL of the role that owns the tables, which only migrations need. SettingsError."""
    if settings.database_owner_url is None:
        raise SettingsError("DATABASE_OWNER_URL is missing: migrations run as the owner of the tables")
    return settings.database_owner_url


def run_program(service: Service, do: Callable[[Settings], None]) -> None:
    """Run `do` with the service's settings; exit with 2 for wrong settings, with 1 for any other failure."""
    try:
        settings = Settings(service)
        set_up_logs(service, settings.log_level)
        do(settings)
    except OPERATOR_ERRORS as error:
        sys.stderr.write(f"{service}: {localized(str(error))}\n")
        sys.exit(2)
    except OperatorError as error:
        log.critical("stopped, needs an operator", reason=localized(str(error)), state=type(error).__name__)
        sys.exit(1)
    except Exception as error:
        reason = _reason_of_database(error, service)
        if reason is None:
            log.exception("stopped by an unexpected error")
        else:
            log.critical("stopped, needs an operator", reason=reason)
        sys.exit(1)


def _reason_of_database(error: Exception, service: Service) -> str | None:
    """Return what an operator can fix about the database; None for a bug.

    Consumers retry an unavailable database; a command that a person runs reports it.
    """
    if not isinstance(error, DBAPIError | psycopg.Error):
        return None
    if is_transient(error):
        return say("数据库不可用：", "the database is unavailable: ") + reason_of(error)
    if is_damaged(error):
        return localized(add_details(DAMAGED, reason_of(error)))
    if is_not_migrated(error):
        return say(
            f"数据库尚未迁移，或属于另一服务：请执行 `{service} migrate`",
            f"the database is not migrated, or belongs to another service: run `{service} migrate`",
        )
    if isinstance(driver_error(error), psycopg.errors.InsufficientPrivilege):
        return say("数据库角色权限不足：", "the database role lacks a privilege: ") + reason_of(error)
    return None
