"""A register as a worker knows it."""

from dataclasses import dataclass

from shared.register.head import RegisterSettings, register_settings
from shared.register.parties import PartyIds
from shared.settings import DEFAULT_QUARANTINE_DAILY_BYTES, Settings
from shared.whitelist import Whitelist, load_whitelist


@dataclass(frozen=True)
class RegisterContext:
    """The register's id, the whitelist and settings it counts by, the cached parties, and the quarantine's quota."""

    id: str
    exchanges: Whitelist
    settings: RegisterSettings
    parties: PartyIds
    quarantine_daily_bytes: int = DEFAULT_QUARANTINE_DAILY_BYTES


def register_context(settings: Settings) -> RegisterContext:
    exchanges = load_whitelist(settings.exchanges_file)
    return RegisterContext(
        settings.register,
        exchanges,
        register_settings(exchanges, settings.totals_cut_at),
        PartyIds(),
        settings.quarantine_daily_bytes,
    )
