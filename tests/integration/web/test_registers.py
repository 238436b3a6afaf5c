"""API of listing and trade-ingest: documents, quarantine, reconciliation, and what each key sees."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines.session import FreshDatabase
from tests.support.registers.web_register import (
    ABROAD,
    BUYER,
    NUMBER,
    PROVIDER,
    RECORD_MS,
    SIDES,
    RegisterSet,
    Side,
    register_set,
)
from tests.support.web.keys import NOBODY, ROLES, headers

SMALL_PAGES = 2


@pytest.fixture(scope="module", params=list(SIDES))
def filled(
    request: pytest.FixtureRequest, postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegisterSet]:
    """Documents, duplicates, late and refused records of two exchanges."""
    folder: Path = tmp_path_factory.mktemp("web")
    with register_set(request.param, postgres(request.param), folder) as made:
        event, at, ended = made.side.event, made.side.at, made.side.statuses[1]
        made.feed("kmdex", [event("kmdex", NUMBER, revision=2), event("kmdex", "B"), event("kmdex", "a")])
        made.feed("kmdex", [event("kmdex", NUMBER, revision=3, certificate_no="证1"), event("kmdex", NUMBER)])
        made.feed("kmdex", [event("kmdex", "B"), event("kmdex", "B", certificate_no="other"), b"\xff", None, b"{}"])
        made.feed("kmdex", [event("kmdex", "Z9", status=ended, provider=ABROAD, **{at: "2026-01-01T00:00:00+08:00"})])
        made.feed("kmdex", [event("kmdex", "old", **{at: "2018-12-31T23:59:59.999999+08:00"})], RECORD_MS + 1)
        made.feed("dcdex", [event("dcdex", "B", **{at: "2026-03-01T02:00:00Z"}), b"x" * 300_000])
        yield made


def numbers(made: RegisterSet, role: str = "auditor", **query: Any) -> list[tuple[str, str]]:
    found = made.items(made.side.path, role, **query)
    return [(item["exchange"], item[f"{made.side.document}_no"]) for item in found]


KMDEX = [("kmdex", NUMBER), ("kmdex", "B"), ("kmdex", "Z9"), ("kmdex", "a"), ("kmdex", "old")]
ALL = [("dcdex", "B"), *KMDEX]


def test_lists_are_in_code_point_order_and_whole_over_pages(filled: RegisterSet) -> None:
    assert numbers(filled) == ALL
    assert numbers(filled, limit=SMALL_PAGES) == ALL
    assert numbers(filled, limit=1, exchange="kmdex") == KMDEX
    assert filled.get(filled.side.path, limit=len(ALL)).get_json()["next_cursor"] is None


def test_an_item_has_the_documents_members(filled: RegisterSet) -> None:
    (item,) = filled.items(filled.side.path, exchange="dcdex")
    expected = filled.side.data("B") | {
        "exchange": "dcdex",
        "counted": True,
        "seq": item["seq"],
        filled.side.at: "2026-03-01T10:00:00.000000+08:00",
        "origin_exchange": None,
        "certificate_no": None,
    }
    if filled.side.document == "trade":
        expected |= {"amount": "1234.50", "refunded": "0.00", "product": None, "listing_no": None}
    else:
        expected["product"] |= {"industry": None}
    assert item == expected
    assert "虚构供方" in filled.get(filled.side.path, exchange="dcdex").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"exchange": "nowhere"}, []),
        ({"provider": f"uscc:{PROVIDER['id']}", "exchange": "dcdex"}, [("dcdex", "B")]),
        ({"provider": f"overseas:{ABROAD['id']}"}, [("kmdex", "Z9")]),
        ({"provider": "overseas:unknown"}, []),
        ({"from": "2026-03-01T10:00:00+08:00", "exchange": "dcdex"}, [("dcdex", "B")]),
        ({"from": "2026-03-01T10:00:00.000001+08:00"}, []),
        ({"until": "2026-03-01T02:00:00Z"}, [("kmdex", "Z9"), ("kmdex", "old")]),
        ({"from": "2026-01-01T00:00:00+08:00", "until": "2026-01-01T00:00:00.000001+08:00"}, [("kmdex", "Z9")]),
    ],
)
def test_filters(filled: RegisterSet, query: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert numbers(filled, **query) == expected


def test_filter_by_status_and_buyer(filled: RegisterSet) -> None:
    usual, ended = filled.side.statuses
    assert numbers(filled, status=ended) == [("kmdex", "Z9")]
    assert numbers(filled, status=usual) == [pair for pair in ALL if pair != ("kmdex", "Z9")]
    assert filled.get(filled.side.path, status="LISTED").status_code == 422
    if filled.side.document == "trade":
        assert numbers(filled, buyer=f"uscc:{BUYER['id']}") == ALL
        assert numbers(filled, buyer=f"uscc:{PROVIDER['id']}") == []
    else:
        assert filled.get(filled.side.path, buyer=f"uscc:{BUYER['id']}").status_code == 422


def test_a_document_shows_every_accepted_revision(filled: RegisterSet) -> None:
    answer = filled.get(f"{filled.side.path}/kmdex/{NUMBER}").get_json()
    assert (answer["revision"], answer["certificate_no"]) == (3, "证1")
    revisions = answer["revisions"]
    assert [(r["revision"], r["is_state"], r["offset"]) for r in revisions] == [
        (2, False, 0),
        (3, True, 3),
        (1, False, 4),
    ]
    assert [r["seq"] for r in revisions] == sorted(r["seq"] for r in revisions)
    assert answer["seq"] == revisions[1]["seq"]
    event = filled.side.event("kmdex", NUMBER)
    assert revisions[2] == {
        "seq": revisions[2]["seq"],
        "revision": 1,
        "status": filled.side.statuses[0],
        "is_state": False,
        "topic": f"exchange.kmdex.{filled.side.document}s.v1",
        "partition": 0,
        "offset": 4,
        "value_sha256": hashlib.sha256(event).hexdigest(),
        "content_mode": "structured",
        "headers_sha256": None,
        "received_at": "2026-03-02T09:00:00.000000+08:00",
    }


def test_what_the_whitelist_does_not_cover_is_shown_and_does_not_count(filled: RegisterSet) -> None:
    assert filled.get(f"{filled.side.path}/kmdex/old").get_json()["counted"] is False
    assert filled.get(f"{filled.side.path}/kmdex/B").get_json()["counted"] is True


@pytest.mark.parametrize(
    "path", ["kmdex/none", "nowhere/B", "kmdex/%00", "kmdex/%EF%BC%A1", "%00/B", f"kmdex/{'x' * 65}"]
)
def test_what_is_not_there_is_404(filled: RegisterSet, path: str) -> None:
    assert filled.get(f"{filled.side.path}/{path}").status_code == 404


def test_an_exchange_sees_its_own_and_nothing_else(filled: RegisterSet) -> None:
    role, path = "exchange:kmdex", filled.side.path
    assert numbers(filled, role) == KMDEX
    assert numbers(filled, role, exchange="kmdex") == KMDEX
    assert numbers(filled, role, exchange="dcdex") == []
    assert filled.get(f"{path}/kmdex/B", role).status_code == 200
    assert filled.get(f"{path}/dcdex/B", role).status_code == 404
    quarantine = filled.items("/v1/quarantine", role)
    assert {item["exchange"] for item in quarantine} == {"kmdex"}
    assert filled.items("/v1/quarantine", role, exchange="dcdex") == []
    (foreign,) = filled.items("/v1/quarantine", exchange="dcdex")
    assert filled.get(f"/v1/quarantine/{foreign['id']}", role).status_code == 404
    assert filled.get(f"/v1/quarantine/{quarantine[0]['id']}", role).status_code == 200
    assert filled.get("/v1/reconciliation", role, exchange="dcdex", date="2026-03-01").status_code == 404
    assert filled.get("/v1/reconciliation", role, exchange="kmdex", date="2026-03-01").status_code == 200


def test_a_cursor_of_another_exchange_shows_nothing_of_it(filled: RegisterSet) -> None:
    cursor = filled.get(filled.side.path, limit=1).get_json()["next_cursor"]
    assert numbers(filled, "exchange:dcdex", cursor=cursor) == []
    assert numbers(filled, "exchange:kmdex", cursor=cursor) == KMDEX


def test_quarantine_has_reason_errors_and_bytes(filled: RegisterSet) -> None:
    items = filled.items("/v1/quarantine", limit=SMALL_PAGES)
    assert [item["id"] for item in items] == sorted({item["id"] for item in items})
    reasons = [(item["exchange"], item["reason"], item["value_size"]) for item in items]
    conflict = len(filled.side.event("kmdex", "B", certificate_no="other"))
    assert sorted(reasons, key=str) == sorted(
        [
            ("kmdex", "revision_conflict", conflict),
            ("kmdex", "not_json", 1),
            ("kmdex", "not_json", None),
            ("kmdex", "not_cloudevent", 2),
            ("dcdex", "too_large", 300_000),
        ],
        key=str,
    )
    by_size = {item["value_size"]: item for item in items}
    assert by_size[None]["value_base64"] is None
    assert base64.b64decode(by_size[1]["value_base64"]) == b"\xff"
    assert base64.b64decode(by_size[300_000]["value_base64"]) == b"x" * 262_144
    assert by_size[1]["topic"] == f"exchange.kmdex.{filled.side.document}s.v1"
    assert by_size[1]["errors"]
    assert by_size[1]["headers"] == []
    assert filled.get(f"/v1/quarantine/{by_size[1]['id']}").get_json() == by_size[1]
    assert len(filled.items("/v1/quarantine", reason="not_json")) == 2
    assert filled.items("/v1/quarantine", reason="wrong_source") == []
    assert filled.get("/v1/quarantine", reason="nonsense").status_code == 422
    for absent in ("0", "999999", str(2**63), "9" * 40, "x", "-1"):
        assert filled.get(f"/v1/quarantine/{absent}").status_code == 404


def test_reconciliation_counts_by_the_records_shanghai_day(filled: RegisterSet) -> None:
    first_day = filled.get("/v1/reconciliation", exchange="kmdex", date="2026-03-01").get_json()
    # Six times 1234.50; listings have no amount.
    amount = "7407.00" if filled.side.document == "trade" else "0.00"
    assert first_day == {
        "exchange": "kmdex",
        "date": "2026-03-01",
        "received": 11,
        "accepted": 6,
        "duplicates": 1,
        "refused": {"not_json": 2, "not_cloudevent": 1, "revision_conflict": 1},
        "cut": 0,
        "amount": amount,
    }
    next_day = filled.get("/v1/reconciliation", exchange="kmdex", date="2026-03-02").get_json()
    assert (next_day["received"], next_day["accepted"]) == (1, 1)
    empty = filled.get("/v1/reconciliation", exchange="dcdex", date="2020-02-29").get_json()
    assert (empty["received"], empty["amount"], empty["refused"]) == (0, "0.00", {})
    assert filled.get("/v1/reconciliation", exchange="nowhere", date="2026-03-01").status_code == 404
    for query in ({}, {"exchange": "kmdex"}, {"date": "2026-03-01"}, {"exchange": "kmdex", "date": "01.03.2026"}):
        assert filled.get("/v1/reconciliation", **query).status_code == 422


def routes(side_path: str) -> list[str]:
    return [
        side_path,
        f"{side_path}/kmdex/B",
        *QUARANTINE,
        "/v1/search?q=B",
        "/v1/reconciliation?exchange=kmdex&date=2026-03-01",
    ]


QUARANTINE = ("/v1/quarantine", "/v1/quarantine/counts", "/v1/quarantine/events")


def evidence(side: Side) -> str:
    topic = "first-listing" if side.document == "listing" else "first-purchase"
    return f"/v1/evidence?fact=facts.{topic}.v1/r1/uscc:{PROVIDER['id']}"


LOG = ("/v1/log/checkpoint", "/v1/log/keys", "/v1/log/tile/0/000.p/2")
ENTRIES = "/v1/log/tile/entries/000.p/2"


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_against_each_route(filled: RegisterSet, role: str | None) -> None:
    foreign = role == "exchange:dcdex"
    for path in routes(filled.side.path):
        is_list = path in (filled.side.path, *QUARANTINE, "/v1/search?q=B")
        expected = 401 if role is None else 403 if role == NOBODY else 404 if foreign and not is_list else 200
        assert filled.get(path, role).status_code == expected, path
    for path in ("/healthz", "/openapi.json", "/docs"):
        assert filled.get(path, role).status_code == 200, path
    for path in LOG:
        assert filled.get(path, role).status_code == (401 if role is None else 200), path
    assert filled.get(ENTRIES, role).status_code == {None: 401, "auditor": 200}.get(role, 403)
    told = {None: 401, "auditor": 200, "service": 200}
    assert filled.get(evidence(filled.side), role).status_code == told.get(role, 403)
    if filled.side.document == "trade":
        of_service = {None: 401, "service": 200}.get(role, 403)
        assert filled.get("/v1/trades/kmdex/B/facts", role).status_code == of_service
    answer = filled.app.test_client().post("/v1/entries?until=0", headers=headers(role), buffered=True)
    assert answer.status_code == {None: 401, "service": 200}.get(role, 403)
    # The broker is unavailable here, which everyone who may ask sees.
    assert filled.get("/v1/progress", role).status_code == {None: 401, NOBODY: 403}.get(role, 503)
    assert filled.get("/readyz", role).status_code == 503
    metrics = {None: 401, "auditor": 200, "service": 200}.get(role, 403)
    assert filled.get("/metrics", role).status_code == metrics


def test_all_routes_of_the_document_are_in_the_role_table(filled: RegisterSet) -> None:
    """A new route must be added to the tests of roles."""
    paths = set(filled.get("/openapi.json").get_json()["paths"])
    number = f"{filled.side.path}/{{exchange}}/{{no}}"
    known = {filled.side.path, number, *QUARANTINE, "/v1/quarantine/{id}", "/v1/reconciliation", "/v1/search"}
    logs = {"/v1/log/checkpoint", "/v1/log/keys", "/v1/log/tile/{path}"}
    made_of = {"/v1/evidence", "/v1/entries"}
    if filled.side.document == "trade":
        made_of.add(f"{number}/facts")
    assert paths == known | logs | made_of | {"/healthz", "/readyz", "/metrics", "/v1/progress"}


def test_metrics_show_what_the_database_has(filled: RegisterSet) -> None:
    text = filled.get("/metrics").text
    assert 'jiangbu_up{part="broker"} 0.0' in text
    assert 'jiangbu_up{part="database"} 1.0' in text
    assert 'jiangbu_quarantined_records{exchange="kmdex",reason="not_json"} 2.0' in text
    assert "jiangbu_next_seq " in text
    assert "jiangbu_outbox_keys " in text
    assert 'route="/v1/quarantine"' in text


def test_items_that_do_not_change_are_seen_once_while_others_come(postgres: FreshDatabase, tmp_path: Path) -> None:
    with register_set("listing", postgres("listing"), tmp_path) as made:
        event = made.side.event
        made.feed("kmdex", [event("kmdex", f"m{n:03}") for n in range(40)])
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for turn in range(100):
            page = made.get("/v1/listings", limit=7, **cursor).get_json()
            seen += [item["listing_no"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
            # Some sort before the cursor, some after, and one is another revision of an item already seen.
            made.feed("kmdex", [event("kmdex", f"a{turn}"), event("kmdex", f"m020.{turn}"), event("dcdex", "x")])
            made.feed("kmdex", [event("kmdex", "m000", revision=turn + 2)])
        assert len(seen) == len(set(seen))
        assert {f"m{n:03}" for n in range(40)} <= set(seen)


def test_a_page_of_large_records_ends_early_and_loses_none(postgres: FreshDatabase, tmp_path: Path) -> None:
    with register_set("listing", postgres("listing"), tmp_path) as made:
        made.feed("kmdex", [bytes([65 + n]) * 262_144 for n in range(20)])
        first = made.get("/v1/quarantine", limit=500).get_json()
        assert 1 <= len(first["items"]) < 20
        ids = [item["id"] for item in made.items("/v1/quarantine", limit=500)]
        assert len(ids) == len(set(ids)) == 20


def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(filled: RegisterSet) -> None:
    client = filled.app.test_client()
    browser = {"Accept": "text/html,*/*;q=0.8"}
    for role in (None, "auditor"):
        page = client.get("/nowhere", headers=browser | headers(role))
        assert (page.status_code, page.mimetype, "没有此页" in page.text) == (404, "text/html", True)
        for path, given in (("/nowhere", headers(role)), ("/v1/nowhere", browser | headers(role))):
            assert client.get(path, headers=given).mimetype == "application/problem+json"
