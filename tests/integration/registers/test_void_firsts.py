"""Documents that would be firsts had they not been annulled or cancelled: facts, settings, upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.listing.facts import all_fact_keys as all_listing_keys
from services.listing.rebuild import LISTINGS_REBUILD
from services.listing.register import LISTINGS
from services.trade_ingest.fact_keys import all_fact_keys as all_trade_keys
from shared.events.fact_topics import FIRST_LISTING, FIRST_PURCHASE
from tests.support.registers import worlds
from tests.support.registers.bench import Bench, put, trade
from tests.support.registers.damageable import Damageable

if TYPE_CHECKING:
    from pathlib import Path

FIRST = (FIRST_LISTING, f"uscc:{worlds.uscc(1)}")
PURCHASE = (FIRST_PURCHASE, f"uscc:{worlds.uscc(2)}")


def listing(number: str, day: int, **changes: Any) -> dict[str, Any]:
    return {
        "listing_no": number,
        "revision": 1,
        "status": "listed",
        "provider": {"id": worlds.uscc(1), "name": "虚构甲"},
        "product": {"no": "P1", "name": "虚构产品", "kind": "dataset"},
        "listed_at": f"2026-03-{day:02}T10:00:00+08:00",
    } | changes


def put_listings(bench: Bench, *documents: dict[str, Any], exchange: str = "kmdex") -> None:
    topic = f"exchange.{exchange}.listings.v1"
    bench.apply([worlds.record("listing", exchange, data, bench.offset(topic)) for data in documents])


def numbers(fact: dict[str, Any]) -> tuple[str | None, str | None]:
    """The numbers of the first and of the void document before it."""
    first, void = fact["first"], fact.get("annulled", fact.get("cancelled"))
    return (
        first and first.get("listing_no", first.get("trade_no")),
        void and void.get("listing_no", void.get("trade_no")),
    )


def test_a_first_names_the_annulled_listing_before_it_in_any_order(listings: Bench) -> None:
    put_listings(listings, listing("L2", 2))
    assert numbers(listings.publish()[FIRST]) == ("L2", None)
    # It never was a first in this register, and two more are irrelevant.
    put_listings(listings, listing("L1", 1, status="annulled"), listing("L9", 9, status="annulled"))
    put_listings(listings, listing("L0", 1, status="annulled", origin_exchange="外地交易所"))
    published = listings.publish()
    assert numbers(published[FIRST]) == ("L2", "L1")
    assert published[FIRST]["annulled"] == {
        "exchange": "kmdex",
        "listing_no": "L1",
        "revision": 1,
        "listed_at": "2026-03-01T10:00:00.000000+08:00",
    }


def test_what_comes_after_the_first_does_not_publish_it_again(listings: Bench) -> None:
    put_listings(listings, listing("L2", 2))
    listings.publish()
    put_listings(listings, listing("L9", 9, status="annulled"))
    assert FIRST not in listings.publish()


def test_a_listing_that_is_annulled_gives_way_and_is_named_until_it_is_corrected(listings: Bench) -> None:
    put_listings(listings, listing("L1", 1), listing("L2", 2))
    assert numbers(listings.publish()[FIRST]) == ("L1", None)
    put_listings(listings, listing("L1", 1, revision=2, status="annulled"))
    assert numbers(listings.publish()[FIRST]) == ("L2", "L1")
    put_listings(listings, listing("L1", 5, revision=3, status="annulled"))
    assert numbers(listings.publish()[FIRST]) == ("L2", None)
    put_listings(listings, listing("L1", 1, revision=4))
    assert numbers(listings.publish()[FIRST]) == ("L1", None)


def test_a_party_with_an_annulled_listing_alone_has_a_fact(listings: Bench) -> None:
    put_listings(listings, listing("L1", 1, status="annulled"), listing("L2", 2, status="annulled"))
    assert numbers(listings.publish()[FIRST]) == (None, "L1")
    with listings.engine.begin() as connection:
        assert FIRST in all_listing_keys(connection)
    renamed = {"id": worlds.uscc(1), "name": "虚构甲改名"}
    put_listings(listings, listing("L3", 3, status="annulled", provider=renamed))
    assert listings.publish()[FIRST]["party"]["name"] == "虚构甲改名"


def test_a_first_purchase_names_the_cancelled_trade_before_it(trades: Bench) -> None:
    put(trades, "kmdex", trade(trade_no="T2", completed_at="2026-03-02T10:00:00+08:00"))
    put(trades, "kmdex", trade(status="cancelled", amount="7.00"))
    fact = trades.publish()[PURCHASE]
    assert numbers(fact) == ("T2", "T1")
    assert fact["cancelled"]["amount"] == "7.00"
    other = {"id": worlds.uscc(3), "name": "虚构丙"}
    put(trades, "kmdex", trade(revision=2, status="cancelled", buyer=other))
    published = trades.publish()
    assert numbers(published[PURCHASE]) == ("T2", None)
    assert numbers(published[FIRST_PURCHASE, f"uscc:{other['id']}"]) == (None, "T1")
    with trades.engine.begin() as connection:
        assert (FIRST_PURCHASE, f"uscc:{other['id']}") in all_trade_keys(connection)
    put(trades, "kmdex", trade(trade_no="T3", status="cancelled", completed_at="2026-03-03T10:00:00+08:00"))
    assert PURCHASE not in trades.publish()


def test_a_register_of_an_earlier_version_publishes_what_it_did_not_name(postgres: Any, whitelist: Path) -> None:
    listings = Damageable("services.listing", LISTINGS, postgres("listing"), whitelist, LISTINGS_REBUILD)
    put_listings(listings, listing("L1", 1, status="annulled"), listing("L2", 2))
    elsewhere = {"id": worlds.uscc(5), "name": "虚构戊"}
    put_listings(listings, listing("L5", 2, provider=elsewhere))
    listings.publish()
    listings.forget_setting("void")
    listings.worker(whitelist)
    published = listings.publish()
    assert numbers(published[FIRST]) == ("L2", "L1")
    # A first without an annulled listing is not published again.
    assert (FIRST_LISTING, f"uscc:{elsewhere['id']}") not in published
    listings.engine.dispose()
    listings.owner.dispose()


def test_a_void_listing_off_the_whitelist_is_not_named(listings: Bench, whitelist: Path, tmp_path: Path) -> None:
    put_listings(listings, listing("L1", 1, status="annulled"), exchange="dcdex")
    put_listings(listings, listing("L2", 2))
    assert numbers(listings.publish()[FIRST]) == ("L2", "L1")
    changed = tmp_path / "exchanges.yaml"
    begun = "name: 虚构交易所乙, from: 2019-01-01, until: "
    changed.write_text(whitelist.read_text().replace(f"{begun}null", f"{begun}2026-01-01"))
    listings.worker(changed)
    assert numbers(listings.publish()[FIRST]) == ("L2", None)
    listings.worker(whitelist)
    assert numbers(listings.publish()[FIRST]) == ("L2", "L1")
