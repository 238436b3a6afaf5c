"""The HTTP application of the listing service."""

from flask import Flask

from services.listing import api
from services.listing.evidence import scope_of
from shared.events.schemas import ListingSchema
from shared.register.log_entries import entry_record_reader
from shared.settings import Settings
from shared.web.register.app import create_register_app
from shared.web.register.evidence import EvidenceSource


def create_app(settings: Settings) -> Flask:
    source = EvidenceSource("listing", ListingSchema(), scope_of, entry_record_reader("listing", has_facts=False))
    return create_register_app(settings, "挂牌登记 / Listing", api.blueprint, source, fact_topics=())
