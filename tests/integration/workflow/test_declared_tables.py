"""A table of declarations above the policy's sum waits for another person, who sees it as of now and confirms once."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.incentive.rebuild.command import verify_all
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.bureau import FIRST, ROTATED, SECOND, SHA256, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import WHITELIST, changed, subject
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

ABOVE = "5000000.00"


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres, changed(0, WHITELIST, **{'above: "20000000.00"': 'above: "5000000.00"'})) as found:
        yield found


def scenarios(first: int, count: int, more: str = "") -> bytes:
    """A table of so many scenarios of 1,000,000 yuan each, of subjects from `first` on."""
    rows = [f"ai_scenario,{subject(first)},N-{first}-{number},2026-04-01,a.pdf {SHA256}" for number in range(count)]
    return ("rule,subject,item,earned_on,documents\n" + "\n".join([*rows, more])).encode()


def post(bureau: Bureau, content: bytes, who: str = FIRST, key: str | None = None, query: str = "") -> tuple[int, Any]:
    bureau.later()
    given = headers(who) | ({} if key is None else {"Idempotency-Key": key})
    path = f"/v1/declared/table{query}"
    answer = bureau.ask.client.post(path, data=content, content_type="text/csv", headers=given)
    return answer.status_code, answer.get_json()


def sent(bureau: Bureau, content: bytes, who: str = FIRST) -> Any:
    status, table = post(bureau, content, who)
    assert status == 202, table
    return table


def confirm(bureau: Bureau, table: Any, who: str = SECOND, key: str | None = None, query: str = "") -> tuple[int, Any]:
    return bureau.post(f"/v1/declared/tables/{table['id']}/confirm{query}", None, who, key)


def discard(bureau: Bureau, table: Any, who: str = SECOND, key: str | None = None) -> tuple[int, Any]:
    return bureau.post(f"/v1/declared/tables/{table['id']}/discard", {"reason": "重复"}, who, key)


def declared(bureau: Bureau, number: int) -> list[Any]:
    return bureau.ask.all("/v1/declared", subject=subject(number))


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(one["action"], one["code"]) for one in answer["why"]]


def test_a_table_above_the_sum_is_declared_once_another_person_confirms_it(bureau: Bureau) -> None:
    content = scenarios(1, 6)
    _, seen = post(bureau, content, query="?preview=true")
    assert (seen["added"], seen["above"], seen["needs_second_person"]) == ("6000000.00", ABOVE, True)
    table = sent(bureau, content)
    assert (table["state"], table["rows"], table["added"], table["above"]) == ("pending", 6, "6000000.00", ABOVE)
    assert table["sha256"] == hashlib.sha256(content).hexdigest()
    assert (table["by"], table["previewed"]) == (f"key of {FIRST}", seen)
    assert declared(bureau, 1) == []
    assert bureau.ask.ok(f"/v1/declared/tables/{table['id']}") == table
    assert bureau.ask.all("/v1/declared/tables", state="pending")[-1]["id"] == table["id"]
    for who in (FIRST, ROTATED):  # the same person by another key
        status, refused = confirm(bureau, table, who)
        assert (status, refused["allowed"], codes(refused)) == (409, ["discard"], [("confirm", "person")])
    status, previewed = confirm(bureau, table, query="?preview=true")
    assert (status, previewed) == (200, {**seen, "changed": []})
    assert declared(bureau, 1) == []
    status, done = confirm(bureau, table, key="c-1")
    assert (status, done["state"], done["ended_by"], done["reason"]) == (201, "confirmed", f"key of {SECOND}", None)
    assert done["ended_at"] > done["at"]
    rows = declared(bureau, 1)
    assert [one["item"] for one in rows] == [f"N-1-{number}" for number in range(6)]
    assert {one["by"] for one in rows} == {f"key of {FIRST}"}
    assert bureau.award(rows[0]["award_id"])["ceiling"] == "1000000.00"
    status, refused = confirm(bureau, table, THIRD)
    assert (status, refused["allowed"], codes(refused)) == (409, [], [("confirm", "state"), ("discard", "state")])
    assert discard(bureau, table, THIRD)[0] == 409
    assert confirm(bureau, table, key="c-1") == (201, done)
    assert len(declared(bureau, 1)) == 6
    assert bureau.ask.all("/v1/declared/tables", state="confirmed")[-1]["id"] == table["id"]


def test_the_sum_is_by_how_much_ceilings_rise(bureau: Bureau) -> None:
    """What was declared before adds nothing, and a row that lowers a ceiling makes no room for another."""
    assert post(bureau, scenarios(2, 5))[0] == 200
    status, done = post(bureau, scenarios(2, 10))
    assert (status, done["added"], done["needs_second_person"]) == (200, ABOVE, False)
    withdrawn = f"ai_scenario,{subject(2)},N-2-0,2026-04-01,a.pdf {SHA256},yes\n"
    rows = "".join(f"ai_scenario,{subject(3)},N-{number},2026-04-01,a.pdf {SHA256},\n" for number in range(100, 106))
    content = f"rule,subject,item,earned_on,documents,withdrawn\n{withdrawn}{rows}".encode()
    table = sent(bureau, content)
    assert table["added"] == "6000000.00"
    assert discard(bureau, table)[0] == 201


def test_the_same_table_again_is_the_table_that_waits(bureau: Bureau) -> None:
    content = scenarios(4, 7)
    status, table = post(bureau, content, key="t-1")
    assert status == 202
    for who, key in ((FIRST, "t-1"), (FIRST, None), (SECOND, "t-2")):
        assert post(bureau, content, who, key) == (202, table)
    assert post(bureau, scenarios(4, 8), key="t-1")[0] == 409
    # Another program, as after a restart.
    again = Asker(incentive_app(bureau.engine, bureau.rulebook, lambda: bureau.now).test_client())
    given = headers(FIRST) | {"Idempotency-Key": "t-1"}
    answer = again.client.post("/v1/declared/table", data=content, content_type="text/csv", headers=given)
    assert (answer.status_code, answer.get_json()) == (202, table)
    assert len([one for one in bureau.ask.all("/v1/declared/tables") if one["sha256"] == table["sha256"]]) == 1
    status, ended = discard(bureau, table, FIRST, "d-1")
    assert (status, ended["state"], ended["reason"]) == (201, "discarded", "重复")
    assert discard(bureau, table, FIRST, "d-1") == (201, ended)
    assert confirm(bureau, table)[0] == 409
    assert post(bureau, content, key="t-1") == (202, ended)
    fresh = sent(bureau, content)
    assert fresh["id"] != table["id"]
    assert discard(bureau, fresh, THIRD)[0] == 201
    assert declared(bureau, 4) == []


def test_a_table_that_changed_meanwhile_says_so(bureau: Bureau) -> None:
    table = sent(bureau, scenarios(5, 6))
    assert post(bureau, scenarios(5, 2))[0] == 200
    _, previewed = confirm(bureau, table, query="?preview=true")
    changed = {(one["line"], one["field"]): (one["before"], one["after"]) for one in previewed["changed"]}
    assert changed == {(None, "added"): ("6000000.00", "4000000.00")}
    # A row of another subject takes an item: the table is refused with its row, and waits on.
    other = scenarios(6, 4).replace(b"N-6-0,2026-04-01", b"N-5-5,2026-03-01")
    assert post(bureau, other)[0] == 200
    _, previewed = confirm(bureau, table, query="?preview=true")
    assert {(one["line"], one["field"]) for one in previewed["changed"]} >= {(7, "errors"), (7, "award_id")}
    assert previewed["faulty"] == 1
    status, refused = confirm(bureau, table, key="f-1")
    assert (status, [one["field"] for one in refused["errors"]]) == (422, ["7.item"])
    assert bureau.ask.ok(f"/v1/declared/tables/{table['id']}")["state"] == "pending"
    assert len(declared(bureau, 5)) == 2
    head, row = "rule,subject,item,earned_on,withdrawn,documents", f"ai_scenario,{subject(6)},N-5-5,2026-03-01,yes,"
    assert post(bureau, f"{head}\n{row}a.pdf {SHA256}\n".encode())[0] == 200
    assert confirm(bureau, table, key="f-1")[0] == 201
    assert len(declared(bureau, 5)) == 6


def test_acts_are_in_the_list_of_acts_and_the_ledger(bureau: Bureau) -> None:
    table = sent(bureau, scenarios(7, 6))
    assert confirm(bureau, table)[0] == 201
    kinds = ("declared_table", "declared_table_confirmation", "declared_table_discard")
    found = {kind: bureau.ask.all("/v1/acts", kind=kind) for kind in kinds}
    assert found["declared_table"][-1]["act_id"] == table["id"]
    assert found["declared_table_confirmation"][-1]["person"] != found["declared_table"][-1]["person"]
    assert "6000000.00 yuan, more than 5000000.00" in found["declared_table"][-1]["text"]["en"]
    seqs = [one["transaction"] for rows in found.values() for one in rows]
    transactions = {one["seq"]: one for one in bureau.ask.all("/v1/ledger/transactions")}
    assert {transactions[seq]["kind"] for seq in seqs} == {"decision"}
    with bureau.engine.connect() as connection:
        said: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said


def test_refusals(bureau: Bureau) -> None:
    table = sent(bureau, scenarios(8, 6))
    for call in (confirm, discard):
        assert call(bureau, table, "auditor")[0] == 403
        assert call(bureau, {"id": "none"})[0] == 404
        assert call(bureau, {"id": "%00"})[0] == 404
    path = f"/v1/declared/tables/{table['id']}"
    assert bureau.post(f"{path}/discard", {}, SECOND)[0] == 422
    assert [bureau.ask.get(path, who)[0] for who in ("auditor", "exchange:kmdex")] == [200, 403]
    assert bureau.ask.get("/v1/declared/tables", FIRST, state="open")[0] == 422
    status, refused = post(bureau, scenarios(8, 9, f"x,{subject(8)},N-20,2026-04-01,"))
    assert (status, [one["field"].split(".")[0] for one in refused["errors"]]) == (422, ["11"] * len(refused["errors"]))
    assert discard(bureau, table)[0] == 201


@pytest.mark.parametrize("calls", [(confirm, confirm), (confirm, discard)])
def test_two_at_once_end_a_table_once(bureau: Bureau, calls: tuple[Any, Any]) -> None:
    number = 9 if calls[1] is confirm else 10
    table, start = sent(bureau, scenarios(number, 6)), Barrier(2)

    def act(call: Any, who: str) -> int:
        start.wait()
        status: int = call(bureau, table, who)[0]
        return status

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(act, calls, (SECOND, THIRD)))
    assert statuses == [201, 409]
    state = bureau.ask.ok(f"/v1/declared/tables/{table['id']}")["state"]
    assert len(declared(bureau, number)) == (6 if state == "confirmed" else 0)


def test_the_database_wants_another_person_and_one_end(bureau: Bureau) -> None:
    table = sent(bureau, scenarios(11, 6))
    statement = text("INSERT INTO declared_table_confirmation VALUES (:id, :id)")
    with pytest.raises(IntegrityError, match="another person"), bureau.engine.begin() as connection:
        connection.execute(statement, {"id": table["id"]})
    assert confirm(bureau, table)[0] == 201
    statement = text("INSERT INTO declared_table_discard VALUES (:id, :id, 'r')")
    with pytest.raises(IntegrityError, match="both confirmed and discarded"), bureau.engine.begin() as connection:
        connection.execute(statement, {"id": table["id"]})
