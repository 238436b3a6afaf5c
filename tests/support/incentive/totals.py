"""Total facts of providers and exchanges, and the awards that follow from them."""

from datetime import date

from services.incentive.domain.awards import Award
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, exchange_awards, subject_awards
from services.incentive.domain.facts import Bucket, ExchangeTotal, ProviderTotal, Share
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from shared.values.money import parse_yuan
from shared.values.parties import Party
from shared.values.times import day_start
from shared.whitelist import Exchange, Operator, Whitelist
from tests.support.cases import party, uscc

POLICY = load_policy(POLICY_FILE)
CUT_AT = (date(2025, 10, 15), date(2028, 10, 15), date(2028, 10, 16))
P1 = Party(**party("P1"))
SINCE = date(2019, 1, 1)


def whitelist(operators: tuple[Operator, ...], *ids: str) -> Whitelist:
    return Whitelist(tuple(Exchange(one, one, SINCE, None, operators, None) for one in sorted(ids or ("kmdex",))))


OPERATED = whitelist((Operator(uscc("OP1"), "虚构运营主体", SINCE, None),), "kmdex", "dcdex")


def bucket(day: str, yuan: str, trades: int = 1) -> Bucket:
    """Return the bucket of the day: its month, cut at CUT_AT."""
    on = date.fromisoformat(day)
    following = date(on.year + on.month // 12, on.month % 12 + 1, 1)
    limits = sorted({date(on.year, on.month, 1), following, *CUT_AT})
    start = day_start(max(limit for limit in limits if limit <= on))
    end = day_start(min(limit for limit in limits if limit > on))
    return Bucket(start, end, parse_yuan(yuan), trades, day_start(on))


def provided(year: int, by_exchange: dict[str, list[Bucket]], *, register: str = "r1", cut_at=CUT_AT) -> ProviderTotal:
    shares = {exchange: Share(tuple(buckets), (), ()) for exchange, buckets in by_exchange.items()}
    return ProviderTotal(P1, year, cut_at, shares, generation=1, seq=11, register=register)


def served(year: int, *buckets: Bucket, exchange: str = "kmdex", register: str = "r1", cut_at=CUT_AT) -> ExchangeTotal:
    return ExchangeTotal(exchange, year, cut_at, buckets, generation=1, seq=13, register=register)


def tier_awards(*totals: ExchangeTotal, exchanges: Whitelist = OPERATED, policy=POLICY) -> list[Award]:
    by_year: dict[int, list[ExchangeTotal]] = {}
    for total in totals:
        by_year.setdefault(total.year, []).append(total)
    return exchange_awards("kmdex", ExchangeFacts(by_year, exchanges), policy)


def annual(*facts: ProviderTotal, policy=POLICY) -> list[Award]:
    by_year: dict[int, list[ProviderTotal]] = {}
    for fact in facts:
        by_year.setdefault(fact.year, []).append(fact)
    return subject_awards(P1, SubjectFacts(totals=by_year), policy)
