"""Red flags (核查线索, G10): the facts that measure them, and which awards they raise a flag on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Callable

from .policy import PolicyValues
from .registers import RegisterDocument, RegisterEvidence
from .rules import ANNUAL_TOTAL, FIRST_PURCHASE, RED_FLAG, least_first
from .values import DAY_US, Json, fen, instant, is_within, local, time_text, yuan

# How many of the greatest a fact lists, from how many trades on an amount is repeated, below what a first purchase is
# small, from what on another is large, and how long after.
COUNTERPARTIES, REPEATED_AMOUNTS, REPEATED_FROM = 10, 5, 5
SMALL_FIRST, LARGE_PURCHASE, AFTER_FIRST_US = 100_000, 10_000_000, 90 * DAY_US
DECEMBER = 12


def counted_trades(register: RegisterEvidence, role: str, whose: Any, seq: int) -> Iterator[RegisterDocument]:
    """Yield completed trades, not mirrored, within the exchange's time on the whitelist."""
    whitelist, _ = register.settings(seq)
    for document in register.documents(role, whose, seq):
        is_completed = document.status == "completed" and not document.mirrored
        if is_completed and whitelist.counts(document.exchange, document.at):
            yield document


def sum_json(documents: Sequence[RegisterDocument]) -> Json:
    return {"amount": yuan(sum(one.net for one in documents)), "trades": len(documents)}


def examples_json(documents: Sequence[RegisterDocument]) -> list[Json]:
    """The trades that were entered first and last."""
    in_order = sorted(documents, key=lambda one: one.seq)
    ends = in_order[:1] if len(in_order) == 1 else [in_order[0], in_order[-1]]
    return [{"exchange": one.exchange, "trade_no": one.number} for one in ends]


def provider_fact(register: RegisterEvidence, seq: int, subject: str, year: str) -> Json:
    """The provider's greatest buyers of the year, its purchases from them, and repeated amounts."""
    sold = [one for one in counted_trades(register, "provider", subject, seq) if one.year == int(year)]
    bought = [one for one in counted_trades(register, "buyer", subject, seq) if one.year == int(year)]
    to: dict[str, list[RegisterDocument]] = {}
    by_amount: dict[int, list[RegisterDocument]] = {}
    for one in sold:
        if one.buyer is not None and not one.buyer[0].startswith("natural_person:"):
            to.setdefault(one.buyer[0], []).append(one)
        by_amount.setdefault(one.net, []).append(one)
    greatest = sorted(to, key=lambda other: (-sum(one.net for one in to[other]), other.encode()))
    repeated = [amount for amount, ones in by_amount.items() if amount > 0 and len(ones) >= REPEATED_FROM]
    repeated.sort(key=lambda amount: (-amount * len(by_amount[amount]), -amount))
    return {
        "subject": subject,
        "year": int(year),
        "sold": sum_json(sold),
        "counterparties": [
            {
                "subject": other,
                "sold": sum_json(to[other]),
                "bought": sum_json([one for one in bought if one.provider[0] == other]),
            }
            for other in greatest[:COUNTERPARTIES]
        ],
        "repeated": [
            {
                "amount": yuan(amount),
                "trades": len(by_amount[amount]),
                "buyers": len({one.buyer for one in by_amount[amount]}),
                "examples": examples_json(by_amount[amount]),
            }
            for amount in repeated[:REPEATED_AMOUNTS]
        ],
    }


def buyer_fact(register: RegisterEvidence, seq: int, subject: str) -> Json:
    """A small first purchase, and the greatest of the large ones soon after it."""
    bought = sorted(counted_trades(register, "buyer", subject, seq), key=lambda one: one.place)
    large = [
        one for one in bought if one.net >= LARGE_PURCHASE and bought[0].at <= one.at <= bought[0].at + AFTER_FIRST_US
    ]
    if not large or bought[0].net >= SMALL_FIRST:
        return {"subject": subject, "first": None, "greatest": None}

    def purchase_json(one: RegisterDocument) -> Json:
        return {
            "exchange": one.exchange,
            "trade_no": one.number,
            "completed_at": time_text(one.at),
            "amount": yuan(one.net),
        }

    greatest = max(large, key=lambda one: one.net)
    return {"subject": subject, "first": purchase_json(bought[0]), "greatest": purchase_json(greatest)}


def exchange_fact(register: RegisterEvidence, seq: int, exchange: str, year: str) -> Json:
    """Sum what the operators of an exchange bought on it in the year, while they operated it."""
    whitelist, _ = register.settings(seq)
    bought: dict[str, list[RegisterDocument]] = {}
    for one in counted_trades(register, "exchange", (exchange, int(year)), seq):
        operator = whitelist.operator_on(exchange, local(one.at).date())
        if operator is not None and one.buyer is not None and one.buyer[0] == f"uscc:{operator['uscc']}":
            bought.setdefault(one.buyer[0], []).append(one)
    return {
        "exchange": exchange,
        "year": int(year),
        "operators": [
            {"subject": subject, "examples": examples_json(ones), **sum_json(ones)}
            for subject, ones in sorted(bought.items())
        ],
    }


RED_FLAG_FACTS: dict[str, Callable[..., Json]] = {
    "provider": provider_fact, "buyer": buyer_fact, "exchange": exchange_fact,
}  # fmt: skip


# Flags that do not follow from the facts about the award's own subject: decisions raise the first, other subjects'
# purchases and the bureau's list of related parties the others.
OVER_APPROVED = "over_approved"
OF_OTHERS = (OVER_APPROVED, "split_purchases", "related_parties")


def red_flags_on(award: Json, facts: Sequence[Json], policy: PolicyValues) -> list[str]:
    """The red flags that follow from the facts about the award's subject or exchange alone."""
    return [
        name
        for name, numbers in policy.red_flags.items()
        if (name, award["rule"]) in FLAG_RULES and FLAG_RULES[name, award["rule"]](award, facts, numbers, policy)
    ]


def has_share(part: int, share: str, whole: int) -> bool:
    return Fraction(share) * whole <= part


def in_year(facts: Sequence[Json], topic: str, award: Json) -> Iterator[Json]:
    """Yield the values of that topic and the award's year."""
    for fact in facts:
        if fact["topic"] == topic and fact["value"].get("year") == award["year"]:
            yield fact["value"]


def is_late_burst(award: Json, facts: Sequence[Json], numbers: Json, policy: PolicyValues) -> bool:
    """Just over the threshold or tier, and much of it in December."""
    terms, december = policy.rules[award["rule"]], 0
    for value in in_year(facts, ANNUAL_TOTAL, award):
        shares = [share["counted"] for share in value.get("by_exchange", {}).values()]
        for bucket in [one for buckets in shares or [value.get("buckets", [])] for one in buckets]:
            begin = instant(bucket["from"])
            if local(begin).month == DECEMBER and is_within(begin, policy.in_force):
                december += fen(bucket["amount"])
    if "tiers" in terms:
        threshold = next(fen(tier["over"]) for tier in terms["tiers"] if fen(tier["amount"]) == award["cap"])
    else:
        threshold = fen(terms["at_least"])
    over = award["base"] - threshold
    is_just_over = over <= -(-threshold * Fraction(numbers["over_by"]) // 1)
    return is_just_over and has_share(december, numbers["december"], award["base"])


def is_round_trip(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """Much of what was sold to one party was bought back from it, over all registers."""
    parties: dict[str, list[int]] = {}
    for value in in_year(facts, RED_FLAG, award):
        for one in value.get("counterparties", ()):
            sums = parties.setdefault(one["subject"], [0, 0])
            sums[0] += fen(one["sold"]["amount"])
            sums[1] += fen(one["bought"]["amount"])
    return any(
        sold >= fen(numbers["sold"]) and has_share(bought, numbers["back"], sold) for sold, bought in parties.values()
    )


def is_same_amount(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """One amount many times, to few buyers, over all registers."""
    total = 0
    repeated: dict[int, tuple[int, int]] = {}
    for value in in_year(facts, RED_FLAG, award):
        if "sold" in value:
            total += fen(value["sold"]["amount"])
        for one in value.get("repeated", ()):
            trades, buyers = repeated.get(fen(one["amount"]), (0, 0))
            repeated[fen(one["amount"])] = (trades + one["trades"], buyers + one["buyers"])
    return any(
        trades >= int(numbers["trades"])
        and buyers <= int(numbers["buyers"])
        and has_share(amount * trades, numbers["share"], total)
        for amount, (trades, buyers) in repeated.items()
    )


def is_small_first(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """A small first purchase, followed soon by a large one."""
    fact = least_first(facts, FIRST_PURCHASE)
    if fact is None or award["base"] >= fen(numbers["first_below"]):
        return False
    begin = instant(fact["value"]["first"]["completed_at"])
    until = begin + int(numbers["days"]) * DAY_US
    later = [one["value"]["greatest"] for one in facts if one["topic"] == RED_FLAG and one["value"].get("greatest")]
    return any(
        fen(one["amount"]) >= fen(numbers["later"]) and begin <= instant(one["completed_at"]) <= until for one in later
    )


def is_own_exchange(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """Operators of the exchange bought much of its total."""
    bought = [one for value in in_year(facts, RED_FLAG, award) for one in value["operators"]]
    return bool(bought) and has_share(sum(fen(one["amount"]) for one in bought), numbers["share"], award["base"])


FLAG_RULES: dict[tuple[str, str], Callable[[Json, Sequence[Json], Json, PolicyValues], bool]] = {
    ("late_burst", "annual_listed_trading"): is_late_burst,
    ("late_burst", "exchange_tiers"): is_late_burst,
    ("round_trip", "annual_listed_trading"): is_round_trip,
    ("same_amount", "annual_listed_trading"): is_same_amount,
    ("small_first", "first_purchase"): is_small_first,
    ("own_exchange", "exchange_tiers"): is_own_exchange,
}
