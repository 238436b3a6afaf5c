"""The rules against the verifier's, over generated histories of documents around every limit."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.incentive.policy.loader import load_policy
from services.incentive.verifier.expected import ExpectedAward, expected_awards, expected_facts
from shared.events.documents import Listing, Product, Trade
from shared.register.head import register_settings
from shared.settings import POLICY_FILE
from shared.values.money import parse_yuan
from shared.values.parties import Party
from shared.values.times import SHANGHAI
from shared.whitelist import Exchange, Operator, Whitelist
from tests.support.cases import party, uscc
from tests.support.incentive.facts_in_memory import CUT_AT, Documents, accepted_document, awards_of, facts_of
from tests.support.incentive.readings import EVENT_READINGS, choices, policy_with, tree_with

POLICY = load_policy(POLICY_FILE)
CHOICES = st.sampled_from(choices(EVENT_READINGS, 12))

# Three exchanges: one whose operator leaves and is replaced after a gap, one of the same operator and whitelisted
# later and for a time only, one without any operator.
PERIODS = {
    "kmdex": (date(2019, 1, 1), None, [("OP1", date(2019, 1, 1), date(2026, 12, 31)), ("P1", date(2027, 2, 1), None)]),
    "dcdex": (date(2025, 11, 1), date(2028, 11, 1), [("OP1", date(2025, 11, 1), None)]),
    "nodex": (date(2019, 1, 1), None, []),
}
EXCHANGES = Whitelist(
    tuple(
        Exchange(
            id=name,
            name=name,
            from_=start,
            until=end,
            operators=tuple(Operator(uscc(who), f"虚构实体 {who}", since, until) for who, since, until in operators),
            approved_by=None,
        )
        for name, (start, end, operators) in sorted(PERIODS.items())
    )
)
SETTINGS = register_settings(EXCHANGES, CUT_AT).content

TICK = timedelta(microseconds=1)
LIMITS = [
    datetime(2025, 10, 15, tzinfo=SHANGHAI),
    datetime(2028, 10, 15, tzinfo=SHANGHAI),
    datetime(2028, 10, 16, tzinfo=SHANGHAI),
    datetime(2025, 11, 1, tzinfo=SHANGHAI),
    *(datetime(year, 1, 1, tzinfo=SHANGHAI) for year in (2025, 2026, 2027, 2028, 2029)),
]
INSTANTS = sorted(
    {
        *(limit - TICK for limit in LIMITS),
        *LIMITS,
        *(limit + TICK for limit in LIMITS),
        *(datetime(year, 6, 1, tzinfo=UTC) for year in range(2024, 2030)),
    }
)
# Amounts in fen whose sums fall on, a fen under and a fen over the thresholds.
AMOUNTS = [
    1,
    19,
    20,
    100_000_000,
    399_999_999,
    400_000_000,
    999_999_999,
    1_000_000_000,
    2_499_999_999,
    2_500_000_000,
    4_999_999_999,
    5_000_000_000,
    9_999_999_999,
    10_000_000_000,
    40_000_000_000,
    50_000_000_000,
    100_000_000_000,
]
ENTITIES = ["P1", "P2", "B1", "B2", "OP1", "~X", "%N"]

exchanges = st.sampled_from(["kmdex", "kmdex", "dcdex", "nodex", "unknown"])
instants = st.sampled_from(INSTANTS)
numbers = st.sampled_from(["1", "2", "3", "4", "a", "B"])
revisions = st.integers(1, 3)
origins = st.sampled_from([None, None, None, "outside-dex"])


def entity(name: str) -> Party:
    return Party(**party(name))


@st.composite
def listings(draw):
    listing = Listing(
        listing_no=draw(numbers),
        revision=draw(revisions),
        status=draw(st.sampled_from(["listed", "listed", "listed", "withdrawn", "annulled"])),
        product=Product("D1", "虚构产品", "dataset"),
        provider=entity(draw(st.sampled_from(["P1", "P1", "P2", "OP1", "~X"]))),
        listed_at=draw(instants).astimezone(UTC),
        origin_exchange=draw(origins),
        certificate_no=None,
    )
    return draw(exchanges), listing


@st.composite
def trades(draw):
    provider, buyer = draw(st.lists(st.sampled_from(ENTITIES), min_size=2, max_size=2, unique=True))
    amount_fen = draw(st.sampled_from(AMOUNTS))
    mode = draw(st.sampled_from(["listed", "listed", "listed", "negotiated", "auction"]))
    trade = Trade(
        trade_no=draw(st.text("0123456789", min_size=1, max_size=2)),
        revision=draw(revisions),
        status=draw(st.sampled_from(["completed", "completed", "completed", "cancelled"])),
        mode=mode,
        listing_no=draw(numbers) if mode == "listed" else None,
        product=None,
        provider=entity(provider),
        buyer=entity(buyer),
        amount_fen=amount_fen,
        refunded_fen=draw(st.sampled_from([0, 0, 0, 1, amount_fen // 3, amount_fen])),
        currency="CNY",
        completed_at=draw(instants).astimezone(UTC),
        origin_exchange=draw(origins),
        certificate_no=None,
    )
    return draw(exchanges), trade


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(listings(), max_size=8), st.lists(trades(), max_size=25), CHOICES)
def test_rules_agree_with_the_verifier_by_every_reading(some_listings, some_trades, choice):
    assert_agree(some_listings, some_trades, choice)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(listings(), max_size=8),
    st.lists(trades(), max_size=25),
    st.fixed_dictionaries({exchange: st.sampled_from(["r2", "r3", "r4"]) for exchange in PERIODS}),
    st.randoms(),
)
def test_registers_for_groups_of_exchanges_give_the_awards_of_one(some_listings, some_trades, group_of, rng):
    whole, groups = Documents(), {register: Documents() for register in ("r2", "r3", "r4")}
    for exchange, document in [*some_listings, *some_trades]:
        whole.accept(exchange, document)
        groups[group_of.get(exchange, "r2")].accept(exchange, document)
    merged = [fact for register, known in groups.items() for fact in facts_of(known, EXCHANGES, register)]
    rng.shuffle(merged)
    assert awards_of(merged, EXCHANGES, POLICY) == awards_of(facts_of(whole, EXCHANGES), EXCHANGES, POLICY)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), CHOICES)
def test_tiers_and_years_agree_with_the_verifier_by_every_reading(data, choice):
    """Few parties, large completed trades of one listing: most histories pass thresholds in several years."""
    provider, buyer = entity("P1"), entity("B1")
    listing = Listing(
        "1", 1, "listed", Product("D1", "虚构产品", "api"), provider, datetime(2020, 1, 1, tzinfo=UTC), None, None
    )
    large = st.sampled_from([fen for fen in AMOUNTS if fen >= 1_000_000_000] + [1])
    history = data.draw(st.lists(st.tuples(instants, large), min_size=1, max_size=12))
    some = [
        (
            "kmdex",
            Trade(
                str(index), 1, "completed", "listed", "1", None, provider, buyer, fen, 0, "CNY", at.astimezone(UTC),
                None, None,
            ),
        )
        for index, (at, fen) in enumerate(history)
    ]  # fmt: skip
    assert_agree([("kmdex", listing)], some, choice)


def assert_agree(some_listings, some_trades, choice):
    documents = Documents()
    accepted = {}  # the first content of each revision
    for exchange, document in [*some_listings, *some_trades]:
        documents.accept(exchange, document)
        one = accepted_document(exchange, document)
        accepted.setdefault((one.kind, exchange, one.data[f"{one.kind}_no"], document.revision), one)
    actual = {
        award_id: ExpectedAward(
            award["rule"],
            f"{award['subject']['id_scheme']}:{award['subject']['id']}",
            award["exchange"],
            award["year"],
            parse_yuan(award["base"]),
            parse_yuan(award["ceiling"]),
            parse_yuan(award["payable"]),
            award["suppressed_by"],
            tuple(award["flags"]),
        )
        for award_id, award in awards_of(facts_of(documents, EXCHANGES), EXCHANGES, policy_with(choice)).items()
    }
    expected = expected_awards(expected_facts(accepted.values(), SETTINGS), SETTINGS, tree_with(choice))
    assert actual == {award_id: one._replace(flags=last_day(one.flags)) for award_id, one in expected.items()}


def last_day(flags):
    """Keep only `last_day`: red flags are not computed by the rule of an award."""
    return tuple(flag for flag in flags if flag == "last_day")
