"""The ledger's transactions up to the signed root hash, its balances, and an older extract that it must continue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .bundle import Bundle, check_log, check_manifest, has_all_awards, has_all_postings, open_checkpoint
from .policy import DECLARED, TRANSACTION_FIELDS, PolicyValues, SettingsHistory, is_settings
from .proofs.merkle import TreeLeaf, leaf_hash, peaks_of, root_of
from .proofs.signatures import GivenKeys, SignedCheckpoint
from .report import Unsound
from .storage.disk import DiskDict, DiskStore, DiskTable, packed, unpacked
from .values import Json, Span, fen, instant

ACTS_FILE, BALANCES_FILE = "decisions.ndjson", "balances.json"
YEAR_SUFFIX = re.compile(r":[0-9]{4}")


class AwardPosting(NamedTuple):
    """What one transaction says of its award: the account of its ceiling with the balance, and the facts it names.

    The account is empty where the ceiling did not change.
    """

    seq: int
    award_id: str
    account: str
    ceiling: int
    facts: list[tuple[str, int, int]]


class AwardInLog(NamedTuple):
    """The last posting's instant of an award, whether more than entitlements were posted, and its ceiling in fen."""

    posted_at: str
    is_decided: bool
    ceiling: int


class LedgerLog:
    """The postings of an extract, on disk.

    `accounts`: sums of debit and credit, in fen, and the account's place in order of its first posting. `declared`: for
    each award the last declaration's place, number and hash. `act_count`: how many other acts of persons there are.
    `postings`: where every posting and any act is here, all that name facts. `kept`: hashes of the wanted subtrees.
    """

    def __init__(
        self,
        bundle: Bundle,
        manifest: Json,
        settings: SettingsHistory,
        checkpoint: SignedCheckpoint,
        wanted: Iterable[Span],
    ) -> None:
        self._bundle, self._settings, self.request = bundle, settings, manifest["request"]
        self._size, self._as_of = manifest["size"], manifest["as_of"]
        self.accounts: DiskDict[tuple[int, int, int]] = DiskDict(bundle.store)
        self.declared: DiskDict[tuple[int, int, str]] = DiskDict(bundle.store)
        self._awards: DiskDict[tuple[str, bool, int]] = DiskDict(bundle.store)
        self._acts = DiskTable(bundle.store, "seq INTEGER PRIMARY KEY, line BLOB, ceiling INTEGER")
        self._postings = DiskTable(bundle.store, "seq INTEGER PRIMARY KEY, posting BLOB")
        self._has_all_postings = has_all_postings(self.request)
        self._keeps_postings = self._has_all_postings and manifest["files"].get(ACTS_FILE, {}).get("bytes", 0) > 0
        self.count = self.debit = self.credit = self.act_count = self._declarations = self._accounts = 0
        self._has_claims = False
        file = "transactions.ndjson"
        self.kept = check_log(bundle, (file, "proof.json"), checkpoint, self._leaves(file), wanted)

    def award(self, award_id: str) -> AwardInLog | None:
        """The postings of an award in short; None if it has none."""
        found = self._awards.get(award_id)
        return None if found is None else AwardInLog(*found)

    def acts(self) -> Iterator[tuple[int, Json]]:
        """The transactions of acts of persons, without declarations, each with its seq, in order."""
        for seq, line in self._acts.rows("seq, line", "ORDER BY seq"):
            yield seq, json.loads(line)

    def ceiling_before(self, seq: int) -> int | None:
        """The ceiling of its award before an act, in fen; None where not every posting is here."""
        row = self._acts.row("ceiling", "WHERE seq = ?", seq)
        return None if row is None else row[0]

    def postings(self) -> Iterator[AwardPosting]:
        """The postings that name facts, in order; none where no act is in the extract."""
        for (posting,) in self._postings.rows("posting", "ORDER BY seq"):
            yield AwardPosting._make(unpacked(posting))

    def _leaves(self, file: str) -> Iterator[TreeLeaf]:
        before_us = 0
        for item, line in self._bundle.items(file, lambda item: item["seq"]):
            before_us = self._check_place(item, before_us)
            self._check_policy(item)
            self._note_act(item, line)
            self._check_entries(item)
            self.count += 1
            yield item["seq"], leaf_hash(line)

    def _check_place(self, item: Json, before_us: int) -> int:
        """Check fields, order and the request's limits; return the instant of `posted_at`."""
        if not (is_settings(item) if item["kind"] == "settings" else set(item) == TRANSACTION_FIELDS):
            raise Unsound("字段有误", "wrong fields")
        at_us, request = instant(item["posted_at"]), self.request
        if at_us < before_us:
            raise Unsound("次序有误", "out of order")
        if not (request["since"] or 0) <= item["seq"] < self._size or at_us > instant(self._as_of):
            raise Unsound("不在所求范围内", "outside the requested range")
        if (request["from"] and at_us < instant(request["from"])) or (
            request["until"] and at_us >= instant(request["until"])
        ):
            raise Unsound("不在所求时段内", "outside the requested period")
        return at_us

    def policy_of(self, item: Json) -> PolicyValues:
        """The policy that a transaction names."""
        return self._settings.policies[item["policy"]["id"], item["policy"]["revision"]]

    def _check_policy(self, item: Json) -> None:
        """Check rule, policy revision and article."""
        policy = self._settings.policies.get((item["policy"]["id"], item["policy"]["revision"]))
        if policy is None:
            raise Unsound("所依政策版本不在核验包中", "its policy revision is not in the extract")
        if (policy.id, policy.revision) != self._settings.policy_at(item["seq"]):
            raise Unsound("不是当时施行的政策版本", "not the policy revision in force then")
        if item["kind"] == "settings" and item != self._settings.entered.get(item["seq"]):
            raise Unsound("未列于 policy/settings.ndjson", "not in policy/settings.ndjson")
        if item["award_id"] is None and item["kind"] in ("decision", "settings"):
            return
        rule = item["award_id"].partition("/")[0]
        if self.request["rules"] and rule not in self.request["rules"]:
            raise Unsound("不属于所求奖项", "not of the requested rules")
        if policy.article(rule) not in (None, item["article"]):
            raise Unsound("条款与政策文件不符", "its article is not that of the policy file")

    def _note_act(self, item: Json, line: bytes) -> None:
        decision = item["decision"]
        if (decision is None) != (item["kind"] in ("entitlement", "settings")):
            raise Unsound("决定与类别不符", "its decision does not match its kind")
        if decision is None:
            return
        if decision["id"].startswith(f"{DECLARED}/"):
            before = self.declared.get(item["award_id"])
            self._declarations += 1
            place = self._declarations if before is None else before[0]
            self.declared[item["award_id"]] = (place, int(decision["id"].split("/")[1]), decision["sha256"])
        else:
            self.act_count += 1
            award = self.award(item["award_id"]) if self._has_all_postings and item["award_id"] is not None else None
            ceiling = None if not self._has_all_postings else 0 if award is None else award.ceiling
            self._acts.add(item["seq"], line, ceiling)

    def _check_entries(self, item: Json) -> None:
        """Debits equal credits, the amount follows from them, and each account fits the kind and award."""
        kind, award_id = item["kind"], item["award_id"]
        debited = credited = amount = 0
        for entry in item["entries"]:
            debit, credit = fen(entry["debit"]), fen(entry["credit"])
            if set(entry) != {"account", "debit", "credit"} or min(debit, credit) != 0 or max(debit, credit) <= 0:
                raise Unsound("借方、贷方须恰有一方大于零", "exactly one side of an entry must be over zero")
            debited, credited = debited + debit, credited + credit
            amount += self._post(kind, award_id, entry["account"], debit, credit)
        if debited != credited:
            raise Unsound("借贷不平", "debits do not equal credits")
        if fen(item["amount"]) != amount or bool(item["entries"]) != (kind not in ("decision", "settings")):
            raise Unsound("金额与记账不符", "its amount does not follow from its entries")
        if award_id is not None:
            _, is_decided, ceiling = self._awards.get(award_id) or ("", False, 0)
            is_entitlement = kind == "entitlement"
            ceiling += amount if is_entitlement else 0
            self._awards[award_id] = (item["posted_at"], is_decided or not is_entitlement, ceiling)
            if self._keeps_postings and item["cause"].get("facts"):
                self._note_posting(item)
        self.debit, self.credit = self.debit + debited, self.credit + credited

    def _note_posting(self, item: Json) -> None:
        """Keep the account that has the award's ceiling now: the last that was credited, else the only one."""
        of_award = [entry for entry in item["entries"] if entry["account"].startswith("entitlement:")]
        of_award.sort(key=lambda entry: fen(entry["credit"]) > 0)
        account = of_award[-1]["account"] if of_award else ""
        debit, credit, _ = (self.accounts.get(account) if account else None) or (0, 0, 0)
        facts = [(one["fact"], one["generation"], one["seq"]) for one in item["cause"]["facts"]]
        posting = (item["seq"], item["award_id"], account, credit - debit, facts)
        self._postings.add(item["seq"], packed(posting))

    def _post(self, kind: str, award_id: str, account: str, debit: int, credit: int) -> int:
        """Add an entry to its account; return what it adds to the transaction's amount, in fen."""
        name, _, rest = account.partition(":")
        rule, end = award_id.partition("/")[0], rest.find(":" + award_id)
        after = rest[end + len(award_id) + 1 :]
        of_award = end > 0 and bool(YEAR_SUFFIX.fullmatch(after) if name == "entitlement" else after == "")
        self._add_to(account, debit, credit)
        if self._has_all_postings and self._is_overdrawn(account):
            raise Unsound("账户余额低于零", "the account falls below zero", account)
        if kind == "entitlement" and name == "entitlement" and of_award:
            return credit - debit
        self._has_claims = self._has_claims or name == "claim"
        if kind == "entitlement":
            is_fitting = name == "policy" and rest[:-5] == rule and bool(YEAR_SUFFIX.fullmatch(rest[-5:]))
        else:
            is_fitting = self._fits(kind, account, of_award, debit)
        if not is_fitting:
            raise Unsound("账户与类别、奖项不符", "the account does not fit the kind and award", account)
        amounts = {"approval": credit, "payment": debit, "revocation": debit, "return": credit, "recovery": credit}
        return amounts.get(kind, 0)

    def _fits(self, kind: str, account: str, of_award: bool, debit: int) -> bool:
        """Return True if an account fits the kind of a posting of an act, and its award."""
        name = account.partition(":")[0]
        fitting = {
            "approval": name == "budget" if debit else name == "approved" and of_award,
            "payment": name == "paid" and of_award if debit else account == "treasury",
            "revocation": name == "approved" and of_award if debit else name == "budget",
            "return": self._is_claimed(account, of_award) if debit else name == "returned" and of_award,
            "recovery": account == "treasury" if debit else name == "claim" and of_award,
        }
        return fitting.get(kind, False)

    def _add_to(self, account: str, debit: int, credit: int) -> None:
        sums = self.accounts.get(account)
        if sums is None:
            self._accounts += 1
            sums = (0, 0, self._accounts)
        self.accounts[account] = (sums[0] + debit, sums[1] + credit, sums[2])

    def _sums(self, account: str) -> tuple[int, int]:
        debit, credit, _ = self.accounts.get(account) or (0, 0, 0)
        return debit, credit

    def _is_claimed(self, account: str, of_award: bool) -> bool:
        """Return True if a return may debit the account: a claim; or the treasury, before there were claims."""
        return (account.startswith("claim:") and of_award) or (account == "treasury" and not self._has_claims)

    def _is_overdrawn(self, account: str) -> bool:
        """Return True if more was taken back than posted, revoked than is neither paid nor returned, or recovered
        than returned.
        """
        name, _, rest = account.partition(":")
        if name not in ("claim", "approved", "entitlement"):
            return False
        debit, credit = self._sums(account)
        if name == "claim":
            return credit > debit
        if name == "approved" and debit:
            paid, returned = self._sums(f"paid:{rest}"), self._sums(f"returned:{rest}")
            return credit - debit < max(paid[0], returned[1])
        return name == "entitlement" and credit < debit


class AccountBalances:
    """The balances of accounts in order, on disk; debit and credit in fen."""

    def __init__(self, store: DiskStore) -> None:
        columns = "account TEXT, award_id TEXT, debit INTEGER, credit INTEGER"
        self._rows = DiskTable(store, columns, "account", "award_id")
        self.count = 0

    def add(self, account: str, debit: int, credit: int) -> None:
        self._rows.add(account, award_of(account), debit, credit)
        self.count += 1

    def of(self, account: str) -> tuple[int, int] | None:
        """Debit and credit of an account."""
        row = self._rows.row("debit, credit", "WHERE account = ?", account)
        return None if row is None else (row[0], row[1])

    def all(self) -> Iterator[tuple[str, int, int]]:
        """Yield each account with debit and credit."""
        rows = self._rows.rows("account, debit, credit", "ORDER BY rowid")
        return ((account, debit, credit) for account, debit, credit in rows)

    def of_award(self, award_id: str) -> dict[str, int]:
        """The balances of an award by account; those of what is paid and of claims are debits."""
        rows = self._rows.rows("account, debit, credit", "WHERE award_id = ? ORDER BY rowid", award_id)
        return {
            account: debit - credit if account.startswith(("paid:", "claim:")) else credit - debit
            for account, debit, credit in rows
        }


def award_of(account: str) -> str | None:
    """The award that an account is of; None: of none alone."""
    name, _, rest = account.partition(":")
    if name not in ("entitlement", "approved", "paid", "returned", "claim"):
        return None
    return (rest.rpartition(":")[0] if name == "entitlement" else rest).split(":", 2)[2]


def read_balances(bundle: Bundle, manifest: Json) -> AccountBalances:
    found = AccountBalances(bundle.store)
    before = b""
    items = bundle.array(BALANCES_FILE, "items")
    for number, item in enumerate(items, 2):
        debit, credit, account = fen(item["debit"]), fen(item["credit"]), item["account"].encode()
        if account <= before or fen(item["balance"]) != credit - debit:
            raise Unsound("次序或余额有误", "out of order, or wrong balance", file=BALANCES_FILE, line=number)
        before = account
        found.add(item["account"], debit, credit)
    if (items.rest["as_of"], items.rest["size"]) != (manifest["as_of"], manifest["size"]) or items.rest["next_cursor"]:
        raise Unsound("不是此核验包时点的余额", "not the balances as of this extract")
    return found


def check_balances(ledger: LedgerLog, balances: AccountBalances, opening: AccountBalances | None) -> None:
    """Unsound unless every balance is the opening balance (None: nothing) plus the sum of the postings."""
    for number, (account, debit, credit) in enumerate(balances.all(), 2):
        before = None if opening is None else opening.of(account)
        posted = ledger.accounts.get(account)
        expected = [sum(sides) for sides in zip(before or (0, 0), posted[:2] if posted else (0, 0))]
        if expected != [debit, credit] or (before is None and posted is None):
            raise Unsound("余额不是记账之和", "not the sum of the postings", account, file=BALANCES_FILE, line=number)
    missing = missing_account(ledger, balances, opening)
    if missing is not None:
        raise Unsound("缺少账户", "an account is missing", missing, file=BALANCES_FILE)


def missing_account(ledger: LedgerLog, balances: AccountBalances, opening: AccountBalances | None) -> str | None:
    """The first account that has an opening balance or a posting and no balance; None if there is none."""
    for account, _, _ in () if opening is None else opening.all():
        if balances.of(account) is None:
            return account
    if opening is None and len(ledger.accounts) == balances.count:
        return None
    places = ((place, account) for account, (_, _, place) in ledger.accounts.items() if balances.of(account) is None)
    return min(places, default=(0, None))[1]


class OlderExtract:
    """An older extract: its signed checkpoints by origin, and its balances if they are of all awards."""

    def __init__(self, path: str, keys: GivenKeys) -> None:
        with Bundle(path) as bundle:
            manifest = check_manifest(bundle, keys)
            self.checkpoints = {log["origin"]: open_checkpoint(bundle, log, keys) for log in manifest["logs"]}
            self.size = manifest["size"]
            self.balances = read_balances(bundle, manifest) if has_all_awards(manifest["request"]) else None

    def wanted(self, origin: str) -> Iterable[Span]:
        """The subtrees whose hashes show that a log continues."""
        return peaks_of(self.checkpoints[origin].size) if origin in self.checkpoints else ()

    def is_continued(self, file: str, now: SignedCheckpoint, kept: Mapping[Span, bytes]) -> bool:
        """Return True if a log is shown to continue, False if this extract cannot show it; Unsound if it does not."""
        then = self.checkpoints.get(now.origin)
        if then is None:
            return False
        if then.size > now.size:
            raise Unsound("日志比旧核验包短", "the log is shorter than in the older extract", now.origin, file=file)
        peaks = peaks_of(then.size)
        if then.size == now.size:
            root = now.root
        elif all(peak in kept for peak in peaks):
            root = root_of([kept[peak] for peak in peaks])
        else:
            return False
        if root != then.root:
            raise Unsound("历史被改写", "history was rewritten", now.origin, file=file)
        return True
