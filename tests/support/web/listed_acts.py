"""Acts of each kind that is listed by itself, for tests of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.incentive.bureau import DOCUMENTS, FIRST, SHA256
from tests.support.incentive.ledger import subject
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from tests.support.incentive.bureau import Bureau


def record_of_each_kind(bureau: Bureau, award_id: str) -> None:
    """Three acts of each kind that is listed by itself."""
    account = {"bank": "虚构银行", "account": "6222020000000000", "name": "虚构公司", "documents": DOCUMENTS}
    for number in range(3):
        _, hold = bureau.post(f"/v1/awards/{award_id}/holds", {"kind": "manual", "reason": "=1+1"})
        if number == 1:
            bureau.post(f"/v1/holds/{hold['hold_id']}/release", {"reason": "r"})
        bureau.grant(subject(1), 2026, f"{10 ** (3 - number)}.00")
        bureau.post("/v1/rules/first_listing/suspensions", {"from": f"202{6 + number}-01-01", "reason": "r"})
        pair = [subject(1), subject(2 + number)]
        related = {"subjects": pair, "status": "related", "reason": "r", "documents": DOCUMENTS}
        bureau.post("/v1/related-parties", related)
        bureau.post(f"/v1/subjects/{subject(1)}/accounts", {**account, "account": f"622202000000000{number}"})
        bureau.post(f"/v1/subjects/{subject(1)}/access-links", {})
        declared = {"rule": "compute_voucher", "subject": subject(3 - number), "item": f"V-{number}"}
        declared |= {"measure": {"settled": f"{10 ** (6 - number)}.00"}, "documents": DOCUMENTS}
        bureau.post("/v1/declared", {**declared, "earned_on": f"2026-0{number % 2 + 1}-01"})
        bureau.post(f"/v1/years/202{5 + number}/close", {"reason": "r", "documents": DOCUMENTS})
        _send_table(bureau, 24 - number)


def _send_table(bureau: Bureau, count: int) -> None:
    """A table of so many scenarios of 1,000,000 yuan each, which waits for another person."""
    rows = [f"ai_scenario,{subject(1)},N-{count}-{row},2026-04-01,a.pdf {SHA256}" for row in range(count)]
    content = "\n".join(("rule,subject,item,earned_on,documents", *rows))
    bureau.later()
    sent = bureau.ask.client.post("/v1/declared/table", data=content, content_type="text/csv", headers=headers(FIRST))
    assert sent.status_code == 202, sent.text
