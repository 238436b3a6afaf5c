"""The incentive service over HTTP."""

from flask import Flask
from sqlalchemy import func, select

from services.incentive import api
from services.incentive.basis import load_basis
from services.incentive.facts import TOPICS
from services.incentive.models import ledger_transaction
from shared.db import make_engine
from shared.settings import Settings
from shared.times import now
from shared.web.app import add_routes, create_base_app
from shared.web.keys import load_keys
from shared.web.service import ServiceInfo


def create_app(settings: Settings) -> Flask:
    """The application. SettingsError, ExchangesError or KeysError when its files cannot be used."""
    basis = load_basis(settings)
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
    )
    app = create_base_app(service)
    app.extensions[api.BASIS] = basis
    add_routes(app, api.blueprint)
    return app
