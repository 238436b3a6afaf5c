"""Examples of tables as CSV, for the OpenAPI document: what may be sent, and what is downloaded."""

from typing import Final

from services.incentive.domain.subjects.accounts import PAYMENT_HEADINGS
from services.incentive.domain.subjects.eligibility import CONDITIONS
from shared.web.csv_list import csv_text

_SUBJECT: Final = "uscc:91530100MAXGAAA018"
_NAME: Final = "虚构花卉数据有限公司"
_AWARD: Final = f"first_purchase/{_SUBJECT}"
_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ARTICLE, _AMOUNT, _DAY = "(四) 2", "200000.00", "2026-03-01"

_DOCUMENTS: Final = f"证书 {_SHA256}"
DECLARATIONS: Final = csv_text(
    ("rule", "subject", "name", "item", "earned_on", "documents"),
    [("mutual_recognition", _SUBJECT, _NAME, "2026-001", _DAY, _DOCUMENTS)],
)
ELIGIBILITY: Final = csv_text(
    ("subject", "status", "from", "until", "kind_of_entity", *CONDITIONS, "reason", "documents"),
    [
        (
            *(_SUBJECT, "verified", _DAY, "2026-12-31", "enterprise"),
            *("营业执照", "审计报告", "信用中国查询结果", "应急管理部门证明", "生态环境部门证明"),
            *("材料齐全", _DOCUMENTS),
        )
    ],
)
PAYMENTS: Final = csv_text(("award", "amount", "voucher", "day"), [(_AWARD, _AMOUNT, "2026-0042", _DAY)])
DUE_PAYMENTS: Final = csv_text(
    PAYMENT_HEADINGS,
    [(_AWARD, _ARTICLE, _SUBJECT, _NAME, _NAME, "中国银行昆明分行", "6222020000000000000", _AMOUNT, "", "")],
)
