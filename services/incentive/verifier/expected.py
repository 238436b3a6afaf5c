"""Awards that documents earn: an oracle for the demonstration, the fault campaign and property tests.

It builds registers of the documents in memory and applies the functions that check an extract. It is not part of the
joined `verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .awards import entitlements
from .facts import about_of_fact, fact_keys, listing_fact, recompute_fact
from .payables import CompetingAward, payables
from .policy import ExchangeWhitelist, PolicyValues
from .registers import RegisterEvidence, read_document
from .risk_flags import red_flags_on
from .values import DocumentKey, Json


class AcceptedDocument(NamedTuple):
    """A document that a register accepted: `listing` or `trade`, the exchange, and the event's `data`.

    `record_us` is the Kafka timestamp of the revision's first record; None: no trade is future-dated.
    """

    kind: str
    exchange: str
    data: Json
    record_us: int | None = None


class ExpectedAward(NamedTuple):
    """An award over zero; amounts in fen. `flags`: those that follow from the facts about its subject or exchange."""

    rule: str
    subject: str
    exchange: str | None
    year: int
    base: int
    ceiling: int
    payable: int
    suppressed_by: str | None
    flags: tuple[str, ...]


def expected_facts(documents: Iterable[AcceptedDocument], settings: Json, register: str = "r1") -> dict[str, Json]:
    """The facts that documents make, by name, without `generation` and `seq`.

    `documents` are in order of acceptance. `settings` has the whitelist's `exchanges` and the totals' `cut_at`.
    """
    listings, trades = RegisterEvidence("listings", "listing"), RegisterEvidence("trades", "trade")
    for one in (listings, trades):
        one.add_settings(0, settings)
        one.size = 1
    numbers: dict[DocumentKey, None] = {}
    for kind, exchange, data, record_us in documents:
        one = listings if kind == "listing" else trades
        one.add_document(read_document(one.size, kind, exchange, data, record_us))
        one.size += 1
        if kind == "listing":
            numbers[exchange, data["listing_no"]] = None
    for exchange, number in numbers:
        trades.add_listing_fact(trades.size, listing_fact(listings, listings.size, exchange, number))
        trades.size += 1
    return {
        f"{topic}/{register}/{rest}": recompute_fact(one, topic, rest, one.size)
        for one in (listings, trades)
        for topic, rest, _ in fact_keys(one)
    }


def expected_awards(facts: Mapping[str, Json], settings: Json, policy_tree: Json) -> dict[str, ExpectedAward]:
    """The awards over zero that facts of all registers earn, by award id.

    `policy_tree` is the policy file's content with every leaf as text (`yaml.BaseLoader`).
    """
    policy, whitelist = PolicyValues(policy_tree), ExchangeWhitelist(settings)
    facts_about: dict[str, list[Json]] = {}
    for name, value in facts.items():
        fact = {"topic": name.split("/")[0], "fact": name, "generation": 1, "seq": 0, "value": value}
        facts_about.setdefault(about_of_fact(name), []).append(fact)
    found: dict[str, Json] = {}
    for about, known in facts_about.items():
        for award_id, award in entitlements(about, known, policy, whitelist).items():
            found[award_id] = {**award, "flags": (*award["flags"], *red_flags_on(award, known, policy))}
    competing = [
        CompetingAward(
            award_id, one["rule"], one["ceiling"], (one["subject"], one["year"]), one["cap"] or 0, "", 0, False
        )
        for award_id, one in found.items()
    ]
    payable = payables(competing, policy, {})
    return {
        award_id: ExpectedAward(
            one["rule"], one["subject"], one["exchange"], one["year"], one["base"], one["ceiling"],
            *payable[award_id], one["flags"],
        )
        for award_id, one in found.items()
        if one["ceiling"]
    }  # fmt: skip
