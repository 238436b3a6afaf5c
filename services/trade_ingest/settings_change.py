"""Recomputation after a change of the whitelist or of the cut dates."""

from collections.abc import Sequence

from sqlalchemy import Connection

from services.trade_ingest.fact_keys import all_risk_flag_keys, all_totals, risk_flag_keys, total_and_first_keys
from services.trade_ingest.intake import buckets_of
from services.trade_ingest.totals_store import rebuild_totals
from shared.postgres.query import fetch_optional
from shared.register.context import RegisterContext
from shared.register.parties import subjects_of
from shared.register.publish.outbox import DirtyKey
from shared.register.revisions import Key
from shared.values.times import shanghai_year


def changed_by_settings(
    connection: Connection, register: RegisterContext, recounted: Sequence[Key], firsts: set[int]
) -> list[DirtyKey]:
    """Recompute totals by the settings just recorded; return the keys of all facts that may have changed."""
    del recounted  # a trade is no fact of its own
    changed_exchanges, changed_providers = rebuild_totals(connection, buckets_of(register))
    exchanges = {(exchange, shanghai_year(at)) for exchange, at in changed_exchanges}
    providers = {(provider, shanghai_year(at)) for provider, at, _, _ in changed_providers}
    if _cut_dates_changed(connection, register):
        # Every total states its cut dates.
        all_exchanges, all_providers = all_totals(connection)
        exchanges |= all_exchanges
        providers |= all_providers
    subjects = subjects_of(connection, firsts | {party for party, _ in providers})
    return [
        *total_and_first_keys(subjects, exchanges, providers, firsts),
        # Measures of risk flags are not stored, so they cannot be compared: all are rendered again.
        *all_risk_flag_keys(connection),
        *risk_flag_keys(subjects, exchanges, providers, firsts),
    ]


def _cut_dates_changed(connection: Connection, register: RegisterContext) -> bool:
    """Compare the cut dates with those of the settings before the last."""
    statement = "SELECT content -> 'cut_at' FROM settings_entry ORDER BY seq DESC OFFSET 1 LIMIT 1"
    before = fetch_optional(connection, statement, list[str])
    return before is not None and before != register.settings.content["cut_at"]
