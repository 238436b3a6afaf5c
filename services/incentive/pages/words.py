"""Display names of the API's codes, in Chinese and English, and rounded figures. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from services.incentive.domain.holds import HOLD_NAMES
from services.incentive.domain.workflow import STATE_NAMES
from services.incentive.policy.terms import Texts
from shared.events.industry_names import INDUSTRY_NAMES
from shared.values.json_types import Json
from shared.values.money import FEN_PER_YUAN, parse_yuan

ROLES: Final[Mapping[str, Texts]] = {
    "exchange": Texts("交易场所", "Exchange"),
    "auditor": Texts("审计", "Auditor"),
    "bureau": Texts("主管部门", "Bureau"),
    "subject": Texts("主体", "Subject"),
}
STATES: Final = STATE_NAMES
LINK_STATES: Final[Mapping[str, Texts]] = {
    "open": Texts("未使用", "Not used"),
    "used": Texts("已使用", "Used"),
    "expired": Texts("已过期", "Expired"),
    "revoked": Texts("已撤销", "Revoked"),
}
GROUNDS: Final[Mapping[str, Texts]] = {
    "correction": Texts("数据更正", "Correction of data"),
    "eligibility": Texts("不符合资格", "Not eligible"),
    "fraud": Texts("弄虚作假", "Fraud"),
    "review": Texts("复核或监督检查", "Review or inspection"),
    "court": Texts("司法裁判", "Court ruling"),
    "policy_change": Texts("政策变化", "Change of policy"),
    "error": Texts("办理差错", "Error of the authority"),
}
ACTIONS: Final[Mapping[str, Texts]] = {
    "apply": Texts("申报", "Apply"),
    "list": Texts("免申即享", "List automatically"),
    "review": Texts("初审", "Initial review"),
    "joint_review": Texts("联合审核", "Joint review"),
    "publish": Texts("公示", "Publish the notice"),
    "approve": Texts("核定", "Approve"),
    "pay": Texts("拨付", "Pay"),
    "reject": Texts("不予通过", "Reject"),
    "reopen": Texts("重新办理", "Reopen"),
    "withdraw": Texts("撤回（放弃）", "Withdraw (given up)"),
    "revoke": Texts("撤销核定", "Revoke the approval"),
    "notify_return": Texts("追缴告知", "Notify the return"),
    "return": Texts("追缴决定", "Decide the return"),
    "recover": Texts("收回", "Recover"),
}
ACT_KINDS: Final[Mapping[str, Texts]] = {
    "decision": Texts("办理环节", "Step"),
    "hold": Texts("暂缓", "Hold"),
    "release": Texts("解除暂缓", "Release"),
    "eligibility": Texts("资格认定", "Eligibility"),
    "suspension": Texts("暂停规则", "Suspension"),
    "other_grant": Texts("登记市级其他奖补", "Other grant"),
    "grant_withdrawal": Texts("撤回其他奖补登记", "Other grant withdrawn"),
    "related_party": Texts("关联方登记", "Related parties"),
    "year_closing": Texts("年度结账", "Year closed or reopened"),
    "service": Texts("决定书送达", "Statement served"),
    "account": Texts("登记收款账户", "Bank account"),
    "account_confirmation": Texts("确认收款账户", "Bank account confirmed"),
    "declared_table": Texts("提交申报表", "Table of declarations sent"),
    "declared_table_confirmation": Texts("确认申报表", "Table of declarations confirmed"),
    "declared_table_discard": Texts("作废申报表", "Table of declarations discarded"),
    "access_link": Texts("发放一次性链接", "One-time link"),
    "access_link_revocation": Texts("撤销一次性链接", "One-time link revoked"),
    "declaration": Texts("申报登记", "Declaration"),
}
# The next steps from a state, and their condition.
NEXT: Final[Mapping[str, tuple[tuple[str, ...], Texts | None]]] = {
    "estimated": (("apply", "list"), None),
    "applied": (("review",), None),
    "reviewed": (("joint_review",), Texts("须由初审以外的人办理", "by a person other than the reviewer")),
    "joint_reviewed": (("publish",), None),
    "published": (
        ("approve",),
        Texts(
            "公示期满、无暂缓，由初审和联合审核以外的人办理",
            "after the notice period, without a hold, by a person other than the two reviewers",
        ),
    ),
    "approved": (
        ("pay", "revoke"),
        Texts("由核定以外的人办理，拨付须无暂缓", "by a person other than the approver; a payment without a hold"),
    ),
    "paid": (
        ("apply", "list", "notify_return"),
        Texts(
            "可兑现增加后可再申报；应追缴的先告知；其余已办结",
            "again if more becomes payable; a notice if something is to come back; otherwise closed",
        ),
    ),
    "rejected": (
        ("reopen",),
        Texts("须说明理由，回到测算；否则已办结", "with a reason, back to estimated; otherwise closed"),
    ),
    "returned": (
        ("recover", "reopen"),
        Texts(
            "追缴未到账的登记收回；重新办理须说明理由，回到测算",
            "what is still to come back; reopening needs a reason and leads back to estimated",
        ),
    ),
}
# States whose next step a person who took an earlier one must not take.
OWN: Final[Mapping[str, Texts]] = {
    "reviewed": Texts("其中您初审的 {}", "{} of them reviewed by you"),
    "published": Texts("其中您初审或联合审核的 {}", "{} of them reviewed by you"),
    "approved": Texts("其中您核定的 {}", "{} of them approved by you"),
}
KINDS: Final[Mapping[str, Texts]] = {
    "entitlement": Texts("测算", "Entitlement"),
    "approval": Texts("核定", "Approval"),
    "payment": Texts("拨付", "Payment"),
    "revocation": Texts("撤销核定", "Revocation"),
    "return": Texts("追缴决定", "Return"),
    "recovery": Texts("收回", "Recovery"),
    "decision": Texts("决定", "Decision"),
    "settings": Texts("政策、名录或登记簿施行", "Policy, whitelist or registers put in force"),
}
HOLDS: Final = HOLD_NAMES
OUTCOMES: Final[Mapping[str, Texts]] = {
    "upheld": Texts("异议成立", "Upheld"),
    "partly": Texts("部分成立", "Partly upheld"),
    "dismissed": Texts("异议不成立", "Dismissed"),
}
TABLE_STATES: Final[Mapping[str, Texts]] = {
    "pending": Texts("待另一人确认", "Waits for another person"),
    "confirmed": Texts("已确认", "Confirmed"),
    "discarded": Texts("已作废", "Discarded"),
}
OBJECTION_STATES: Final[Mapping[str, Texts]] = {
    "received": Texts("待登记", "Received"),
    "held": Texts("已登记，待答复", "Registered"),
    "answered": Texts("已答复", "Answered"),
}
ELIGIBILITY: Final[Mapping[str, Texts]] = {
    "unverified": Texts("未核实", "Not verified"),
    "verified": Texts("已核实", "Verified"),
    "failed": Texts("不符合", "Failed"),
}
CONDITIONS: Final[Mapping[str, Texts]] = {
    "civil_liability": Texts("独立承担民事责任", "Independent civil liability"),
    "sound_accounts": Texts("财务制度健全", "Sound accounts"),
    "good_credit": Texts("信用良好", "Good credit"),
    "no_safety_accident": Texts("三年内无重大安全事故", "No major safety accident in three years"),
    "no_environmental_accident": Texts("三年内无重大环保事故", "No major environmental accident in three years"),
}
KINDS_OF_ENTITY: Final[Mapping[str, Texts]] = {
    "enterprise": Texts("数字经济核心产业企业", "Digital-economy enterprise"),
    "research_institute": Texts("科研院所", "Research institute"),
    "university": Texts("高等院校", "University"),
    "public_platform": Texts("公共服务平台", "Public service platform"),
    "park_operator": Texts("园区运营单位", "Park operator"),
    "other": Texts("其他", "Other"),
}
FLAGS: Final[Mapping[str, Texts]] = {
    "last_day": Texts(
        "有效期末日的另一种读法会改变本项", "The alternative reading of the last day would change this reward"
    ),
    "over_approved": Texts("已核定超过可兑现", "More approved than is payable"),
    "not_eligible": Texts("核定时已不符合资格", "Not eligible when it was approved"),
    "waived": Texts("主体已放弃", "Given up by the subject"),
    "offset": Texts("已核定额抵作同年其他奖补", "Approved amount credited to another award of the year"),
    "late_burst": Texts("年末冲量", "Late burst"),
    "round_trip": Texts("对敲往返", "Round trip"),
    "same_amount": Texts("同额反复", "Repeated identical amounts"),
    "small_first": Texts("小额首单", "Small first purchase"),
    "own_exchange": Texts("运营主体自购", "Operator's own purchases"),
    "split_purchases": Texts("贴顶拆单", "Purchases split around the cap"),
    "related_parties": Texts("关联方交易", "Trades between related parties"),
    "future_dated": Texts("日期超前", "Future-dated trades"),
}
STEPS: Final[Mapping[str, Texts]] = {
    "base": Texts("基数", "Base"),
    "refund": Texts("退款", "Refunds"),
    "rate": Texts("比例", "Rate"),
    "cap": Texts("上限", "Cap"),
    "rounding": Texts("取整", "Rounding"),
    "difference": Texts("晋级补差", "Step-up difference"),
    "item": Texts("单项限额", "Limit of the item"),
    "limit": Texts("限额", "Limit"),
    "grant": Texts("市级其他奖补", "Other grant"),
    "suppression": Texts("就高不重复", "Highest only"),
}
REFUSALS: Final[Mapping[str, Texts]] = {
    "too_large": Texts("过大", "Too large"),
    "not_json": Texts("不是 JSON", "Not JSON"),
    "not_cloudevent": Texts("不是 CloudEvent", "Not a CloudEvent"),
    "wrong_source": Texts("来源与主题不符", "Source does not match the topic"),
    "unknown_type": Texts("未知类型", "Unknown type"),
    "invalid_data": Texts("内容有误", "Invalid content"),
    "same_party": Texts("买卖双方为同一主体", "Same party on both sides"),
    "revision_conflict": Texts("同一版本内容不同", "Same revision with different content"),
    "unreadable": Texts("无法读取", "Unreadable"),
}
REFUSED_STATUSES: Final[Mapping[str, Texts]] = {
    "open": Texts("未更正", "Not corrected"),
    "corrected": Texts("已更正", "Corrected"),
    "unidentified": Texts("单据号不明", "Document unknown"),
}
DEADLINES: Final[Mapping[str, Texts]] = {
    "notice": Texts("公示期满", "End of the public notice"),
    "answer": Texts("陈述申辩期满", "End of the time to answer"),
    "remedy": Texts("救济期限届满", "End of the time to seek a remedy"),
    "eligibility": Texts("资格到期", "End of the eligibility"),
}
EARNED: Final[Mapping[str, Texts]] = {
    "once": Texts("一次性", "Once"),
    "first": Texts("首次", "First time"),
    "yearly": Texts("每年", "Yearly"),
    "by_difference": Texts("晋级补差", "Step-up difference"),
    "recorded": Texts("只作记录", "Recorded only"),
}
PER: Final[Mapping[str, Texts]] = {
    "subject_year": Texts("每个主体每年", "per subject and year"),
    "subject": Texts("每个主体累计", "per subject in total"),
    "item": Texts("每个事项累计", "per item in total"),
}
EXTRACT_STATES: Final[Mapping[str, Texts]] = {
    "queued": Texts("排队中", "Queued"),
    "running": Texts("生成中", "Running"),
    "ready": Texts("可下载", "Ready"),
    "failed": Texts("失败", "Failed"),
}
MARKS: Final[Mapping[str, Texts]] = {
    "T": Texts("原文", "Text"),
    "L": Texts("依法", "Law"),
    "J": Texts("判断", "Judgement"),
}
FOUND: Final[Mapping[str, Texts]] = {
    "subject": Texts("主体", "Subjects"),
    "exchange": Texts("交易场所", "Exchanges"),
    "award": Texts("奖补", "Rewards"),
    "voucher": Texts("支付凭证", "Payment vouchers"),
    "trade": Texts("交易", "Trades"),
    "listing": Texts("挂牌", "Listings"),
}
DOCUMENT_STATES: Final[Mapping[str, Texts]] = {
    "listed": Texts("挂牌中", "listed"),
    "withdrawn": Texts("已下架", "withdrawn"),
    "annulled": Texts("已作废", "annulled"),
    "completed": Texts("已成交", "completed"),
    "cancelled": Texts("已撤销", "cancelled"),
}
MODES: Final[Mapping[str, Texts]] = {
    "listed": Texts("挂牌交易", "listed"),
    "negotiated": Texts("协议交易", "negotiated"),
    "auction": Texts("竞价交易", "auction"),
}
SCHEMES: Final[Mapping[str, Texts]] = {
    "uscc": Texts("统一社会信用代码", "Unified social credit code"),
    "overseas": Texts("境外主体代码", "Overseas entity code"),
    "natural_person": Texts("自然人代号", "Natural person's pseudonym"),
}
_UNITS: Final = ((10**8, "亿"), (10**4, "万"))
_UNITS_EN: Final = ((10**9, " billion"), (10**6, " million"))


_WHOLLY_RETURNED: Final = Texts("已全部追缴", "Wholly returned")
_PARTLY_RETURNED: Final = Texts("部分追缴", "Partly returned")
_TO_BE_RECOVERED: Final = Texts("待收回", "To be recovered")


def award_states(award: Json) -> list[tuple[str, Texts]]:
    """Return the state of an award and what was returned of it, each as a code and a label.

    An award of which nothing stands any more is not shown as approved or paid, in whatever state it is.
    """
    shown = [(award["state"], word(STATES, award["state"]))]
    if award["returned"] is None:
        return shown
    approved, returned, recovered = (parse_yuan(award[name]) for name in ("approved", "returned", "recovered"))
    if returned >= approved > 0:
        is_settled = award["state"] in ("approved", "paid", "returned")
        shown = [*([] if is_settled else shown), ("returned", _WHOLLY_RETURNED)]
    elif returned:
        shown.append(("returned", _PARTLY_RETURNED))
    if returned > recovered:
        shown.append(("warn", _TO_BE_RECOVERED))
    return shown


def word(words: Mapping[str, Texts], name: str) -> Texts:
    """Return the display name of a code; an unknown code stands for itself."""
    return words.get(name, Texts(name, name))


def rounded(yuan: str) -> Texts:
    """Round for headings and charts to two decimals of a large unit: 123456789.00 -> 1.23亿, 123.45 million."""
    fen = parse_yuan(yuan)
    return Texts(_in_units(fen, _UNITS), _in_units(fen, _UNITS_EN))


def _in_units(fen: int, units: tuple[tuple[int, str], ...]) -> str:
    """Truncate, because a threshold that is nearly reached is not reached."""
    for size, name in units:
        if fen >= size * FEN_PER_YUAN:
            return f"{(Decimal(fen // size) / FEN_PER_YUAN).normalize():,f}{name}"
    return f"{fen // FEN_PER_YUAN:,}"


def zh_day(day: str) -> str:
    """Write a day as documents do: 2026-03-01 -> 2026年3月1日."""
    year, month, of_month = day.split("-")
    return f"{year}年{int(month)}月{int(of_month)}日"


# Fields of events in the form of a mapping.
UPLOAD_FIELDS: Final[Mapping[str, Texts]] = {
    "trade_no": Texts("交易编号", "Trade number"),
    "listing_no": Texts("挂牌编号", "Listing number"),
    "revision": Texts("版本", "Revision"),
    "status": Texts("状态", "Status"),
    "mode": Texts("交易方式", "Mode"),
    "product.no": Texts("产品编号", "Product number"),
    "product.name": Texts("产品名称", "Product name"),
    "product.kind": Texts("产品类型", "Product kind"),
    "product.industry": Texts("行业", "Industry"),
    "provider.id_scheme": Texts("卖方代码类别", "Seller's kind of code"),
    "provider.id": Texts("卖方代码", "Seller's code"),
    "provider.name": Texts("卖方名称", "Seller's name"),
    "buyer.id_scheme": Texts("买方代码类别", "Buyer's kind of code"),
    "buyer.id": Texts("买方代码", "Buyer's code"),
    "buyer.name": Texts("买方名称", "Buyer's name"),
    "amount": Texts("金额", "Amount"),
    "refunded": Texts("退款", "Refunded"),
    "completed_at": Texts("成交时间", "Completed at"),
    "listed_at": Texts("挂牌时间", "Listed at"),
    "origin_exchange": Texts("互认的外部场所", "Outside exchange that it mirrors"),
    "certificate_no": Texts("凭证编号", "Certificate number"),
    # Groups of fields in which a correction differs.
    "product": Texts("产品", "Product"),
    "provider": Texts("卖方", "Seller"),
    "buyer": Texts("买方", "Buyer"),
}
PRODUCT_KINDS: Final[Mapping[str, Texts]] = {
    "dataset": Texts("数据集", "Dataset"),
    "api": Texts("接口", "API"),
    "report": Texts("报告", "Report"),
    "service": Texts("服务", "Service"),
    "model": Texts("模型", "Model"),
    "other": Texts("其他", "Other"),
}
INDUSTRIES: Final[Mapping[str, Texts]] = {letter: Texts(*names) for letter, names in INDUSTRY_NAMES.items()}
NOT_STATED: Final = Texts("未填写", "Not stated")
UPLOAD_VALUES: Final[Mapping[str, Texts]] = {
    "completed": Texts("已完成", "Completed"),
    "cancelled": Texts("已取消", "Cancelled"),
    "listed": Texts("挂牌", "Listed"),
    "withdrawn": Texts("已撤牌", "Withdrawn"),
    "annulled": Texts("已作废", "Annulled"),
    "negotiated": Texts("协议", "Negotiated"),
    "auction": Texts("竞价", "Auction"),
    **PRODUCT_KINDS,
    "uscc": Texts("统一社会信用代码", "Social credit code"),
    "overseas": Texts("境外主体", "Overseas"),
    "natural_person": Texts("自然人代号", "Natural person's pseudonym"),
}
UPLOAD_OUTCOMES: Final[Mapping[str, Texts]] = {
    "refused": Texts("有错误，不发送", "Faulty, not sent"),
    "correction": Texts("更正，将发送", "Correction, will be sent"),
    "new": Texts("新增，将发送", "New, will be sent"),
    "superseded": Texts("已有更新的版本，不发送", "A newer revision exists, not sent"),
    "known": Texts("登记簿已有，不发送", "Registered already, not sent"),
    "sent": Texts("此前已发送，待登记，不重复发送", "Sent before and not handled yet, not sent again"),
    "repeated": Texts("与上面的行相同，不发送", "Equal to a row above, not sent"),
    "total": Texts("合计行，不是单据", "Row of totals, no document"),
}
UPLOAD_STATES: Final[Mapping[str, Texts]] = {
    "accepted": Texts("已登记", "Accepted"),
    "refused": Texts("被拒收", "Rejected"),
    "waiting": Texts("已发送，等待登记", "Sent, not handled yet"),
    "unsent": Texts("Kafka 未确认，须再次发送", "Not acknowledged by Kafka, to be sent again"),
}
