"""Awards: each recomputed from the facts, and compared with what is posted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

from .bundle import Bundle, has_all_awards, has_all_postings, is_by_subject, is_of_one_alone, viewer_of
from .ledger import BALANCES_FILE, AccountSums, LedgerLog
from .policy import ExchangeWhitelist, PolicyValues, SettingsHistory
from .readings import check_readings
from .report import Unsound
from .reported_facts import ReportedFacts
from .risk_flags import OF_OTHERS, red_flags_on
from .rooms import OF_ACTS
from .rules import RED_FLAG, annual_awards, declared_awards, first_awards, tier_awards
from .values import Json, fen, instant, party_json, subject_of, yuan

AWARDS_FILE, CONTEXT_FILE = "awards.ndjson", "context.ndjson"


class ReportedAwards:
    """The requested awards and those that compete with them, by id; lines, parsed again where needed."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._lines: dict[str, dict[str, bytes]] = {AWARDS_FILE: {}, CONTEXT_FILE: {}}
        for file, lines in self._lines.items():
            for item, line in bundle.items(file, lambda award: award["award_id"].encode()):
                if item["award_id"] in self:
                    raise Unsound("已在 awards.ndjson", "is in awards.ndjson, too")
                lines[item["award_id"]] = line

    def asked(self) -> Iterator[Json]:
        return self._parsed(AWARDS_FILE)

    def context(self) -> Iterator[Json]:
        return self._parsed(CONTEXT_FILE)

    def all(self) -> Iterator[Json]:
        return chain(self._parsed(AWARDS_FILE), self._parsed(CONTEXT_FILE))

    def _parsed(self, file: str) -> Iterator[Json]:
        for number, line in enumerate(self._lines[file].values(), 1):
            self._bundle.place = file, number
            yield json.loads(line)
        self._bundle.place = file, None

    def counts(self) -> tuple[int, int]:
        return len(self._lines[AWARDS_FILE]), len(self._lines[CONTEXT_FILE])

    def __contains__(self, award_id: str) -> bool:
        return any(award_id in lines for lines in self._lines.values())


def entitlements(
    about: str, facts: Sequence[Json], policy: PolicyValues, whitelist: ExchangeWhitelist
) -> dict[str, Json]:
    """Compute the awards that a subject's or exchange's facts earn, by award id; amounts in fen.

    `facts` are those about it, and declarations of subjects with which it shares items.
    """
    found: Iterable[Json] = ()
    if about.startswith("exchange/"):
        found = tier_awards(about.split("/", 1)[1], facts, policy, whitelist)
    elif about.startswith("uscc:"):
        found = chain(*(rule(about, facts, policy) for rule in (first_awards, annual_awards, declared_awards)))
    return {one["award_id"]: one for one in found}


def about_of(award: Json) -> str:
    """The subject, or `exchange/<id>`, whose facts an award follows from."""
    rule, _, rest = award["award_id"].partition("/")
    whose = rest.split("/")[0]
    return f"exchange/{whose}" if rule == "exchange_tiers" else whose


def check_awards(
    awards: ReportedAwards, facts: ReportedFacts, settings: SettingsHistory, manifest: Json
) -> tuple[int, int]:
    """Recompute every award, and check that none is missing; return how many were recomputed and how many not."""
    if settings.policy is not None:
        check_readings(settings.policy)
    recomputed = unknown = 0
    viewer = viewer_of(manifest["request"])
    for award in awards.all():
        if is_of_one_alone(manifest["request"]) and may_share_item(award, settings):
            unknown += 1
            continue
        if is_by_subject(manifest["request"]) and is_declared(award, settings):
            unknown += 1
            continue
        if is_unknown(award, facts, settings, viewer):
            if viewer is None:
                raise Unsound("核验包中没有它所依的事实", "the facts that it depends on are not in the extract")
            unknown += 1
            continue
        wrong = differing_fields(award, facts, settings, manifest)
        if wrong:
            raise Unsound("与事实重算不符", "differs from its recomputation from the facts", wrong)
        recomputed += 1
    if viewer is None and not manifest["left_out"].get("awards"):
        check_none_missing(awards, facts, settings, manifest["request"])
    return recomputed, unknown


def is_declared(award: Json, settings: SettingsHistory) -> bool:
    policy, _ = settings.in_force()
    return award["rule"] in policy.declared


def may_share_item(award: Json, settings: SettingsHistory) -> bool:
    """Return True if declarations of others with the same item may reduce the award (G11)."""
    policy, _ = settings.in_force()
    return is_declared(award, settings) and policy.shares_items(award["rule"])


def is_unknown(award: Json, facts: ReportedFacts, settings: SettingsHistory, viewer: str | None) -> bool:
    """Return True if the facts that the award depends on may not all be in the extract."""
    # Other declarations of the subject may name other exchanges, which an exchange does not see.
    is_hidden = is_declared(award, settings) and viewer is not None
    return award["partial"] or is_hidden or lacks_facts(award, facts, settings)


def lacks_facts(award: Json, facts: ReportedFacts, settings: SettingsHistory) -> bool:
    """Return True if facts in its evidence are missing; those of registers that no longer count prove nothing."""
    about = about_of(award)
    own = facts.of(about)
    known = {(fact["fact"], fact["generation"], fact["seq"]) for fact in [*own, *facts.sharing_with(about)]}
    counted = [one for one in award["evidence"] if settings.counts(one["fact"])]
    if any((one["fact"], one["generation"], one["seq"]) not in known for one in counted):
        return True
    return not own and len(counted) == len(award["evidence"])


def differing_fields(award: Json, reported: ReportedFacts, settings: SettingsHistory, manifest: Json) -> str:
    """The fields of the award that differ from its recomputation; empty if none does."""
    policy, whitelist = settings.in_force()
    about, as_of_us = about_of(award), instant(manifest["as_of"])
    facts = reported.of(about)
    found = entitlements(about, [*facts, *reported.sharing_with(about)], policy, whitelist).get(award["award_id"])
    names = names_of(about, facts, whitelist, award)
    if found is None and not all(settings.counts(one["fact"]) for one in award["evidence"]):
        names.add(award["subject"]["name"])  # cancelled while another register counted
    if award["subject"]["name"] not in names:
        return "subject.name"
    sees_red_flags = viewer_of(manifest["request"]) is None and not is_of_one_alone(manifest["request"])
    if found is not None and sees_red_flags:
        found["flags"] = found["flags"] + red_flags_on(found, facts, policy)
    expected = expected_nothing(award, policy) if found is None else expected_fields(found, award)
    expected["kind"] = policy.kind_of(award["rule"])
    shown = {**award, "flags": [flag for flag in award["flags"] if flag not in (*OF_ACTS, *OF_OTHERS)]}
    wrong = [name for name in sorted(expected) if shown[name] != expected[name]]
    if not wrong and instant(award["updated_at"]) > as_of_us:
        return "updated_at"
    return ", ".join(wrong)


def expected_fields(found: Json, award: Json) -> Json:
    """Return the values that a recomputed award must state."""
    return {
        **found,
        "base": yuan(found["base"]),
        "ceiling": yuan(found["ceiling"]),
        "cap": yuan(found["cap"]),
        "rate": None if found["rate"] is None else format(Decimal(found["rate"]), "f"),
        "subject": party_json((found["subject"], award["subject"]["name"])),
    }


def expected_nothing(award: Json, policy: PolicyValues) -> Json:
    """Return the values of an award that is no longer earned; it keeps its last exchange, year, rate and cap."""
    rule, _, rest = award["award_id"].partition("/")
    expected: Json = {
        "base": "0.00", "ceiling": "0.00", "payable": "0.00", "suppressed_by": None, "flags": [], "rule": rule,
        "policy": {"id": policy.id, "revision": policy.revision},
    }  # fmt: skip
    if policy.article(rule) is not None:
        expected["article"] = policy.article(rule)
    if rule != "exchange_tiers":
        expected["subject"] = party_json((rest.split("/")[0], award["subject"]["name"]))
    return expected


def names_of(about: str, facts: Sequence[Json], whitelist: ExchangeWhitelist, award: Json) -> set[str]:
    """The names that the award's subject may have."""
    if about.startswith("exchange/"):
        operators = whitelist.exchanges.get(award["exchange"], {}).get("operators", ())
        return {one["name"] for one in operators if one["uscc"] == award["subject"]["id"]}
    return {fact["value"]["party"]["name"] for fact in facts if fact["topic"] != RED_FLAG}


def check_none_missing(awards: ReportedAwards, facts: ReportedFacts, settings: SettingsHistory, request: Json) -> None:
    """Unsound if the facts earn an award that must be in the extract and is not."""
    is_all = has_all_awards(request) and has_all_postings(request)
    subjects = {subject_of(award["subject"]) for award in awards.asked()}
    for about in facts.abouts():
        of_it = [*facts.of(about), *facts.sharing_with(about)]
        for award_id, expected in entitlements(about, of_it, *settings.in_force()).items():
            is_wanted = is_all or expected["subject"] in subjects
            if is_wanted and award_id not in awards:
                raise Unsound("缺少应有的奖补", "an award that is earned is missing", award_id, file=AWARDS_FILE)


def check_posted(awards: ReportedAwards, ledger: LedgerLog, balances: AccountSums) -> None:
    """Check that the ceiling is posted on the account of the award's subject and year, and nothing on another."""
    posted = posted_by_award(balances)
    for award in awards.asked():
        if award["partial"]:
            continue
        account = f"entitlement:{subject_of(award['subject'])}:{award['award_id']}:{award['year']}"
        if account not in balances:
            raise Unsound("没有其主体与年度的账户", "no account of its subject and year", account)
        found = {"entitlement": 0, "approved": 0, "paid": 0, "returned": 0, "claim": 0}
        for where, balance in posted[award["award_id"]]:
            name = where.partition(":")[0]
            found[name] += balance
            if name == "entitlement" and where != account and balance != 0:
                raise Unsound("账户应为零", "the account should be zero", where, file=BALANCES_FILE)
        found["recovered"] = found["returned"] - found.pop("claim")
        for name, amount in found.items():
            if fen(award["ceiling" if name == "entitlement" else name]) != amount:
                raise Unsound("与台账余额不符", "differs from what is posted", name)
        if not fits_last_posting(award, ledger.awards.get(award["award_id"]), ledger.request):
            raise Unsound("与其末笔分录不符", "does not fit its last transaction")


def posted_by_award(balances: AccountSums) -> dict[str, list[tuple[str, int]]]:
    """The accounts of each award with their balances; those of what is paid and of claims are debits."""
    found: dict[str, list[tuple[str, int]]] = {}
    for account, (debit, credit) in balances.items():
        name, _, rest = account.partition(":")
        if name in ("entitlement", "approved", "paid", "returned", "claim"):
            award_id = (rest.rpartition(":")[0] if name == "entitlement" else rest).split(":", 2)[2]
            found.setdefault(award_id, []).append(
                (account, debit - credit if name in ("paid", "claim") else credit - debit)
            )
    return found


def fits_last_posting(award: Json, last: Json | None, request: Json) -> bool:
    """Return True if the award was posted and is not older than its last posting."""
    if last is None:
        return False
    is_undecided = not last["decided"] and has_all_postings(request)
    if is_undecided and award["state"] != "estimated":
        return False
    return instant(award["updated_at"]) >= instant(last["posted_at"])
