"""Listing facts: trade-ingest parses the format that the listing service writes."""

import msgspec
import pytest

from services.trade_ingest.listing_facts import read_listing_fact
from shared.events.fact_topics import LISTING
from shared.values.times import format_time, parse_time
from tests.support.registers.worlds import raw_record, uscc


@pytest.mark.parametrize(
    "listed_at",
    ["2000-01-01T00:00:00+23:59", "2026-03-01T10:00:05.000001+08:00", "2099-12-31T23:59:59.999999-23:59"],
)
def test_every_time_that_a_document_may_have_is_read_from_its_fact(listed_at) -> None:
    """Years are checked as written: in Shanghai time a listing may be of 1999 or 2100, and must not stop the stream."""
    value = {
        "generation": 1,
        "seq": 1,
        "exchange": "kmdex",
        "listing_no": "L1",
        "provider": {"id_scheme": "uscc", "id": uscc(1), "name": "虚构主体"},
        "status": "listed",
        "listed_at": format_time(parse_time(listed_at)),
        "mirrored": False,
        "counted": True,
    }
    fact = read_listing_fact(raw_record(LISTING, msgspec.json.encode(value), 0, key=b"r1/kmdex/L1")).value
    assert fact.listed_at == parse_time(listed_at)
    assert fact.proves


def test_a_listing_that_no_longer_exists_proves_nothing() -> None:
    value = {
        "generation": 2,
        "seq": 1,
        "exchange": "kmdex",
        "listing_no": "L1",
        "provider": None,
        "status": None,
        "listed_at": None,
        "mirrored": False,
        "counted": False,
    }
    fact = read_listing_fact(raw_record(LISTING, msgspec.json.encode(value), 0, key=b"r1/kmdex/L1")).value
    assert (fact.provider, fact.listed_at, fact.proves) == (None, None, False)
