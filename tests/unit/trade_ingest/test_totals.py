"""Totals in buckets: the bucket of a trade, and the changes made by a batch of documents."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from services.trade_ingest.totals import (
    BucketCalendar,
    Delta,
    Deltas,
    MovedTrades,
    Proof,
    Sums,
    TradeState,
    bucket_calendar,
    category,
    instant_of,
)
from shared.events.fact_topics import LARGE_PURCHASE_FEN, SMALL_FIRST_FEN
from shared.postgres.binary_copy import pg_microseconds
from shared.values.times import day_start

MARCH, CUT, APRIL, MAY = (
    day_start(date.fromisoformat(day)) for day in ("2026-03-01", "2026-03-15", "2026-04-01", "2026-05-01")
)
MARCH_US, CUT_US, APRIL_US = (pg_microseconds(start) for start in (MARCH, CUT, APRIL))
AT_US = APRIL_US + 5
DAY_US = 24 * 3_600_000_000
PROVIDER, BUYER, OTHER = 1, 2, 3
TRADE = TradeState(
    exchange="kmdex",
    number="T1",
    listing_no="L1",
    provider=PROVIDER,
    buyer=BUYER,
    provider_earns=True,
    buyer_earns=True,
    net_fen=1000,
    refunded_fen=0,
    completed_us=AT_US,
    record_us=AT_US,
    completed=True,
    listed=True,
    mirrored=False,
    counted=True,
    product_kind="dataset",
    industry="unknown",
)
PROOF = Proof(PROVIDER, AT_US, proves=True)


@pytest.fixture
def calendar() -> BucketCalendar:
    return BucketCalendar([date(2026, 3, 15), date(2025, 10, 15), date(2026, 3, 15)])


def changed(**fields: object) -> TradeState:
    return msgspec.structs.replace(TRADE, **fields)


def test_buckets_are_months_of_shanghai_cut_at_the_dates_of_the_policy(calendar: BucketCalendar) -> None:
    assert calendar.cut_at == [date(2025, 10, 15), date(2026, 3, 15)]
    many = [date(2026, 3, day) for day in (9, 2, 7, 4, 8, 3, 5)]
    assert BucketCalendar(many).cut_at == sorted(many)
    microsecond = timedelta(microseconds=1)
    for start, end in ((MARCH, CUT), (CUT, APRIL), (APRIL, MAY)):
        for instant in (start, end - microsecond):
            assert calendar.start_of(pg_microseconds(instant)) == pg_microseconds(start)
        assert calendar.until_of(pg_microseconds(start)) == end


def test_buckets_cover_every_year_of_a_document_in_any_offset(calendar: BucketCalendar) -> None:
    first, last = day_start(date(1999, 1, 1)), day_start(date(2100, 12, 1))
    assert (calendar.starts[0], calendar.starts[-2:]) == (first, [last, day_start(date(2101, 1, 1))])
    assert calendar.until_of(pg_microseconds(last)) == day_start(date(2101, 1, 1))
    assert len(calendar.starts) == 102 * 12 + 2 + 1


def test_a_calendar_is_made_once_for_its_cut_dates() -> None:
    cut = (date(2026, 3, 15),)
    days = tuple(day.isoformat() for day in cut)
    assert bucket_calendar(days) is bucket_calendar(days)
    assert bucket_calendar(days).starts == BucketCalendar(cut).starts


def test_instants_are_microseconds_since_2000() -> None:
    assert instant_of(0) == datetime(2000, 1, 1, tzinfo=UTC)
    assert instant_of(MARCH_US) == MARCH


@pytest.mark.parametrize(
    ("fields", "in_total", "can_be_first"),
    [
        ({}, True, True),
        ({"listed": False}, True, True),
        ({"buyer_earns": False}, True, False),
        ({"completed": False}, False, False),
        ({"mirrored": True}, False, False),
        ({"counted": False}, False, False),
    ],
)
def test_what_is_in_the_total_of_an_exchange_and_what_can_be_a_first(
    fields: dict[str, object], in_total: bool, can_be_first: bool
) -> None:
    trade = changed(**fields)
    assert (trade.is_in_exchange_total, trade.can_be_first) == (in_total, can_be_first)


@pytest.mark.parametrize(
    ("fields", "proof", "expected"),
    [
        ({}, PROOF, "counted"),
        ({}, None, "unmatched"),
        ({}, PROOF._replace(proves=False), "unmatched"),
        ({}, PROOF._replace(provider=OTHER), "unmatched"),
        ({}, PROOF._replace(listed_us=AT_US - 1), "counted"),
        ({}, PROOF._replace(listed_us=AT_US + 1), "unmatched"),
        ({"listed": False}, PROOF, "mode"),
        ({"listed": False, "mirrored": True}, PROOF, "mirrored"),
        ({"mirrored": True, "completed": False}, PROOF, "cancelled"),
        ({"completed": False, "counted": False}, PROOF, "not_on_whitelist"),
    ],
)
def test_the_category_of_a_trade(fields: dict[str, object], proof: Proof | None, expected: str) -> None:
    assert category(changed(**fields), proof) == expected


def test_a_change_keeps_the_last_instants_of_what_came_and_went() -> None:
    delta = Delta()
    for at_us in (5, 9, 7):
        delta.add(Sums(100, 2, refunded_fen=30), at_us)
    for at_us in (3, 8, 4):
        delta.remove(Sums(10, 1, refunded_fen=7), at_us)
    assert delta == Delta(amount_fen=270, trades=3, refunded_fen=69, last_us=9, gone_us=8)


def test_a_new_trade_is_added_to_its_buckets(calendar: BucketCalendar) -> None:
    deltas = Deltas(calendar)
    deltas.replace(None, TRADE, None, PROOF)
    added = Delta(1000, 1, last_us=AT_US)
    assert deltas.exchanges == {("kmdex", APRIL_US): added}
    assert deltas.providers == {(PROVIDER, APRIL_US, "kmdex", "counted"): added}
    assert deltas.purchases == {(BUYER, APRIL_US, "kmdex", False)}
    assert deltas.small_firsts_gone == set()


@pytest.mark.parametrize(("later_us", "is_ahead"), [(-1, False), (0, False), (1, True)])
def test_a_trade_dated_more_than_a_day_after_its_record_is_ahead_in_its_buckets(
    calendar: BucketCalendar, later_us: int, is_ahead: bool
) -> None:
    trade = changed(record_us=AT_US - DAY_US - later_us)
    assert trade.is_ahead is is_ahead
    came, went = Deltas(calendar), Deltas(calendar)
    came.replace(None, trade, None, PROOF)
    added = Delta(1000, 1, 1000 * is_ahead, int(is_ahead), last_us=AT_US)
    assert came.exchanges == {("kmdex", APRIL_US): added}
    assert came.providers == {(PROVIDER, APRIL_US, "kmdex", "counted"): added}
    went.replace(trade, changed(number="T2", net_fen=1), PROOF, PROOF)
    corrected = Delta(-999, 0, -1000 * is_ahead, -int(is_ahead), last_us=AT_US, gone_us=AT_US)
    assert went.exchanges == {("kmdex", APRIL_US): corrected}
    assert went.providers == {(PROVIDER, APRIL_US, "kmdex", "counted"): corrected}


def test_a_refund_is_added_to_its_buckets_and_removed_with_its_trade(calendar: BucketCalendar) -> None:
    deltas = Deltas(calendar)
    deltas.replace(None, changed(net_fen=700, refunded_fen=300), None, PROOF)
    assert deltas.exchanges == {("kmdex", APRIL_US): Delta(700, 1, refunded_fen=300, last_us=AT_US)}
    assert deltas.providers[PROVIDER, APRIL_US, "kmdex", "counted"].refunded_fen == 300
    deltas.replace(changed(net_fen=700, refunded_fen=300), changed(net_fen=900, refunded_fen=100), PROOF, PROOF)
    assert deltas.exchanges["kmdex", APRIL_US].refunded_fen == 100
    assert deltas.providers[PROVIDER, APRIL_US, "kmdex", "counted"].refunded_fen == 100


def test_a_correction_is_removed_where_it_was_and_added_where_it_is(calendar: BucketCalendar) -> None:
    deltas = Deltas(calendar)
    before = changed(completed_us=CUT_US, net_fen=SMALL_FIRST_FEN - 1, buyer=OTHER)
    after = changed(exchange="dcdex", net_fen=LARGE_PURCHASE_FEN)
    deltas.replace(before, after, PROOF, None)
    gone, added = Delta(1 - SMALL_FIRST_FEN, -1, gone_us=CUT_US), Delta(LARGE_PURCHASE_FEN, 1, last_us=AT_US)
    assert deltas.exchanges == {("kmdex", CUT_US): gone, ("dcdex", APRIL_US): added}
    assert deltas.providers == {
        (PROVIDER, CUT_US, "kmdex", "unmatched"): gone,  # the listing is later than the trade was
        (PROVIDER, APRIL_US, "dcdex", "unmatched"): added,
    }
    assert deltas.purchases == {(OTHER, CUT_US, "kmdex", False), (BUYER, APRIL_US, "dcdex", True)}
    assert deltas.small_firsts_gone == {OTHER}


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({"net_fen": SMALL_FIRST_FEN - 1}, {BUYER}),
        ({"net_fen": SMALL_FIRST_FEN}, set()),
        ({"net_fen": 1, "buyer_earns": False}, set()),
        ({"net_fen": 1, "completed": False}, set()),
    ],
)
def test_a_small_trade_that_is_corrected_may_have_been_a_small_first(
    calendar: BucketCalendar, fields: dict[str, object], gone: set[int]
) -> None:
    deltas = Deltas(calendar)
    deltas.replace(changed(**fields), TRADE, None, None)
    assert deltas.small_firsts_gone == gone


@pytest.mark.parametrize("old", [None, TRADE])
def test_what_earns_nobody_anything_is_in_no_total(calendar: BucketCalendar, old: TradeState | None) -> None:
    deltas = Deltas(calendar)
    nothing = {"provider_earns": False, "buyer_earns": False, "completed": False}
    deltas.replace(None if old is None else changed(**nothing), changed(**nothing), PROOF, PROOF)
    assert (deltas.exchanges, deltas.providers, deltas.purchases) == ({}, {}, set())
    deltas.replace(None, changed(buyer_earns=False), None, PROOF)
    assert deltas.purchases == set()


def test_changes_of_one_bucket_are_summed(calendar: BucketCalendar) -> None:
    deltas = Deltas(calendar)
    deltas.replace(None, TRADE, None, PROOF)
    deltas.replace(None, changed(number="T2", net_fen=500, completed_us=AT_US - 1), None, PROOF._replace(listed_us=0))
    summed = Delta(1500, 2, last_us=AT_US)
    assert deltas.exchanges == {("kmdex", APRIL_US): summed}
    assert deltas.providers == {(PROVIDER, APRIL_US, "kmdex", "counted"): summed}


@pytest.mark.parametrize(("fits", "to", "from_"), [(True, "counted", "unmatched"), (False, "unmatched", "counted")])
def test_trades_move_between_counted_and_unmatched_with_their_listing(
    calendar: BucketCalendar, fits: bool, to: str, from_: str
) -> None:
    deltas = Deltas(calendar)
    deltas.move(MovedTrades(PROVIDER, "kmdex", APRIL_US, fits, AT_US, Sums(700, 2, 300, 1, 60)))
    assert deltas.providers == {
        (PROVIDER, APRIL_US, "kmdex", to): Delta(700, 2, 300, 1, 60, last_us=AT_US),
        (PROVIDER, APRIL_US, "kmdex", from_): Delta(-700, -2, -300, -1, -60, gone_us=AT_US),
    }
    assert deltas.exchanges == {}
