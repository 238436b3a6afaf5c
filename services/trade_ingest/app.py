"""The HTTP application of the trade-ingest service."""

from flask import Flask

from services.trade_ingest import api
from services.trade_ingest.evidence import scope_of
from shared.events.fact_topics import LISTING
from shared.events.schemas import TradeSchema
from shared.register.log_entries import entry_record_reader
from shared.settings import Settings
from shared.web.register.app import create_register_app
from shared.web.register.evidence import EvidenceSource


def create_app(settings: Settings) -> Flask:
    source = EvidenceSource("trade", TradeSchema(), scope_of, entry_record_reader("trade", has_facts=True))
    return create_register_app(settings, "交易登记 / Trade ingest", api.blueprint, source, fact_topics=(LISTING,))
