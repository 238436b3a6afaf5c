"""Worked cases of readings (tests/cases/readings): what is payable by the policy file, and by each alternative."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import yaml

from services.incentive.commands.what_if import Amounts, what_if
from services.incentive.domain.declared_rules import group_by_items
from services.incentive.domain.entitlements import KnownFacts, known_facts
from services.incentive.domain.facts import DECLARED, Declaration, DocumentRef, Fact, about_of, declaration_value
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.domain.payables.other_grants import OtherGrant
from services.incentive.policy.loader import load_policy
from services.incentive.store.rulebook import Rulebook
from services.incentive.verifier.awards import entitlements
from services.incentive.verifier.expected import expected_facts
from services.incentive.verifier.facts import about_of_fact
from services.incentive.verifier.payables import CompetingAward, MunicipalGrant, payables
from services.incentive.verifier.policy import ExchangeWhitelist, PolicyValues
from shared.events.decode import Accepted, decode
from shared.register.head import register_settings
from shared.settings import POLICY_FILE
from shared.values.money import parse_yuan
from shared.values.parties import Party
from shared.whitelist import Whitelist, load_whitelist, parse_whitelist
from tests.support.cases import EXCHANGES_FILE, FOLDER, TextLoader, amount, award_id, party, read_event, uscc
from tests.support.incentive.facts_in_memory import CUT_AT, Documents, accepted_document, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.incentive.policy.terms import Policy

IN_FORCE = "in_force"  # the policy file as it is
POLICY = load_policy(POLICY_FILE)

Payables = dict[str, int]  # fen over zero, by award_id


@dataclass(frozen=True)
class ReadingCase:
    """The whitelist, documents, declarations, approved amounts and other grants, and the payables by each reading.

    `payable` has `in_force`, and each alternative by its path in the file, or by `<path>=<name>` if it has several.
    """

    name: str
    exchanges: Whitelist
    documents: Documents
    declared: tuple[Declaration, ...]
    approved: Mapping[str, int]
    grants: Mapping[tuple[str, int], list[OtherGrant]]
    payable: Mapping[str, Payables]

    @property
    def readings(self) -> list[str]:
        return list(self.payable)

    def computed(self, reading: str) -> Payables:
        """The payables of the product, by a trial of the policy."""
        rulebook = Rulebook(POLICY, POLICY_FILE.read_text("utf-8"), self.exchanges)
        found = what_if(
            self._known(), rulebook, policy_by(reading), PayableInputs(self.grants, standing_fen=self.approved)
        )
        return _over_zero({case.award_id: case.after for case in found.cases})

    def verified(self, reading: str) -> Payables:
        """The payables of the verifier."""
        policy, whitelist = PolicyValues(tree_by(reading)), ExchangeWhitelist(self._settings)
        facts: dict[str, list[dict[str, Any]]] = {}
        for name, value in self._fact_values().items():
            fact = {"topic": name.split("/")[0], "fact": name, "generation": 1, "seq": 1, "value": value}
            facts.setdefault(about_of_fact(name), []).append(fact)
        days = {one.award_id: one.earned_on.isoformat() for one in self.declared}
        competing = [
            CompetingAward(
                award_id, one["rule"], one["ceiling"], (one["subject"], one["year"]), one["cap"] or 0,
                days.get(award_id, ""), self.approved.get(award_id, 0), False,
            )
            for about, known in facts.items()
            for together in [[*known, *_declared_of_others(facts, about)]]
            for award_id, one in entitlements(about, together, policy, whitelist).items()
        ]  # fmt: skip
        grants = {
            whose: [MunicipalGrant(one.name, one.amount_fen, "", one.rules, one.awards) for one in given]
            for whose, given in self.grants.items()
        }
        return {award_id: fen for award_id, (fen, _) in payables(competing, policy, grants).items() if fen}

    @property
    def _settings(self) -> dict[str, Any]:
        return register_settings(self.exchanges, CUT_AT).content

    def _facts(self) -> list[Fact]:
        return [*facts_of(self.documents, self.exchanges), *self.declared]

    def _known(self) -> list[tuple[str, KnownFacts]]:
        by_about: dict[str, list[tuple[int, Fact]]] = {}
        for place, fact in enumerate(self._facts()):
            by_about.setdefault(about_of(fact), []).append((place, fact))
        groups = group_by_items(self.declared, POLICY.item_rules)
        return [(about, known_facts(facts).with_linked(about, groups)) for about, facts in by_about.items()]

    def _fact_values(self) -> dict[str, Any]:
        accepted = [
            accepted_document(exchange, one) for exchange, one in (*self.documents.listings(), *self.documents.trades())
        ]
        declared = {one.ref.fact: json.loads(declaration_value(one)) for one in self.declared}
        return {**expected_facts(accepted, self._settings), **declared}


def reading_cases() -> list[ReadingCase]:
    """Return the cases of every file, in order of file names."""
    return [case for path in sorted((FOLDER / "readings").glob("*.yaml")) for case in _read(path.read_text("utf-8"))]


def policy_by(reading: str) -> Policy:
    """The policy file by a reading of a case. Raises KeyError if the file names no such reading."""
    path, _, name = reading.partition("=")
    if reading == IN_FORCE:
        return POLICY
    found = POLICY.with_reading(path, name) if name else POLICY.with_alternative(path)
    if found is None:
        raise KeyError(reading)
    return found


def alternatives() -> list[str]:
    """Every alternative that the policy file can choose, as cases name it."""
    others = [f"{one.path}={other.reading}" for one in POLICY.readings for other in one.others]
    return [*(one.path for one in POLICY.computable_readings), *others]


def _declared_of_others(facts: Mapping[str, list[dict[str, Any]]], about: str) -> Iterator[dict[str, Any]]:
    """The declarations about other subjects, which may share items."""
    for other, known in facts.items():
        if other != about:
            yield from (fact for fact in known if fact["topic"] == DECLARED)


def tree_by(reading: str) -> dict[str, Any]:
    """The content of the policy file with the reading written in place of the one in force, every leaf as text."""
    tree: dict[str, Any] = yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader)  # noqa: S506 - strings only
    path, _, name = reading.partition("=")
    if reading == IN_FORCE:
        return tree
    clause: Any = tree
    for part in path.split("."):
        clause = (
            clause[part]
            if isinstance(clause, dict)
            else next(one for one in clause if part in (one.get("rule"), one.get("question")))
        )
    if name:
        clause["reading"] = name
    else:
        clause.update({key: value for key, value in clause["alternative"].items() if key not in ("zh", "en")})
    return tree


def _read(text: str) -> Iterator[ReadingCase]:
    for found in yaml.load(text, Loader=TextLoader):  # noqa: S506 - a SafeLoader that knows fewer types
        if unknown := found.keys() - {
            "case",
            "operators",
            "until",
            "events",
            "declared",
            "approved",
            "grants",
            "payable",
        }:
            raise ValueError(f"unknown members {sorted(unknown)}")
        documents = Documents()
        for event in map(read_event, found.get("events", ())):
            outcome = decode(event.kind, event.exchange, json.dumps(event.document).encode(), [])
            assert isinstance(outcome, Accepted)
            documents.accept(event.exchange, outcome.document)
        yield ReadingCase(
            name=found["case"],
            exchanges=_whitelist(found.get("operators", {}), found.get("until", {})),
            documents=documents,
            declared=tuple(_declaration(*one) for one in found.get("declared", ())),
            approved=_amounts(found.get("approved", {})),
            grants=_grants(found.get("grants", ())),
            payable={reading: _amounts(amounts) for reading, amounts in found["payable"].items()},
        )


def _declaration(rule: str, whose: str, item: str, day: str, measure: dict[str, str] | None = None) -> Declaration:
    named = {name: amount(text) for name, text in (measure or {}).items()}
    return Declaration(
        generation=1,
        seq=1,
        party=Party(**party(whose)),
        rule=rule,
        item=item,
        earned_on=date.fromisoformat(day),
        measure=named,
        exchange=None,
        documents=(DocumentRef("材料.pdf", "0" * 64),),
        withdrawn=False,
        declared_by="bureau",
        declared_at=datetime(2029, 1, 1, tzinfo=UTC),
    )


def _whitelist(operators: Mapping[str, Mapping[str, str]], until: Mapping[str, str]) -> Whitelist:
    """The project's whitelist with other operators, each with its first day, and last days (exclusive), by exchange."""
    content: dict[str, Any] = json.loads(json.dumps(load_whitelist(EXCHANGES_FILE).canonical()))
    for one in content["exchanges"]:
        one["until"] = until.get(one["id"])
        if one["id"] in operators:
            days = [*operators[one["id"]].values(), None]
            one["operators"] = [
                {"uscc": uscc(name), "name": f"虚构运营主体 {name}", "from": begin, "until": end}
                for name, begin, end in zip(operators[one["id"]], days[:-1], days[1:], strict=True)
            ]
    return parse_whitelist(json.dumps(content))


def _amounts(found: Mapping[str, str]) -> Payables:
    return {award_id(short): parse_yuan(amount(text)) for short, text in found.items()}


def _grants(found: Iterable[Sequence[Any]]) -> dict[tuple[str, int], list[OtherGrant]]:
    grants: dict[tuple[str, int], list[OtherGrant]] = {}
    for number, (whose, year, yuan, named) in enumerate(found):
        awards = tuple(map(award_id, named.get("awards", ())))
        grant = OtherGrant(f"other_grant/{number}", parse_yuan(amount(yuan)), tuple(named.get("rules", ())), awards)
        grants.setdefault((Party(**party(whose)).subject, int(year)), []).append(grant)
    return grants


def _over_zero(found: Mapping[str, Amounts]) -> Payables:
    return {award_id: one.payable_fen for award_id, one in found.items() if one.payable_fen}
