"""The daily quota of the quarantine: what is kept beyond it, and where it is shown."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.trade_ingest.rebuild import TRADES_REBUILD
from shared.register.rebuild.report import RebuildReport
from tests.support.engines.session import FreshDatabase
from tests.support.registers.verification import verify_register
from tests.support.registers.web_register import RegisterSet, register_set

QUOTA = 10_000
BIG = b"x" * 4_000


@pytest.fixture
def limited(postgres: FreshDatabase, tmp_path: Path) -> Iterator[RegisterSet]:
    with register_set("trade-ingest", postgres("trade-ingest"), tmp_path) as made:
        yield replace(made, register=replace(made.register, quarantine_daily_bytes=QUOTA))


def cut_of(made: RegisterSet, exchange: str) -> list[bool]:
    return [item["cut"] for item in made.items("/v1/quarantine", exchange=exchange)]


def test_beyond_the_quota_an_item_keeps_its_hash_and_its_first_kib(limited: RegisterSet) -> None:
    limited.feed("kmdex", [BIG, BIG])
    limited.feed("kmdex", [BIG, b"small", BIG], headers=[("name", b"value")])
    assert cut_of(limited, "kmdex") == [False, False, True, False, True]
    first, *_, last = limited.items("/v1/quarantine", exchange="kmdex")
    assert (len(first["value_base64"]), len(last["value_base64"])) == (5336, 1368)  # 4,000 and 1,024 bytes
    assert (last["value_size"], last["value_sha256"]) == (4000, hashlib.sha256(BIG).hexdigest())
    assert (last["headers"], last["errors"]) == ([], first["errors"])
    assert limited.get(f"/v1/quarantine/{last['id']}").get_json() == last


def test_each_exchange_and_day_has_its_own_quota(limited: RegisterSet) -> None:
    limited.feed("kmdex", [BIG] * 3)
    limited.feed("dcdex", [BIG] * 2)
    assert (cut_of(limited, "kmdex"), cut_of(limited, "dcdex")) == ([False, False, True], [False, False])
    with limited.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE quarantine_day SET day = day - 1")
    limited.feed("kmdex", [BIG] * 3)
    assert cut_of(limited, "kmdex") == [False, False, True] * 2


def test_cut_items_show_in_reconciliation_and_metrics(limited: RegisterSet) -> None:
    limited.feed("kmdex", [BIG, BIG, b"{}", BIG, BIG])
    day = limited.get("/v1/reconciliation", exchange="kmdex", date="2026-03-01").get_json()
    assert (day["received"], day["refused"], day["cut"]) == (5, {"not_json": 4, "not_cloudevent": 1}, 2)
    families = text_string_to_metric_families(limited.get("/metrics").text)
    figures = {(one.name, one.labels.get("exchange")): one.value for family in families for one in family.samples}
    assert figures["jiangbu_quarantine_cut_items_total", "kmdex"] == 2
    assert figures["jiangbu_quarantine_cut_items_total", "dcdex"] == 0


def test_cut_items_are_what_a_rebuild_expects(limited: RegisterSet) -> None:
    limited.feed("kmdex", [BIG] * 4)
    report = RebuildReport(lambda _: None)
    assert verify_register(limited.engine, TRADES_REBUILD, limited.register, report, None)
    with limited.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE intake_day SET cut_items = 0")
    assert not verify_register(limited.engine, TRADES_REBUILD, limited.register, report, None)


def test_errors_that_many_records_share_are_stored_once(limited: RegisterSet) -> None:
    limited.feed("kmdex", [b"rubbish"] * 20 + [b"{}"])
    with limited.engine.begin() as connection:
        inline = connection.exec_driver_sql("SELECT count(*) FROM quarantine WHERE errors IS NOT NULL").scalar()
        shared = connection.exec_driver_sql("SELECT count(*) FROM quarantine_errors").scalar()
    assert (inline, shared) == (1, 1)
    limited.feed("kmdex", [b"rubbish"] * 20)
    *items, last = limited.items("/v1/quarantine", "exchange:kmdex")
    assert {item["errors"][0]["message"] for item in items if item["reason"] == "not_json"} == {
        last["errors"][0]["message"]
    }
    assert len(items) == 40
