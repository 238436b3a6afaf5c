"""Statements (决定书): each is of one decision, numbered without gaps, and says what ledger, facts and policy say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from .bundle import Bundle, viewer_of
from .ledger import ACTS_FILE, LedgerLog
from .policy import SettingsHistory
from .report import Unsound
from .reported_facts import ReportedFacts
from .storage.disk import DiskDict, DiskTable
from .values import Json, canonical, fen, subject_of, yuan

STATEMENTS_FILE = "statements.ndjson"
STATED_ACTIONS = ("publish", "approve", "reject", "revoke", "notify_return", "return")
# Statements of these actions decide nothing yet: they name a contact in place of remedies.
NOTICE_ACTIONS = ("publish", "notify_return")
TEMPLATES = ("decision/1", "decision/2")
OBJECTION_FIELDS = {"answer", "by", "documents", "reason", "received_on", "registered_on"}
NUMBER = re.compile(r"(.+)〔([0-9]{4})〕([1-9][0-9]*)")
DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")


class StatementsFound(NamedTuple):
    """How many statements there are, and how many facts of theirs are versions that the extract does not have."""

    number: int
    facts_not_compared: int


def check_statements(
    bundle: Bundle,
    settings: SettingsHistory,
    ledger: LedgerLog,
    facts: ReportedFacts,
    amounts_before: DiskDict[Json] | None,
    is_complete: bool,
) -> StatementsFound:
    """Compare every statement with its decision and what that rests on.

    `amounts_before` are an award's amounts before each decision, by statement (None: earlier acts are not here);
    `is_complete`: no decision is left out.
    """
    decisions: DiskDict[Json] = DiskDict(bundle.store)
    if not viewer_of(ledger.request):
        for statement, stated in stated_decisions(bundle, settings):
            if statement in decisions:
                raise Unsound("两项决定指明同一决定书", "two decisions name one statement")
            decisions[statement] = stated
    if not len(decisions) and STATEMENTS_FILE not in bundle.names:  # of an earlier version
        return StatementsFound(0, 0)
    numbers = DiskTable(bundle.store, "series TEXT, seq INTEGER, number INTEGER", "series, seq, number")
    notices = notices_before(bundle)
    count = missing = 0
    for item, line in bundle.items(STATEMENTS_FILE, sha256_of):
        decision = decisions.pop(hashlib.sha256(line).hexdigest())
        if decision is None:
            raise Unsound("没有决定指明此决定书", "no decision names this statement")
        seq = decision["transaction"]
        terms = compare_settings(item, decision, settings)
        compare_decision(item, decision)
        compare_notice(item, notices.get(decision["statement"]))
        series, number = number_of(item, decision, terms)
        numbers.add(series, seq, number)
        compare_amounts(item, decision, ledger.ceiling_before(seq))
        known = None if amounts_before is None else amounts_before.get(decision["statement"])
        if known is not None and any(item["amounts"][name] != known[name] for name in known):
            raise Unsound("金额与此前的办理记录不符", "its amounts differ from the acts before it")
        missing += facts_missing(item, facts)
        count += 1
    left = min(((decision["transaction"], sha256) for sha256, decision in decisions.items()), default=None)
    if left is not None:
        raise Unsound("缺少决定书", "a statement is missing", left[1], file=STATEMENTS_FILE)
    check_numbers(numbers, is_complete)
    return StatementsFound(count, missing)


def sha256_of(item: Json) -> str:
    return hashlib.sha256(canonical(item)).hexdigest()


def stated_decisions(bundle: Bundle, settings: SettingsHistory) -> Iterator[tuple[str, Json]]:
    """Yield decisions with the statement that each names; those under a policy that names no authority have none."""
    for item, _ in bundle.items(ACTS_FILE, lambda act: act["transaction"]):
        if item.get("action") not in STATED_ACTIONS or "statement" not in item:
            continue
        statement, policy = item["statement"], settings.policies.get(settings.policy_at(item["transaction"]) or ("", 0))
        if (statement is None) != (policy is None or policy.statements is None):
            raise Unsound("决定与决定书不符", "a decision lacks its statement, or has one that no policy provides for")
        if statement is not None:
            yield statement, item


def notices_before(bundle: Bundle) -> DiskDict[Json]:
    """The notice that each statement without an own one rests on: of a return with its ground and reason.

    Left out where the extract has none, or one of an earlier version.
    """
    found: DiskDict[Json] = DiskDict(bundle.store)
    last: DiskDict[Json] = DiskDict(bundle.store)  # by award and action
    for item, _ in bundle.items(ACTS_FILE, lambda act: act["transaction"]):
        action, notice = item.get("action", ""), item.get("notice")
        if notice is not None:
            told = {"ground": item["ground"], "reason": item["reason"]} if action == "notify_return" else {}
            last[f"{item['award_id']} {action}"] = {**notice, **told}
        elif action in STATED_ACTIONS and item.get("statement"):
            before = last.get(f"{item['award_id']} {'notify_return' if action == 'return' else 'publish'}")
            if before is not None:
                found[item["statement"]] = before
    return found


def compare_settings(item: Json, decision: Json, settings: SettingsHistory) -> Json:
    """Check policy, whitelist, article and what the policy file says of statements; return what it says of them."""
    one = settings.listed_at(decision["transaction"])
    policy = settings.policies[one["policy"]["id"], one["policy"]["revision"]]
    named = {name: one["policy"][name] for name in ("id", "revision", "sha256")}
    named |= {"document_no": policy.document_no, "title": policy.title}
    if (item["policy"], item["whitelist_sha256"]) != (named, one["whitelist"]["sha256"]):
        raise Unsound("不是当时施行的政策或名录", "not the policy and whitelist in force then")
    rule, terms = item["award_id"].partition("/")[0], policy.statements or {}
    if policy.article(rule) not in (None, item["article"]):
        raise Unsound("条款与政策文件不符", "its article is not that of the policy file")
    said = (item["authority"], item["decided_by"]["post"], item.get("contact"), item.get("remedies"))
    is_notice = item["kind"] in NOTICE_ACTIONS
    expected = (
        terms["authority"],
        terms["posts"][item["kind"]],
        terms["contact"] if is_notice else None,
        None if is_notice else [remedy_of(remedy) for remedy in terms["remedies"]],
    )
    if said != expected or item["template"] not in TEMPLATES:
        raise Unsound("落款、救济途径或样式与政策文件不符", "authority, remedies or template are not the policy file's")
    if item["template"] != "decision/1" and any(one.keys() != OBJECTION_FIELDS for one in item["objections"]):
        raise Unsound("异议的内容与样式不符", "its objections do not have the form of its template")
    return terms


def remedy_of(terms: Json) -> Json:
    periods = {name: int(terms[name]) if name in terms else None for name in ("days", "months")}
    return {**{name: terms[name] for name in ("remedy", "name", "to", "basis")}, **periods}


def compare_decision(item: Json, decision: Json) -> None:
    award_id, parts = item["award_id"], item["award_id"].split("/")
    found = (
        item["kind"], award_id, item["at"], item["ground"], item["reason"], item["documents"],
        subject_of(item["subject"]), item["year"], item["item"], item["decided_by"]["name"],
        item["decided_by"]["person"],
    )  # fmt: skip
    expected = (
        decision["action"], decision["award_id"], decision["at"], decision["ground"], decision["reason"],
        decision["documents"], decision["subject"], decision["year"], "/".join(parts[3:]) or None, decision["by"],
        decision.get("person", decision["by"]),
    )  # fmt: skip
    if found != expected or (decision["notice"] is not None and item["notice"] != decision["notice"]):
        raise Unsound("与其决定不符", "differs from its decision")


def compare_notice(item: Json, notice_before: Json | None) -> None:
    """Check the notice that an approval or a return rests on (None: not known).

    Statements of an earlier version have neither ground nor reason of a notice of return.
    """
    if notice_before is None:
        return
    days = {name: notice_before[name] for name in ("from", "until", "where")}
    if item["notice"] not in (notice_before, days):
        raise Unsound("与此前的公示或告知不符", "differs from the notice before it")


def number_of(item: Json, decision: Json, terms: Json) -> tuple[str, int]:
    """The series of a statement's number, and its place there."""
    found = NUMBER.fullmatch(item["number"])
    expected = (terms["prefix"], decision["decided_on"][:4])
    if found is None or (found.group(1), found.group(2)) != expected:
        raise Unsound("文号有误", "wrong number", item["number"])
    return found.group(2), int(found.group(3))


def check_numbers(numbers: DiskTable, is_complete: bool) -> None:
    """Numbers of a year rise with the ledger, and have no gaps if no decision is left out."""
    series = [one for (one,) in numbers.rows("series", "GROUP BY series ORDER BY min(rowid)")]
    for year in series:
        before = 0
        for (number,) in numbers.rows("number", "WHERE series = ? ORDER BY seq, number", year):
            if number != before + 1 if is_complete else number <= before:
                raise Unsound("文号不连续", "the numbers of statements have gaps", year, file=STATEMENTS_FILE)
            before = number


def compare_amounts(item: Json, decision: Json, ceiling: int | None) -> None:
    """Check the amount that was decided, in figures and words, and the ceiling by the ledger (None: not known)."""
    amounts = item["amounts"]
    decided = amounts["payable"] if item["kind"] == "publish" else decision["amount"]
    if amounts["amount"] != decided or item["amount_in_words"] != in_capitals(fen(decided)):
        raise Unsound("金额或大写有误", "wrong amount, in figures or words")
    if fen(amounts["payable"]) > fen(amounts["ceiling"]):
        raise Unsound("可兑现额高于测算上限", "the payable is over the ceiling")
    if ceiling is not None and amounts["ceiling"] != yuan(ceiling):
        raise Unsound("测算上限与此前记账不符", "its ceiling is not what the ledger had posted before")


def in_capitals(amount: int) -> str:
    """An amount in financial Chinese capitals, digit by digit from the highest place."""
    whole, jiao, last = amount // 100, amount // 10 % 10, amount % 10
    written = capitals_of(whole) + "元" if whole else "" if amount else "零元"
    if jiao or last:
        written += "零" if whole and (not jiao or not whole % 10) else ""
        written += (DIGITS[jiao] + "角" if jiao else "") + (DIGITS[last] + "分" if last else "整")
    else:
        written += "整"
    return "人民币" + written


def capitals_of(whole: int) -> str:
    """Groups of four digits from the left with their units; a zero stands before one that does not fill its places."""
    written = ""
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        group = whole // unit % 10**4
        text = ""
        for place in (3, 2, 1, 0):
            digit = group // 10**place % 10
            if digit:
                text += DIGITS[digit] + PLACES[place]
            elif text and not text.endswith("零") and group % 10**place:
                text += "零"
        is_after_gap = written and group and (group < 10**3 or not whole // (unit * 10**4) % 10**4)
        written += ("零" if is_after_gap else "") + text + (name if group else "")
    return written


def facts_missing(item: Json, facts: ReportedFacts) -> int:
    """Compare the facts of a statement with those of the extract; return how many are of other versions."""
    missing = 0
    for named in item["facts"]:
        value = named["value"]
        if value is None or (value["generation"], value["seq"]) != (named["generation"], named["seq"]):
            raise Unsound("事实与其版本不符", "a fact is not of its version", named["fact"])
        known = facts.value_of(named["fact"])
        if known is None or (known["generation"], known["seq"]) != (named["generation"], named["seq"]):
            missing += 1
        elif known != value:
            raise Unsound("事实与核验包所载不符", "a fact differs from that of the extract", named["fact"])
    return missing
