"""Facts recomputed from a register's documents: listings, firsts, totals and red-flag measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Callable

from .policy import ExchangeWhitelist
from .registers import RegisterDocument, RegisterEvidence
from .report import Unsound
from .rules import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING, RED_FLAG
from .values import DAY_US, Json, day_us, instant, local, party_json, subject_of, time_text, yuan

COUNTERPARTIES, REPEATED_AMOUNTS = 10, 5  # the most that a fact lists
REPEATED_FROM = 5  # the least number of trades with the same net amount
# A small first purchase is below SMALL_FIRST, a large later one at least LARGE_PURCHASE (fen), within AFTER_FIRST_US.
SMALL_FIRST, LARGE_PURCHASE, AFTER_FIRST_US = 100_000, 10_000_000, 90 * DAY_US


def recompute_fact(register: RegisterEvidence, topic: str, rest: str, seq: int) -> Json:
    """The value of a fact by its register's first `seq` entries, without its version; `rest`: its key there."""
    kind, *whose = (rest if topic in (ANNUAL_TOTAL, RED_FLAG) else f"/{rest}").split("/")
    if (topic, kind) not in FACTS:
        raise Unsound("没有这种事实", "no such fact")
    return FACTS[topic, kind](register, seq, *whose)


def fact_keys(register: RegisterEvidence) -> Iterator[tuple[str, str, int]]:
    """Yield (topic, key, newest entry that can have changed it) of every fact that the documents can make."""
    by, is_trade = register.by_role, register.kind == "trade"
    for subject, keys in by[register.earner].items():
        if subject.startswith("uscc:"):
            yield FIRST_PURCHASE if is_trade else FIRST_LISTING, subject, register.newest(keys)
            if is_trade:
                yield RED_FLAG, f"buyer/{subject}", register.newest(keys)
    if not is_trade:
        return
    for exchange_year, keys in by["exchange"].items():
        yield ANNUAL_TOTAL, f"exchange/{exchange_year}", register.newest(keys)
        yield RED_FLAG, f"exchange/{exchange_year}", register.newest(keys)
    matched = register.newest_listing_fact()
    for subject, keys in by["provider"].items():
        if subject.startswith("uscc:"):
            for year in register.years(keys):
                yield ANNUAL_TOTAL, f"provider/{subject}/{year}", max(matched, register.newest(keys))
                yield RED_FLAG, f"provider/{subject}/{year}", register.newest(keys + by["buyer"].get(subject, []))


def about_of_fact(fact: str) -> str:
    """The subject, or `exchange/<id>`, whose awards follow from a fact."""
    rest = fact.split("/", 2)[2]
    if rest.startswith("exchange/"):
        return rest.rsplit("/", 1)[0]
    return rest.split("/")[1 if rest.startswith(("provider/", "buyer/")) else 0]


def listing_fact(register: RegisterEvidence, seq: int, exchange: str, number: str) -> Json:
    document = register.revision_at((exchange, number), seq)
    if document is None:
        return {
            "exchange": exchange, "listing_no": number, "provider": None, "status": None, "listed_at": None,
            "mirrored": False, "counted": False,
        }  # fmt: skip
    return {
        "exchange": exchange,
        "listing_no": number,
        "provider": party_json(document.provider),
        "status": document.status,
        "listed_at": time_text(document.at),
        "mirrored": document.mirrored,
        "counted": register.settings(seq)[0].counts(exchange, document.at),
    }


def first_fact(register: RegisterEvidence, seq: int, subject: str) -> Json:
    """(四) 1, 2: the least document by instant, exchange and number of those that can be a first.

    Beside it stands the least one before it that was annulled or cancelled, absent for none.
    """
    whitelist, _ = register.settings(seq)
    counted = [
        document
        for document in register.documents(register.earner, subject, seq)
        if not document.mirrored and whitelist.counts(document.exchange, document.at)
    ]
    first = min((one for one in counted if not one.is_void), key=lambda one: one.place, default=None)
    void = min((one for one in counted if one.is_void), key=lambda one: one.place, default=None)
    value: Json = {
        "party": party_json((subject, register.name_of(subject, seq))),
        "first": None if first is None else first_json(register, seq, first),
    }
    if void is not None and register.names_void(seq) and (first is None or void.place < first.place):
        value[void.status] = first_json(register, seq, void)
    return value


def first_json(register: RegisterEvidence, seq: int, document: RegisterDocument) -> Json:
    if document.buyer is None:
        return {
            "exchange": document.exchange,
            "listing_no": document.number,
            "revision": document.revision,
            "listed_at": time_text(document.at),
        }
    return {
        "exchange": document.exchange,
        "trade_no": document.number,
        "revision": document.revision,
        "completed_at": time_text(document.at),
        "amount": yuan(document.amount),
        "refunded": yuan(document.refunded),
        "provider": party_json(document.provider),
        **({"ahead": True} if document.is_ahead and register.names_ahead(seq) else {}),
    }


def counted_trades(register: RegisterEvidence, role: str, whose: str, seq: int) -> Iterator[RegisterDocument]:
    """Yield completed trades, not mirrored, within the exchange's time on the whitelist."""
    whitelist, _ = register.settings(seq)
    for document in register.documents(role, whose, seq):
        is_completed = document.status == "completed" and not document.mirrored
        if is_completed and whitelist.counts(document.exchange, document.at):
            yield document


def sum_json(documents: Sequence[RegisterDocument]) -> Json:
    return {"amount": yuan(sum(one.net for one in documents)), "trades": len(documents)}


def parts_json(register: RegisterEvidence, seq: int, trades: Sequence[RegisterDocument]) -> Json:
    """The part of future-dated trades in a bucket, and the refunds; each absent for none."""
    ahead = [one for one in trades if one.is_ahead and register.names_ahead(seq)]
    refunded = sum(one.refunded for one in trades) if register.names_refunds(seq) else 0
    return {
        **({"ahead": sum_json(ahead)} if ahead else {}),
        **({"refunded": yuan(refunded)} if refunded else {}),
    }


def buckets_json(register: RegisterEvidence, seq: int, documents: Iterable[RegisterDocument]) -> list[Json]:
    """Sum trades by calendar month in Shanghai, split again at the cut dates."""
    _, cut_at = register.settings(seq)
    cuts = sorted(map(date.fromisoformat, cut_at))
    buckets: dict[tuple[date, date], list[RegisterDocument]] = {}
    for document in documents:
        day = local(document.at).date()
        month = day.replace(day=1)
        after = (month + timedelta(days=32)).replace(day=1)
        begin = max([month] + [cut for cut in cuts if cut <= day])
        end = min([after] + [cut for cut in cuts if cut > day])
        buckets.setdefault((begin, end), []).append(document)
    return [
        {
            "from": time_text(day_us(begin)),
            "until": time_text(day_us(end)),
            **sum_json(trades),
            "last_completed_at": time_text(max(one.at for one in trades)),
            **parts_json(register, seq, trades),
        }
        for (begin, end), trades in sorted(buckets.items())
    ]


def exchange_total(register: RegisterEvidence, seq: int, exchange: str, year: str) -> Json:
    """(六) 2: all completed trades of the exchange in the year, without mirrored ones."""
    _, cut_at = register.settings(seq)
    trades = list(counted_trades(register, "exchange", f"{exchange}/{year}", seq))
    buckets = buckets_json(register, seq, trades)
    value = {"exchange": exchange, "year": int(year), "cut_at": cut_at, "buckets": buckets}
    if register.names_products(seq):
        value["by_kind"] = products_json(trades, lambda one: one.product_kind)
        value["by_industry"] = products_json(trades, lambda one: one.industry)
    return value


def products_json(trades: Iterable[RegisterDocument], part: Callable[[RegisterDocument], str]) -> Json:
    """Sum trades by the kind or the industry of what was traded."""
    found: dict[str, list[RegisterDocument]] = {}
    for one in trades:
        found.setdefault(part(one), []).append(one)
    return {name: sum_json(ones) for name, ones in found.items()}


def provider_total(register: RegisterEvidence, seq: int, subject: str, year: str) -> Json:
    """(四) 3: the provider's trades of the year by exchange: those that count, and the others by reason."""
    whitelist, cut_at = register.settings(seq)
    trades: dict[str, dict[str, list[RegisterDocument]]] = {}
    for document in register.documents("provider", subject, seq):
        if document.year == int(year):
            reason = reason_of(register, document, whitelist, seq)
            trades.setdefault(document.exchange, {}).setdefault(reason, []).append(document)
    return {
        "party": party_json((subject, register.name_of(subject, seq))),
        "year": int(year),
        "cut_at": cut_at,
        "by_exchange": {
            exchange: {
                "counted": buckets_json(register, seq, by_reason.get("counted", ())),
                "unmatched": buckets_json(register, seq, by_reason.get("unmatched", ())),
                "other": [
                    {"reason": reason, **sum_json(by_reason[reason])}
                    for reason in sorted(by_reason.keys() - {"counted", "unmatched"})
                ],
            }
            for exchange, by_reason in trades.items()
        },
    }


def reason_of(register: RegisterEvidence, document: RegisterDocument, whitelist: ExchangeWhitelist, seq: int) -> str:
    """`counted` if a trade counts in its provider's total, else the first reason why not."""
    if not whitelist.counts(document.exchange, document.at):
        return "not_on_whitelist"
    if document.status != "completed":
        return "cancelled"
    if document.mirrored:
        return "mirrored"
    if document.mode != "listed":
        return "mode"
    fact = register.listing_fact((document.exchange, document.listing_no or ""), seq)
    is_matched = (
        fact is not None
        and fact["provider"] is not None
        and fact["counted"]
        and fact["status"] != "annulled"
        and subject_of(fact["provider"]) == document.provider[0]
        and instant(fact["listed_at"]) <= document.at
    )
    return "counted" if is_matched else "unmatched"


def examples_json(documents: Sequence[RegisterDocument]) -> list[Json]:
    """The trades that were entered first and last."""
    in_order = sorted(documents, key=lambda one: one.seq)
    ends = in_order[:1] if len(in_order) == 1 else [in_order[0], in_order[-1]]
    return [trade_json(one) for one in ends]


def trade_json(document: RegisterDocument) -> Json:
    return {"exchange": document.exchange, "trade_no": document.number}


def provider_flags(register: RegisterEvidence, seq: int, subject: str, year: str) -> Json:
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


def buyer_flags(register: RegisterEvidence, seq: int, subject: str) -> Json:
    """A small first purchase, and the greatest of the large ones soon after it."""
    bought = sorted(counted_trades(register, "buyer", subject, seq), key=lambda one: one.place)
    large = [
        one for one in bought if one.net >= LARGE_PURCHASE and bought[0].at <= one.at <= bought[0].at + AFTER_FIRST_US
    ]
    if not large or bought[0].net >= SMALL_FIRST:
        return {"subject": subject, "first": None, "greatest": None}

    def purchase_json(one: RegisterDocument) -> Json:
        return {**trade_json(one), "completed_at": time_text(one.at), "amount": yuan(one.net)}

    greatest = max(large, key=lambda one: one.net)
    return {"subject": subject, "first": purchase_json(bought[0]), "greatest": purchase_json(greatest)}


def exchange_flags(register: RegisterEvidence, seq: int, exchange: str, year: str) -> Json:
    """Sum the purchases of operators on their exchange in the year, while they operated it."""
    whitelist, _ = register.settings(seq)
    bought: dict[str, list[RegisterDocument]] = {}
    for one in counted_trades(register, "exchange", f"{exchange}/{year}", seq):
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


FACTS: dict[tuple[str, str], Callable[..., Json]] = {
    (LISTING, ""): listing_fact,
    (FIRST_LISTING, ""): first_fact,
    (FIRST_PURCHASE, ""): first_fact,
    (ANNUAL_TOTAL, "exchange"): exchange_total,
    (ANNUAL_TOTAL, "provider"): provider_total,
    (RED_FLAG, "exchange"): exchange_flags,
    (RED_FLAG, "provider"): provider_flags,
    (RED_FLAG, "buyer"): buyer_flags,
}
