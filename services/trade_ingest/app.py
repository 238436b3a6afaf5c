"""The trade-ingest service over HTTP."""

from flask import Flask

from services.trade_ingest import api
from shared.facts import LISTING
from shared.settings import Settings
from shared.web.register_app import create_register_app


def create_app(settings: Settings) -> Flask:
    """The application. SettingsError or ExchangesError when its files cannot be used."""
    return create_register_app(settings, "trade", "交易登记 / Trade ingest", api.blueprint, fact_topics=(LISTING,))
