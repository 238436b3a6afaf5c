"""The incentive service over HTTP."""

from functools import partial

import structlog
from flask import Flask
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.send_upload import ExchangeUsers
from services.incentive.domain.facts import TOPICS
from services.incentive.http import (
    access_links,
    act_list,
    acts,
    awards,
    batches,
    declared,
    eligibility,
    extracts,
    files,
    ledger,
    payments,
    readings,
    statements,
    trade_effects,
    years,
)
from services.incentive.http.context import EXTENSION, IncentiveContext
from services.incentive.http.declared_tables import upload
from services.incentive.http.finding import outlook, participants, search
from services.incentive.http.notices import lists, objections, public
from services.incentive.pages.site import serve_pages
from services.incentive.store.as_of import wait_until_settled
from services.incentive.store.ledger import last_instant, next_seq
from services.incentive.store.log_entries import ledger_log, stored_transactions
from services.incentive.store.published.versions import uncompared_entries, unsent_versions
from services.incentive.store.register_client import RegisterAddresses
from services.incentive.store.rulebook import Rulebook, are_in_force, load_rulebook, revision_fault
from shared.postgres.database import make_engine
from shared.postgres.standbys import open_standbys
from shared.service_log.signing import signing_key
from shared.settings import LOCAL_REGISTERS, Settings, SettingsError, read_service_key, read_session_key
from shared.telemetry.masking import reason_of
from shared.telemetry.tracing import start_tracing
from shared.values.times import now
from shared.web import translog_routes
from shared.web.app import add_routes, create_base_app
from shared.web.keys import ApiKeys, load_keys
from shared.web.service import Backlog, ServiceInfo

log = structlog.get_logger(__name__)

_ROUTES = (
    *(
        awards,
        ledger,
        readings,
        acts,
        payments,
        batches,
        act_list,
        declared,
        upload,
        trade_effects,
        objections,
        lists,
        extracts,
        files,
    ),
    *(years, eligibility, statements, search, participants, outlook, access_links),
    translog_routes,
)


def load_context(settings: Settings) -> IncentiveContext:
    """Load the policy, the whitelist and the keys of the log and the registers.

    The log is signed as by the consumer: what a person decides is in the log when it is answered. Raises
    SettingsError or WhitelistError if a file cannot be used.
    """
    log = ledger_log(signing_key(settings), settings.log_origin)
    key = None if settings.service_key_file is None else read_service_key(settings)
    registers = RegisterAddresses(settings.registers or LOCAL_REGISTERS, key)
    users = ExchangeUsers(settings.upload_users_dir, settings.kafka)
    return IncentiveContext(BureauContext(load_rulebook(settings), log, now), registers, users)


def _check_policy_file(engine: Engine, rulebook: Rulebook) -> None:
    """Refuse a policy file that the ledger refuses. SettingsError.

    Readiness reports a database that is unavailable or not migrated. No connection is kept: workers are forked later.
    """
    try:
        with engine.connect() as connection:
            fault = revision_fault(connection, rulebook.policy)
    except SQLAlchemyError as error:
        log.warning("policy file not compared with the ledger", error=reason_of(error))
        return
    finally:
        engine.dispose()
    if fault is not None:
        raise SettingsError(fault)


def _backlogs(connection: Connection) -> dict[str, Backlog]:
    """Return what the publisher of awards has yet to do."""
    return {
        "compare_awards": Backlog(*uncompared_entries(connection)),
        "send_awards": Backlog(*unsent_versions(connection)),
    }


def create_app(
    settings: Settings,
    context: IncentiveContext | None = None,
    engine: Engine | None = None,
    keys: ApiKeys | None = None,
) -> Flask:
    """Create the application of the settings; context, engine and API keys may be given.

    Raises SettingsError for a policy file that the ledger refuses, and KeysError.
    """
    context = load_context(settings) if context is None else context
    engine = make_engine(settings.database_url) if engine is None else engine
    _check_policy_file(engine, context.bureau.rulebook)
    service = ServiceInfo(
        name=settings.service,
        title="奖补 / Incentive",
        engine=engine,
        topics=TOPICS,
        kafka=settings.kafka.client_config(),
        keys=load_keys(settings.api_keys_file) if keys is None else keys,
        clock=context.bureau.clock,
        takes_documents=False,
        trusted_proxies=settings.trusted_proxies,
        standbys=open_standbys(settings.database_read_url, engine),
        next_seq=next_seq,
        last_instant=last_instant,
        backlogs=_backlogs,
        wait_until_settled=wait_until_settled,
        log_entries=stored_transactions,
        in_force=partial(are_in_force, rulebook=context.bureau.rulebook),
        tracing=start_tracing(settings),
        checkpoint_interval_s=settings.checkpoint_interval_s,
    )
    app = create_base_app(service)
    app.extensions[EXTENSION] = context
    for blueprint in dict.fromkeys(module.blueprint for module in _ROUTES):
        add_routes(app, blueprint)
    add_routes(app, public.blueprint, is_public=True)
    serve_pages(app, read_session_key(settings), settings.public_url, settings.oidc)
    return app
