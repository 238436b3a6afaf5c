"""Red flags: cases that each one detects, and cases that it must not flag."""

import json
import sys
from datetime import date, timedelta

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.awards import Award, award_of
from services.incentive.domain.facts import (
    BuyerMeasures,
    Counterparty,
    ExchangeMeasures,
    FirstPurchase,
    MeasuredPurchase,
    OperatorPurchases,
    ProviderMeasures,
    Purchased,
    RepeatedAmount,
    TradeRef,
    TradeSum,
    parse_fact,
)
from services.incentive.domain.risk_flags import (
    Peers,
    find_risk_flags,
    unattached_flag,
    with_risk_flags,
)
from services.incentive.domain.similar_purchases import NAMED_ON_EACH_SIDE, amounts_near_cap, similar_purchases
from services.incentive.policy.loader import load_policy, read_policy
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.risk_flags import red_flags_on
from shared.settings import POLICY_FILE
from shared.values.money import parse_yuan
from shared.values.parties import Party, parse_subject
from shared.values.times import parse_time
from shared.yaml_files.tree import YamlFileError
from tests.support.cases import party, uscc
from tests.support.incentive.totals import annual, bucket, provided, served, tier_awards

POLICY = load_policy(POLICY_FILE)
TEXT = POLICY_FILE.read_text(encoding="utf-8")
P1, P2, P3, B1, B2, B3, OP1 = (f"uscc:{uscc(name)}" for name in ("P1", "P2", "P3", "B1", "B2", "B3", "OP1"))
NOBODY = Peers()
WITHOUT = {
    terms.flag: msgspec.structs.replace(POLICY, risk_flags=tuple(one for one in POLICY.risk_flags if one is not terms))
    for terms in POLICY.risk_flags
}
MILLION = 100_000_000  # fen
TRADES = (TradeRef("kmdex", "T1"), TradeRef("kmdex", "T9"))
AT = parse_time("2026-03-01T10:00:00+08:00")


def award_by(rule: str, subject: str, base_fen: int, cap_fen: int) -> Award:
    scheme, number = parse_subject(subject)
    party, terms = Party(scheme, number, "虚构"), POLICY.terms(rule)
    return award_of(
        POLICY, terms, party, rule, exchange="kmdex", year=2026, base_fen=base_fen, cap_fen=cap_fen, evidence=()
    )


ANNUAL = award_by("annual_listed_trading", P1, 20 * MILLION, 50_000_000)
PURCHASE = award_by("first_purchase", B1, 4 * MILLION, 20_000_000)
TIERS = award_by("exchange_tiers", OP1, 200 * MILLION, MILLION)


def found(on: Award, *facts, around: Peers = NOBODY, policy=POLICY) -> list[str]:
    return [one.flag for one in find_risk_flags(on, facts, around, policy)]


def sold(*, to: dict[str, tuple[int, int]] | None = None, repeated=(), in_all: int = 20 * MILLION, register="r1"):
    """Make the measures of P1's sales in 2026; `to`: amounts sold to and bought from each counterparty, in fen."""
    others = tuple(Counterparty(one, TradeSum(out, 1), TradeSum(back, 1)) for one, (out, back) in (to or {}).items())
    again = tuple(RepeatedAmount(fen, trades, buyers, TRADES) for fen, trades, buyers in repeated)
    return ProviderMeasures(P1, 2026, TradeSum(in_all, 100), others, again, generation=1, seq=5, register=register)


def near_each_other(*facts: FirstPurchase) -> Peers:
    """The first purchases of these near the cap, one of each subject."""
    return Peers(similar_purchases(([fact] for fact in facts), POLICY))


def first(name: str, fen: int, *, of: str = "P1", days: int = 0, register: str = "r1", no: str = "T1") -> FirstPurchase:
    bought = Purchased("kmdex", no, 1, AT + timedelta(days=days), fen, 0, Party(**party(of)))
    return FirstPurchase(Party(**party(name)), bought, generation=1, seq=3, register=register)


# --- totals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("november", "december", "expected"),
    [
        ("7000000", "3000000", True),  # at the threshold, three tenths in December
        ("7000000.01", "2999999.99", False),
        ("7350000", "3150000", True),  # a twentieth over it
        ("7350000.01", "3150000", False),
        ("1000000", "20000000", False),
        ("0.01", "9999999.99", True),
    ],
)
def test_a_late_burst_just_over_the_threshold(november: str, december: str, expected: bool) -> None:
    fact = provided(2026, {"kmdex": [bucket("2026-11-01", november)], "dcdex": [bucket("2026-12-31", december)]})
    (award,) = annual(fact)
    assert with_risk_flags(award, [fact], NOBODY, POLICY).flags == (("late_burst",) if expected else ())


@pytest.mark.parametrize(
    ("spring", "december", "expected"),
    [("70000000", "30000000.01", True), ("90000000", "20000000", False), ("60000000", "50000000", False)],
)
def test_a_late_burst_just_over_a_step(spring: str, december: str, expected: bool) -> None:
    fact = served(2026, bucket("2026-03-01", spring), bucket("2026-12-01", december))
    (award,) = tier_awards(fact)
    assert with_risk_flags(award, [fact], NOBODY, POLICY).flags == (("late_burst",) if expected else ())


def test_a_burst_after_the_policy_is_none() -> None:
    fact = provided(2028, {"kmdex": [bucket("2028-09-01", "10000000"), bucket("2028-12-01", "9000000")]})
    (award,) = annual(fact)
    assert with_risk_flags(award, [fact], NOBODY, POLICY).flags == ()


# --- sales of a provider --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "back", "expected"),
    [
        (MILLION, MILLION // 2, ["round_trip"]),
        (MILLION - 1, MILLION, []),
        (MILLION, MILLION // 2 - 1, []),
        (3 * MILLION, 9 * MILLION, ["round_trip"]),
    ],
)
def test_goods_that_go_there_and_back(out: int, back: int, expected: list[str]) -> None:
    assert found(ANNUAL, sold(to={P2: (out, back), P3: (9 * MILLION, 0)})) == expected
    # The same over two registers; awards of another year or rule are not flagged.
    two = [sold(to={P2: (out - 1, back)}), sold(to={P2: (1, 0)}, register="r2")]
    assert found(ANNUAL, *two) == expected
    assert found(msgspec.structs.replace(ANNUAL, year=2027), *two) == []
    assert found(PURCHASE, *two) == []


@pytest.mark.parametrize(
    ("repeated", "expected"),
    [
        ((MILLION, 10, 2), ["same_amount"]),
        ((MILLION, 10, 3), []),  # a list price that everybody pays
        ((MILLION - 1, 10, 1), []),
        ((2 * MILLION, 9, 1), []),
    ],
)
def test_one_amount_again_and_again(repeated: tuple[int, int, int], expected: list[str]) -> None:
    signs = find_risk_flags(ANNUAL, [sold(repeated=[repeated, (7, 50, 1)])], NOBODY, POLICY)
    assert [one.flag for one in signs] == expected
    assert all(one.trades == TRADES for one in signs)


def test_sales_to_related_parties() -> None:
    related = Peers(related={P1: frozenset({P2, P3})})
    assert found(ANNUAL, sold(to={P2: (MILLION, 0), P3: (MILLION, 0)}), around=related) == ["related_parties"]
    assert found(ANNUAL, sold(to={P2: (MILLION, 0), P3: (MILLION - 1, 0)}), around=related) == []
    assert found(ANNUAL, sold(to={B1: (9 * MILLION, 0)}), around=related) == []


# --- first purchases -------------------------------------------------------------------------------------------


def bought(fen: int, *, days: int) -> BuyerMeasures:
    small = MeasuredPurchase(*msgspec.structs.astuple(TRADES[0]), AT, 100)
    great = MeasuredPurchase(*msgspec.structs.astuple(TRADES[1]), AT + timedelta(days=days), fen)
    return BuyerMeasures(B1, small, great, generation=1, seq=4, register="r1")


@pytest.mark.parametrize(
    ("first_fen", "later_fen", "days", "expected"),
    [
        (1, MILLION // 10, 90, ["small_first"]),
        (99_999, 4 * MILLION, 0, ["small_first"]),
        (100_000, 4 * MILLION, 1, []),
        (1, MILLION // 10 - 1, 1, []),
        (1, 4 * MILLION, 91, []),
    ],
)
def test_a_small_first_purchase_before_a_large_one(first_fen: int, later_fen: int, days: int, expected) -> None:
    facts = [first("B1", first_fen), bought(later_fen, days=days)]
    assert found(msgspec.structs.replace(PURCHASE, base_fen=first_fen), *facts) == expected
    nothing = BuyerMeasures(B1, None, None, generation=1, seq=4, register="r1")
    assert found(PURCHASE, facts[0], nothing) == []


@pytest.mark.parametrize(
    ("first_fen", "later_fen", "ago", "expected"),
    [
        (1, MILLION // 10, 0, True),
        (19, MILLION, 0, True),
        (20, MILLION, 0, False),  # it earns a fen, so its award has the flag
        (1, MILLION // 10 - 1, 0, False),
        (1, MILLION, 200, False),  # before the policy
    ],
)
def test_a_small_first_purchase_that_earns_nothing(first_fen: int, later_fen: int, ago: int, expected: bool) -> None:
    facts = [first("B1", first_fen, days=-ago), bought(later_fen, days=1 - ago)]
    alone = unattached_flag(facts, POLICY)
    assert (None if alone is None else (alone.party.subject, alone.year, alone.found.flag)) == (
        (B1, 2026, "small_first") if expected else None
    )
    assert unattached_flag(facts, WITHOUT["small_first"]) is None
    assert unattached_flag(facts[1:], POLICY) is None


def test_a_first_purchase_of_a_related_party() -> None:
    assert found(PURCHASE, first("B1", MILLION), around=Peers(related={B1: frozenset({P1})})) == ["related_parties"]
    assert found(PURCHASE, first("B1", MILLION, of="P2"), around=Peers(related={B1: frozenset({P1})})) == []


def test_first_purchases_split_around_the_cap() -> None:
    mine, least, most = first("B1", 4 * MILLION), amounts_near_cap(POLICY).start, amounts_near_cap(POLICY).stop - 1
    assert (least, most) == (parse_yuan("3800000"), parse_yuan("4200000"))
    near = (first("B2", least, days=30), first("B3", most, days=-30))
    assert found(PURCHASE, mine, around=near_each_other(mine, *near)) == ["split_purchases"]
    for others in (
        near[:1],  # two are too few
        (near[0], first("B3", most + 1)),
        (near[0], first("B3", least - 1)),
        (near[0], first("B3", most, days=31)),
        (near[0], first("B3", most, of="P2")),
    ):
        assert found(PURCHASE, mine, around=near_each_other(mine, *others)) == []
    assert found(PURCHASE, first("B1", 5 * MILLION), around=near_each_other(*near)) == []


@given(st.lists(st.tuples(st.integers(3_700, 4_300), st.integers(0, 60), st.sampled_from(["P1", "P2"])), max_size=7))
def test_whoever_is_in_a_split_is_next_to_others_who_are(drawn: list[tuple[int, int, str]]) -> None:
    """An award is flagged exactly when two others of its provider are within the days, regardless of all others."""
    facts = [first(f"X{n}", thousand * 100_000, of=of, days=day) for n, (thousand, day, of) in enumerate(drawn)]
    for n, (thousand, day, of) in enumerate(drawn):
        others = [one for m, one in enumerate(drawn) if m != n and one[2] == of and abs(one[1] - day) <= 30]
        expected = 3_800 <= thousand <= 4_200 and sum(3_800 <= one[0] <= 4_200 for one in others) >= 2
        on = msgspec.structs.replace(PURCHASE, subject=f"uscc:{uscc(f'X{n}')}", base_fen=thousand * 100_000)
        assert found(on, facts[n], around=near_each_other(*facts)) == (["split_purchases"] if expected else [])


def test_similar_purchases_name_the_nearest_and_count_the_rest() -> None:
    days = {f"X{n}": n % 61 - 30 for n in range(61 * 4)}  # four on each day from 30 before to 30 after
    others = [first(name, 4 * MILLION, days=day, no=name) for name, day in days.items()]
    mine = first("B1", 4 * MILLION)
    (flag,) = find_risk_flags(
        PURCHASE, [mine], near_each_other(mine, *others, first("X", 4 * MILLION, days=31)), POLICY
    )
    assert f"{len(others)} other subjects" in flag.text.en
    assert f"另有 {len(others)} 家主体" in flag.text.zh
    named = [days[one.trade_no] for one in flag.trades]
    assert named == [-3] * 2 + [-2] * 4 + [-1] * 4 + [0] * 4 + [1] * 4 + [2] * 2
    assert len(named) == 2 * NAMED_ON_EACH_SIDE
    assert flag.refs[0] == mine.ref
    assert len(flag.refs) == len(set(flag.refs)) == 2 * NAMED_ON_EACH_SIDE + 1


def calls_to_flag(number: int) -> int:
    """Count the function calls that it takes to flag so many similar purchases, all around each other."""
    facts = [first(f"X{n}", 4 * MILLION, days=n % 20, no=f"T{n}") for n in range(number)]
    awards = [msgspec.structs.replace(PURCHASE, about=(one := fact.party.subject), subject=one) for fact in facts]
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        around = near_each_other(*facts)
        flagged = [found(award, fact, around=around) for award, fact in zip(awards, facts, strict=True)]
    finally:
        sys.setprofile(before)
    assert flagged == [["split_purchases"]] * number
    return calls


def test_the_work_for_similar_purchases_grows_with_their_number() -> None:
    assert calls_to_flag(1200) < 6 * calls_to_flag(300)  # four times as many, and a step or two more in each search


# --- exchanges -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fen", "expected"), [(2 * MILLION, ["own_exchange"]), (2 * MILLION - 1, [])])
def test_an_operator_that_buys_on_its_own_exchange(fen: int, expected: list[str]) -> None:
    fact = ExchangeMeasures(
        "kmdex", 2026, (OperatorPurchases(OP1, fen, 3, TRADES),), generation=1, seq=5, register="r1"
    )
    totals = served(2026, bucket("2026-03-01", "200000000"))
    assert found(TIERS, fact, totals) == expected
    assert found(msgspec.structs.replace(TIERS, year=2027), fact, served(2027, bucket("2027-03-01", "200000000"))) == []


# --- verifier comparison ---------------------------------------------------------------------------------------

SECOND = PolicyValues(yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader))  # noqa: S506 - strings only
YUAN = st.sampled_from(["0.01", "999999.99", "1000000.00", "2000000.00", "10000000.00", "20000000.00"])
SUM = st.fixed_dictionaries({"amount": YUAN, "trades": st.just(1)})
EXAMPLES = [{"exchange": "kmdex", "trade_no": "T1"}, {"exchange": "kmdex", "trade_no": "T2"}]
NUMBERS = {"examples": st.just(EXAMPLES)}
PROVIDER_SIGN = st.fixed_dictionaries(
    {
        "subject": st.just(P1),
        "year": st.just(2026),
        "sold": SUM,
        "counterparties": st.lists(
            st.fixed_dictionaries({"subject": st.sampled_from([P2, P3]), "sold": SUM, "bought": SUM}), max_size=2
        ),
        "repeated": st.lists(
            st.fixed_dictionaries(
                {"amount": YUAN, "trades": st.integers(5, 12), "buyers": st.integers(1, 3), **NUMBERS}
            ),
            max_size=2,
        ),
    }
)
EXCHANGE_SIGN = st.fixed_dictionaries(
    {
        "exchange": st.just("kmdex"),
        "year": st.just(2026),
        "operators": st.lists(
            st.fixed_dictionaries({"subject": st.just(OP1), "amount": YUAN, "trades": st.just(2), **NUMBERS}),
            max_size=1,
        ),
    }
)
GREATEST = st.fixed_dictionaries(
    {
        "exchange": st.just("kmdex"),
        "trade_no": st.just("T2"),
        "completed_at": st.sampled_from(
            ["2026-03-01T10:00:00+08:00", "2026-05-30T10:00:00+08:00", "2026-06-01T10:00:00+08:00"]
        ),
        "amount": st.sampled_from(["100000.00", "4000000.00"]),
    }
)
MONTHS = st.lists(st.tuples(st.sampled_from(["2026-03", "2026-12"]), YUAN), max_size=3, unique_by=lambda one: one[0])


def month(name: str, yuan: str) -> dict[str, object]:
    day = date.fromisoformat(f"{name}-01")
    end = (day + timedelta(days=32)).replace(day=1)
    at = f"{day}T00:00:00+08:00"
    return {"from": at, "until": f"{end}T00:00:00+08:00", "amount": yuan, "trades": 1, "last_completed_at": at}


def read_twice(on: Award, values: dict[str, dict[str, object]]) -> tuple[list[str], list[str]]:
    """Return the flags found by the rules and by the verifier; `values` by name of the fact."""
    facts, items = [], []
    for name, content in values.items():
        topic, _, key = name.partition("/")
        value = {"generation": 1, "seq": 5, **content}
        facts.append(parse_fact(topic, key, json.dumps(value).encode()))
        items.append({"fact": name, "topic": topic, "generation": 1, "seq": 5, "value": value})
    award = {"rule": on.rule, "year": on.year, "base": on.base_fen, "cap": on.cap_fen}
    return found(on, *facts), red_flags_on(award, items, SECOND)


@given(PROVIDER_SIGN, PROVIDER_SIGN, MONTHS, st.integers(MILLION * 10, MILLION * 12))
def test_what_a_provider_sold_is_found_twice(one, other, months, base_fen) -> None:
    year = {"year": 2026, "cut_at": ["2025-10-15", "2028-10-15", "2028-10-16"]}
    shares = {"kmdex": {"counted": [month(*one) for one in months], "unmatched": [], "other": []}}
    values = {
        f"facts.sign.v1/r1/provider/{P1}/2026": one,
        f"facts.sign.v1/r2/provider/{P1}/2026": other,
        f"facts.annual-total.v1/r1/provider/{P1}/2026": {**year, "party": party("P1"), "by_exchange": shares},
    }
    first_reading, second = read_twice(msgspec.structs.replace(ANNUAL, base_fen=base_fen), values)
    assert first_reading == second


@given(EXCHANGE_SIGN, MONTHS, st.integers(MILLION * 100, MILLION * 110))
def test_what_an_exchange_served_is_found_twice(sign, months, base_fen) -> None:
    total = {"exchange": "kmdex", "year": 2026, "cut_at": [], "buckets": [month(*one) for one in months]}
    values = {"facts.sign.v1/r1/exchange/kmdex/2026": sign, "facts.annual-total.v1/r1/exchange/kmdex/2026": total}
    first_reading, second = read_twice(msgspec.structs.replace(TIERS, base_fen=base_fen), values)
    assert first_reading == second


@given(st.sampled_from(["0.20", "999.99", "1000.00"]), st.none() | GREATEST)
def test_a_small_first_is_found_twice(yuan, greatest) -> None:
    at = "2026-03-01T10:00:00+08:00"
    bought = {
        "exchange": "kmdex",
        "trade_no": "T1",
        "revision": 1,
        "completed_at": at,
        "amount": yuan,
        "refunded": "0.00",
    }
    small = None if greatest is None else {"exchange": "kmdex", "trade_no": "T1", "completed_at": at, "amount": yuan}
    values = {
        f"facts.first-purchase.v1/r1/{B1}": {"party": party("B1"), "first": {**bought, "provider": party("P1")}},
        f"facts.sign.v1/r1/buyer/{B1}": {"subject": B1, "first": small, "greatest": greatest},
    }
    first_reading, second = read_twice(msgspec.structs.replace(PURCHASE, base_fen=parse_yuan(yuan)), values)
    assert first_reading == second


# --- in the policy file ----------------------------------------------------------------------------------------


@given(st.integers(0, 30 * MILLION), st.integers(0, 30 * MILLION), st.integers(1, 20), st.integers(1, 5), st.booleans())
def test_without_its_sign_a_policy_flags_nothing_and_amounts_stay(out, back, trades, buyers, is_related) -> None:
    """Removing a red flag from the file removes this flag and no other, and changes nothing else of an award."""
    facts = [sold(to={P2: (out, back)}, repeated=[(MILLION, max(trades, 5), buyers)])]
    around = Peers(related={P1: frozenset({P2} if is_related else ())})
    all_found = found(ANNUAL, *facts, around=around)
    for terms in POLICY.risk_flags:
        without = WITHOUT[terms.flag]
        left = [sign for sign in all_found if sign != terms.flag]
        assert found(ANNUAL, *facts, around=around, policy=without) == left
    total = provided(2026, {"kmdex": [bucket("2026-03-01", "20000000")]})
    (award,) = annual(total)
    with_flags = with_risk_flags(award, [total, *facts], around, POLICY)
    assert with_flags.flags == tuple(all_found)
    assert {name: getattr(with_flags, name) for name in award.__struct_fields__ if name != "flags"} == {
        name: getattr(award, name) for name in award.__struct_fields__ if name != "flags"
    }


def test_every_sign_cites_its_clause_and_says_what_it_is() -> None:
    assert [terms.flag for terms in POLICY.risk_flags] == [
        "late_burst", "round_trip", "same_amount", "small_first", "own_exchange", "split_purchases", "related_parties",
    ]  # fmt: skip
    for terms in POLICY.risk_flags:
        assert terms.article.startswith("(")
        assert all((terms.name.zh, terms.name.en, terms.says.zh, terms.says.en))
        numbers = {value.path: value.value for value in POLICY.values if value.path.startswith(f"signs.{terms.flag}.")}
        assert {f"signs.{terms.flag}.{name}" for name in terms.numbers} <= numbers.keys()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('first_below: "1000.00"', 'first_below: "1000.01"', "signs[3].numbers.first_below: 超出度量的范围"),
        ("days: 90", "days: 91", "signs[3].numbers.days: 超出度量的范围"),
        ('later: "100000.00"', 'later: "99999.99"', "signs[3].numbers.later: 超出度量的范围"),
        ("{trades: 10,", "{trades: 4,", "signs[2].numbers.trades: 超出度量的范围"),
        ("sign: round_trip", "sign: late_burst", "signs[1]"),
        ("sign: round_trip", "sign: unknown", "signs[1].sign: 本版本只能计算"),
        ("    clause: G10\n    article: (六) 2", "    clause: G9\n    article: (六) 2", "signs[4].clause"),
        ('{share: "0.01"}', '{shares: "0.01"}', "signs[4].numbers.shares: 未知的字段"),
        ('{share: "0.01"}', "{}", "signs[4].numbers.share: 缺少该字段"),
    ],
)
def test_what_is_wrong_in_the_section_is_reported(old: str, new: str, fault: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(YamlFileError) as raised:
        read_policy(TEXT.replace(old, new).encode(), "policy.yaml")
    assert fault in str(raised.value)
