"""The frame of each service's commands: settings, logs, and one clear line for what an operator can mend."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import structlog

from shared.exchanges import ExchangesError
from shared.halt import Halt
from shared.logs import set_up_logs
from shared.settings import Service, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

_OPERATORS_FAULTS = (SettingsError, ExchangesError)

log = structlog.get_logger(__name__)


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
    except _OPERATORS_FAULTS as error:
        sys.stderr.write(f"{service}: {error}\n")
        sys.exit(2)
    except Halt as halt:
        log.critical("stopped, a person must look at it", reason=str(halt), state=type(halt).__name__)
        sys.exit(1)
    except Exception:
        log.exception("stopped by a fault")
        sys.exit(1)
