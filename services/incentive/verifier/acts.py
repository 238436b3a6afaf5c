"""Acts of persons: the comparison with the ledger's hashes, and states, amounts, holds and eligibility from them."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

from .awards import AwardPlace, ReportedAwards, about_of
from .budget import BudgetActs, BudgetApplicant, behind_the_line, wanted_of
from .bundle import Bundle, has_all_awards, has_all_postings, is_by_subject, viewer_of
from .history import POSTED_KINDS, SET_ASIDE, AwardHistory, is_earlier, is_same_person
from .ledger import ACTS_FILE, LedgerLog
from .payables import CompetingAward, MunicipalGrant, SubjectYear, payables
from .policy import PolicyValues, SettingsHistory
from .readings import calendar_days, check_period
from .report import Unsound
from .reported_facts import ReportedFacts
from .rooms import OF_ACTS, StandingAward, flags_of_excess
from .storage.disk import DiskDict, DiskStore, packed_object, sorted_on_disk, unpacked_object
from .values import NO_END, NO_START, Json, Span, day_us, fen, instant, local, subject_of, yuan

OUTCOMES = ("upheld", "partly", "dismissed")  # of an objection
CONDITIONS = (
    "civil_liability", "sound_accounts", "good_credit", "no_safety_accident", "no_environmental_accident",
)  # fmt: skip
# The kind of an act is known by the field that holds its id.
ACT_IDS = (
    "decision_id", "release_id", "hold_id", "eligibility_id", "suspension_id", "grant_withdrawal_id", "other_grant_id",
    "related_party_id", "year_closing_id", "service_id", "account_confirmation_id", "account_id",
    "declared_table_confirmation_id", "declared_table_discard_id", "declared_table_id",
    "access_link_revocation_id", "access_link_id",
)  # fmt: skip


class RecordedActs:
    """The consequences of the acts; of awards and subjects, on disk.

    `histories`: by award. `budgets`: what budgets know of them. `held`: award and kind of each hold in force.
    `suspended`: rule and period of each suspension in force. `grants`: of other policies, by subject and year.
    `year_acts`: by year, when it was closed (True) or reopened (False). `calendar_days`: the days that notices were
    counted by. `amounts_before`: by statement, the amounts of the award before the decision. `not_shown`: how many acts
    the reader may not see.
    """

    def __init__(self, store: DiskStore | None = None) -> None:
        self.store = store = store or DiskStore()
        self.histories: DiskDict[AwardHistory] = DiskDict(store, packed_object, unpacked_object)
        self.budgets = BudgetActs(store)
        self.held = HoldsInForce()
        self.suspended: dict[str, tuple[str, Span]] = {}
        self._grants: dict[tuple[str, int, str], MunicipalGrant] = {}
        self.eligible: DiskDict[list[tuple[str, Span]]] = DiskDict(store)
        self.year_acts: dict[int, list[tuple[int, bool]]] = {}
        self.calendar_days: set[str] = set()
        self.settings: SettingsHistory | None = None
        self.amounts_before: DiskDict[Json] = DiskDict(store)
        self.not_shown = 0
        self.accounts: dict[str, Json] = {}  # those not confirmed yet
        self.tables: dict[str, Json] = {}  # of declarations that wait for another person

    def take(self, kind: str, item: Json) -> None:
        """Apply one act; Unsound if it does not follow from those before."""
        if kind == "decision_id":
            self._take_step(item)
        elif kind == "hold_id":
            self.held.add(item["hold_id"], item["award_id"], item["kind"])
        elif kind == "release_id":
            self._release(item)
        elif kind == "eligibility_id":
            check_eligibility_record(item)
            known = self.eligible.get(item["subject"]) or []
            self.eligible[item["subject"]] = [*known, (item["status"], period_of(item))]
        elif kind == "suspension_id":
            self.suspended[item["suspension_id"]] = (item["rule"], period_of(item))
        elif kind == "other_grant_id":
            self._take_grant(item)
        elif kind == "grant_withdrawal_id":
            self._withdraw_grant(f"other_grant/{item['other_grant_id']}")
        else:
            self._take_other(kind, item)

    def _take_other(self, kind: str, item: Json) -> None:
        """Apply an act on a year, an account or a table of declarations; others change nothing that is checked here."""
        if kind == "year_closing_id":
            self.year_acts.setdefault(item["year"], []).append((instant(item["at"]), item["status"] == "closed"))
        elif kind == "account_id":
            self.accounts[item["account_id"]] = item
        elif kind.startswith("declared_table"):
            self._take_table(kind, item)
        is_confirmed = kind == "account_confirmation_id"
        if is_confirmed and is_same_person(item, self.accounts.pop(item["account_id"], item)):
            raise Unsound("账户未经另一人确认", "an account is not confirmed by another person")

    def _take_table(self, kind: str, item: Json) -> None:
        """A table of declarations over the policy's sum waits until it is discarded, or confirmed by another person."""
        if kind == "declared_table_id":
            policy = self._policy_at(item["transaction"])
            above = None if policy is None else policy.confirmed_above
            if above is None or fen(item["above"]) != above or fen(item["added"]) <= above:
                raise Unsound("申报表无须另一人确认", "a table of declarations that needed no other person")
            self.tables[item["declared_table_id"]] = item
            return
        table = self.tables.pop(item["declared_table_id"], None)
        if table is None:
            raise Unsound("没有待确认的申报表", "ends a table of declarations that does not wait")
        if kind == "declared_table_confirmation_id" and is_same_person(item, table):
            raise Unsound("申报表未经另一人确认", "a table of declarations is not confirmed by another person")

    def _release(self, item: Json) -> None:
        """Release a hold or lift a suspension; releases of an earlier version have no outcome."""
        held = self.held.pop(item["hold_id"])
        if not (held or self.suspended.pop(item["hold_id"], None)):
            raise Unsound("没有可解除的暂缓", "releases a hold that is not in force")
        if "outcome" in item and (item["outcome"] in OUTCOMES) != (held is not None and held[1] == "objection"):
            raise Unsound("异议的处理结果有误", "an objection without an outcome, or an outcome of another hold")

    def _take_grant(self, item: Json) -> None:
        """Each grant counts; only records of an earlier version, which lack a day, replace each other by name."""
        lacks_day = "granted_on" not in item
        if not lacks_day and not item["documents"]:
            raise Unsound("奖补没有依据文件", "a grant without a document")
        place = item["subject"], item["year"], f"earlier/{item['name']}" if lacks_day else item["other_grant_id"]
        self._grants[place] = MunicipalGrant(
            f"other_grant/{item['other_grant_id']}", fen(item["amount"]), item.get("granted_on", ""),
            item.get("rules", ()), item.get("awards", ()),
        )  # fmt: skip

    def _withdraw_grant(self, name: str) -> None:
        place = next((place for place, grant in self._grants.items() if grant.name == name and grant.amount), None)
        if place is None:
            raise Unsound("没有可撤回的奖补", "withdraws a grant that is not in force")
        del self._grants[place]

    @property
    def grants(self) -> dict[SubjectYear, list[MunicipalGrant]]:
        """The grants in force, by subject and year."""
        found: dict[SubjectYear, list[MunicipalGrant]] = {}
        for (subject, year, _), grant in self._grants.items():
            if grant.amount:
                found.setdefault((subject, year), []).append(grant)
        return found

    def history_of(self, award_id: str) -> AwardHistory:
        """The history of an award; that of no step if there is none."""
        return self.histories.get(award_id) or AwardHistory()

    def _take_step(self, step: Json) -> None:
        history = self.history_of(step["award_id"])
        if step.get("statement"):
            self.amounts_before[step["statement"]] = {
                name: yuan(getattr(history, name)) for name in ("approved", "paid", "returned", "recovered")
            }
        history.take(step)
        self.histories[step["award_id"]] = history
        if step["action"] in ("approve", "pay"):
            if self.manual_holds(step["award_id"]):
                raise Unsound("有暂缓时核定或拨付", "approved or paid in spite of a hold")
            applied_us = history.applied_us
            is_by_application = self.reading_at(step["transaction"]) == "application" and applied_us is not None
            day = local(applied_us).date() if is_by_application and applied_us is not None else None
            if self.eligibility(step["subject"], instant(step["at"]), day) != "verified":
                raise Unsound("未经资格审核而核定或拨付", "approved or paid without verified eligibility")
        self.budgets.take(step)

    def reading_at(self, seq: int) -> str:
        """The day as of which eligibility was looked at by the policy in force at a transaction (G8)."""
        policy = self._policy_at(seq)
        return "present" if policy is None else policy.eligibility_day

    def _policy_at(self, seq: int) -> PolicyValues | None:
        """The policy in force at a transaction; None if the extract does not say it."""
        revision = None if self.settings is None else self.settings.policy_at(seq)
        return None if self.settings is None or revision is None else self.settings.policies[revision]

    def eligibility(self, subject: str, at_us: int, day: date | None = None) -> str:
        """Return `verified` if a subject was it at an instant and on a day, by the last record that is valid then."""
        spans = [(at_us, at_us + 1)] + ([] if day is None else [(day_us(day), day_us(day + timedelta(days=1)))])
        found = {self._status_within(subject, span) for span in spans}
        return next((status for status in ("failed", "unverified") if status in found), "verified")

    def _status_within(self, subject: str, span: Span) -> str:
        found = [one for one, (start, end) in self.eligible.get(subject) or () if start < span[1] and span[0] < end]
        return found[-1] if found else "unverified"

    def is_closed(self, year: int, policy: PolicyValues, now_us: int) -> bool:
        """Return True if the last act on a year closed it, or its closing day has passed since (G14)."""
        acts, closes_at = self.year_acts.get(year, []), policy.closes_at(year)
        acted_at, closes = acts[-1] if acts else (closes_at - 1, False)
        return now_us >= closes_at if acted_at < closes_at <= now_us or not acts else closes

    def was_failed(self, subject: str, approved_us: int | None) -> bool:
        """Return True if the last record that is of the day of an approval (None: there is none) says failed."""
        if approved_us is None:
            return False
        ends_us = day_us(local(approved_us).date() + timedelta(days=1))
        found = [
            status for status, (start, end) in self.eligible.get(subject) or () if start < ends_us and approved_us < end
        ]
        return found[-1:] == ["failed"]

    def has_suspended(self, rule: str) -> bool:
        return any(whose == rule for whose, _ in self.suspended.values())

    def suspends(self, rule: str, earned: Span) -> bool:
        """Return True if a rule is suspended at some instant of a period."""
        periods = [period for whose, period in self.suspended.values() if whose == rule]
        return any(start < earned[1] and earned[0] < end for start, end in periods)

    def manual_holds(self, award_id: str) -> list[str]:
        kinds = self.held.kinds(award_id)
        return [kind for kind in ("manual", "objection") if kind in kinds]


class HoldsInForce:
    """The award and kind of each hold in force, by its id and by award."""

    def __init__(self) -> None:
        self._holds: dict[str, tuple[str, str]] = {}
        self._of_award: dict[str, list[str]] = {}

    def add(self, hold_id: str, award_id: str, kind: str) -> None:
        self._holds[hold_id] = (award_id, kind)
        self._of_award.setdefault(award_id, []).append(kind)

    def pop(self, hold_id: str) -> tuple[str, str] | None:
        """Award and kind of a hold, which is no longer in force; None if it was not."""
        held = self._holds.pop(hold_id, None)
        if held is not None:
            self._of_award[held[0]].remove(held[1])
        return held

    def kinds(self, award_id: str) -> list[str]:
        return self._of_award.get(award_id, [])


def read_acts(bundle: Bundle, ledger: LedgerLog, settings: SettingsHistory) -> RecordedActs:
    """Read the acts, each compared with the ledger; applied only where all of them are here."""
    acts, missing = RecordedActs(bundle.store), MissingActs()
    acts.settings = settings
    is_own = is_by_subject(ledger.request)
    is_whole = has_all_postings(ledger.request) and viewer_of(ledger.request) is None and not is_own
    left = ledger.acts()
    for item, line in bundle.items(ACTS_FILE, lambda act: act["transaction"]):
        posted = missing.until(item["transaction"], left)
        kind = next((name for name in ACT_IDS if name in item), None)
        if posted is None or kind is None or hashlib.sha256(line).hexdigest() != posted["decision"]["sha256"]:
            raise Unsound("与台账所载哈希不符", "differs from its hash in the ledger")
        check_posted_act(kind, item, posted)
        if kind == "decision_id" and item.get("notice") is not None:
            check_period(item["notice"]["from"], item["notice"]["until"], item["calendar"], ledger.policy_of(posted))
            acts.calendar_days.update(calendar_days(item["calendar"]))
        if is_whole:
            acts.take(kind, item)
    missing.until(None, left)
    acts.not_shown = missing.count if is_own else 0
    if missing.first is not None and not is_own:
        seq = missing.first
        raise Unsound(f"缺少第 {seq} 号分录的办理记录", f"the act of transaction {seq} is missing")
    return acts


class MissingActs:
    """The transactions of acts that the extract does not have: the first, and how many."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.count = 0
        self._next: tuple[int, Json] | None = None

    def until(self, seq: int | None, left: Iterator[tuple[int, Json]]) -> Json | None:
        """Return the transaction of an act, None if there is none, and note those before it; without `seq`, all."""
        while True:
            one, self._next = self._next or next(left, None), None
            if one is None:
                return None
            if seq is not None and one[0] >= seq:
                self._next = one if one[0] > seq else None
                return one[1] if one[0] == seq else None
            self.first = one[0] if self.first is None else self.first
            self.count += 1


def check_posted_act(kind: str, item: Json, posted: Json) -> None:
    """Compare an act with its transaction."""
    expected = ("decision", "0.00", item.get("award_id"))
    if kind == "decision_id":
        kind_of_posting = POSTED_KINDS.get(item["action"], "decision")
        amount = item["amount"] if item["action"] in POSTED_KINDS else "0.00"
        expected = (kind_of_posting, amount, item["award_id"])
    elif kind == "release_id":
        expected = ("decision", "0.00", posted["award_id"])
    elif kind == "service_id":
        expected = ("decision", "0.00", None)
    found = (posted["decision"]["id"], posted["posted_at"], posted["kind"], posted["amount"], posted["award_id"])
    if found != (item[kind], item["at"], *expected):
        raise Unsound("与其分录不符", "differs from its transaction")
    accounts = {entry["account"] for entry in posted["entries"]}
    whose = f"{item.get('subject')}:{item.get('award_id')}"
    budget = f"budget:{item.get('year')}"
    claim = "treasury" if is_earlier(item) else f"claim:{whose}"
    wanted = {
        "approval": {budget, f"approved:{whose}"},
        "payment": {f"paid:{whose}", "treasury"},
        "revocation": {f"approved:{whose}", budget},
        "return": {claim, f"returned:{whose}"},
        "recovery": {"treasury", f"claim:{whose}"},
        "decision": set(),
    }[posted["kind"]]
    if accounts != wanted:
        raise Unsound("账户不是其主体与年度的", "the accounts are not those of its subject and year")


def check_eligibility_record(item: Json) -> None:
    """Unsound unless a record of eligibility names what it needs; those of an earlier version have no `reason`."""
    if "reason" not in item:
        return
    criteria = item["criteria"]
    met = [name for name in CONDITIONS if criteria.get(name, {}).get("met") is True and criteria[name].get("basis")]
    if item["status"] == "verified":
        is_whole = len(met) == len(CONDITIONS) and item["kind_of_entity"] and item["until"] and item["documents"]
    else:
        is_whole = item["reason"] and any(one["met"] is False for one in criteria.values())
    if not is_whole or item["from"] is None or not set(criteria) <= set(CONDITIONS):
        raise Unsound("资格记录不完整", "a record of eligibility that lacks what it needs")


def day_of_eligibility(
    award: Json, history: AwardHistory, facts: ReportedFacts, policy: PolicyValues, now_us: int
) -> date | None:
    """The day as of which the conditions are looked at besides now: of the application, or when it was earned (G8)."""
    if policy.eligibility_day == "application":
        return None if history.applied_us is None else local(history.applied_us).date()
    if policy.eligibility_day == "day_earned":
        return local(min(earned_within(award, facts)[1] - 1, now_us)).date()
    return None


def period_of(item: Json) -> Span:
    """The period `from` .. `until` of an act; null: unbounded."""
    start, end = item["from"], item["until"]
    return (NO_START if start is None else instant(start), NO_END if end is None else instant(end))


def check_acts(
    awards: ReportedAwards, acts: RecordedActs, facts: ReportedFacts, settings: SettingsHistory, manifest: Json
) -> None:
    """Recompute state, amounts, eligibility, holds and flags of acts of every requested award from the acts.

    Left out where other awards may be missing: the budget hold and the flags of acts, as both depend on others.
    """
    policy, _ = settings.in_force()
    as_of_us = instant(manifest["as_of"])
    for (year, is_closed), place in awards.closings.items():  # in order of the places
        if is_closed != acts.is_closed(year, policy, as_of_us):
            awards.stand_at(place)
            raise Unsound("与办理记录重算不符", "differs from the acts", "period_closed")
    has_all = has_all_awards(manifest["request"])
    unknown = () if has_all else ("budget",)
    over = over_budget(awards, acts, facts, policy, as_of_us) if has_all else AwardFlags(acts.store)
    flags = flags_of_rooms(awards, acts, policy)
    for award in awards.asked():
        history = acts.history_of(award["award_id"])
        holds = expected_holds(award, history, over, acts, facts, policy, as_of_us)
        day = day_of_eligibility(award, history, facts, policy, as_of_us)
        expected = {
            "state": history.state,
            "approved": yuan(history.approved),
            "paid": yuan(history.paid),
            "returned": yuan(history.returned),
            "recovered": yuan(history.recovered),
            "eligibility": acts.eligibility(subject_of(award["subject"]), as_of_us, day),
            "holds": [kind for kind in holds if kind not in unknown],
        }
        reported = {**award, "holds": [kind for kind in award["holds"] if kind not in unknown]}
        wrong = [name for name in expected if reported[name] != expected[name]]
        if history.is_waived != ("waived" in award["flags"]):
            wrong.append("flags")
        found = {flag for flag in award["flags"] if flag in OF_ACTS}
        if knows_rooms(award, history, manifest["request"]) and found != flags.of(award["award_id"]):
            wrong.append("flags")
        if wrong:
            raise Unsound("与办理记录重算不符", "differs from the acts", ", ".join(wrong))


def check_payables(awards: ReportedAwards, acts: RecordedActs, facts: ReportedFacts, policy: PolicyValues) -> None:
    """Recompute the payable of every award from the ceilings and the acts, subject by subject."""
    wrong: AwardPlace | None = None
    grants = acts.grants
    for _, of_it in awards.by_subject():
        competing = []
        for place, award in of_it:
            awards.stand_at(place)
            if place.is_context:
                competing.append(context_award(award, facts, policy))
            else:
                competing.append(competing_award(award, acts, facts, policy))
        expected = payables(competing, policy, grants)
        for place, award in of_it:
            payable, suppressed_by = expected[award["award_id"]]
            if (award["payable"], award["suppressed_by"]) != (yuan(payable), suppressed_by):
                wrong = place if wrong is None else min(wrong, place)
    if wrong is not None:
        awards.stand_at(wrong)
        raise Unsound("可兑现额有误", "payable or suppressed_by does not follow from G6 and G11")


def competing_award(award: Json, acts: RecordedActs, facts: ReportedFacts, policy: PolicyValues) -> CompetingAward:
    whose = subject_of(award["subject"]), award["year"]
    history = acts.history_of(award["award_id"])
    is_aside = history.is_aside or (award["ceiling"] != "0.00" and is_suspended(award, acts, facts))
    return claim_of(award, facts, policy, history.outstanding[whose], is_aside)


def context_award(award: Json, facts: ReportedFacts, policy: PolicyValues) -> CompetingAward:
    """An award that only competes with requested ones: its acts are not in the extract, what it states of them is."""
    standing = fen(award["approved"]) - fen(award["returned"])
    is_aside = award["state"] in SET_ASIDE or "waived" in award["flags"] or "rule_suspended" in award["holds"]
    # A refused rise shows in nothing but the payable, which then is what stands.
    is_aside = is_aside or 0 < fen(award["payable"]) == standing < fen(award["ceiling"])
    return claim_of(award, facts, policy, standing, is_aside)


def claim_of(award: Json, facts: ReportedFacts, policy: PolicyValues, standing: int, is_aside: bool) -> CompetingAward:
    whose, day = (subject_of(award["subject"]), award["year"]), ""
    if award["ceiling"] != "0.00" and award["rule"] in policy.declared:
        day = local(earned_within(award, facts)[0]).date().isoformat()
    return CompetingAward(
        award["award_id"], award["rule"], fen(award["ceiling"]), whose, fen(award["cap"] or "0.00"), day, standing,
        is_aside,
    )  # fmt: skip


def is_suspended(award: Json, acts: RecordedActs, facts: ReportedFacts) -> bool:
    """Return True if an award was earned while its rule is suspended."""
    return acts.has_suspended(award["rule"]) and acts.suspends(award["rule"], earned_within(award, facts))


def knows_rooms(award: Json, history: AwardHistory, request: Json) -> bool:
    """Return True if every award that uses a room of this one is among the requested ones."""
    subjects = {subject_of(award["subject"]), *(subject for subject, _ in history.outstanding)}
    is_of_some = request["exchange"] or request["rules"]
    return not is_of_some and (not request["subjects"] or subjects <= set(request["subjects"]))


def flags_of_rooms(awards: ReportedAwards, acts: RecordedActs, policy: PolicyValues) -> AwardFlags:
    """The flags of awards whose rooms are exceeded; without decisions, of none."""
    flags = AwardFlags(acts.store)
    if not len(acts.histories):
        return flags
    rows = ((one.whose[0], number, packed_object(one)) for number, one in enumerate(room_uses(awards, acts)))
    for _, of_subject in groupby(sorted_on_disk(rows, 3), key=itemgetter(0)):
        for award_id, found in flags_of_excess([unpacked_object(one) for _, _, one in of_subject], policy).items():
            flags.add(award_id, found)
    return flags


class AwardFlags:
    """Flags of awards, on disk."""

    def __init__(self, store: DiskStore) -> None:
        self._flags: DiskDict[list[str]] = DiskDict(store)

    def add(self, award_id: str, flags: Iterable[str]) -> None:
        self._flags[award_id] = [*self.of(award_id), *flags]

    def of(self, award_id: str) -> set[str]:
        return set(self._flags.get(award_id) or ())

    def __contains__(self, award_id: object) -> bool:
        return isinstance(award_id, str) and award_id in self._flags


def room_uses(awards: ReportedAwards, acts: RecordedActs) -> Iterator[StandingAward]:
    """The standing amount of each award by subject and year, and its payable for the current one."""
    for award in awards.asked():
        history, current = acts.history_of(award["award_id"]), (subject_of(award["subject"]), award["year"])
        for whose in {current, *history.outstanding}:
            payable = fen(award["payable"]) if whose == current else 0
            yield StandingAward(
                award["award_id"], award["rule"], whose, payable, history.outstanding[whose],
                history.approved_in.get(whose, -1), acts.was_failed(whose[0], history.approved_us.get(whose)),
            )  # fmt: skip


def expected_holds(
    award: Json,
    history: AwardHistory,
    over: Container[str],
    acts: RecordedActs,
    facts: ReportedFacts,
    policy: PolicyValues,
    now_us: int,
) -> list[str]:
    """The holds of an award, in the contract's order; `over` are the awards that budgets hold."""
    day = day_of_eligibility(award, history, facts, policy, now_us)
    holds = [
        ("eligibility", acts.eligibility(subject_of(award["subject"]), now_us, day) != "verified"),
        ("budget", award["award_id"] in over),
        ("rule_suspended", is_suspended(award, acts, facts)),
        ("period_open", is_of_open_year(award, acts, policy, now_us)),
        ("assessment", lacks_assessment(award, facts, policy)),
    ]
    return [kind for kind, is_held in holds if is_held] + acts.manual_holds(award["award_id"])


def is_of_open_year(award: Json, acts: RecordedActs, policy: PolicyValues, now_us: int) -> bool:
    """Return True if an award is held because its amount is a total of a year that is not closed (G14)."""
    return award["ceiling"] != "0.00" and is_year_held(award["rule"], award["year"], acts, policy, now_us)


def is_year_held(rule: str, year: int, acts: RecordedActs, policy: PolicyValues, now_us: int) -> bool:
    """Return True if open years are held, the amounts of a rule are totals of a year, and that year is not closed."""
    is_total = rule in ("annual_listed_trading", "exchange_tiers")
    return policy.holds_open_years and is_total and not acts.is_closed(year, policy, now_us)


def lacks_assessment(award: Json, facts: ReportedFacts, policy: PolicyValues) -> bool:
    """Return True if an award's rule asks for an assessed amount, and its declaration has none."""
    if policy.declared.get(award["rule"], {}).get("assessed") != "needed" or award["ceiling"] == "0.00":
        return False
    declared = facts.value_of(award["evidence"][0]["fact"])
    return declared is not None and "assessed" not in declared


def over_budget(
    awards: ReportedAwards, acts: RecordedActs, facts: ReportedFacts, policy: PolicyValues, now_us: int
) -> AwardFlags:
    """The awards behind the line of a budget; needs all awards."""
    held = AwardFlags(acts.store)
    # By approval every award wants room, else only what was applied for or approved.
    is_of_all = policy.budget_order == "order_of_approval"
    wanting = awards.asked() if is_of_all else filter(None, map(awards.find, acts.histories.keys()))
    for award_id in behind_the_line(budget_claims(wanting, acts, facts, policy, now_us), acts.budgets, policy):
        held.add(award_id, ())
    return held


def budget_claims(
    awards: Iterable[Json], acts: RecordedActs, facts: ReportedFacts, policy: PolicyValues, now_us: int
) -> Iterator[BudgetApplicant]:
    """The awards that want room in a budget; by approval or payment in that of the present year."""
    for award in awards:
        history, year = acts.history_of(award["award_id"]), award["year"]
        standing = history.outstanding[subject_of(award["subject"]), year]
        wanted = wanted_of(fen(award["payable"]) - standing, history.unpaid, history.state, policy)
        if wanted > 0:
            yield BudgetApplicant(
                award["award_id"], award["rule"],
                year if policy.budget_counts == "year_of_the_reward" else local(now_us).year,
                wanted, standing > 0, acts.budgets.applied_us(award["award_id"]),
                earned_within(award, facts)[1] if policy.budget_order == "order_of_earning" else 0,
            )  # fmt: skip


def earned_within(award: Json, facts: ReportedFacts) -> Span:
    """The instant of the document or the day of the declaration that earned an award; else, the award's whole year."""
    named = {(one["fact"], one["generation"], one["seq"]) for one in award["evidence"][:1]}
    for fact in facts.of(about_of(award)):
        if (fact["fact"], fact["generation"], fact["seq"]) not in named:
            continue
        first = fact["value"].get("first")
        if first:
            at_us = instant(first.get("listed_at") or first["completed_at"])
            return (at_us, at_us + 1)
        if "earned_on" in fact["value"]:
            day = date.fromisoformat(fact["value"]["earned_on"])
            return (day_us(day), day_us(day + timedelta(days=1)))
    return (day_us(date(award["year"], 1, 1)), day_us(date(award["year"] + 1, 1, 1)))
