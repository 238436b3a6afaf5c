"""Statements (决定书) of fictional awards, one of each kind, as a decision freezes them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from services.incentive.domain.statements.content import Rules, StatementBasis, freeze, prepare, statement_json
from services.incentive.policy.statement_terms import KINDS, Remedy, StatementTerms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHA256 = "ab" * 32
SUBJECT = {"id_scheme": "uscc", "id": "91530100MA60000012", "name": "昆明虚构数据有限公司"}
TERMS = StatementTerms(
    authority="昆明市数据局",
    prefix="昆数奖补",
    contact="昆明市数据局奖补经办处室",
    posts=dict.fromkeys(KINDS, "核定人"),
    remedies=(
        Remedy("administrative_review", "行政复议", "昆明市人民政府", 60, None, "行政复议法第20条 / Review Law 20"),
        Remedy("litigation", "行政诉讼", "有管辖权的人民法院", None, 6, "行政诉讼法第46条 / Litigation Law 46"),
    ),
)
RULES = Rules(
    {
        "id": "kunming-2025-14",
        "revision": 3,
        "sha256": SHA256,
        "document_no": "昆政发〔2025〕14号",
        "title": "昆明市推动数字经济高质量跨越式发展若干政策措施(试行)",
    },
    "cd" * 32,
)
NOTICE = {"from": "2026-06-01", "until": "2026-06-05", "where": "市政府门户网站"}
FACT = {"fact": "facts.first-purchase.v1/r1/uscc:91530100MA60000012", "generation": 1, "seq": 4711}
EXPLAINED = "首单为交易T1，金额5,000,000.00元。5,000,000.00元×5%=250,000.00元。封顶200,000.00元，按封顶计。"

# Holds that register objections, as the API shows them, with their releases.
OBJECTIONS = [
    {
        "hold_id": "h1",
        "award_id": "first_purchase/uscc:91530100MA60000012",
        "kind": "objection",
        "reason": "同一合同已享受补助",
        "objected_by": "虚构乙公司",
        "received_on": "2026-06-01",
        "documents": [{"name": "异议书.pdf", "sha256": SHA256}],
        "objection_id": None,
        "by": "经办岗",
        "person": "p-1",
        "at": "2026-06-02T10:00:00.000000+08:00",
        "transaction": 17,
        "release": {
            "release_id": "r1",
            "hold_id": "h1",
            "reason": "合同编号不同。",
            "outcome": "dismissed",
            "documents": [{"name": "复核意见.pdf", "sha256": SHA256}],
            "by": "经办岗",
            "person": "p-1",
            "at": "2026-06-04T10:00:00.000000+08:00",
            "transaction": 18,
        },
    },
    # Of a version that recorded neither who objects nor documents.
    {
        "hold_id": "h2",
        "award_id": "first_purchase/uscc:91530100MA60000012",
        "kind": "objection",
        "reason": "金额有误。",
        "by": "经办岗",
        "at": "2026-06-03T10:00:00.000000+08:00",
        "transaction": 19,
        "release": None,
    },
]


def basis(objections: Sequence[Any] = (), **award: Any) -> StatementBasis:
    """What a statement of a first purchase of 5,000,000 yuan rests on; `award` changes its fields."""
    return StatementBasis(
        award={
            "award_id": "first_purchase/uscc:91530100MA60000012",
            "subject": SUBJECT,
            "article": "(四) 2",
            "year": 2026,
            "base": "5000000.00",
            "rate": "0.05",
            "cap": "200000.00",
            "ceiling": "200000.00",
            "payable": "200000.00",
            "approved": "0.00",
            "paid": "0.00",
            "returned": "0.00",
            "recovered": "0.00",
            "holds": [],
            "eligibility": "verified",
            **award,
        },
        facts=[{**FACT, "exchanges": ["kmdex"], "value": {"generation": 1, "seq": 4711}}],
        explanation={"text": {"zh": EXPLAINED, "en": "The first purchase is T1."}},
        eligibility=None,
        notices={"publish": NOTICE},
        objections=list(objections),
        names={},
    )


def decision(kind: str, **given: Any) -> Mapping[str, Any]:
    """A decision of a kind, as the API shows it."""
    amount = "0.00" if kind in ("publish", "reject") else "123456.78"
    notice = {"from": "2026-06-10", "until": "2026-06-17", "where": None} if kind == "notify_return" else None
    return {
        "action": kind,
        "subject": "uscc:91530100MA60000012",
        "year": 2026,
        "amount": amount,
        "by": "核定岗",
        "person": "p-2",
        "at": "2026-06-10T09:30:00.000000+08:00",
        "reason": None if kind in ("publish", "approve") else "经复核，交易已撤销。",
        "ground": "correction" if kind in ("revoke", "notify_return") else None,
        "documents": [{"name": "会议纪要.pdf", "sha256": SHA256}],
        "notice": NOTICE if kind == "publish" else notice,
        **given,
    }


def statement(kind: str, number: int = 1, **award: Any) -> dict[str, Any]:
    """The statement of a decision of a kind."""
    text = f"昆数奖补〔{date(2026, 6, 10).year}〕{number}"
    return statement_json(basis(**award), dict(decision(kind)), text, TERMS, RULES)


def frozen(found: dict[str, Any]) -> tuple[str, bytes]:
    """The SHA-256 of a statement, and its bytes."""
    return freeze(prepare(found), found["at"], found["number"])
