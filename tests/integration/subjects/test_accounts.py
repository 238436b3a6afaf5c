"""Bank accounts of subjects: masked, confirmed by another person, replaced by a newer one, shown to no exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.incentive.domain.subjects.accounts import account_sha256
from services.incentive.store.acts import accounts_of
from shared.postgres.database import snapshot
from tests.support.incentive.bureau import SECOND, SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

NUMBER = "6222020200011234567"
BODY = {
    "bank": "虚构银行昆明分行",
    "account": "6222 0202 0001 1234 567",
    "name": "虚构甲",
    "documents": [{"name": "开户许可证.pdf", "sha256": SHA256}],
}


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subject."""
    with empty_bureau(postgres) as found:
        yield found


def record(bureau: Bureau, number: int, **given: Any) -> Any:
    status, answer = bureau.post(f"/v1/subjects/{subject(number)}/accounts", {**BODY, **given})
    assert status == 201, answer
    return answer


def confirm(bureau: Bureau, account: Any, who: str = SECOND) -> tuple[int, Any]:
    return bureau.post(f"/v1/accounts/{account['id']}/confirm", None, who)


def in_use(bureau: Bureau, number: int, as_of: datetime | None = None) -> str | None:
    with bureau.engine.connect() as connection:
        found = accounts_of(connection, [subject(number)], as_of).get(subject(number))
    return None if found is None else found.number


def test_an_account_counts_once_another_person_confirmed_it(bureau: Bureau) -> None:
    account = record(bureau, 1)
    assert account["account"] == "***************4567"
    assert (account["bank"], account["name"], account["documents"]) == (BODY["bank"], BODY["name"], BODY["documents"])
    assert account["id"] == account["account_id"]
    assert in_use(bureau, 1) is None
    status, answer = confirm(bureau, account, "bureau")
    assert (status, "登记人以外的人" in answer["detail"]) == (409, True)
    (listed,) = bureau.ask.all(f"/v1/subjects/{subject(1)}/accounts")
    assert (listed["confirmed_at"], listed["in_use"], listed["account"]) == (None, False, account["account"])
    status, confirmed = confirm(bureau, account)
    assert (status, confirmed["account_id"]) == (201, account["id"])
    assert in_use(bureau, 1) == NUMBER
    assert confirm(bureau, account, "bureau3")[0] == 409
    (listed,) = bureau.ask.all(f"/v1/subjects/{subject(1)}/accounts")
    assert (listed["confirmed_at"], listed["in_use"]) == (confirmed["at"], True)
    before = bureau.now
    newer = record(bureau, 1, account="530102000001")
    assert in_use(bureau, 1) == NUMBER
    assert confirm(bureau, newer)[0] == 201
    assert (in_use(bureau, 1), in_use(bureau, 1, before)) == ("530102000001", NUMBER)
    listed = bureau.ask.all(f"/v1/subjects/{subject(1)}/accounts")
    assert [one["in_use"] for one in listed] == [False, True]


def test_the_number_is_nowhere_but_in_its_row(bureau: Bureau) -> None:
    account = record(bureau, 2)
    with bureau.engine.connect() as connection:
        salt, number = connection.execute(
            text("SELECT salt, number FROM account WHERE id = :id"), {"id": account["id"]}
        ).one()
    assert (number, account["account_sha256"]) == (NUMBER, account_sha256(salt, NUMBER))
    assert record(bureau, 2)["account_sha256"] != account["account_sha256"]
    told = (bureau.ask.all(f"/v1/subjects/{subject(2)}/accounts"), bureau.ask.all("/v1/ledger/transactions"))
    assert NUMBER not in str(told)


def test_refusals(bureau: Bureau) -> None:
    path = f"/v1/subjects/{subject(3)}/accounts"
    for wrong in ({"account": "12"}, {"account": "12345/678"}, {"bank": ""}, {"documents": []}, {"name": None}):
        assert bureau.post(path, {**BODY, **wrong})[0] == 422, wrong
    assert bureau.post(path, BODY, "auditor")[0] == 403
    assert bureau.post("/v1/accounts/none/confirm", None)[0] == 404
    assert bureau.ask.get(path, "exchange:kmdex")[0] == 403
    with snapshot(bureau.engine, "kmdex") as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("SELECT count(*) FROM account"))


def test_the_database_wants_another_person_too(bureau: Bureau) -> None:
    account = record(bureau, 4)
    statement = text("INSERT INTO account_confirmation VALUES (:id, :id)")
    with pytest.raises(IntegrityError, match="another person"), bureau.engine.begin() as connection:
        connection.execute(statement, {"id": account["id"]})
