"""Parsing of facts: the shapes of section 3 of the contract, and malformed facts."""

import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from services.incentive.domain.facts import (
    DECLARED,
    BuyerMeasures,
    Counterparty,
    ExchangeMeasures,
    ExchangeTotal,
    FactError,
    FactRef,
    FirstListing,
    FirstPurchase,
    MeasuredPurchase,
    NotCounted,
    OperatorPurchases,
    ProviderMeasures,
    ProviderTotal,
    RepeatedAmount,
    TradeRef,
    TradeSum,
    about_of,
    declaration_value,
    is_counted,
    merge_shares,
    merge_totals,
    named_exchanges,
    parse_fact,
)
from tests.support.cases import party, uscc
from tests.support.incentive.declarations import declared

SUBJECT = f"uscc:{uscc('P1')}"
MONTH = {
    "from": "2026-03-01T00:00:00.000000+08:00",
    "until": "2026-04-01T00:00:00.000000+08:00",
    "amount": "12.30",
    "trades": 2,
    "last_completed_at": "2026-03-05T00:00:00.000000+08:00",
}
CUT_AT = ["2025-10-15", "2028-10-15", "2028-10-16"]
LISTED = {"exchange": "kmdex", "listing_no": "L1", "revision": 2, "listed_at": "2026-03-01T00:00:00.000000+08:00"}
LISTING = {"generation": 1, "seq": 0, "party": party("P1"), "first": LISTED}
PURCHASE = {
    "generation": 2,
    "seq": 5,
    "party": party("P1"),
    "first": {
        "exchange": "kmdex",
        "trade_no": "T1",
        "revision": 1,
        "completed_at": "2026-03-01T00:00:00.000000+08:00",
        "amount": "100.00",
        "refunded": "0.01",
        "provider": party("P2"),
    },
}
EXCHANGE = {"generation": 1, "seq": 9, "exchange": "kmdex", "year": 2026, "cut_at": CUT_AT, "buckets": [MONTH]}
PROVIDER = {
    "generation": 1,
    "seq": 9,
    "party": party("P1"),
    "year": 2026,
    "cut_at": CUT_AT,
    "by_exchange": {
        "kmdex": {
            "counted": [MONTH],
            "unmatched": [],
            "other": [{"reason": "cancelled", "amount": "1.00", "trades": 1}],
        }
    },
}
SUM = {"amount": "5000.00", "trades": 5}
EXAMPLES = [{"exchange": "kmdex", "trade_no": "T1"}, {"exchange": "kmdex", "trade_no": "T5"}]
PROVIDER_SIGN = {
    "generation": 1,
    "seq": 9,
    "subject": SUBJECT,
    "year": 2026,
    "sold": SUM,
    "counterparties": [{"subject": f"uscc:{uscc('P2')}", "sold": SUM, "bought": {"amount": "0.00", "trades": 0}}],
    "repeated": [{"amount": "1000.00", "trades": 5, "buyers": 1, "examples": EXAMPLES}],
}
SMALL = {**EXAMPLES[0], "completed_at": "2026-03-01T00:00:00.000000+08:00", "amount": "0.01"}
BUYER_SIGN = {
    "generation": 1,
    "seq": 9,
    "subject": SUBJECT,
    "first": SMALL,
    "greatest": {**SMALL, "trade_no": "T2", "amount": "4000000.00"},
}
EXCHANGE_SIGN = {
    "generation": 1,
    "seq": 9,
    "exchange": "kmdex",
    "year": 2026,
    "operators": [{**SUM, "subject": SUBJECT, "examples": EXAMPLES}],
}
KNOWN = [
    ("facts.first-listing.v1", f"r1/{SUBJECT}", LISTING),
    ("facts.first-purchase.v1", f"r1/{SUBJECT}", PURCHASE),
    ("facts.annual-total.v1", "r1/exchange/kmdex/2026", EXCHANGE),
    ("facts.annual-total.v1", f"r1/provider/{SUBJECT}/2026", PROVIDER),
    ("facts.sign.v1", f"r1/provider/{SUBJECT}/2026", PROVIDER_SIGN),
    ("facts.sign.v1", f"r1/buyer/{SUBJECT}", BUYER_SIGN),
    ("facts.sign.v1", "r1/exchange/kmdex/2026", EXCHANGE_SIGN),
]


def parse(topic: str, key: str, value):
    return parse_fact(topic, key, json.dumps(value).encode())


def test_every_fact_is_read():
    listing, purchase, exchange, provider, sold, bought, operated = (parse(*known) for known in KNOWN)
    assert isinstance(listing, FirstListing)
    assert listing.first is not None
    assert listing.first.listed_at == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert listing.ref == FactRef(f"facts.first-listing.v1/r1/{SUBJECT}", 1, 0)
    assert isinstance(purchase, FirstPurchase)
    assert purchase.first is not None
    assert (purchase.first.net_fen, purchase.first.provider.id, purchase.register) == (9999, uscc("P2"), "r1")
    assert isinstance(exchange, ExchangeTotal)
    assert (exchange.buckets[0].amount_fen, exchange.buckets[0].trades) == (1230, 2)
    assert exchange.cut_at[0] == date(2025, 10, 15)
    assert isinstance(provider, ProviderTotal)
    assert provider.by_exchange["kmdex"].other == (NotCounted("cancelled", 100, 1),)
    first, last = TradeRef("kmdex", "T1"), TradeRef("kmdex", "T5")
    assert isinstance(sold, ProviderMeasures)
    assert sold.counterparties == (Counterparty(f"uscc:{uscc('P2')}", TradeSum(500_000, 5), TradeSum(0, 0)),)
    assert sold.repeated == (RepeatedAmount(100_000, 5, 1, (first, last)),)
    assert isinstance(bought, BuyerMeasures)
    assert bought.first == MeasuredPurchase(first.exchange, first.trade_no, datetime(2026, 2, 28, 16, tzinfo=UTC), 1)
    assert isinstance(operated, ExchangeMeasures)
    assert operated.operators == (OperatorPurchases(SUBJECT, 500_000, 5, (first, last)),)
    assert [about_of(fact) for fact in (sold, bought, operated)] == [SUBJECT, SUBJECT, "exchange/kmdex"]


@pytest.mark.parametrize(("topic", "key", "value"), KNOWN[:2])
def test_a_first_may_be_null(topic, key, value):
    assert parse(topic, key, {**value, "first": None}).first is None


@pytest.mark.parametrize(("topic", "key", "value"), KNOWN)
def test_unknown_members_are_ignored_and_missing_ones_are_not(topic, key, value):
    assert parse(topic, key, {**value, "more": 1}) == parse(topic, key, value)
    for member in value:
        with pytest.raises(FactError, match=topic):
            parse(topic, key, {name: one for name, one in value.items() if name != member})


@pytest.mark.parametrize(
    ("topic", "key", "value"),
    [
        ("facts.listing.v1", "r1/kmdex/L1", {}),
        ("facts.annual-total.v1", "r1/other/kmdex/2026", EXCHANGE),
        ("facts.annual-total.v1", "r1/exchange/kmdex/2027", EXCHANGE),
        ("facts.annual-total.v1", "r1/exchange/dcdex/2026", EXCHANGE),
        ("facts.annual-total.v1", "exchange", EXCHANGE),
        ("facts.annual-total.v1", "/exchange/kmdex/2026", EXCHANGE),
        ("facts.annual-total.v1", "r1/exchange/kmdex/2026", {**EXCHANGE, "seq": -1}),
        ("facts.annual-total.v1", "r1/exchange/kmdex/2026", {**EXCHANGE, "generation": 0}),
        ("facts.annual-total.v1", "r1/exchange/kmdex/2026", {**EXCHANGE, "cut_at": ["15.10.2025"]}),
        ("facts.annual-total.v1", "r1/exchange/kmdex/2026", {**EXCHANGE, "buckets": [{**MONTH, "amount": "-1.00"}]}),
        ("facts.annual-total.v1", "r1/exchange/kmdex/2026", {**EXCHANGE, "buckets": [{**MONTH, "amount": 1.5}]}),
        (
            "facts.first-listing.v1",
            f"r1/{SUBJECT}",
            {**LISTING, "first": {**LISTED, "listed_at": "2026-03-01T00:00:00"}},
        ),
        ("facts.first-listing.v1", f"r1/uscc:{uscc('P2')}", LISTING),
        ("facts.first-purchase.v1", f"r1/{SUBJECT}", []),
        ("facts.first-purchase.v1", f"r1/uscc:{uscc('P2')}", PURCHASE),
        ("facts.annual-total.v1", f"r1/provider/uscc:{uscc('P2')}/2026", PROVIDER),
        ("facts.annual-total.v1", f"r1/provider/{SUBJECT}/2027", PROVIDER),
        ("facts.sign.v1", f"r1/provider/{SUBJECT}/2027", PROVIDER_SIGN),
        ("facts.sign.v1", f"r1/buyer/uscc:{uscc('P2')}", BUYER_SIGN),
        ("facts.sign.v1", "r1/exchange/dcdex/2026", EXCHANGE_SIGN),
        ("facts.sign.v1", f"r1/{SUBJECT}", BUYER_SIGN),
    ],
)
def test_what_is_malformed_is_an_error_that_names_topic_and_key(topic, key, value):
    with pytest.raises(FactError, match=f"{topic} {key}"):
        parse(topic, key, value)


def test_a_fact_names_the_exchanges_of_its_documents_and_measures_name_none():
    listing, purchase, exchange, _, *measures = (parse(*known) for known in KNOWN)
    topic, key, _ = KNOWN[3]
    provider = parse(topic, key, {**PROVIDER, "by_exchange": {"dcdex": {}, "kmdex": {}}})
    assert [named_exchanges(fact) for fact in (listing, purchase, exchange)] == [{"kmdex"}] * 3
    assert named_exchanges(provider) == {"dcdex", "kmdex"}
    assert [named_exchanges(fact) for fact in measures] == [set()] * 3
    assert named_exchanges(parse(*KNOWN[0][:2], {**LISTING, "first": None})) == set()
    assert named_exchanges(declared("mutual_recognition", "dcdex", "2026-06-01", exchange="dcdex")) == {"dcdex"}
    assert named_exchanges(declared("ai_model", "M", "2026-06-01")) == set()


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"seq": 2, "declared_by": "another", "declared_person": "person"}, True),
        ({"withdrawn": True}, False),
        ({"measure": {"role": "national_led"}}, False),
        ({"earned_on": date(2026, 6, 2)}, False),
        ({"exchange": "kmdex"}, False),
        ({"documents": ()}, False),
    ],
)
def test_the_content_of_a_declaration_is_what_was_declared(changes: dict, is_same: bool):
    one = declared("standards", "S", "2026-06-01", role="international_led")
    assert (msgspec.structs.replace(one, **changes).content == one.content) is is_same


def test_a_declaration_without_a_person_keeps_the_form_of_the_versions_that_kept_none():
    one = declared("standards", "S", "2026-06-01", role="international_led")
    value = msgspec.json.decode(declaration_value(one))
    assert (value["by"], "person" in value) == ("test", False)
    assert parse_fact(DECLARED, one.key, declaration_value(one)) == one
    named = msgspec.structs.replace(one, declared_person="officer-7")
    assert msgspec.json.decode(declaration_value(named)) == value | {"person": "officer-7"}
    assert parse_fact(DECLARED, one.key, declaration_value(named)) == named


def test_shares_of_registers_are_summed():
    fact = parse(*KNOWN[3])
    shares = merge_shares([fact, fact])
    assert shares["kmdex"].counted[0].amount_fen == 2460
    assert shares["kmdex"].counted[0].trades == 4
    assert shares["kmdex"].other == (NotCounted("cancelled", 200, 2),)


def test_totals_of_registers_are_merged_in_order_with_the_last_of_their_trades():
    april = {
        "from": "2026-04-01T00:00:00.000000+08:00",
        "until": "2026-05-01T00:00:00.000000+08:00",
        "amount": "1.00",
        "trades": 1,
        "last_completed_at": "2026-04-02T00:00:00.000000+08:00",
    }
    later = {**MONTH, "last_completed_at": "2026-03-09T00:00:00.000000+08:00"}
    topic, key, _ = KNOWN[2]
    one, other = (parse(topic, key, {**EXCHANGE, "buckets": buckets}) for buckets in ([april, later], [MONTH]))
    for facts in ([one, other], [other, one]):
        march, second = merge_totals(facts)
        assert (march.amount_fen, march.trades) == (2460, 4)
        assert march.last_completed_at == datetime(2026, 3, 8, 16, tzinfo=UTC)
        assert second.start == march.end


def test_what_does_not_count_is_summed_by_reason_in_code_point_order():
    reasons = [{"reason": reason, "amount": "1.00", "trades": 1} for reason in ("mode", "cancelled")]
    share = {"counted": [], "unmatched": [], "other": reasons}
    topic, key, _ = KNOWN[3]
    fact = parse(topic, key, {**PROVIDER, "by_exchange": {"kmdex": share}})
    assert merge_shares([fact])["kmdex"].other == (NotCounted("cancelled", 100, 1), NotCounted("mode", 100, 1))


@pytest.mark.parametrize(
    ("topic", "key", "registers", "counts"),
    [
        ("facts.first-listing.v1", "r1/uscc:A", None, True),
        ("facts.first-listing.v1", "r1/uscc:A", ("r1", "r2"), True),
        ("facts.first-listing.v1", "r3/uscc:A", ("r1", "r2"), False),
        ("facts.first-listing.v1", "r1/uscc:A", (), False),
        (DECLARED, "bureau/uscc:A/ai_model/2026/M", ("r1",), True),
    ],
)
def test_facts_count_of_registers_in_force_and_of_the_bureau(topic, key, registers, counts):
    assert is_counted(topic, key, registers) is counts
