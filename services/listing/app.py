"""The listing service over HTTP."""

from flask import Flask

from services.listing import api
from shared.settings import Settings
from shared.web.register_app import create_register_app


def create_app(settings: Settings) -> Flask:
    """The application. SettingsError or ExchangesError when its files cannot be used."""
    return create_register_app(settings, "listing", "挂牌登记 / Listing", api.blueprint, fact_topics=())
