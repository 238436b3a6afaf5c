"""Advice to a participant: which of its trades do not count, and what would change that. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from services.incentive.domain.event_readings import counted_period, missing_to_reach
from services.incentive.domain.event_rules import SubjectFacts, annual_base, split_by_period
from services.incentive.domain.explanations.events import annual_parts
from services.incentive.domain.explanations.wording import NOT_IN_FORCE, reason_label
from services.incentive.domain.facts import merge_shares
from services.incentive.policy.terms import Policy, Texts

_ADVICE: Final[Mapping[str, Texts]] = {
    "unmatched": Texts(
        "所注明的挂牌本所未报送或已作废，或提供方不同，或挂牌晚于成交。请报送该挂牌，或更正交易的挂牌编号；相符后即计入。",
        "The listing that the trade names was not announced or is annulled, has another provider, or is later than the "
        "trade. Announce the listing or correct the number in the trade; the trade counts once they fit.",
    ),
    "mode": Texts(
        "协议、竞价成交不计入。实为挂牌成交的，请以更高修订号更正成交方式并注明挂牌编号；否则无需处理。",
        "Negotiated trades and auctions do not count. If it was a listed trade, correct its mode and name the listing "
        "in a higher revision; else there is nothing to do.",
    ),
    "mirrored": Texts(
        "互认自其他交易场所的交易在本地不计入。误填来源场所的，请以更高修订号更正。",
        "Trades mirrored from another exchange count nowhere here. If the exchange of origin is named by mistake, "
        "correct it in a higher revision.",
    ),
    "cancelled": Texts(
        "交易已取消。误报取消的，请以更高修订号重新报送。",
        "The trade was cancelled. If by mistake, send it in a higher revision.",
    ),
    "not_on_whitelist": Texts(
        "成交时本所不在名录期内，不能补正。",
        "The exchange was not on the whitelist then; this cannot be corrected.",
    ),
    NOT_IN_FORCE: Texts(
        "成交日不在政策有效期内，不能补正。",
        "The trade was completed outside the policy period; this cannot be corrected.",
    ),
}


class Advice(NamedTuple):
    """The trades of a provider on an exchange that do not count for one reason, and what to tell the provider.

    `would_reach`: the threshold of the year would be reached if the trades without a matching listing had one.
    """

    reason: str
    amount_fen: int
    trades: int
    text: Texts
    would_reach: bool


def advice_for(exchange: str, year: int, facts: SubjectFacts, policy: Policy) -> Sequence[Advice]:
    """The advice to a provider about its year on an exchange, reason by reason."""
    terms, totals = policy.annual_listed_trading, facts.totals.get(year, ())
    missing_fen = missing_to_reach(annual_base(totals, policy.in_force, policy).within_fen, terms)
    share = merge_shares(totals).get(exchange)
    period = counted_period(year, terms, policy.in_force)
    unmatched_fen = 0 if share is None else split_by_period(share.unmatched, period).within_fen
    would_reach = 0 < missing_fen <= unmatched_fen
    _, not_counted = annual_parts(year, facts, policy)
    return [
        Advice(reason, fen, trades, _advice(reason), reason == "unmatched" and would_reach)
        for one, fen, trades, reason in not_counted
        if one == exchange
    ]


def _advice(reason: str) -> Texts:
    """The text for a reason; one of a later version of the register is its own text."""
    return _ADVICE.get(reason, reason_label(reason))
