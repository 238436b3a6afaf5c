"""The application of a register's service: listing or trade-ingest."""

from functools import partial

from flask import Flask

from shared.events.topics import topic_of
from shared.postgres.database import make_engine
from shared.postgres.standbys import open_standbys
from shared.register.head import read_head, register_settings
from shared.register.log_entries import entry_reader
from shared.settings import Settings
from shared.telemetry.tracing import start_tracing
from shared.values.times import now
from shared.web import translog_routes
from shared.web.app import add_routes, create_base_app
from shared.web.keys import load_keys
from shared.web.openapi import LINE_EXAMPLES
from shared.web.query import Blueprint
from shared.web.register import evidence, quarantine, reconciliation
from shared.web.register.evidence import EvidenceSource
from shared.web.register.line_examples import line_examples
from shared.web.register.search import search_blueprint
from shared.web.service import ServiceInfo
from shared.whitelist import load_whitelist


def create_register_app(
    settings: Settings, title: str, documents: Blueprint, source: EvidenceSource, fact_topics: tuple[str, ...]
) -> Flask:
    """Create the application with the routes of documents, evidence, quarantine, reconciliation and the log.

    Raises SettingsError or WhitelistError if a file cannot be used.
    """
    kind = source.kind
    whitelist = load_whitelist(settings.exchanges_file)
    exchanges = settings.exchanges or whitelist.ids
    digest = register_settings(whitelist, settings.totals_cut_at).digest
    engine = make_engine(settings.database_url)
    service = ServiceInfo(
        name=settings.service,
        title=title,
        engine=engine,
        topics=(*(topic_of(kind, exchange) for exchange in exchanges), *fact_topics),
        kafka=settings.kafka.client_config(),
        keys=load_keys(settings.api_keys_file),
        clock=now,
        takes_documents=True,
        standbys=open_standbys(settings.database_read_url, engine),
        next_seq=lambda connection: read_head(connection).next_seq,
        log_entries=entry_reader(kind, has_facts=bool(fact_topics)),
        in_force=lambda connection: read_head(connection).settings_digest == digest,
        tracing=start_tracing(settings),
        checkpoint_interval_s=settings.checkpoint_interval_s,
    )
    app = create_base_app(service)
    app.extensions["jiangbu.exchanges"] = frozenset(exchanges)
    app.extensions[evidence.EVIDENCE] = source
    app.extensions[LINE_EXAMPLES] = partial(line_examples, source)
    for blueprint in (
        documents,
        evidence.blueprint,
        quarantine.blueprint,
        reconciliation.blueprint,
        search_blueprint(kind),
        translog_routes.blueprint,
    ):
        add_routes(app, blueprint)
    return app
