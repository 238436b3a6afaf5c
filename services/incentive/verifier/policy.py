"""The policy files and whitelists that were in force."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta

from .bundle import Bundle, check_log
from .proofs.merkle import TreeLeaf, leaf_hash
from .proofs.signatures import SignedCheckpoint
from .report import Unsound
from .values import Json, Span, canonical, day_us, days_span, fen, instant, is_within

PolicyRevision = tuple[str, int]  # id, revision

SETTINGS_FILE, ENTERED_FILE = "policy/settings.json", "policy/settings.ndjson"
TRANSACTION_FIELDS = {
    "seq", "posted_at", "kind", "award_id", "amount", "entries", "policy", "article", "cause", "decision",
}  # fmt: skip
DECLARED = "declared"  # the topic of the bureau's declarations, which are facts of no register
REVISION_1 = "one_subject_one_year_all_rewards"  # the name of the reading all_compete in revision 1
ELIGIBLE_NOW = "day_of_application"  # the name in revision 2 of what was computed as things stand now
# How often a declared reward is earned, and of what.
FIELDS_OF_READINGS = {
    "once_for_each_subject": {"per": "subject"},
    "once_for_each_item": {"per": "item"},
    "first_over_the_whole_life": {"earned": "first"},
    "once_under_this_policy": {"earned": "once"},
    "rate_for_each_year": {"earned": "yearly"},
    "rate_once": {"earned": "once"},
    "within_a_limit_of_the_year": {"earned": "once", "per": "item"},
    "once_for_each_provider": {"earned": "once", "per": "subject"},
    "each_by_itself": {"earned": "once", "per": "item"},
}
COMPARED_FIELDS = (
    "amount",
    "at_most",
    "at_least",
    "rate",
    "cap",
    "years",
    "tiers",
    "steps",
    "amounts",
    "most",
    "per",
    "item",
    "kind",
)


class ExchangeWhitelist:
    """Exchanges, when each counts, and who operates it when; days in Shanghai, half-open."""

    def __init__(self, content: Json) -> None:
        self.exchanges: dict[str, Json] = {one["id"]: one for one in content["exchanges"]}
        self._periods = {name: days_span(one["from"], one["until"]) for name, one in self.exchanges.items()}

    def counts(self, exchange: str, at_us: int) -> bool:
        return exchange in self._periods and is_within(at_us, self._periods[exchange])

    def operators_of(self, exchange: str) -> set[str]:
        """The subjects that operate an exchange at some time."""
        return {f"uscc:{one['uscc']}" for one in self.exchanges.get(exchange, {}).get("operators", ())}

    def operator_on(self, exchange: str, day: date) -> Json | None:
        operators: list[Json] = self.exchanges.get(exchange, {}).get("operators", [])
        for operator in operators:
            if is_within(day_us(day), days_span(operator["from"], operator["until"])):
                return operator
        return None


def with_fields_of_readings(rule: Json) -> Json:
    """A declared rule with the fields that its readings set."""
    found = dict(rule)
    for one in rule.get("readings", ()):
        found.update(FIELDS_OF_READINGS.get(one["reading"], {}))
    return found


class PolicyValues:
    """The values of a policy file; every leaf of `tree` is text, as the file has it."""

    def __init__(self, tree: Json) -> None:
        self.id, self.revision = tree["id"], int(tree["revision"])
        self.document_no, self.title = tree["document_no"], tree["title"]["zh"]
        self.rules = {rule["rule"]: rule for rule in tree["rules"]}
        declared = tree.get("declared", {})
        self.declared = {rule["rule"]: with_fields_of_readings(rule) for rule in declared.get("rules", ())}
        self.limits = {limit["limit"]: limit for limit in declared.get("limits", ())}
        self.pools = {pool["pool"]: fen(pool["annual"]) for pool in declared.get("pools", ())}
        self._terms: dict[str, Json] = {**self.rules, **self.declared}
        self.order = list(self._terms)
        self.readings = {
            rule: [one["reading"] for one in terms.get("readings", ())] for rule, terms in self._terms.items()
        }
        self.red_flags = {one["sign"]: one["numbers"] for one in tree.get("signs", ())}
        general = tree["general"]
        self.readings["general"] = [one["reading"] for one in general.values()]
        self.in_force: Span = days_span(general["in_force"]["from"], general["in_force"]["until"])
        alternative = general["in_force"]["alternative"]
        self.alternative: Span = days_span(alternative["from"], alternative["until"])
        self.closing_day = general["period_closing"]["day"]
        self.rounding: str = general["rounding"]["reading"]
        self.same_matter: list[str] = general["highest_only"].get("same_matter", [])
        highest_only = general["highest_only"]["reading"]
        self.highest_only = "all_compete" if highest_only == REVISION_1 else highest_only
        self.highest_only_scope = general.get("highest_only_scope", {}).get("reading", "year")
        self._has_allowances_apart = general.get("allowance", {}).get("reading", "persons") == "persons"
        vouchers = general.get("voucher_limits", {})
        self._limits_together: list[str] = vouchers["together"] if vouchers.get("reading") == "together" else []
        self.other_grants = general.get("other_grants", {}).get("reading", "highest")
        self.limits_cut = general.get("limits", {}).get("reading", "ceilings")
        self.items = general.get("items", {}).get("reading", "each_subject")
        self.operators_ladder = general.get("operators_ladder", {}).get("reading", "approvals")
        self.steps = general.get("steps", {}).get("reading", "ceilings")
        self.holds_open_years = general.get("open_years", {}).get("reading", "not_held") == "held"
        notice = general.get("public_notice", {})
        self.public_notice: str = notice.get("reading", "first_and_last_day_included")
        self.notice_working_days = int(notice.get("working_days", 0))
        looked_at = general.get("eligibility_day", {}).get("reading", ELIGIBLE_NOW)
        self.eligibility_day = "present" if looked_at == ELIGIBLE_NOW else looked_at
        self.budget = fen(general["budget"]["annual"])
        self.statements: Json | None = tree.get("statements")
        self.frees_recovered = general.get("recovered_money", {}).get("reading", "frees_room") == "frees_room"
        # The sum above which another person confirms a table of declarations; None: none is needed.
        second = general.get("second_person", {})
        self.confirmed_above = fen(second["above"]) if second.get("reading") == "above_a_sum" else None
        self.budget_counts: str = general["budget"]["reading"]
        self.budget_order: str = general.get("budget_order", {}).get("reading", "order_of_approval")

    def least_payable(self, rule: str) -> int:
        """The amount below which nothing is paid of what a limit leaves."""
        is_after = rule in self.declared and self.reads(rule, "minimum_after_limits")
        return fen(self.declared[rule].get("at_least", "0")) if is_after else 0

    def kind_of(self, rule: str) -> str:
        """The kind of a rule (G6): its own name if the file names none, or an allowance is the employer's."""
        kind: str = self._terms.get(rule, {}).get("kind", rule)
        return kind if kind != "none" or self._has_allowances_apart else rule

    def limits_of(self, rule: str) -> list[str]:
        """The limits of a declared rule; of those that are one, all rules have the greatest."""
        named: list[str] = list(self.declared.get(rule, {}).get("limits", ()))
        if named and self.reads(rule, "each_by_itself"):
            return []
        if set(named) & set(self._limits_together):
            greatest = max(self._limits_together, key=lambda limit: fen(self.limits[limit]["most"]))
            named += [greatest] if greatest not in named else []
        return named

    def reads(self, rule: str, name: str) -> bool:
        """Return True if the file names that reading of a rule."""
        return name in self.readings[rule]

    def shares_items(self, rule: str) -> bool:
        """Return True if an item of a declared rule has one amount, whoever declares it (G11)."""
        terms = self.declared[rule]
        return self.items == "whoever_declares" and "item" in terms and terms["per"] == "item"

    def ceiling_limits(self, rule: str) -> list[str]:
        """The limits that cut the ceilings of a declared rule: those of an item, and in revision 1 all."""
        return [
            name for name in self.limits_of(rule) if self.limits_cut == "ceilings" or self.limits[name]["per"] == "item"
        ]

    def payable_limits(self, rule: str) -> dict[str, int]:
        """The limits over several items that cut the payables of a rule, with their amounts."""
        cut = self.ceiling_limits(rule)
        return {name: fen(self.limits[name]["most"]) for name in self.limits_of(rule) if name not in cut}

    def article(self, rule: str) -> str | None:
        """The article of a rule; None if the file has no such rule."""
        article: str | None = self._terms[rule]["article"] if rule in self._terms else None
        return article

    def closes_at(self, year: int) -> int:
        """The instant at which the closing day of a year is over."""
        month, day = self.closing_day.split("-")
        return day_us(date(year + 1, int(month), int(day)) + timedelta(days=1))

    def for_comparison(self) -> Iterator[str]:
        """Yield `article rule: values` for a person to compare with the policy's text."""
        for name, terms in {**self._terms, **self.limits}.items():
            values = {field: terms[field] for field in COMPARED_FIELDS if field in terms}
            yield f"{terms['article']} {name}: " + json.dumps(values, ensure_ascii=False).replace('"', "")


class SettingsHistory:
    """Every policy that was in force, and the last policy and whitelist (None: nothing was ever posted).

    `registers`: the registers whose facts counted at last; None: all that publish. `entered`: by seq, the ledger's
    transactions that put settings in force; `not_entered`: how many settings are older than such transactions.
    """

    def __init__(self, bundle: Bundle, manifest: Json, checkpoint: SignedCheckpoint) -> None:
        self.policies: dict[PolicyRevision, PolicyValues] = {}
        self.policy: PolicyValues | None = None
        self.whitelist: ExchangeWhitelist | None = None
        self.registers: list[str] | None = None
        self.entered = read_entered(bundle, manifest, checkpoint)
        self.not_entered = 0
        self._begins: list[int] = []
        self._in_force: list[PolicyRevision] = []
        self._listed: list[Json] = []
        left = {item["posted_at"]: item for item in self.entered.values()}
        digests: dict[PolicyRevision, str] = {}
        for one in bundle.json(SETTINGS_FILE):
            self.policy, self.whitelist = read_policy(bundle, one["policy"]), read_whitelist(bundle, one["whitelist"])
            revision = self.policy.id, self.policy.revision
            self.policies[revision] = self.policy
            self.registers = one.get("registers")
            item = left.pop(one["recorded_at"], None)
            self._check_entered(one, item)
            if item is not None and digests.setdefault(revision, one["policy"]["sha256"]) != one["policy"]["sha256"]:
                raise Unsound("同一版本施行过两份不同的文件", "one revision with other bytes", file=SETTINGS_FILE)
            self._begins.append(one["from_seq"])
            self._in_force.append(revision)
            self._listed.append(one)
        if left or self._begins != sorted(self._begins):
            raise Unsound("与台账施行的次序或次数不符", "not all that the ledger put in force", file=SETTINGS_FILE)

    def _check_entered(self, one: Json, item: Json | None) -> None:
        """Compare settings with their transaction in the ledger; only the first settings of all may have none."""
        if item is None and self.not_entered == len(self._begins):
            self.not_entered += 1
            return
        policy = {name: one["policy"][name] for name in ("id", "revision", "sha256")}
        whitelist = {"sha256": one["whitelist"]["sha256"]}
        expected = {"policy": policy, "whitelist": whitelist, "registers": one["registers"]}
        if item is None or item["settings"] != expected or item["seq"] != one["from_seq"]:
            raise Unsound("台账没有如此施行", "not what the ledger put in force", file=SETTINGS_FILE)

    def policy_at(self, seq: int) -> PolicyRevision | None:
        """The policy revision in force at a transaction."""
        place = bisect_right(self._begins, seq)
        return self._in_force[place - 1] if place else None

    def listed_at(self, seq: int) -> Json:
        """The settings in force at a transaction, as they are listed."""
        return self._listed[bisect_right(self._begins, seq) - 1]

    def counts(self, fact: str) -> bool:
        """Return True if the fact of that name counts."""
        topic, register = fact.split("/")[:2]
        return self.registers is None or topic == DECLARED or register in self.registers

    def in_force(self) -> tuple[PolicyValues, ExchangeWhitelist]:
        """The policy and whitelist that awards were last computed by."""
        if self.policy is None or self.whitelist is None:
            raise Unsound("没有在用的政策", "no policy was in force")
        return self.policy, self.whitelist


def read_entered(bundle: Bundle, manifest: Json, checkpoint: SignedCheckpoint) -> dict[int, Json]:
    """The transactions that put settings in force, by seq, checked against the ledger's signed root hash.

    Extracts of earlier versions have none.
    """
    entered: dict[int, Json] = {}
    if ENTERED_FILE not in manifest["files"]:
        return entered

    def leaves() -> Iterator[TreeLeaf]:
        for item, line in bundle.items(ENTERED_FILE, lambda item: item["seq"]):
            if not is_settings(item):
                raise Unsound("不是施行政策的一笔", "not a transaction that puts settings in force")
            if item["seq"] >= manifest["size"] or instant(item["posted_at"]) > instant(manifest["as_of"]):
                raise Unsound("不在所求范围内", "outside the requested range")
            entered[item["seq"]] = item
            yield item["seq"], leaf_hash(line)

    check_log(bundle, (ENTERED_FILE, "policy/settings.proof.json"), checkpoint, leaves(), ())
    return entered


def is_settings(item: Json) -> bool:
    """Return True if a transaction puts settings in force: it names its policy, and posts nothing for no award."""
    policy = item.get("settings", {}).get("policy", {})
    return (
        set(item) == TRANSACTION_FIELDS | {"settings"}
        and item["kind"] == "settings"
        and item["award_id"] is item["article"] is item["decision"] is None
        and (item["amount"], item["entries"], item["cause"]["facts"]) == ("0.00", [], [])
        and item["policy"] == {"id": policy.get("id"), "revision": policy.get("revision")}
    )


def read_policy(bundle: Bundle, named: Json) -> PolicyValues:
    source = bundle.read(named["file"])
    if hashlib.sha256(source).hexdigest() != named["sha256"]:
        raise Unsound("不是当时在用的政策文件", "not the policy file that was in force")
    values = bundle.json(named["values"])
    check_values(values, source.decode())
    found = PolicyValues(values)
    if (found.id, found.revision) != (named["id"], named["revision"]):
        raise Unsound("版本不符", "wrong revision")
    return found


def read_whitelist(bundle: Bundle, named: Json) -> ExchangeWhitelist:
    content = bundle.json(named["file"])
    if hashlib.sha256(canonical(content)).hexdigest() != named["sha256"]:
        raise Unsound("不是当时在用的名录", "not the whitelist that was in force")
    return ExchangeWhitelist(content)


def check_values(value: object, source: str) -> None:
    """Unsound unless every text of the values is found in the policy file itself."""
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            check_values(inner, source)
    elif not isinstance(value, str) or not all(word in source for word in value.split()):
        raise Unsound("政策文件中没有此值", "the policy file has no such value", f"{value:.60}")
