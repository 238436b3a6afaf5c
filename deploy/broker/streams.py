"""The topics of each service, its consumer group and its transactional id."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from services.incentive import consumer as incentive
from services.incentive.commands.publish_awards.topic import TRANSACTIONAL_ID as AWARDS_TRANSACTIONAL_ID
from services.incentive.domain.facts import TOPICS as INCENTIVE_TOPICS
from services.listing.register import LISTINGS
from services.trade_ingest.register import TRADES
from shared.events.award_events import AWARDS
from shared.register.kind import RegisterKind
from shared.register.publish.sender import transactional_id
from shared.settings import Service, Settings
from shared.whitelist import load_whitelist

REGISTERS: Final[Mapping[str, RegisterKind]] = {"listing": LISTINGS, "trade-ingest": TRADES}


class Streams(NamedTuple):
    """Topics that a service reads and publishes, its consumer group and its transactional id."""

    reads: tuple[str, ...]
    publishes: tuple[str, ...]
    group: str
    transactional_id: str


def streams_of(service: Service, register: str, exchanges: Sequence[str]) -> Streams:
    """Return the streams of a service with that register and those exchanges; incentive has neither."""
    kind = REGISTERS.get(service)
    if kind is None:
        return Streams(tuple(INCENTIVE_TOPICS), (AWARDS,), incentive.GROUP, AWARDS_TRANSACTIONAL_ID)
    sender = transactional_id(register, kind.name)
    return Streams(tuple(kind.topics(exchanges)), kind.facts, kind.group(register), sender)


def configured_streams(settings: Settings) -> Streams:
    """Return the streams of a service by its settings. WhitelistError."""
    exchanges = settings.exchanges or load_whitelist(settings.exchanges_file).ids
    return streams_of(settings.service, settings.register, exchanges)
