"""The incentive service over HTTP."""

from flask import Flask
from sqlalchemy import Select, and_, func, select

from services.incentive.commands.bureau import BureauContext
from services.incentive.domain.facts import TOPICS
from services.incentive.http import (
    awards as api,
)
from services.incentive.http import (
    bureau as bureau_api,
)
from services.incentive.http import (
    declared as declared_api,
)
from services.incentive.http import extracts
from services.incentive.http import (
    trade_effects as effects_api,
)
from services.incentive.pages.site import serve_pages
from services.incentive.store.log_entries import ledger_log, stored_transactions
from services.incentive.store.rulebook import Rulebook, load_rulebook
from services.incentive.store.tables import ledger_settings, ledger_transaction
from shared.postgres.database import make_engine
from shared.service_log.signing import signing_key
from shared.settings import Settings, read_session_key
from shared.telemetry.tracing import start_tracing
from shared.values.times import now
from shared.web import translog_routes as tlog
from shared.web.app import add_routes, create_base_app
from shared.web.keys import load_keys
from shared.web.service import ServiceInfo


def create_app(settings: Settings) -> Flask:
    """The application. SettingsError, WhitelistError or KeysError when its files cannot be used.

    It signs the ledger's log as the consumer does: what a person decides is in the log when it is answered.
    """
    rulebook = load_rulebook(settings)
    service = ServiceInfo(
        name=settings.service,
        title="奖补 / Incentive",
        engine=make_engine(settings.database_url),
        topics=TOPICS,
        kafka=settings.kafka.client_config(),
        keys=load_keys(settings.api_keys_file),
        clock=now,
        takes_documents=False,
        next_seq=select(func.coalesce(func.max(ledger_transaction.c.seq) + 1, 0)),
        log_entries=stored_transactions,
        in_force=in_force(rulebook),
        tracing=start_tracing(settings),
        checkpoint_interval_s=settings.checkpoint_interval_s,
    )
    app = create_base_app(service)
    app.extensions[api.BASIS] = rulebook
    app.extensions[bureau_api.OFFICE] = BureauContext(
        rulebook, ledger_log(signing_key(settings), settings.log_origin), now
    )
    app.extensions[effects_api.REGISTERS] = effects_api.registers_of(settings)
    add_routes(app, api.blueprint)
    add_routes(app, bureau_api.blueprint)
    add_routes(app, declared_api.blueprint)
    add_routes(app, effects_api.blueprint)
    add_routes(app, extracts.blueprint)
    add_routes(app, tlog.blueprint)
    serve_pages(app, read_session_key(settings), settings.public_url, settings.oidc)
    return app


def in_force(rulebook: Rulebook) -> Select[bool]:
    """Whether the awards of the ledger were computed by this policy and whitelist."""
    columns = ledger_settings.c
    is_same = and_(
        columns.policy_digest == rulebook.policy.digest, columns.whitelist_digest == rulebook.exchanges.digest
    ).label("is_same")
    return select(is_same).order_by(columns.id.desc()).limit(1)
