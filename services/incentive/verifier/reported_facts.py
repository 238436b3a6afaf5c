"""The facts in the extract, each compared with its recomputation from the documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

from .bundle import Bundle, viewer_of
from .facts import about_of_fact, fact_keys, listing_fact, recompute_fact
from .ledger import LedgerLog
from .policy import DECLARED, SettingsHistory
from .registers import RegisterEvidence
from .report import Unsound
from .rules import FIRST_LISTING
from .storage.disk import DiskTable, packed, unpacked
from .values import Json, canonical, subject_of

RegistersByName = dict[tuple[str, str, int], RegisterEvidence]  # listings or trades, register, generation
FACTS_FILE = "facts.ndjson"
NOT_COMPARED = {"generation", "seq", "party"}
# A fact has content if any of these fields is not empty.
CONTENT_FIELDS = ("first", "annulled", "cancelled", "buckets", "by_exchange", "counterparties", "repeated", "operators")


class ReportedFacts:
    """The facts of the extract by what they are about (a subject, or `exchange/<id>`).

    They are kept on disk. `recomputed` counts facts that agree; `of_former` and `of_replaced` those of a former
    generation and of a replaced register.
    """

    def __init__(self, bundle: Bundle, manifest: Json, settings: SettingsHistory, registers: RegistersByName) -> None:
        self.count = self.recomputed = self.of_former = self.of_replaced = 0
        self._declared = DiskTable(bundle.store, "award_id TEXT, seq INTEGER, sha256 TEXT", "award_id")
        # The items of declarations by rules that reward the item itself.
        self._items = DiskTable(bundle.store, "subject TEXT, item TEXT", "subject, item", "item, subject")
        self._has_items = False
        self._settings, self._not_asked = settings, manifest.get("registers_not_asked", ())
        self._facts = DiskTable(bundle.store, "about TEXT, fact BLOB", "about")
        self._last: tuple[str, list[Json]] = ("", [])  # those asked for last
        self._progress = bundle.progress
        self._viewer, self._registers = viewer_of(manifest["request"]), registers
        for item, _ in bundle.items(FACTS_FILE, lambda fact: fact["fact"].encode()):
            self._check(item)
            item["topic"] = item["fact"].split("/")[0]
            self._facts.add(about_of_fact(item["fact"]), packed(item))
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
        self._declared.add(award_id, value["seq"], hashlib.sha256(canonical(value)).hexdigest())
        policy, _ = self._settings.in_force()
        if "item" in policy.declared.get(value["rule"], ()):
            self._items.add(subject, value["item"])
            self._has_items = True

    def _compare(self, value: Json, expected: Json) -> None:
        if self._viewer is not None and "party" in value:
            # The name may come from a document of another exchange.
            expected = {**expected, "party": {**expected["party"], "name": value["party"]["name"]}}
        if value != expected:
            fields = [name for name in sorted({*value, *expected}) if value.get(name) != expected.get(name)]
            raise Unsound("与文档重算不符", "differs from its recomputation from the documents", ", ".join(fields))

    def abouts(self, without: str = "") -> Iterator[str]:
        """The subjects and exchanges with facts, in order of the first, except those that a statement selects."""
        rest = f"WHERE about NOT IN ({without})" if without else ""
        return (about for (about,) in self._facts.rows("about", f"{rest} GROUP BY about ORDER BY min(rowid)"))

    def place_of(self, about: str) -> int:
        """The place of the first fact about a subject or an exchange, by which `abouts` are in order; 0: none."""
        row = self._facts.row("min(rowid)", "WHERE about = ?", about)
        return 0 if row is None or row[0] is None else row[0]

    def of(self, about: str) -> list[Json]:
        """The facts about a subject or an exchange, each with its topic; not to be changed."""
        if self._last[0] != about:
            rows = self._facts.rows("fact", "WHERE about = ? ORDER BY rowid", about)
            self._last = about, [unpacked(fact) for (fact,) in rows]
        return self._last[1]

    def value_of(self, fact: str) -> Json | None:
        """The value of the fact of that name; None if the extract does not have it."""
        return next((one["value"] for one in self.of(about_of_fact(fact)) if one["fact"] == fact), None)

    def sharing_with(self, subject: str) -> list[Json]:
        """The declarations of other subjects that share an item with one, directly or through others."""
        if not self._has_items:
            return []
        subjects, items = {subject}, [subject]
        for of_it in items:
            for (item,) in list(self._items.rows("item", "WHERE subject = ? ORDER BY rowid", of_it)):
                new = {one for (one,) in self._items.rows("subject", "WHERE item = ?", item)} - subjects
                subjects |= new
                items.extend(sorted(new))
        return [fact for one in items[1:] for fact in self.of(one) if fact["topic"] == DECLARED]

    def check_declarations(self, ledger: LedgerLog, is_all: bool) -> tuple[int, int]:
        """Compare declarations with the ledger's hashes; return how many were shown and how many not.

        `is_all`: none may be missing on either side.
        """
        shown = count = 0
        for award_id, seq, sha256 in self._declared.rows("award_id, seq, sha256", "ORDER BY rowid"):
            count += 1
            posted = ledger.declared.get(award_id)
            if posted is None and not is_all:
                continue
            if posted is None or posted[1:] != (seq, sha256):
                raise Unsound("与台账所记的申报不符", "not the declaration in the ledger", award_id, file=FACTS_FILE)
            shown += 1
        if is_all:
            self._check_none_missing(ledger)
        return shown, count - shown

    def _check_none_missing(self, ledger: LedgerLog) -> None:
        missing = [
            (posted[0], award_id)
            for award_id, posted in ledger.declared.items()
            if self._declared.row("1", "WHERE award_id = ?", award_id) is None
        ]
        if missing:
            raise Unsound("缺少申报", "a declaration is missing", min(missing)[1], file=FACTS_FILE)

    def outdated(self, is_all: bool) -> tuple[int, str]:
        """How many facts no longer agree with their register's documents, and the first; `is_all`: missing ones too."""
        count, first = 0, ""
        for fact in self._outdated(is_all):
            count, first = count + 1, first or fact
        return count, first

    def _outdated(self, is_all: bool) -> Iterator[str]:
        for (_, name, generation), register in sorted(self._registers.items(), key=lambda one: one[0]):
            for number, (topic, rest, newest) in enumerate(fact_keys(register)):
                self._progress.at(FACTS_FILE, number)
                fact = f"{topic}/{name}/{rest}"
                reported = self.value_of(fact)
                if reported is None:
                    if is_all and any(map(recompute_fact(register, topic, rest, register.size).get, CONTENT_FIELDS)):
                        yield fact
                elif reported["generation"] != generation or newest >= reported["seq"]:
                    now = recompute_fact(register, topic, rest, register.size)
                    if any(now.get(name) != reported.get(name) for name in {*now, *reported} - NOT_COMPARED):
                        yield fact


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
