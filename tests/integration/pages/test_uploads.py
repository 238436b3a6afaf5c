"""Tables sent by browser: an exchange sends its own alone, exactly what it was shown, once, or nothing."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from shared.events.records import SampleRecord
from shared.events.topics import topic_of
from shared.kafka.publish.publish_records import publish
from shared.settings import KafkaSettings
from tests.support.incentive.pages import TOKEN, signed_in_to
from tests.support.table_files.upload_set import (
    EXCHANGE,
    OTHER,
    UploadSet,
    mapped,
    send_form,
    table,
    upload,
    upload_set,
)
from tests.support.web.forms import forms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.support.engines.session import FreshDatabase


@pytest.fixture(scope="module")
def made(postgres: FreshDatabase, kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSet]:
    with upload_set(postgres, kafka, tmp_path_factory.mktemp("uploads")) as found:
        yield found


@pytest.fixture
def clerk(made: UploadSet) -> FlaskClient:
    return signed_in_to(made.app, f"exchange:{EXCHANGE}", "en")


def test_nobody_else_sees_or_sends_an_upload(made: UploadSet, clerk: FlaskClient) -> None:
    address = mapped(clerk, table("OWN-1"))
    other = signed_in_to(made.app, f"exchange:{OTHER}", "en")
    token = TOKEN.search(other.get("/uploads").text)
    assert token is not None
    assert other.get(address).status_code == 404
    for action in ("mapping", "send", "discard"):
        status = other.post(f"{address}/{action}", data={"csrf_token": token[1]}).status_code
        assert status == (409 if action == "send" else 404), action
    page = other.get("/uploads").text
    assert "OWN-1" not in page
    assert f"exchange.{OTHER}/kafka-password" in page  # how to switch it on
    assert [signed_in_to(made.app, role).get("/uploads").status_code for role in ("bureau", "auditor")] == [403, 403]
    assert clerk.get(address).status_code == 200
    assert f"{EXCHANGE}-trade-OWN-1-1" not in made.ids()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"<row/>" * (4 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bomb(), "too large"),
        (b"\xd0\xcf\x11\xe0 a workbook with macros", "save it as XLSX"),
        (b"PK\x03\x04 no zip", "not an intact XLSX"),
        (b"x" * (4 << 20) + b"x", "too large"),
        (table(*(f"N{number}" for number in range(2100))), "more than 2000 rows"),
        (b"\xff\xfe\xff\xff", "UTF-8 or GB 18030"),
        (b"", "Choose a file"),
    ],
)
def test_files_that_are_no_bounded_tables_are_refused(clerk: FlaskClient, content: bytes, said: str) -> None:
    answer = upload(clerk, content)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_what_was_not_shown_is_not_sent(made: UploadSet, clerk: FlaskClient) -> None:
    first, second = mapped(clerk, table("RACE-1")), mapped(clerk, table("RACE-1", amount="6.00"))
    (form,) = [one for one in forms_of(clerk.get(second).text) if one.action.endswith("/send")]
    assert send_form(clerk, first, "/send").status_code == 303
    answer = form.send(clerk, {})
    assert (answer.status_code, "nothing was sent" in answer.text) == (409, True)
    assert "Corrects revision 1" in clerk.get(second).text
    assert send_form(clerk, second, "/send").status_code == 303
    assert [one for one in made.ids() if "RACE" in one] == [f"{EXCHANGE}-trade-RACE-1-{number}" for number in (1, 2)]


def test_what_kafka_did_not_take_is_sent_later_and_once(
    made: UploadSet, clerk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = mapped(clerk, table("LATE-1", "LATE-2"))
    context = made.app.extensions["jiangbu.incentive"]
    with monkeypatch.context() as patch:
        patch.setattr("shared.kafka.publish.publish_records._CONNECT_TIMEOUT_MS", 500)
        away = KafkaSettings(("127.0.0.1:1",))
        patch.setitem(context.users.__dict__, "kafka", away)
        answer = send_form(clerk, address, "/send")
        assert (answer.status_code, "cannot reach Kafka" in answer.text) == (503, True), answer.text
    assert not [one for one in made.ids() if "LATE" in one]
    assert "Send 2 again" in clerk.get(address).text
    assert send_form(clerk, address, "/send").status_code == 303
    assert [one for one in made.ids() if "LATE" in one] == [f"{EXCHANGE}-trade-LATE-{number}-1" for number in (1, 2)]
    assert "Send 2 again" not in clerk.get(address).text


def test_the_receipt_says_what_was_refused_and_links_to_it(made: UploadSet, clerk: FlaskClient) -> None:
    made.handle()
    address = mapped(clerk, table("CLASH-1", "CLASH-2"))
    values = {json.loads(value)["id"]: value for _, value in made.published()}
    other = values[f"{EXCHANGE}-trade-RACE-1-1"].replace(b"RACE-1", b"CLASH-1").replace(b"5.00", b"7.00")
    topic = topic_of("trade", EXCHANGE)
    sent = publish([SampleRecord(EXCHANGE, topic, b"CLASH-1", other)], made.kafka.client_config(), lambda _: None)
    assert sent.failed == 0  # by another program of the exchange, and not handled when the table was judged
    assert send_form(clerk, address, "/send").status_code == 303
    assert "Sent, not handled yet" in clerk.get(address).text
    made.handle()
    send_rubbish(made, 600)  # more than a page of the newest
    made.handle()
    page = clerk.get(address).text
    assert re.search(r"Accepted</span> 1\b", page)
    assert re.search(r"Rejected</span> 1\b", page)
    assert "/quarantine?kind=trades" in page


def send_rubbish(made: UploadSet, count: int) -> None:
    topic = topic_of("trade", EXCHANGE)
    records = [SampleRecord(EXCHANGE, topic, b"rubbish", b"{}")] * count
    assert publish(records, made.kafka.client_config(), lambda _: None).failed == 0
