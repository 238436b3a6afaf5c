"""The words of template decision/1, from a frozen statement (决定书). Released words never change.

A change of wording is another template version: statements that name this one must read for ever as they were signed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.values.json_types import Json

_TITLES: Final[Mapping[str, str]] = {
    "publish": "奖补资金拟兑现公示告知书",
    "approve": "奖补资金核定决定书",
    "reject": "不予奖补决定书",
    "revoke": "撤销奖补资金核定决定书",
    "notify_return": "奖补资金追缴告知书",
    "return": "奖补资金追缴决定书",
}
_DECIDED: Final[Mapping[str, str]] = {
    "publish": "拟兑现奖补资金{amount}元（大写：{words}），现予公示。公示期满无异议或者异议不成立的，依程序核定。",
    "approve": "核定奖补资金{amount}元（大写：{words}）。",
    "reject": "对上述事项不予奖补。",
    "revoke": "撤销已核定尚未拨付的奖补资金{amount}元（大写：{words}）。",
    "notify_return": "拟追缴已拨付的奖补资金{amount}元（大写：{words}）。你单位可以在{until}（含当日）前陈述和申辩。",
    "return": "追缴已拨付的奖补资金{amount}元（大写：{words}），请退回指定的财政账户。",
}
_GROUNDS: Final[Mapping[str, str]] = {
    "correction": "事实更正",
    "eligibility": "不符合适用条件",
    "fraud": "弄虚作假",
    "review": "复核",
    "court": "司法或复议决定",
    "policy_change": "政策调整",
    "error": "办理差错",
}
_AMOUNTS: Final = (
    ("base", "计算基数"),
    ("cap", "单项封顶"),
    ("ceiling", "测算上限"),
    ("payable", "可兑现额"),
    ("approved", "此前已核定"),
    ("paid", "此前已拨付"),
    ("returned", "此前已决定追缴"),
    ("recovered", "此前已收回"),
)
OUTCOMES: Final = {"upheld": "成立", "partly": "部分成立", "dismissed": "不成立"}
_ELIGIBLE: Final = {"verified": "经审核符合适用条件", "failed": "经审核不符合适用条件"}
_HOLDS: Final = {
    "eligibility": "适用条件尚未审核或不符合",
    "budget": "超出年度预算",
    "rule_suspended": "条款暂停执行",
    "period_open": "年度尚未结账",
    "assessment": "金额待评定",
    "manual": "人工暂缓",
    "objection": "异议待处理",
}
_CONDITIONS: Final = {
    "civil_liability": "具有独立承担民事责任的能力",
    "sound_accounts": "财务管理制度健全",
    "good_credit": "信用状况良好",
    "no_safety_accident": "三年内未发生重大安全事故",
    "no_environmental_accident": "三年内未发生重大环境事故",
}
_ZERO: Final = (None, "0.00")


def page_of(statement: Json) -> Json:
    return page_with(statement, [_objection(one) for one in statement["objections"]])


def page_with(statement: Json, objections: Sequence[str]) -> Json:
    """The page of a statement: `title`, `number`, `to`, `parts` (heading, paragraphs), `amounts`, `files`, and more.

    `objections` are the paragraphs on these, which each version of the template words.
    """
    amounts, policy = statement["amounts"], statement["policy"]
    return {
        "authority": statement["authority"],
        "title": _TITLES[statement["kind"]],
        "number": f"{statement['number']}号",
        "to": _recipient(statement["subject"]),
        "parts": [
            {"heading": f"{number}、{heading}", "lines": lines}
            for number, (heading, lines) in zip("一二三四五六七", _parts(statement, objections), strict=False)
        ],
        "amounts": [
            {"name": name, "amount": amounts[key], "shown": _grouped(amounts[key])}
            for key, name in _AMOUNTS
            if amounts.get(key) not in _ZERO
        ],
        "amount": amounts["amount"],
        "amount_shown": _grouped(amounts["amount"]),
        "words": statement["amount_in_words"],
        "facts": [_fact(one) for one in statement["facts"]],
        "files": [dict(one) for one in statement["documents"]],
        "signed": f"{statement['decided_by']['post']}：{statement['decided_by']['name']}",
        "day": day(statement["at"][:10]),
        "policy": f"政策文件 {policy['id']} 第{policy['revision']}版（SHA-256 {policy['sha256']}）",
        "whitelist": f"交易场所名录（SHA-256 {statement['whitelist_sha256']}）",
    }


def _parts(statement: Json, objections: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The headings of the page and the paragraphs below each."""
    yield "事项", [_matter(statement)]
    yield "事实和依据", [statement["explanation"]["text"]["zh"], *_conditions(statement)]
    if (noticed := _notice(statement, objections))[1]:
        yield noticed
    if reasons := _reasons(statement):
        yield "理由", reasons
    amounts, notice = statement["amounts"], statement["notice"] or {}
    decided = _DECIDED[statement["kind"]].format(
        amount=_grouped(amounts["amount"]),
        words=statement["amount_in_words"],
        until=day(notice["until"]) if notice.get("until") else "规定期限届满",
    )
    yield "告知" if "contact" in statement else "决定", [decided]
    if "contact" in statement:
        yield "联系方式", [f"{statement['contact']}。"]
    else:
        yield "救济途径", [_remedies(statement["remedies"])]


def _matter(statement: Json) -> str:
    item = "" if statement["item"] is None else f"，事项{statement['item']}"
    policy = statement["policy"]
    title = policy["title"].replace("(", "（").replace(")", "）")
    basis = f"《{title}》（{policy['document_no']}）{_article(statement['article'])}"
    return f"{statement['year']}年度，依据{basis}{item}，奖补编号{statement['award_id']}。"


def _conditions(statement: Json) -> list[str]:
    lines = []
    if (eligible := _ELIGIBLE.get(statement["eligibility"]["status"])) is not None:
        record = statement["eligibility"]["record"] or {}
        lines.append(f"你单位{eligible}{papers(record.get('documents') or [])}。")
        # Records of earlier versions have other criteria.
        criteria = record.get("criteria", {})
        unmet = [text for name, text in _CONDITIONS.items() if criteria.get(name, {}).get("met") is False]
        if unmet:
            lines.append(f"不符合的条件：{'；'.join(unmet)}。{record.get('reason') or ''}")
    if statement["holds"]:
        lines.append(f"暂缓事由：{'、'.join(_HOLDS.get(kind, kind) for kind in statement['holds'])}。")
    return lines


def _objection(objection: Json) -> str:
    release = objection.get("release")
    answered = "尚未处理" if release is None else OUTCOMES.get(release.get("outcome") or "", "已处理")
    return f"异议（{day(objection['at'][:10])}登记）：{answered}。"


def _notice(statement: Json, objections: Sequence[str]) -> tuple[str, list[str]]:
    notice, is_return = statement["notice"], statement["kind"] in ("notify_return", "return")
    lines = [] if is_return else ["未公示。"]
    if notice is not None:
        where = f"在{notice['where']}" if notice.get("where") else ""
        name = "陈述、申辩期限" if is_return else f"{where}公示"
        # An earlier version did not record the first day.
        start = f"自{day(notice['from'])}" if notice["from"] else ""
        counted = "首日和末日均计入" if notice["from"] else "当日计入"
        lines = [f"{name}{start}至{day(notice['until'])}，{counted}。"]
    return "告知和异议" if is_return else "公示和异议", [*lines, *objections]


def _reasons(statement: Json) -> list[str]:
    """The ground and the reasons; a return has those of its notice, but not in statements of an earlier version."""
    notice = statement["notice"] or {}
    ground = _GROUNDS.get(statement["ground"] or notice.get("ground") or "")
    return [line for line in (ground and f"事由：{ground}。", notice.get("reason"), statement["reason"]) if line]


def _remedies(remedies: list[Json]) -> str:
    said = []
    for one in remedies:
        within = f"{one['days']}日内" if one["days"] is not None else f"{one['months']}个月内"
        verb = "申请" if one["remedy"] == "administrative_review" else "提起"
        basis = one["basis"].partition(" / ")[0]
        said.append(f"自收到本决定书之日起{within}依法向{one['to']}{verb}{one['name']}（{basis}）")
    return f"如不服本决定，可以{'；也可以'.join(said)}。"


def _fact(evidence: Json) -> Json:
    """A fact and the documents that a declaration names."""
    value = evidence["value"] or {}
    return {
        "fact": f"{evidence['fact']}，第{evidence['generation']}代第{evidence['seq']}号",
        "papers": papers(value.get("documents") or []),
    }


def papers(documents: list[Json]) -> str:
    return f"（{'、'.join(one['name'] for one in documents)}）" if documents else ""


def _article(article: str) -> str:
    """The article with the parentheses of Chinese text: （四）2."""
    return article.replace("(", "（").replace(") ", "）").replace(")", "）")


def _recipient(subject: Json) -> str:
    code = f"统一社会信用代码{subject['id']}" if subject["id_scheme"] == "uscc" else subject["id"]
    return f"{subject['name']}（{code}）："


def day(text: str) -> str:
    found = datetime.fromisoformat(text)
    return f"{found.year}年{found.month}月{found.day}日"


def _grouped(amount: str) -> str:
    whole, decimals = amount.split(".")
    return f"{int(whole):,}.{decimals}"
