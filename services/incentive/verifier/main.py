"""The check of one extract, from its files to its awards and acts, and the command line."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

from .acts import RecordedActs, check_acts, check_payables, read_acts
from .approvals.steps import check_steps
from .awards import ReportedAwards, check_awards, check_posted
from .bundle import (
    Bundle,
    check_manifest,
    has_all_awards,
    has_all_postings,
    is_by_subject,
    is_of_one_alone,
    open_checkpoint,
    viewer_of,
)
from .ledger import AccountBalances, LedgerLog, OlderExtract, check_balances, read_balances
from .policy import SettingsHistory
from .proofs.signatures import GivenKeys, SignedCheckpoint, VerifierKeys, read_keys
from .registers import read_register
from .report import ReportLine, Unsound, UsageError, VerificationReport, caller_language
from .reported_facts import RegistersByName, ReportedFacts, check_listing_facts
from .statements import check_statements
from .storage.progress import VerificationProgress
from .values import Json, Span, yuan


def verify(
    path: str,
    keys: GivenKeys,
    older_path: str | None = None,
    own: Iterable[str | None] = (),
    progress: VerificationProgress | None = None,
) -> VerificationReport:
    """Report on an extract; UsageError where nothing can be said. `own`: the caller's files in its folder."""
    report = VerificationReport()
    try:
        with Bundle(path, own, progress) as bundle:
            manifest = check_manifest(bundle, keys)
            origins = {name for name, _ in keys or ()}
            missing = [log["origin"] for log in manifest["logs"] if keys is not None and log["origin"] not in origins]
            if missing:
                raise UsageError("缺少公钥", "no verifier key", ", ".join(missing))
            ExtractCheck(bundle, manifest, keys, report).run(older_path)
    except Unsound as error:
        report.faults.append(error)
    return report


class ExtractCheck:
    """One extract, checked step by step; each step depends on those before."""

    def __init__(self, bundle: Bundle, manifest: Json, keys: GivenKeys, report: VerificationReport) -> None:
        self._bundle, self._manifest, self._keys, self._report = bundle, manifest, keys, report
        self._request = manifest["request"]
        self._has_all_postings = has_all_postings(self._request)
        self._is_of_all_awards = has_all_awards(self._request)
        self._is_complete = self._is_of_all_awards and self._has_all_postings
        self._has_whole_registers = self._request["evidence"] == "registers" and viewer_of(self._request) is None
        self._older: OlderExtract | None = None

    def run(self, older_path: str | None) -> None:
        self._report_head()
        if older_path is not None:
            self._older = self._open_older(older_path)
        settings = self._read_settings()
        ledger = self._check_ledger(settings)
        registers = self._check_registers()
        facts = self._check_facts(settings, ledger, registers)
        balances = self._check_balances(ledger)
        awards = self._check_awards(settings, facts)
        acts = self._check_acts(awards, settings, ledger, facts)
        statements = self._check_statements(settings, ledger, facts, acts)
        sums = check_posted(awards, ledger, balances)
        self._shown("各项奖补与其台账账户一致", "awards agree with what is posted on their accounts")
        check_totals(self._manifest, (ledger, awards, facts, acts), sums, registers, statements)
        if settings.policy is not None:
            values = "; ".join(settings.policy.for_comparison())
            self._shown("所依政策值，请与文件原文比对", "the policy's values, to be compared with its text", values)
        self._report_limits()

    def _shown(self, zh: str, en: str, detail: str = "") -> None:
        self._report.shown.append(ReportLine(zh, en, detail))

    def _limit(self, zh: str, en: str) -> None:
        self._report.limits.append(ReportLine(zh, en))

    def _report_head(self) -> None:
        request = {name: value for name, value in sorted(self._request.items()) if value not in (None, [])}
        digest = hashlib.sha256(self._bundle.read("manifest.json")).hexdigest()
        logs, files = self._manifest["logs"], len(self._manifest["files"])
        self._report.head += [
            ReportLine("清单", "manifest", f"SHA-256 {digest}"),
            ReportLine("请求", "request", json.dumps(request, ensure_ascii=False)),
            ReportLine("时点", "as of", str(self._manifest["as_of"])),
            *(ReportLine("日志（条目数）", "log (entries)", f"{log['origin']} ({log['size']})") for log in logs),
            *(ReportLine("所给公钥", "key given", f"{name}+{key.hex()}") for name, key in sorted(self._keys or ())),
        ]
        self._shown(f"{files} 个文件与清单的哈希相符", f"{files} files match their hashes in the manifest")
        if self._keys is None:
            self._limit("未给公钥，签名未核", "no keys were given, so no signature was checked")

    def _open_older(self, path: str) -> OlderExtract:
        try:
            older = OlderExtract(path, self._keys)
        except Unsound as error:
            file = os.path.basename(path)
            raise Unsound("旧核验包有误", "the older extract is unsound", error.text(), file=file) from None
        if self._manifest["logs"][0]["origin"] not in older.checkpoints:
            raise UsageError("旧核验包属于另一台账", "the older extract is of another ledger", path)
        return older

    def _open_log(self, log: Json) -> tuple[SignedCheckpoint, Iterable[Span]]:
        """A log's checkpoint, and the subtrees whose hashes show that it continues the older extract's log."""
        checkpoint = open_checkpoint(self._bundle, log, self._keys)
        return checkpoint, () if self._older is None else self._older.wanted(log["origin"])

    def _read_settings(self) -> SettingsHistory:
        checkpoint, _ = self._open_log(self._manifest["logs"][0])
        settings = SettingsHistory(self._bundle, self._manifest, checkpoint)
        count = len(settings.entered)
        if count:
            self._shown(
                f"政策、名录与登记簿的 {count} 次施行与文件的 SHA-256 相符，并在已签名的台账日志中",
                f"{count} settings transactions match their policy files and whitelists and are in the signed log",
            )
        if settings.not_entered:
            self._limit(
                f"最早 {settings.not_entered} 次施行早于台账记载施行，只由签名保证",
                f"the first {settings.not_entered} settings are older than the ledger's record of settings, and are"
                " covered by the signature alone",
            )
        return settings

    def _check_ledger(self, settings: SettingsHistory) -> LedgerLog:
        log, size, since = self._manifest["logs"][0], self._manifest["size"], self._request["since"] or 0
        checkpoint, wanted = self._open_log(log)
        if size > checkpoint.size or (self._request["as_of"] is None and size != checkpoint.size):
            raise Unsound("与台账大小不符", "not of the ledger's size", file="manifest.json")
        ledger = LedgerLog(self._bundle, self._manifest, settings, checkpoint, wanted)
        total = yuan(ledger.debit)
        self._shown(
            f"{ledger.count} 笔分录有效，借贷相等（合计 {total} 元），并在已签名的台账日志中",
            f"{ledger.count} transactions are valid, balanced ({total} yuan) and in the ledger's signed log",
        )
        if self._is_of_all_awards and not (self._request["from"] or self._request["until"]):
            if ledger.count != max(0, size - since):
                raise Unsound("分录有遗漏", "transactions are left out", file="transactions.ndjson")
            self._shown(f"自第 {since} 号起无一遗漏", f"no transaction is left out from number {since} on")
        if self._older is not None and not self._older.is_continued("proof.json", checkpoint, ledger.kept):
            cut = self._older.checkpoints[log["origin"]].size
            raise UsageError(
                f"此核验包不能与旧核验包比对，请申请 since={cut}",
                f"this extract cannot be compared with the older one: request one with since={cut}",
            )
        return ledger

    def _check_registers(self) -> RegistersByName:
        registers: RegistersByName = {}
        for log in self._manifest["logs"][1:]:
            checkpoint, wanted = self._open_log(log)
            register = read_register(self._bundle, log, checkpoint, self._has_whole_registers, wanted)
            registers[log["kind"], log["register"], log["generation"]] = register
            name = log["log"]
            self._shown(
                f"{name}: {register.count} 条登记与其记录字节相符，并在已签名的日志中",
                f"{name}: {register.count} entries match their records' bytes and are in its signed log",
            )
            if self._older is None:
                continue
            if self._older.is_continued(log["proof"], checkpoint, register.kept):
                self._shown(f"{name}: 延续旧核验包的日志", f"{name}: continues the older extract's log")
            else:
                zh, en = "条目不足以证明其延续旧核验包", "its entries do not prove that it continues the older extract"
                self._limit(f"{name}: {zh}", f"{name}: {en}")
        return registers

    def _check_facts(self, settings: SettingsHistory, ledger: LedgerLog, registers: RegistersByName) -> ReportedFacts:
        facts = ReportedFacts(self._bundle, self._manifest, settings, registers)
        compared, not_compared = check_listing_facts(registers)
        number = facts.recomputed
        self._shown(f"{number} 项事实由文档重算，相符", f"{number} facts agree with the registers' documents")
        if compared:
            self._shown(
                f"{compared} 项挂牌事实与挂牌登记簿相符",
                f"{compared} listing facts agree with the register of listings",
            )
        if self._has_whole_registers and not self._request["as_of"] and not facts.of_replaced:
            self._report_outdated(*facts.outdated(self._is_complete))
        if former := facts.of_former + not_compared:
            self._limit(
                f"{former} 项事实出自登记簿的前一代，无法重算",
                f"{former} facts are of a former generation of their register and could not be recomputed",
            )
        if is_of_one_alone(self._request):
            self._limit(
                f"只含一个主体的核验包没有登记簿文档（其中有他人），{facts.of_replaced} 项事实未重算",
                "the extract of one subject has no documents of registers, which name others:"
                f" {facts.of_replaced} facts were not recomputed",
            )
        elif facts.of_replaced:
            names = ", ".join(self._manifest["registers_not_asked"])
            self._limit(
                f"{facts.of_replaced} 项事实出自现已被取代的 {names}，无法重算；请以取代之后的时点（as_of）申请",
                f"{facts.of_replaced} facts are of {names}, since replaced by other registers, and could not be"
                " recomputed: request as_of an instant after that",
            )
        shown, not_shown = facts.check_declarations(ledger, self._is_complete)
        if shown:
            self._shown(f"{shown} 项申报与台账日志所记相符", f"{shown} declarations agree with the ledger's log")
        if not_shown:
            self._limit(
                f"{not_shown} 项申报的台账记录不在核验包中",
                f"the ledger's entries of {not_shown} declarations are not in the extract",
            )
        return facts

    def _report_outdated(self, count: int, first: str) -> None:
        if count:
            self._limit(
                f"台账尚未收到 {count} 项较新的事实（如 {first}）；以后的核验包仍是如此，则是被扣住",
                f"{count} facts are older than the registers' documents (such as {first}): if a later"
                " extract says the same, newer ones are withheld from the ledger",
            )
        else:
            self._shown("台账的事实与登记簿的全部文档相符", "the ledger's facts are up to date with all documents")

    def _check_balances(self, ledger: LedgerLog) -> AccountBalances:
        balances = read_balances(self._bundle, self._manifest)
        opening: AccountBalances | None = None
        if not self._has_all_postings:
            is_all = self._is_of_all_awards and not (self._request["from"] or self._request["until"])
            is_next = self._older is not None and is_all and self._older.size == self._request["since"]
            opening = self._older.balances if self._older is not None and is_next else None
        if opening is None and not self._has_all_postings:
            self._limit(
                "期初余额不在核验包中，余额未重算", "balances were not recomputed: earlier postings are not here"
            )
        else:
            check_balances(ledger, balances, opening)
            number = balances.count
            self._shown(f"{number} 个账户的余额等于记账之和", f"{number} balances are sums of postings")
        return balances

    def _check_awards(self, settings: SettingsHistory, facts: ReportedFacts) -> ReportedAwards:
        awards = ReportedAwards(self._bundle)
        number, unknown = check_awards(awards, facts, settings, self._manifest)
        self._shown(f"{number} 项奖补的上限由事实重算，相符", f"{number} ceilings agree with the facts")
        if unknown:
            self._limit(
                f"{unknown} 项奖补涉及他人，上限无法重算",
                f"{unknown} awards depend on data of others and could not be recomputed",
            )
        flagged = awards.flagged_by_others
        if flagged:
            self._limit(
                f"{flagged} 项奖补的核查线索涉及他人或关联方名单，无法重算",
                f"red flags of {flagged} awards depend on data of others and could not be recomputed",
            )
        return awards

    def _check_acts(
        self, awards: ReportedAwards, settings: SettingsHistory, ledger: LedgerLog, facts: ReportedFacts
    ) -> RecordedActs:
        acts = read_acts(self._bundle, ledger, settings)
        count = ledger.act_count - acts.not_shown
        self._shown(f"{count} 项办理记录与台账所载哈希相符", f"{count} acts match their hashes in the ledger")
        if acts.calendar_days:
            days = ", ".join(sorted(acts.calendar_days))
            self._limit(
                f"公示与告知期限按办理时所记的放假、调休和尚未公布的日子计算，请与国务院公布的安排核对：{days}",
                "periods of notices were counted by the days off, worked weekends and days not announced that their"
                f" decisions name; compare these with the State Council's announcements: {days}",
            )
        if viewer_of(self._request) is not None:
            self._limit(
                "可兑现额、资格、暂缓与年度结账取决于他人的奖补与办理记录，未重算",
                "payables, eligibility, holds and closed years were not recomputed: they depend on awards and acts of"
                " others",
            )
        elif is_by_subject(self._request):
            self._limit(
                f"{acts.not_shown} 项没有决定书的办理记录与各项申报原文不在其中（其中有经办人）；"
                "可兑现额、状态、资格与暂缓未重算",
                f"{acts.not_shown} acts without a statement, and declarations, are not in the extract, as they name"
                " persons inside the bureau: payables, states, eligibility and holds were not recomputed",
            )
        elif left_out := self._manifest["left_out"].get("awards"):
            self._limit(
                f"{left_out} 项奖补的分录提到他人，不在核验包中；可兑现额、状态与暂缓与之有关，未重算",
                f"{left_out} awards whose postings name others are not in the extract: payables, states and holds,"
                " which depend on them, were not recomputed",
            )
        elif not self._has_all_postings:
            self._limit(
                "此前的办理记录不在核验包中，可兑现额、状态、暂缓与年度结账未重算",
                "payables, states, holds and closed years were not recomputed: earlier acts are not here",
            )
        else:
            if settings.policy is not None:  # without one there are no awards
                check_payables(awards, acts, facts, settings.policy)
                check_acts(awards, acts, facts, settings, self._manifest)
            self._shown(
                "可兑现额按就高不重复与限额重算，相符", "payables agree with highest only (G6) and limits (G11)"
            )
            self._shown(
                "各项奖补的状态、已核定、资格、暂缓由办理记录重算，相符；步骤合乎次序、两人经办与公示期",
                "states, amounts, eligibility and holds agree with the acts; steps are in order, by two persons where"
                " required, and after the public notice",
            )
            if settings.policy is not None:
                self._check_steps(awards, settings, ledger, facts)
            if not self._is_of_all_awards:
                self._limit(
                    "预算暂缓、核定当时的预算次序与“over_approved”“offset”标记取决于其他奖补的申报与核定，未全部重算",
                    "the hold budget, the order of budgets as of approvals and the flags over_approved and offset were"
                    " not all recomputed: they depend on applications and approvals of other awards",
                )
        return acts

    def _check_steps(
        self, awards: ReportedAwards, settings: SettingsHistory, ledger: LedgerLog, facts: ReportedFacts
    ) -> None:
        """Hold notices, approvals and payments against what stood when each was made."""
        if self._request["exchange"] or self._request["rules"]:
            self._limit(
                "按交易场所或奖项筛选的核验包：公示、核定、拨付未与办理当时的可兑现额、余地、暂缓比对",
                "the extract is filtered by exchange or rule: notices, approvals and payments were not held against"
                " payables, rooms and holds as of their transactions",
            )
            return
        found = check_steps(self._bundle, awards, facts, ledger, settings)
        zh, en = ("预算次序、", ", the order of budgets") if self._is_of_all_awards else ("", "")
        self._shown(
            f"{found.number} 次公示、核定、拨付与办理当时（其分录之前）的可兑现额、余地、{zh}暂缓、资格相符",
            f"{found.number} notices, approvals and payments agree with payables, rooms{en}, holds and eligibility as"
            " of their transactions",
        )
        if found.not_known:
            self._limit(
                f"{found.not_known} 次公示、核定、拨付未全部如此比对：其所依事实此后已有新版本",
                f"{found.not_known} notices, approvals and payments were not wholly compared in this way: facts that"
                " they rest on have newer versions since",
            )
        if found.of_earlier:
            self._limit(
                f"{found.of_earlier} 次公示、核定、拨付由早先版本记录，未如此比对",
                f"{found.of_earlier} notices, approvals and payments of an earlier version were not compared in this"
                " way",
            )

    def _check_statements(
        self, settings: SettingsHistory, ledger: LedgerLog, facts: ReportedFacts, acts: RecordedActs
    ) -> int:
        before = acts.amounts_before if self._has_all_postings and not is_by_subject(self._request) else None
        found = check_statements(self._bundle, settings, ledger, facts, before, self._is_complete)
        if found.number:
            zh, en = ("连续", "missing") if self._is_complete else ("不重", "given twice")
            self._shown(
                f"{found.number} 份决定书与其决定、台账、政策相符，大写无误，文号{zh}",
                f"{found.number} statements agree with decisions, ledger and policy, in figures and words; no number is"
                f" {en}",
            )
            self._limit(
                "决定书所载说明、资格、暂缓与异议是作出决定时所示，未重算",
                "explanations, eligibility, holds and objections in statements are as shown when decided, and were not"
                " recomputed",
            )
        if found.facts_not_compared:
            self._limit(
                f"决定书所依的 {found.facts_not_compared} 项事实此后已有新版本，未比对",
                f"{found.facts_not_compared} facts of statements have newer versions since, and were not compared",
            )
        return found.number

    def _report_limits(self) -> None:
        if not self._is_complete:
            self._limit(
                "这是筛选后的核验包：符合条件者是否有遗漏，无法证明",
                "the extract is filtered: it cannot be proved that nothing that fits the request was left out",
            )
        if self._request["as_of"]:
            self._limit(
                "这是过去某一时点的核验包：该时点前的末几笔是否有遗漏，无法证明（请不带 as_of 申请）",
                "the extract is as of an earlier instant: it cannot be proved that the last transactions before it are"
                " here (request one without as_of)",
            )
        if not self._has_whole_registers:
            self._limit(
                "核验包未包含整个登记簿：是否另有应计入或更早的文档，无法证明（请以 evidence=registers 申请）",
                "the registers are incomplete: it cannot be proved that no other document should count (request one"
                " with evidence=registers)",
            )
        if self._older is None:
            self._limit(
                "未给旧核验包：过去是否被改写，须以 --since 比对，或问见证方",
                "no older extract was given: use --since, or ask witnesses, to learn whether the past was rewritten",
            )
        else:
            self._shown("台账延续旧核验包", "the ledger continues the older extract")
        self._limit(
            "奖补的 readings（改用另一读法即改变其可兑现额的）、被拒收事件、Kafka 记录时间和 views/ 只由签名保证；"
            "交易场所所报、经办人所记是否属实不在核验之内",
            "readings of awards (those whose alternative would change the payable), rejected events, Kafka timestamps"
            " of records and views/ are covered by the signature alone, and it is not checked that what exchanges"
            " reported and persons recorded is true",
        )


def check_totals(
    manifest: Json,
    read: tuple[LedgerLog, ReportedAwards, ReportedFacts, RecordedActs],
    sums: tuple[int, int],
    registers: RegistersByName,
    statements: int,
) -> None:
    """Compare the manifest's counts and control totals with what was `read`; `sums`: of ceilings and payables."""
    ledger, awards, facts, acts = read
    asked, context = awards.counts()
    ceiling, payable = sums
    found = {
        "transactions": {"count": ledger.count, "debit": yuan(ledger.debit), "credit": yuan(ledger.credit)},
        "awards": {"count": asked, "ceiling": yuan(ceiling), "payable": yuan(payable)},
        "context": {"count": context},
        "decisions": {"count": ledger.act_count - acts.not_shown},
        "facts": {"count": facts.count},
        "statements": {"count": statements},
        "evidence": {register.name: {"count": register.count} for register in registers.values()},
    }
    for name in sorted(found):
        # Extracts of earlier versions have no statements.
        if manifest["totals"].get(name, {"count": 0} if name == "statements" else None) != found[name]:
            raise Unsound("控制总数不符", "wrong control total", name, file="manifest.json")


def main(arguments: Sequence[str] | None = None, need_key: bool = True) -> int:
    """Run the command; return the exit code."""
    language = caller_language()

    def say(zh: str, en: str) -> str:
        return ReportLine(zh, en).text(language)

    parser = argparse.ArgumentParser(description=say("核验一份台账核验包", "verify an extract of the ledger"))
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("extract", nargs="?", default=here, metavar="EXTRACT", help=say("zip 或目录", "zip or folder"))
    keys_help = say("各日志的公钥，一行一个", "verifier keys of the logs, one a line")
    parser.add_argument("--key", metavar="FILE", required=need_key, help=keys_help)
    parser.add_argument("--since", metavar="OLDER", help=say("旧核验包", "an older extract"))
    parser.add_argument("--html", metavar="FILE", help=say("另存网页报告", "write the report as a web page, too"))
    progress_help = say("显示进度，即使不在终端", "show progress, also where stderr is no terminal")
    parser.add_argument("--progress", action="store_true", help=progress_help)
    given = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    progress = VerificationProgress(given.progress or sys.stderr.isatty())
    try:
        keys = None if given.key is None else read_key_file(given.key)
        report = verify(given.extract, keys, given.since, (given.key, given.since, given.html), progress)
        if given.html:
            with open(given.html, "w", encoding="utf-8") as file:
                file.write(report.html(datetime.now(timezone.utc).isoformat(timespec="seconds"), language))
    except (UsageError, OSError, sqlite3.Error) as error:
        progress.end()
        reason = error.message.text(language) if isinstance(error, UsageError) else str(error)
        sys.stderr.write(f"{ReportLine('错误', 'error', reason).text(language)}\n")
        return 2
    progress.end()
    sys.stdout.write(report.text(language))
    return 0 if report.is_sound else 1


def read_key_file(path: str) -> VerifierKeys:
    try:
        with open(path, encoding="utf-8") as file:
            return read_keys(file.read())
    except UnicodeDecodeError:
        raise UsageError("公钥文件不是 UTF-8", "the key file is not UTF-8", path) from None


if __name__ == "__main__":
    sys.exit(main())
