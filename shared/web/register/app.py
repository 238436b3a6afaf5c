"""The application of a service that has a register: listing and trade-ingest."""

from flask import Flask
from sqlalchemy import MetaData, select

from shared.events.topics import topic_of
from shared.postgres.database import make_engine
from shared.register.head import register_settings
from shared.register.log_entries import entry_reader
from shared.register.tables import RegisterTables
from shared.settings import Settings
from shared.telemetry.tracing import start_tracing
from shared.values.times import now
from shared.web import translog_routes as tlog
from shared.web.app import add_routes, create_base_app
from shared.web.keys import load_keys
from shared.web.query import Blueprint
from shared.web.register import evidence
from shared.web.register import quarantine as received
from shared.web.register.evidence import EvidenceSource
from shared.web.service import ServiceInfo
from shared.whitelist import load_whitelist

_head = RegisterTables(MetaData()).register_head


def create_register_app(
    settings: Settings, title: str, documents: Blueprint, made_of: EvidenceSource, fact_topics: tuple[str, ...]
) -> Flask:
    """Documents, what facts were made of, what was refused, and what every service has."""
    kind = made_of.kind
    whitelist = load_whitelist(settings.exchanges_file)
    exchanges = settings.exchanges or whitelist.ids
    counted_by = register_settings(whitelist, settings.totals_cut_at).digest
    service = ServiceInfo(
        name=settings.service,
        title=title,
        engine=make_engine(settings.database_url),
        topics=(*(topic_of(kind, exchange) for exchange in exchanges), *fact_topics),
        kafka=settings.kafka.client_config(),
        keys=load_keys(settings.api_keys_file),
        clock=now,
        takes_documents=True,
        next_seq=select(_head.c.next_seq),
        log_entries=entry_reader(kind, has_facts=bool(fact_topics)),
        in_force=select(_head.c.settings_digest == counted_by),
        tracing=start_tracing(settings),
        checkpoint_interval_s=settings.checkpoint_interval_s,
    )
    app = create_base_app(service)
    app.extensions["jiangbu.exchanges"] = frozenset(exchanges)
    app.extensions[evidence.EVIDENCE] = made_of
    add_routes(app, documents)
    add_routes(app, evidence.blueprint)
    add_routes(app, received.blueprint)
    add_routes(app, tlog.blueprint)
    return app
