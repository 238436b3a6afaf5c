"""The facts in the extract, each compared with its recomputation from the documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date

from .bundle import Bundle, viewer_of
from .facts import about_of_fact, fact_keys, listing_fact, recompute_fact
from .ledger import LedgerLog
from .policy import DECLARED, SettingsHistory
from .registers import RegisterEvidence
from .report import Unsound
from .rules import FIRST_LISTING
from .values import Json, canonical, subject_of

RegistersByName = dict[tuple[str, str, int], RegisterEvidence]  # listings or trades, register, generation
FACTS_FILE = "facts.ndjson"
NOT_COMPARED = {"generation", "seq", "party"}
# A fact has content if any of these fields is not empty.
CONTENT_FIELDS = ("first", "annulled", "cancelled", "buckets", "by_exchange", "counterparties", "repeated", "operators")


class ReportedFacts:
    """The facts of the extract by what they are about (a subject, or `exchange/<id>`).

    Lines are kept and parsed again where needed, as parsed values take ten times the memory. `recomputed` counts facts
    that agree; `of_former` and `of_replaced` those of a former generation and of a replaced register.
    """

    def __init__(self, bundle: Bundle, manifest: Json, settings: SettingsHistory, registers: RegistersByName) -> None:
        self.count = self.recomputed = self.of_former = self.of_replaced = 0
        self.declared: dict[str, tuple[int, str]] = {}
        self._items: dict[str, list[str]] = {}  # of rules whose amount is the item's, by subject
        self._with_item: dict[str, set[str]] = {}
        self._settings, self._not_asked = settings, manifest.get("registers_not_asked", ())
        self._lines: dict[str, list[bytes]] = {}
        self._viewer, self._registers = viewer_of(manifest["request"]), registers
        for item, line in bundle.items(FACTS_FILE, lambda fact: fact["fact"].encode()):
            self._check(item)
            self._lines.setdefault(about_of_fact(item["fact"]), []).append(line)
            self.count += 1

    def _check(self, item: Json) -> None:
        value = item["value"]
        topic, name, rest = item["fact"].split("/", 2)
        if (value["generation"], value["seq"]) != (item["generation"], item["seq"]):
            raise Unsound("版本与值不符", "its version is not that of its value")
        if not self._settings.counts(item["fact"]):
            raise Unsound("其登记簿当时不计", "its register did not count")
        if topic == DECLARED:
            self._check_declared(value, rest)
            return
        register = self._register_of("listings" if topic == FIRST_LISTING else "trades", name, value["generation"])
        if register is None:
            return
        if item["seq"] > register.size:
            raise Unsound("所依条目多于登记簿", "it depends on more entries than its register has")
        expected = recompute_fact(register, topic, rest, item["seq"])
        self._compare(value, {**expected, "generation": item["generation"], "seq": item["seq"]})
        self.recomputed += 1

    def _register_of(self, kind: str, name: str, generation: int) -> RegisterEvidence | None:
        """The register of a fact; None for a former generation or a replaced register, which no extract has."""
        register = self._registers.get((kind, name, generation))
        if register is None and name in self._not_asked:
            self.of_replaced += 1
        elif register is None:
            if (kind, name) not in {key[:2] for key in self._registers}:
                raise Unsound("核验包中没有其登记簿", "its register is not in the extract")
            self.of_former += 1
        return register

    def _check_declared(self, value: Json, rest: str) -> None:
        """Check a declaration's key and keep its hash for comparison with the ledger."""
        year, subject = date.fromisoformat(value["earned_on"]).year, subject_of(value["party"])
        if rest != f"{subject}/{value['rule']}/{year}/{value['item']}":
            raise Unsound("不是该键的申报", "not the declaration of its key")
        award_id = f"{value['rule']}/{subject}/{year}/{value['item']}"
        self.declared[award_id] = (value["seq"], hashlib.sha256(canonical(value)).hexdigest())
        policy, _ = self._settings.in_force()
        if "item" in policy.declared.get(value["rule"], ()):
            self._items.setdefault(subject, []).append(value["item"])
            self._with_item.setdefault(value["item"], set()).add(subject)

    def _compare(self, value: Json, expected: Json) -> None:
        if self._viewer is not None and "party" in value:
            # The name may come from a document of another exchange.
            expected = {**expected, "party": {**expected["party"], "name": value["party"]["name"]}}
        if value != expected:
            fields = [name for name in sorted({*value, *expected}) if value.get(name) != expected.get(name)]
            raise Unsound("与文档重算不符", "differs from its recomputation from the documents", ", ".join(fields))

    def abouts(self) -> Iterable[str]:
        return self._lines

    def of(self, about: str) -> list[Json]:
        """The facts about a subject or an exchange, each with its topic."""
        items = [json.loads(line) for line in self._lines.get(about, ())]
        return [{**item, "topic": item["fact"].split("/")[0]} for item in items]

    def value_of(self, fact: str) -> Json | None:
        """The value of the fact of that name; None if the extract does not have it."""
        return next((one["value"] for one in self.of(about_of_fact(fact)) if one["fact"] == fact), None)

    def sharing_with(self, subject: str) -> list[Json]:
        """The declarations of other subjects that share an item with one, directly or through others."""
        subjects, items = {subject}, [subject]
        for of_it in items:
            for item in self._items.get(of_it, ()):
                new = self._with_item[item] - subjects
                subjects |= new
                items.extend(sorted(new))
        return [fact for one in items[1:] for fact in self.of(one) if fact["topic"] == DECLARED]

    def check_declarations(self, ledger: LedgerLog, is_all: bool) -> tuple[int, int]:
        """Compare declarations with the ledger's hashes; return how many were shown and how many not.

        `is_all`: none may be missing on either side.
        """
        shown = 0
        for award_id, declared in self.declared.items():
            posted = ledger.declared.get(award_id)
            if posted is None and not is_all:
                continue
            if posted != declared:
                raise Unsound("与台账所记的申报不符", "not the declaration in the ledger", award_id, file=FACTS_FILE)
            shown += 1
        for award_id in ledger.declared if is_all else ():
            if award_id not in self.declared:
                raise Unsound("缺少申报", "a declaration is missing", award_id, file=FACTS_FILE)
        return shown, len(self.declared) - shown

    def outdated(self, is_all: bool) -> list[str]:
        """Facts that no longer agree with their register's documents; `is_all`: missing facts too."""
        found = []
        for (_, name, generation), register in sorted(self._registers.items()):
            for topic, rest, newest in fact_keys(register):
                fact = f"{topic}/{name}/{rest}"
                reported = next((one["value"] for one in self.of(about_of_fact(fact)) if one["fact"] == fact), None)
                if reported is None:
                    if is_all and any(map(recompute_fact(register, topic, rest, register.size).get, CONTENT_FIELDS)):
                        found.append(fact)
                elif reported["generation"] != generation or newest >= reported["seq"]:
                    now = recompute_fact(register, topic, rest, register.size)
                    if any(now.get(name) != reported.get(name) for name in {*now, *reported} - NOT_COMPARED):
                        found.append(fact)
        return found


def check_listing_facts(registers: RegistersByName) -> tuple[int, int]:
    """Compare trade-ingest's listing facts with the register of listings; return (compared, not comparable)."""
    compared = unknown = 0
    for (_, name, _), register in sorted(registers.items()):
        for content in register.listing_facts():
            generation, seq, key = content["generation"], content["seq"], (content["exchange"], content["listing_no"])
            listings = registers.get(("listings", name, generation))
            if listings is None:
                unknown += 1
                continue
            if content != {**listing_fact(listings, seq, *key), "generation": generation, "seq": seq}:
                file, which = f"evidence/{register.name}.ndjson", "/".join(key)
                raise Unsound("挂牌事实与挂牌登记簿不符", "a listing fact differs from the register", which, file=file)
            compared += 1
    return compared, unknown
