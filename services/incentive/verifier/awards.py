"""Awards: each recomputed from the facts, and compared with what is posted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple, NoReturn

from .bundle import Bundle, has_all_awards, has_all_postings, is_by_subject, is_of_one_alone, viewer_of
from .ledger import BALANCES_FILE, AccountBalances, AwardInLog, LedgerLog
from .policy import ExchangeWhitelist, PolicyValues, SettingsHistory
from .readings import check_readings
from .report import Unsound
from .reported_facts import ReportedFacts
from .risk_flags import OF_OTHERS, red_flags_on
from .rooms import OF_ACTS
from .rules import RED_FLAG, annual_awards, declared_awards, first_awards, tier_awards
from .storage.disk import DiskTable, packed, unpacked
from .values import Json, fen, instant, party_json, subject_of, yuan

AWARDS_FILE, CONTEXT_FILE = "awards.ndjson", "context.ndjson"


class ReportedAwards:
    """The requested awards and those that compete with them, on disk in order of the files."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        columns = "award_id TEXT, about TEXT, subject TEXT, is_asked INTEGER, line INTEGER, body BLOB"
        self._rows = DiskTable(bundle.store, columns, "award_id", "about", "subject")
        self._counts = {AWARDS_FILE: 0, CONTEXT_FILE: 0}
        self.flagged_by_others = 0  # awards with red flags that depend on data of others
        self.closings: dict[tuple[int, bool], AwardPlace] = {}  # the first award with a year and `period_closed`
        for file in self._counts:
            for item, _ in bundle.items(file, lambda award: award["award_id"].encode()):
                # The table is not read while its first file is written to it.
                if file == CONTEXT_FILE and item["award_id"] in self:
                    raise Unsound("已在 awards.ndjson", "is in awards.ndjson, too")
                self._counts[file] += 1
                self._add(item, file)

    def _add(self, item: Json, file: str) -> None:
        subject = subject_of(item["subject"])
        self.flagged_by_others += any(flag in OF_OTHERS for flag in item["flags"])
        place = AwardPlace(file != AWARDS_FILE, self._counts[file])
        self.closings.setdefault((item["year"], item["period_closed"]), place)
        self._rows.add(item["award_id"], about_of(item), subject, not place.is_context, place.line, packed(item))

    def asked(self) -> Iterator[Json]:
        return self._read("WHERE is_asked ORDER BY rowid", AWARDS_FILE)

    def context(self) -> Iterator[Json]:
        return self._read("WHERE NOT is_asked ORDER BY rowid", CONTEXT_FILE)

    def all(self) -> Iterator[Json]:
        return self._read("ORDER BY rowid", CONTEXT_FILE)

    def by_subject(self) -> Iterator[tuple[str, list[tuple[AwardPlace, Json]]]]:
        """Each subject with its awards and their places, in the order of `all`."""
        rows = self._rows.rows("subject, is_asked, line, body", "ORDER BY subject, rowid")
        for subject, of_it in groupby(rows, key=itemgetter(0)):
            yield subject, [(AwardPlace(not is_asked, line), unpacked(body)) for _, is_asked, line, body in of_it]

    def stand_at(self, place: AwardPlace) -> None:
        """Report a fault that names no other place at an award."""
        file = CONTEXT_FILE if place.is_context else AWARDS_FILE
        self._bundle.place = file, place.line
        self._bundle.progress.at(file, place.line)

    def _read(self, rest: str, last_file: str) -> Iterator[Json]:
        for is_asked, line, body in self._rows.rows("is_asked, line, body", rest):
            self.stand_at(AwardPlace(not is_asked, line))
            yield unpacked(body)
        self._bundle.place = last_file, None

    def counts(self) -> tuple[int, int]:
        return self._counts[AWARDS_FILE], self._counts[CONTEXT_FILE]

    def __contains__(self, award_id: str) -> bool:
        return self._rows.row("1", "WHERE award_id = ?", award_id) is not None

    def find(self, award_id: str) -> Json | None:
        """A requested award; None if it is none."""
        row = self._rows.row("body", "WHERE award_id = ? AND is_asked", award_id)
        return None if row is None else unpacked(row[0])

    def selected_abouts(self) -> str:
        """Return the SQL statement that selects the subjects and exchanges that awards are about."""
        self._rows.settle()
        return f"SELECT about FROM {self._rows.name}"

    def asks_for(self, subject: str) -> bool:
        """Return True if any requested award is of a subject."""
        return self._rows.row("1", "WHERE subject = ? AND is_asked", subject) is not None


class AwardPlace(NamedTuple):
    """The file of an award, requested ones or context, and its line from 1; in this order."""

    is_context: bool
    line: int


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
    request, recomputed, unknown = manifest["request"], 0, 0
    viewer = viewer_of(request)
    earned = EarnedAwards(awards, facts, settings, has_all_awards(request) and has_all_postings(request))
    for award in awards.all():
        is_hidden = is_of_one_alone(request) and may_share_item(award, settings)
        if is_hidden or (is_by_subject(request) and is_declared(award, settings)):
            unknown += 1
            continue
        if is_unknown(award, facts, settings, viewer):
            if viewer is None:
                raise Unsound("核验包中没有它所依的事实", "the facts that it depends on are not in the extract")
            unknown += 1
            continue
        wrong = differing_fields(award, earned, manifest)
        if wrong:
            raise Unsound("与事实重算不符", "differs from its recomputation from the facts", wrong)
        recomputed += 1
    if viewer is None and not manifest["left_out"].get("awards"):
        earned.check_none_missing()
    return recomputed, unknown


class EarnedAwards:
    """The awards that facts earn, computed once for each subject or exchange. `is_all`: the extract must have all."""

    def __init__(self, awards: ReportedAwards, facts: ReportedFacts, settings: SettingsHistory, is_all: bool) -> None:
        self._awards, self.facts, self.settings, self._is_all = awards, facts, settings, is_all
        self._last: tuple[str, dict[str, Json]] = ("", {})
        self._missing: tuple[int, str] | None = None  # the first, with the place of what it is about

    def of(self, about: str) -> dict[str, Json]:
        """The awards that the facts about a subject or an exchange earn, by id."""
        if self._last[0] != about:
            of_it = [*self.facts.of(about), *self.facts.sharing_with(about)]
            self._last = about, entitlements(about, of_it, *self.settings.in_force())
            if self._is_all:
                self._note_missing(about, self._last[1])
        return self._last[1]

    def _note_missing(self, about: str, found: Iterable[str]) -> None:
        missing = next((award_id for award_id in found if award_id not in self._awards), None)
        if missing is not None:
            place = self.facts.place_of(about)
            self._missing = min(self._missing or (place, missing), (place, missing), key=itemgetter(0))

    def check_none_missing(self) -> None:
        """Unsound if the facts earn an award that must be in the extract and is not."""
        # Facts about what the extract has awards of were compared with these already.
        for about in self.facts.abouts(self._awards.selected_abouts() if self._is_all else ""):
            for award_id, expected in self.of(about).items():
                is_wanted = self._is_all or self._awards.asks_for(expected["subject"])
                if is_wanted and award_id not in self._awards:
                    self._raise_missing(self._missing[1] if self._missing else award_id)
        if self._missing is not None:
            self._raise_missing(self._missing[1])

    @staticmethod
    def _raise_missing(award_id: str) -> NoReturn:
        raise Unsound("缺少应有的奖补", "an award that is earned is missing", award_id, file=AWARDS_FILE)


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


def differing_fields(award: Json, earned: EarnedAwards, manifest: Json) -> str:
    """The fields of the award that differ from its recomputation; empty if none does."""
    settings = earned.settings
    policy, whitelist = settings.in_force()
    about, as_of_us = about_of(award), instant(manifest["as_of"])
    facts = earned.facts.of(about)
    found = earned.of(about).get(award["award_id"])
    names = names_of(about, facts, whitelist, award)
    if found is None and not all(settings.counts(one["fact"]) for one in award["evidence"]):
        names.add(award["subject"]["name"])  # cancelled while another register counted
    if award["subject"]["name"] not in names:
        return "subject.name"
    sees_red_flags = viewer_of(manifest["request"]) is None and not is_of_one_alone(manifest["request"])
    if found is not None and sees_red_flags:
        found = {**found, "flags": found["flags"] + red_flags_on(found, facts, policy)}
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


def check_posted(awards: ReportedAwards, ledger: LedgerLog, balances: AccountBalances) -> tuple[int, int]:
    """Check that the ceiling is posted on the account of the award's subject and year, and nothing on another.

    Return the sums of ceilings and payables of the requested awards, in fen.
    """
    ceiling = payable = 0
    for award in awards.asked():
        if award["partial"]:
            continue
        account = f"entitlement:{subject_of(award['subject'])}:{award['award_id']}:{award['year']}"
        posted = balances.of_award(award["award_id"])
        if account not in posted:
            raise Unsound("没有其主体与年度的账户", "no account of its subject and year", account)
        found = {"entitlement": 0, "approved": 0, "paid": 0, "returned": 0, "claim": 0}
        for where, balance in posted.items():
            name = where.partition(":")[0]
            found[name] += balance
            if name == "entitlement" and where != account and balance != 0:
                raise Unsound("账户应为零", "the account should be zero", where, file=BALANCES_FILE)
        found["recovered"] = found["returned"] - found.pop("claim")
        for name, amount in found.items():
            if fen(award["ceiling" if name == "entitlement" else name]) != amount:
                raise Unsound("与台账余额不符", "differs from what is posted", name)
        if not fits_last_posting(award, ledger.award(award["award_id"]), ledger.request):
            raise Unsound("与其末笔分录不符", "does not fit its last transaction")
        ceiling, payable = ceiling + fen(award["ceiling"]), payable + fen(award["payable"])
    return ceiling, payable


def fits_last_posting(award: Json, last: AwardInLog | None, request: Json) -> bool:
    """Return True if the award was posted and is not older than its last posting."""
    if last is None:
        return False
    is_undecided = not last.is_decided and has_all_postings(request)
    if is_undecided and award["state"] != "estimated":
        return False
    return instant(award["updated_at"]) >= instant(last.posted_at)
