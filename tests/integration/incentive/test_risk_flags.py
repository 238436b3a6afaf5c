"""Red flags on awards follow facts and the bureau's list: shown, without postings, hidden from exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.domain.entitlements import compute_awards
from services.incentive.http.schemas import FLAGS
from services.incentive.rebuild.command import verify_all
from services.incentive.store import recompute
from shared.events.fact_topics import SIGN
from shared.postgres.query import fetch_values
from shared.values.times import SHANGHAI, format_time
from tests.support.incentive.bureau import SECOND, Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, provider_total, record, subject
from tests.support.incentive.pages import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

PROVIDER = 999  # the provider in all first-purchase facts of this module
LIST = "/v1/related-parties"


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def sold(number: int, other: int, back: str, *, seq: int) -> Any:
    """Return a red-flag fact: sales of a provider to one other subject in 2026, and purchases from it."""
    amounts = {"sold": {"amount": "20000000.00", "trades": 2}, "bought": {"amount": back, "trades": 1}}
    value = {
        "generation": 1,
        "seq": seq,
        "subject": subject(number),
        "year": 2026,
        "sold": amounts["sold"],
        "counterparties": [{"subject": subject(other), **amounts}],
        "repeated": [],
    }
    return record(SIGN, f"r1/provider/{subject(number)}/2026", value)


def flags(bureau: Bureau, *award_ids: str, **parameters: Any) -> list[list[str]]:
    return [bureau.award(award_id, **parameters)["flags"] for award_id in award_ids]


def is_whole(bureau: Bureau) -> None:
    """Check that the ledger equals a rebuild, and that the filter by flag finds each flagged award."""
    for role in ("auditor", "exchange:kmdex"):
        awards = bureau.ask.all("/v1/awards", role)
        for flag in FLAGS:
            listed = [one["award_id"] for one in bureau.ask.all("/v1/awards", role, flag=flag, limit=1)]
            assert listed == [one["award_id"] for one in awards if flag in one["flags"]], (role, flag)
    equals_a_rebuild(bureau)


def equals_a_rebuild(bureau: Bureau) -> None:
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        verify_all(connection, bureau.rulebook, None, said.append)
    assert said == []


def test_flags_follow_what_is_measured_and_post_nothing(bureau: Bureau) -> None:
    award_id = f"annual_listed_trading/{subject(1)}/2026"
    bureau.take(sold(1, 2, "15000000.00", seq=1))  # a measure may arrive before the award is earned
    assert bureau.ask.get(f"/v1/awards/{award_id}")[0] == 404
    bureau.take(provider_total(1, 2026, {"kmdex": [("2026-03-01", "20000000.00")]}, seq=2))
    assert flags(bureau, award_id) == [["round_trip"]]
    first = bureau.award(award_id)["updated_at"]
    posted = len(bureau.ask.all("/v1/ledger/transactions"))
    bureau.take(sold(1, 2, "9999999.99", seq=3))
    assert flags(bureau, award_id) == [[]]
    assert bureau.award(award_id)["updated_at"] > first
    bureau.take(sold(1, 2, "10000000.00", seq=4))
    assert flags(bureau, award_id) == [["round_trip"]]
    # Answers as of the past keep the flag; a change of flags alone posts nothing.
    assert flags(bureau, award_id, as_of=first) == [["round_trip"]]
    assert len(bureau.ask.all("/v1/ledger/transactions")) == posted
    is_whole(bureau)


def test_a_sign_names_its_evidence_to_those_who_see_all(bureau: Bureau) -> None:
    award_id = f"annual_listed_trading/{subject(3)}/2026"
    bureau.take(
        provider_total(3, 2026, {"kmdex": [("2026-03-01", "20000000.00")]}, seq=1), sold(3, 4, "12000000.00", seq=2)
    )
    for role in ("auditor", "bureau"):
        (sign,) = bureau.ask.ok(f"/v1/awards/{award_id}/explanation", role)["signs"]
        assert (sign["sign"], sign["name"]["zh"]) == ("round_trip", "对敲往返")
        assert "12,000,000.00" in sign["text"]["zh"]
        assert sign["evidence"] == [{"fact": f"facts.sign.v1/r1/provider/{subject(3)}/2026", "generation": 1, "seq": 2}]
    client = bureau.ask.client.application.test_client()
    assert sign_in(client, "auditor-key").status_code == 303
    page = client.get(f"/awards/{award_id}").text
    assert "对敲往返" in page
    assert sign["text"]["zh"] in page
    # The exchange sees the whole award, but no red flags.
    assert flags(bureau, award_id, role="exchange:kmdex") == [[]]
    assert bureau.ask.ok(f"/v1/awards/{award_id}/explanation", "exchange:kmdex")["signs"] == []
    (listed,) = bureau.ask.all("/v1/awards", "exchange:kmdex", subject=subject(3))
    assert (listed["award_id"], listed["flags"]) == (award_id, [])


def test_first_purchases_around_the_cap_flag_each_other(bureau: Bureau) -> None:
    award_ids = [f"first_purchase/{subject(number)}" for number in (11, 12, 13)]
    bureau.take(first_purchase(11, "2026-03-01", "4000000.00", seq=1))
    bureau.take(first_purchase(12, "2026-03-10", "3900000.00", seq=2))
    assert flags(bureau, *award_ids[:2]) == [[], []]
    then = bureau.award(award_ids[0])["updated_at"]
    bureau.take(first_purchase(13, "2026-03-20", "4100000.00", seq=3))
    assert flags(bureau, *award_ids) == [["split_purchases"]] * 3
    assert flags(bureau, award_ids[0], as_of=then) == [[]]
    (sign,) = bureau.ask.ok(f"/v1/awards/{award_ids[0]}/explanation")["signs"]
    assert len(sign["evidence"]) == 3
    is_whole(bureau)
    bureau.take(first_purchase(13, "2026-03-20", "4100000.00", seq=4, refunded="1000000.00"))
    assert flags(bureau, *award_ids) == [[], [], []]
    # Another register publishes an earlier first purchase of one of them.
    bureau.take(first_purchase(13, "2026-03-20", "4100000.00", seq=5))
    bureau.take(first_purchase(12, "2026-02-01", "1000.00", seq=1, register="r2"))
    assert flags(bureau, *award_ids) == [[], [], []]
    bureau.take(first_purchase(12, None, seq=2, register="r2"))
    assert flags(bureau, *award_ids) == [["split_purchases"]] * 3
    is_whole(bureau)


def test_similar_purchases_by_the_thousand_are_recomputed_once_each(postgres, monkeypatch) -> None:
    """A purchase among many that flag each other writes its own award; all others stay as they are."""
    recomputed: list[int] = []

    def counted(*given: Any) -> Any:
        recomputed.append(1)
        return compute_awards(*given)

    monkeypatch.setattr(recompute, "compute_awards", counted)
    with empty_bureau(postgres) as crowded:
        amount = "4000000.00"
        crowded.take(*(first_purchase(n, f"2026-03-{n % 20 + 1:02}", amount, seq=n) for n in range(1, 1501)))
        assert len(recomputed) == 1500
        recomputed.clear()
        crowded.take(first_purchase(1501, "2026-03-10", amount, seq=1501))
        # Alone in time, but for two: the second leaves too few, the third is enough for both.
        crowded.take(first_purchase(1502, "2026-06-01", amount, seq=1502))
        crowded.take(first_purchase(1503, "2026-06-02", amount, seq=1503))
        assert len(recomputed) == 3
        crowded.take(first_purchase(1504, "2026-06-03", amount, seq=1504))
        assert len(recomputed) == 6
        crowded.take(first_purchase(1, None, seq=1505))
        assert len(recomputed) == 7
        with crowded.engine.connect() as connection:
            assert fetch_values(connection, "SELECT count(*) FROM award_version", int) == [1500 + 3 + 3 + 1]
        (sign,) = crowded.ask.ok(f"/v1/awards/first_purchase/{subject(700)}/explanation")["signs"]
        assert "1499" in sign["text"]["zh"]
        assert (len(sign["evidence"]), len(sign["trades"])) == (21, 20)
        equals_a_rebuild(crowded)


def test_measures_change_no_participants(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[list[str]] = []
    write = recompute.write_participants

    def noted(connection: Connection, subjects: list[str], found: Any) -> None:
        written.append(list(subjects))
        write(connection, subjects, found)

    monkeypatch.setattr(recompute, "write_participants", noted)
    bureau.take(provider_total(41, 2026, {"kmdex": [("2026-03-01", "20000000.00")]}, seq=1))
    bureau.take(sold(41, 42, "15000000.00", seq=2))
    bureau.take(
        provider_total(41, 2026, {"kmdex": [("2026-03-01", "21000000.00")]}, seq=3), sold(43, 42, "1.00", seq=3)
    )
    assert written == [[subject(41)], [subject(41)]]
    equals_a_rebuild(bureau)


def test_a_first_purchase_that_earned_nothing_is_shown_where_no_award_is(bureau: Bureau) -> None:
    buyer = subject(31)
    award_id, status = f"first_purchase/{buyer}", f"/v1/subjects/{buyer}/status"
    trades = [
        {"exchange": "kmdex", "trade_no": no, "completed_at": f"{day}T10:00:00+08:00", "amount": amount}
        for no, day, amount in (("T31", "2026-03-01", "0.01"), ("T32", "2026-03-02", "4000000.00"))
    ]
    value = {"generation": 1, "seq": 2, "subject": buyer, "first": trades[0], "greatest": trades[1]}
    bureau.take(first_purchase(31, "2026-03-01", "0.01", seq=1))
    before = bureau.now
    bureau.take(record(SIGN, f"r1/buyer/{buyer}", value))
    assert bureau.ask.get(f"/v1/awards/{award_id}")[0] == 404
    for role in ("auditor", "bureau"):
        (sign,) = bureau.ask.ok(status, role, year=2026)["signs"]
        assert (sign["sign"], sign["trades"][1]["trade_no"]) == ("small_first", "T32")
        assert [one["fact"].split("/")[0] for one in sign["evidence"]] == ["facts.first-purchase.v1", "facts.sign.v1"]
        assert bureau.ask.ok(status, role, year=2027)["signs"] == []
        assert bureau.ask.ok(status, role, year=2026, as_of=format_time(before))["signs"] == []
    assert bureau.ask.ok(status, "exchange:kmdex", year=2026)["signs"] == []
    client = bureau.ask.client.application.test_client()
    assert sign_in(client, "auditor-key").status_code == 303
    html = client.get(f"/subjects/{buyer}?year=2026").text
    assert sign["text"]["zh"] in html
    assert '<h1><span lang="zh-CN">虚构实体31</span></h1>' in html
    then = before.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S")
    bureau.later(minutes=1)
    worklists = [client.get(f"/worklist?year={year}").text for year in (2026, 2025)]
    worklists.append(client.get(f"/worklist?year=2026&as_of={then}").text)
    assert [f"/subjects/{buyer}?" in html for html in worklists] == [True, False, False]
    # Once the purchase earns a fen, the flag is on the award and nowhere else.
    bureau.take(first_purchase(31, "2026-03-01", "0.20", seq=3))
    assert flags(bureau, award_id) == [["small_first"]]
    assert bureau.ask.ok(status, year=2026)["signs"] == []
    assert f"/subjects/{buyer}?" not in client.get("/worklist?year=2026").text
    is_whole(bureau)


def test_related_parties_are_listed_and_flag_awards(bureau: Bureau) -> None:
    award_id = f"first_purchase/{subject(21)}"
    bureau.take(first_purchase(21, "2026-03-01", "1000000.00", seq=1))
    entry = {"subjects": [subject(PROVIDER), subject(21)], "status": "related", "reason": "同一实际控制人"}
    status, told = bureau.post(LIST, entry, key="r1")
    assert (status, told["subjects"], told["by"]) == (201, sorted(entry["subjects"]), "key of bureau")
    assert bureau.post(LIST, entry, key="r1") == (status, told)
    assert flags(bureau, award_id) == [["related_parties"]]
    assert bureau.ask.all(LIST) == bureau.ask.all(LIST, subject=subject(21)) == [told]
    assert bureau.ask.all(LIST, subject=subject(22)) == []
    assert bureau.ask.all(LIST, as_of=bureau.ask.all("/v1/ledger/transactions")[0]["posted_at"]) == []
    posted = bureau.ask.all("/v1/ledger/transactions", kind="decision")[-1]
    assert (posted["seq"], posted["amount"], posted["entries"]) == (told["transaction"], "0.00", [])
    (sign,) = bureau.ask.ok(f"/v1/awards/{award_id}/explanation")["signs"]
    assert subject(PROVIDER) in sign["text"]["en"]
    is_whole(bureau)
    assert bureau.post(LIST, entry | {"status": "unrelated"}, who=SECOND)[0] == 201
    assert flags(bureau, award_id) == [[]]
    assert flags(bureau, award_id, as_of=told["at"]) == [["related_parties"]]
    assert bureau.ask.all(LIST) == []
    assert bureau.ask.all(LIST, as_of=told["at"]) == [told]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subjects": [subject(1)]}, "subjects"),
        ({"subjects": [subject(1), subject(1)]}, "subjects"),
        ({"subjects": [subject(1), "uscc:1"]}, "subjects.1"),
        ({"status": "perhaps"}, "status"),
        ({"reason": None}, "reason"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_wrong_in_an_entry_is_reported(bureau: Bureau, changed: dict[str, Any], field: str) -> None:
    entry = {"subjects": [subject(1), subject(2)], "status": "related", "reason": "r"} | changed
    status, told = bureau.post(LIST, entry)
    assert (status, [fault["field"] for fault in told["errors"]]) == (422, [field])


@pytest.mark.parametrize(
    ("role", "reads"), [("auditor", 200), ("bureau", 200), ("exchange:kmdex", 403), ("service", 200)]
)
def test_who_may_keep_and_read_the_list(bureau: Bureau, role: str, reads: int) -> None:
    assert bureau.ask.get(LIST, role)[0] == reads
    entry = {"subjects": [subject(1), subject(2)], "status": "unrelated", "reason": "r"}
    assert bureau.post(LIST, entry, who=role)[0] == (201 if role == "bureau" else 403)
