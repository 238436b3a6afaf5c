"""Facts recomputed from a register's documents: listings, firsts, totals and red-flag measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from .policy import ExchangeWhitelist
from .registers import RegisterDocument, RegisterEvidence
from .report import Unsound
from .risk_flags import RED_FLAG_FACTS
from .rules import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING, RED_FLAG
from .values import Json, day_us, instant, local, party_json, subject_of, time_text, yuan


def recompute_fact(register: RegisterEvidence, topic: str, rest: str, seq: int) -> Json:
    """The value of a fact by its register's first `seq` entries, without its version; `rest`: its key there."""
    parts = rest.split("/")
    if topic == LISTING:
        return listing_fact(register, parts[0], parts[1], seq)
    if topic == FIRST_LISTING:
        return first_fact(register, rest, seq, "provider")
    if topic == FIRST_PURCHASE:
        return first_fact(register, rest, seq, "buyer")
    if topic == ANNUAL_TOTAL and parts[0] == "exchange":
        return exchange_total(register, parts[1], int(parts[2]), seq)
    if topic == ANNUAL_TOTAL and parts[0] == "provider":
        return provider_total(register, parts[1], int(parts[2]), seq)
    if topic == RED_FLAG and parts[0] in RED_FLAG_FACTS:
        return RED_FLAG_FACTS[parts[0]](register, seq, *parts[1:])
    raise Unsound("没有这种事实", "no such fact")


def fact_keys(register: RegisterEvidence) -> Iterator[tuple[str, str, int]]:
    """Yield (topic, key, newest entry that can have changed it) of every fact that the documents can make."""
    by, topic = register.by_role, FIRST_LISTING if register.kind == "listing" else FIRST_PURCHASE
    for subject, keys in by["provider" if register.kind == "listing" else "buyer"].items():
        if subject.startswith("uscc:"):
            yield topic, subject, register.newest(keys)
    if register.kind == "listing":
        return
    for (exchange, year), keys in by["exchange"].items():
        yield ANNUAL_TOTAL, f"exchange/{exchange}/{year}", register.newest(keys)
        yield RED_FLAG, f"exchange/{exchange}/{year}", register.newest(keys)
    matched = register.newest_listing_fact()
    for subject, keys in by["provider"].items():
        if subject.startswith("uscc:"):
            for year in register.years(keys):
                yield ANNUAL_TOTAL, f"provider/{subject}/{year}", max(matched, register.newest(keys))
                yield RED_FLAG, f"provider/{subject}/{year}", register.newest(keys + by["buyer"].get(subject, []))
    for subject, keys in by["buyer"].items():
        if subject.startswith("uscc:"):
            yield RED_FLAG, f"buyer/{subject}", register.newest(keys)


def about_of_fact(fact: str) -> str:
    """The subject, or `exchange/<id>`, whose awards follow from a fact."""
    rest = fact.split("/", 2)[2]
    if rest.startswith("exchange/"):
        return rest.rsplit("/", 1)[0]
    return rest.split("/")[1 if rest.startswith(("provider/", "buyer/")) else 0]


def listing_fact(register: RegisterEvidence, exchange: str, number: str, seq: int) -> Json:
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


def first_fact(register: RegisterEvidence, subject: str, seq: int, role: str) -> Json:
    """(四) 1, 2: the least document by instant, exchange and number of those that can be a first."""
    whitelist, _ = register.settings(seq)
    eligible = [
        document
        for document in register.documents(role, subject, seq)
        if document.status not in ("annulled", "cancelled")
        and not document.mirrored
        and whitelist.counts(document.exchange, document.at)
    ]
    first = min(eligible, key=lambda one: one.place, default=None)
    party = party_json((subject, register.name_of(subject, seq)))
    return {"party": party, "first": None if first is None else first_json(first)}


def first_json(document: RegisterDocument) -> Json:
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
    }


class MonthlySums:
    """Sums of trades by calendar month in Shanghai, split again at the cut dates."""

    def __init__(self, cut_at: Sequence[str]) -> None:
        self._cuts = sorted(date.fromisoformat(day) for day in cut_at)
        self._sums: dict[tuple[date, date], list[int]] = {}

    def add(self, document: RegisterDocument) -> None:
        day = local(document.at).date()
        month = day.replace(day=1)
        after = (month + timedelta(days=32)).replace(day=1)
        begin = max([month] + [cut for cut in self._cuts if cut <= day])
        end = min([after] + [cut for cut in self._cuts if cut > day])
        sums = self._sums.setdefault((begin, end), [0, 0, document.at])
        sums[0] += document.net
        sums[1] += 1
        sums[2] = max(sums[2], document.at)

    def json(self) -> list[Json]:
        return [
            {
                "from": time_text(day_us(begin)),
                "until": time_text(day_us(end)),
                "amount": yuan(sums[0]),
                "trades": sums[1],
                "last_completed_at": time_text(sums[2]),
            }
            for (begin, end), sums in sorted(self._sums.items())
        ]


def exchange_total(register: RegisterEvidence, exchange: str, year: int, seq: int) -> Json:
    """(六) 2: all completed trades of the exchange in the year, without mirrored ones."""
    whitelist, cut_at = register.settings(seq)
    buckets = MonthlySums(cut_at)
    for document in register.documents("exchange", (exchange, year), seq):
        is_completed = document.status == "completed" and not document.mirrored
        if is_completed and whitelist.counts(exchange, document.at):
            buckets.add(document)
    return {"exchange": exchange, "year": year, "cut_at": cut_at, "buckets": buckets.json()}


def provider_total(register: RegisterEvidence, subject: str, year: int, seq: int) -> Json:
    """(四) 3: the provider's trades of the year by exchange: those that count, and the others by reason."""
    whitelist, cut_at = register.settings(seq)
    sums: dict[str, dict[str, MonthlySums]] = {}
    others: dict[str, dict[str, list[int]]] = {}
    for document in register.documents("provider", subject, seq):
        if document.year != year:
            continue
        exchange, reason = document.exchange, reason_of(register, document, whitelist, seq)
        share = sums.setdefault(exchange, {"counted": MonthlySums(cut_at), "unmatched": MonthlySums(cut_at)})
        if reason in share:
            share[reason].add(document)
        else:
            other = others.setdefault(exchange, {}).setdefault(reason, [0, 0])
            other[0] += document.net
            other[1] += 1
    return {
        "party": party_json((subject, register.name_of(subject, seq))),
        "year": year,
        "cut_at": cut_at,
        "by_exchange": {
            exchange: {
                "counted": share["counted"].json(),
                "unmatched": share["unmatched"].json(),
                "other": [
                    {"reason": reason, "amount": yuan(amount), "trades": trades}
                    for reason, (amount, trades) in sorted(others.get(exchange, {}).items())
                ],
            }
            for exchange, share in sums.items()
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
