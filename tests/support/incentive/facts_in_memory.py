"""Documents to facts to awards in memory: facts by the verifier, awards by the pure core."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from services.incentive.domain.awards import Award
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, exchange_awards, subject_awards
from services.incentive.domain.facts import (
    ExchangeTotal,
    Fact,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
    parse_fact,
)
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from services.incentive.policy.terms import Policy
from services.incentive.verifier.expected import AcceptedDocument, expected_facts
from shared.events.documents import Document, Listing, Trade
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE
from shared.register.head import register_settings
from shared.values.money import format_yuan
from shared.values.parties import Party
from shared.values.times import format_time
from shared.whitelist import Whitelist

CUT_AT = (date(2025, 10, 15), date(2028, 10, 15), date(2028, 10, 16))

Key = tuple[str, str, str]


class Documents:
    """The current state of all documents: the highest revision of each; if a revision has two contents, the first."""

    def __init__(self) -> None:
        self.current: dict[Key, Document] = {}

    def accept(self, exchange: str, document: Document) -> None:
        kind, number = (
            ("listing", document.listing_no) if isinstance(document, Listing) else ("trade", document.trade_no)
        )
        known = self.current.get((kind, exchange, number))
        if known is None or known.revision < document.revision:
            self.current[kind, exchange, number] = document

    def listings(self) -> list[tuple[str, Listing]]:
        return [(key[1], document) for key, document in self.current.items() if isinstance(document, Listing)]

    def trades(self) -> list[tuple[str, Trade]]:
        return [(key[1], document) for key, document in self.current.items() if isinstance(document, Trade)]


class KnownFacts:
    """Facts by their subject or exchange."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.parties: dict[str, Party] = {}
        self.listings: dict[str, list[FirstListing]] = {}
        self.purchases: dict[str, list[FirstPurchase]] = {}
        self.providers: dict[str, dict[int, list[ProviderTotal]]] = {}
        self.exchanges: dict[str, dict[int, list[ExchangeTotal]]] = {}
        for fact in facts:
            if isinstance(fact, ExchangeTotal):
                self.exchanges.setdefault(fact.exchange, {}).setdefault(fact.year, []).append(fact)
                continue
            subject = fact.party.subject
            self.parties[subject] = fact.party
            if isinstance(fact, FirstListing):
                self.listings.setdefault(subject, []).append(fact)
            elif isinstance(fact, FirstPurchase):
                self.purchases.setdefault(subject, []).append(fact)
            else:
                self.providers.setdefault(subject, {}).setdefault(fact.year, []).append(fact)

    def of(self, subject: str) -> SubjectFacts:
        return SubjectFacts(
            first_listing=tuple(self.listings.get(subject, ())),
            first_purchase=tuple(self.purchases.get(subject, ())),
            totals=self.providers.get(subject, {}),
        )


def facts_of(documents: Documents, whitelist: Whitelist, register: str = "r1", seq: int = 1) -> list[Fact]:
    """Return all facts of a register with these documents, by the verifier's recomputation."""
    accepted = [accepted_document(exchange, one) for exchange, one in [*documents.listings(), *documents.trades()]]
    values = expected_facts(accepted, register_settings(whitelist, CUT_AT).content, register)
    return [
        parse_fact(topic, key, json.dumps({"generation": 1, "seq": seq, **value}).encode())
        for name, value in values.items()
        for topic, _, key in [name.partition("/")]
        if topic in (FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL)
    ]


def accepted_document(exchange: str, document: Document) -> AcceptedDocument:
    """Return the fields of the document's event on which facts depend."""
    data = {
        "revision": document.revision,
        "status": document.status,
        "provider": _party(document.provider),
        "origin_exchange": document.origin_exchange,
    }
    if isinstance(document, Listing):
        data |= {"listing_no": document.listing_no, "listed_at": format_time(document.listed_at)}
        return AcceptedDocument("listing", exchange, data)
    data |= {
        "trade_no": document.trade_no,
        "mode": document.mode,
        "listing_no": document.listing_no,
        "buyer": _party(document.buyer),
        "amount": format_yuan(document.amount_fen),
        "refunded": format_yuan(document.refunded_fen),
        "completed_at": format_time(document.completed_at),
    }
    return AcceptedDocument("trade", exchange, data)


def earned_awards(facts: Iterable[Fact], exchanges: Whitelist, policy: Policy) -> list[Award]:
    """Return every award that has a ceiling."""
    known = KnownFacts(facts)
    found = [one for s, party in known.parties.items() for one in subject_awards(party, known.of(s), policy)]
    for exchange, totals in known.exchanges.items():
        found += exchange_awards(exchange, ExchangeFacts(totals, exchanges), policy)
    return found


def awards_of(facts: Iterable[Fact], exchanges: Whitelist, policy: Policy) -> dict[str, dict[str, Any]]:
    """Return awards in the API's form, by award_id, without the fields that need a ledger."""
    found = with_payables(earned_awards(facts, exchanges, policy), policy, PayableInputs())
    return {one.award_id: _award(one) for one in found}


def _award(one: Award) -> dict[str, Any]:
    id_scheme, _, subject_id = one.subject.partition(":")
    return {
        "award_id": one.award_id,
        "rule": one.rule,
        "article": one.article,
        "subject": {"id_scheme": id_scheme, "id": subject_id, "name": one.subject_name},
        "exchange": one.exchange,
        "year": one.year,
        "base": format_yuan(one.base_fen),
        "rate": None if one.rate is None else str(one.rate),
        "cap": None if one.cap_fen is None else format_yuan(one.cap_fen),
        "ceiling": format_yuan(one.ceiling_fen),
        "payable": format_yuan(one.payable_fen),
        "suppressed_by": one.suppressed_by,
        "flags": list(one.flags),
    }


def _party(party: Party) -> dict[str, str]:
    return {"id_scheme": party.id_scheme, "id": party.id, "name": party.name}
