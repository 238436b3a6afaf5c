"""Counting anew by another whitelist or other cut dates: which trades count, firsts and totals then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from services.trade_ingest.fact_keys import all_risk_flag_keys, all_totals, keys_of, risk_flag_keys
from services.trade_ingest.firsts import FIRST_PURCHASES
from services.trade_ingest.intake import buckets_of
from services.trade_ingest.totals import instant_of
from services.trade_ingest.totals_store import rebuild_totals
from shared.register.firsts import rebuild_firsts
from shared.register.head import record_settings
from shared.register.parties import subjects_of
from shared.register.publish.outbox import mark_dirty
from shared.register.whitelist_recount import recount_documents
from shared.values.times import shanghai_year

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.register.head import Head
    from shared.register.intake import RegisterContext


def adopt_settings(connection: Connection, head: Head, register: RegisterContext, now: datetime) -> None:
    """Enter the settings as an entry of the register, and bring everything to what it is under them."""
    other_cuts = _cut_dates_differ(connection, register)
    record_settings(connection, head, register.settings, now)
    recount_documents(connection, "trade", "completed_at", register.exchanges)
    firsts = rebuild_firsts(connection, FIRST_PURCHASES)
    changed_exchanges, changed_providers = rebuild_totals(connection, buckets_of(register))
    exchanges = {(exchange, shanghai_year(instant_of(bucket_us))) for exchange, bucket_us in changed_exchanges}
    providers = {(provider, shanghai_year(instant_of(bucket_us))) for provider, bucket_us, _, _ in changed_providers}
    if other_cuts:
        # Every total says at which dates it is cut.
        all_exchanges, all_providers = all_totals(connection)
        exchanges |= all_exchanges
        providers |= all_providers
    subjects = subjects_of(connection, firsts | {party for party, _ in providers})
    mark_dirty(connection, keys_of(subjects, exchanges, providers, firsts), now)
    # Which signs differ is not looked for: what they are made of is nowhere stored.
    signs = [*all_risk_flag_keys(connection), *risk_flag_keys(subjects, exchanges, providers, firsts)]
    mark_dirty(connection, signs, now)


def _cut_dates_differ(connection: Connection, register: RegisterContext) -> bool:
    last = connection.execute(text("SELECT content -> 'cut_at' FROM settings_entry ORDER BY seq DESC LIMIT 1")).scalar()
    return last is not None and last != register.settings.content["cut_at"]
