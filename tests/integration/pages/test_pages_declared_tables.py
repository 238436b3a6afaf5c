"""The page of a table of declarations that waits for another person: sent, looked at, confirmed or discarded."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.incentive.bureau import FIRST, SECOND, SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import WHITELIST, changed, subject
from tests.support.incentive.pages import send, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

UPLOAD = "/declared/table"


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres, changed(0, WHITELIST, **{'above: "20000000.00"': 'above: "5000000.00"'})) as found:
        yield found


def signed_in(bureau: Bureau, who: str) -> FlaskClient:
    client = bureau.ask.client.application.test_client()
    assert sign_in(client, f"{who}-key").status_code == 303
    return client


def centre(number: int, item: str = "C") -> bytes:
    row = f"computing_centre,{subject(number)},{item}-{number},2026-03-01,1.2,a.pdf {SHA256}"
    return f"rule,subject,item,earned_on,measure,documents\n{row}\n".encode()


def sent(bureau: Bureau, content: bytes) -> str:
    """Preview a table on the page and send it as the first person; return the address of its page."""
    client = signed_in(bureau, FIRST)
    bureau.later()
    shown = send(client, UPLOAD, page=UPLOAD, table=(io.BytesIO(content), "t.csv"))
    assert "增加 10,000,000.00 元，超过政策文件规定的 5,000,000.00 元" in re.sub(r"<[^>]*>", "", shown.text)
    assert "提交，待另一人确认" in shown.text
    assert "登记全部" not in shown.text
    field = shown.text.partition('name="content" value="')[2].partition('"')[0]
    done = send(client, f"{UPLOAD}/enter", page=UPLOAD, content=field, once=hashlib.sha256(content).hexdigest())
    assert done.status_code == 303
    return str(done.headers["Location"])


def test_another_person_confirms_a_table(bureau: Bureau) -> None:
    page = sent(bureau, centre(1))
    first, second = signed_in(bureau, FIRST), signed_in(bureau, SECOND)
    own = first.get(page).text
    assert "由您提交，须由另一人确认" in own
    assert "确认并登记全部" not in own
    assert "提交人以外的人" in first.get("/worklist").text
    assert "您可确认" in second.get("/worklist").text
    assert page in second.get("/declared/tables").text
    other = second.get(page).text
    assert "确认并登记全部" in other
    assert "没有变化" in other
    refused = send(first, f"{page}/confirm", page=page, once="own")
    assert (refused.status_code, "须由提交人以外的人确认" in refused.text) == (409, True)
    bureau.later()
    assert send(second, f"{page}/confirm", page=page, once="other").status_code == 303
    confirmed = second.get(page).text
    assert "已确认" in confirmed
    assert f"/awards/computing_centre/{subject(1)}/2026/C-1" in confirmed
    assert "/discard" not in confirmed
    assert page not in second.get("/worklist").text
    assert send(second, f"{page}/confirm", page=page, once="again").status_code == 409


def test_a_table_is_discarded_with_a_reason(bureau: Bureau) -> None:
    page = sent(bureau, centre(2))
    first, auditor = signed_in(bureau, FIRST), signed_in(bureau, "auditor")
    assert send(first, f"{page}/discard", page=page, once="d-1").status_code == 422
    assert "/discard" not in auditor.get(page).text
    assert "提交时的预览" in auditor.get(page).text
    assert send(first, f"{page}/discard", page=page, once="d-2", reason="填错年度").status_code == 303
    assert "填错年度" in auditor.get(page).text
    assert bureau.ask.all("/v1/declared", subject=subject(2)) == []
    assert first.get("/declared/tables/none").status_code == 404


def test_the_page_says_what_changed_and_which_row_is_faulty(bureau: Bureau) -> None:
    page = sent(bureau, centre(3))
    body = {"rule": "computing_centre", "subject": subject(4), "item": "C-3", "earned_on": "2026-02-01"}
    more = {"measure": {"pue": "1.2"}, "documents": [{"name": "a.pdf", "sha256": SHA256}]}
    status, answer = bureau.post("/v1/declared", body | more)
    assert status == 200, answer
    second = signed_in(bureau, SECOND)
    shown = second.get(page).text
    assert "第 2 行 <code>errors</code>" in shown
    assert "有错误的行，不能确认" in shown
    refused = send(second, f"{page}/confirm", page=page, once="faulty")
    assert (refused.status_code, "2.item" in refused.text) == (422, True)
    assert "待另一人确认" in refused.text
