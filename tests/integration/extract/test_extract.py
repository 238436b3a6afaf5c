"""Extracts: made of a real ledger and real registers over HTTP, and verified by verify.py alone."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import socket
import threading
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import openpyxl
import psutil
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from services.incentive.__main__ import main
from services.incentive.commands.price_readings import price_readings
from services.incentive.extract import jobs, tables
from services.incentive.extract.selection import SELECTED
from services.incentive.extract.table_files import TableFiles, WorkbooksKilled
from services.incentive.extract.worker import ExtractWorker, supervise_worker
from services.incentive.queries.ledger import ledger_size
from services.incentive.store.register_client import RegisterClient, RegisterLog, RegisterUnavailable
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from services.incentive.verifier.report import UsageError
from services.incentive.verifier.values import EPOCH, MICROSECOND, instant
from shared.postgres.query import execute, fetch_values
from shared.process.background import background_thread
from shared.settings import RegisterAddress
from shared.translog.note import Signature
from shared.values.times import format_time
from tests.support.command_line import command_line
from tests.support.incentive.extract_makers import (
    ACCOUNT_NO,
    DECLARED,
    SECRET_TRADE,
    SECRETS,
    SEED,
    TIMES,
    Makers,
    alone,
    checked,
    files,
    lines,
    makers_of,
)
from tests.support.incentive.whole_set import fed_with_a_world
from tests.support.policy.revisions import REVISION, later_policy
from tests.support.registers import worlds
from tests.support.registers.worlds import LOG_KEY
from tests.support.until import until
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("extract")) as found:
        yield found


def test_an_extract_of_everything_is_sound(makers: Makers, tmp_path: Path) -> None:
    content = makers.extract(evidence="registers")
    done = alone(makers, content, tmp_path, "--html", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdict: SOUND" in done.stdout
    assert "registers are incomplete" not in done.stdout
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "verified at: 20" in page
    assert page.count("key given") == len(makers.keys().splitlines())
    assert "SOUND" in page
    rules = {item["rule"] for item in lines(content, "awards.ndjson")}
    driven = {"first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers"}
    assert rules == driven | {"revenue_growth", "compute_voucher", "computing_centre"}
    # And the one of the table that another person confirmed.
    assert f"{len(DECLARED) + 3} declarations agree with the ledger's log" in done.stdout


def test_what_competes_is_chosen_by_a_join(makers: Makers) -> None:
    """A subquery whose result exceeds `work_mem` would be scanned again for each award."""
    with makers.set.ledger.begin() as connection:
        point = ledger_size(connection, 10, None)
        execute(connection, "SET LOCAL work_mem = '64kB'")
        request = dict.fromkeys(("viewer", "own", "exchange", "rules", "subjects", "from_at", "until_at"))
        parameters = {**request, "as_of": point.as_of, "since": 0, "size": 10, "on_shared_ladders": []}
        plan = fetch_values(connection, f"EXPLAIN {SELECTED}", str, **parameters)
        assert any("Join" in line for line in plan)
        assert not any("SubPlan" in line for line in plan)


def test_it_holds_what_the_api_says(makers: Makers) -> None:
    content = makers.extract()

    def everything(path: str) -> list[Any]:
        items, cursor = [], ""
        while cursor is not None:
            page = makers.get(f"{path}?limit=500{cursor and f'&cursor={cursor}'}")
            items, cursor = items + page["items"], page["next_cursor"]
        return items

    assert lines(content, "transactions.ndjson") == everything("/v1/ledger/transactions")
    told = lines(content, "awards.ndjson")
    assert told == everything("/v1/awards")
    assert json.loads(files(content)["balances.json"])["items"] == everything("/v1/ledger/balances")
    assert lines(content, "context.ndjson") == []
    acts = lines(content, "decisions.ndjson")
    steps = [one for award in told for one in everything(f"/v1/awards/{award['award_id']}/decisions")]
    assert sorted((one for one in acts if "decision_id" in one), key=lambda one: one["transaction"]) == sorted(
        steps, key=lambda one: one["transaction"]
    )
    others = {name for one in acts for name in one if name.endswith("_id")} - {
        "decision_id",
        "award_id",
        "batch_id",
        "objection_id",
    }
    assert others == {
        *("hold_id", "release_id", "eligibility_id", "suspension_id", "other_grant_id", "grant_withdrawal_id"),
        *("year_closing_id", "service_id", "account_id", "account_confirmation_id"),
        *("declared_table_id", "declared_table_confirmation_id", "declared_table_discard_id"),
        *("access_link_id", "access_link_revocation_id"),
    }
    stated = files(content)["statements.ndjson"].splitlines()
    hashes = [hashlib.sha256(one).hexdigest() for one in stated]
    assert hashes == sorted(one["statement"] for one in steps if one["statement"])
    for sha256, line in zip(hashes, stated, strict=True):
        assert makers.ask("GET", f"/v1/statements/{sha256}").data == line
    assert not any(ACCOUNT_NO.encode() in one for one in files(content).values())
    assert files(content)["checkpoint"].decode() == makers.ask("GET", "/v1/log/checkpoint").text
    (refused,) = lines(content, "quarantine.ndjson")
    assert refused["reason"] == "not_json"
    manifest = json.loads(files(content)["manifest.json"])
    assert set(manifest["files"]) | {"manifest.json", "manifest.sig"} == set(files(content))
    for name, one in manifest["files"].items():
        assert one == {"bytes": len(files(content)[name]), "sha256": hashlib.sha256(files(content)[name]).hexdigest()}


def test_the_same_request_at_the_same_sizes_gives_the_same_bytes(makers: Makers) -> None:
    assert makers.extract() == makers.extract()


def test_readings_are_taken_from_the_price_list_which_changes_nothing(makers: Makers) -> None:
    def readings(request: dict[str, Any]) -> list[Any]:
        return [one["readings"] for one in lines(makers.extract(**request), "awards.ndjson")]

    subjects = ["{id_scheme}:{id}".format(**one["subject"]) for one in lines(makers.extract(), "awards.ndjson")]
    own = ({"role": f"subject:{one}", "subjects": (one,), "evidence": "own"} for one in subjects)
    of_subject = next(request for request in own if any(readings(request)))
    requests = [{"role": "auditor"}, {"role": "exchange:kmdex"}, of_subject]
    computed = [makers.extract(**request) for request in requests]
    assert all(any(readings(request)) for request in requests)
    assert price_readings(makers.set.ledger) is not None
    try:
        assert [makers.extract(**request) for request in requests] == computed
        with makers.set.ledger.begin() as connection:
            connection.execute(text("DELETE FROM reading_effect"))
        assert not any(any(readings(request)) for request in requests)
        before = datetime.fromisoformat(lines(makers.extract(), "transactions.ndjson")[-2]["posted_at"])
        assert any(readings({"as_of": before}))  # the list is about a later instant
    finally:
        with makers.set.ledger.begin() as connection:
            for table in ("reading_effect", "reading_year", "priced_ledger"):
                connection.execute(text(f"DELETE FROM {table}"))


def test_what_witnesses_sign_later_changes_nothing(makers: Makers) -> None:
    before = makers.extract()
    with makers.set.trades.engine.begin() as connection:
        cosigned = {"line": Signature("witness.example", b"0123", b"x" * 72).line()}
        newest = "(SELECT max(id) FROM log_checkpoint)"
        connection.execute(text(f"INSERT INTO log_cosignature VALUES ({newest}, 'witness.example', :line)"), cosigned)
    assert "witness.example" in makers.set.trades.get("/v1/log/checkpoint").text
    assert makers.extract() == before


def test_it_waits_for_a_checkpoint_that_covers_what_the_facts_rest_on(makers: Makers, monkeypatch) -> None:
    """A register serves a checkpoint that witnesses have cosigned, which may be some seconds old."""
    log = RegisterClient.log

    def older(self: RegisterClient, *of: str) -> RegisterLog:
        shown = log(self, *of)
        smaller = dataclasses.replace(shown.checkpoint, size=shown.checkpoint.size // 2)
        return dataclasses.replace(shown, checkpoint=smaller)

    monkeypatch.setattr(RegisterClient, "log", older)
    with pytest.raises(RegisterUnavailable, match="covers"):
        makers.extract()


def requests(makers: Makers) -> list[dict[str, Any]]:
    awards = makers.get("/v1/awards?limit=500")["items"]
    subjects = sorted({f"uscc:{award['subject']['id']}" for award in awards})
    posted = [item["posted_at"] for item in makers.get("/v1/ledger/transactions?limit=500")["items"]]
    middle = EPOCH + instant(posted[len(posted) // 2]) * MICROSECOND
    return [
        {"subjects": (subjects[0],)},
        {"subjects": tuple(subjects[1:3]), "evidence": "registers"},
        {"rules": ("first_purchase",)},
        {"exchange": "kmdex"},
        {"exchange": "dcdex", "rules": ("exchange_tiers",)},
        {"from_": middle},
        {"until": middle},
        {"as_of": middle},
        {"as_of": middle, "since": 2, "subjects": (subjects[0],)},
        {"since": len(posted) // 2},
        {"since": len(posted)},
        {"as_of": EPOCH},
    ]


def test_a_part_of_it_is_sound_and_says_what_it_does_not_show(makers: Makers, tmp_path: Path) -> None:
    for request in requests(makers):
        content = makers.extract(**request)
        report = checked(makers, content, tmp_path)
        assert report.is_sound, (request, report.text())
        is_filtered = set(request) - {"as_of", "evidence"}
        assert ("the extract is filtered" in report.text()) == bool(is_filtered), request
        lacks_awards = bool(set(request) & {"subjects", "exchange", "rules"})
        has_postings = not set(request) & {"from_", "until", "since"}
        assert ("the hold budget" in report.text()) == (lacks_awards and has_postings), request


@pytest.mark.parametrize("role", ["exchange:kmdex", "exchange:dcdex"])
@pytest.mark.parametrize("evidence", ["awards", "registers"])
def test_an_extract_shows_an_exchange_its_own_alone(makers: Makers, tmp_path: Path, role: str, evidence: str) -> None:
    exchange = role.partition(":")[2]
    content = makers.extract(role, evidence=evidence)
    report = checked(makers, content, tmp_path)
    assert report.is_sound, report.text()
    assert "they depend on awards and acts of others" in report.text()
    assert not [one for one in lines(content, "facts.ndjson") if one["fact"].startswith("declared/")]
    assert lines(content, "awards.ndjson") == makers.get("/v1/awards?limit=500", role)["items"]
    seen = {item["seq"] for item in makers.get("/v1/ledger/transactions?limit=500", role)["items"]}
    assert {item["seq"] for item in lines(content, "transactions.ndjson")} == seen
    assert (
        json.loads(files(content)["balances.json"])["items"]
        == (makers.get("/v1/ledger/balances?limit=500", role)["items"])
    )
    other = ({"kmdex", "dcdex"} - {exchange}).pop()
    for name, data in files(content).items():
        if not name.startswith(("policy/", "verify.py")) and b'"kind":"settings"' not in data:
            assert other.encode() not in data, name
    for name in files(content):
        if name.startswith("evidence/") and name.endswith(".ndjson"):
            told = {item["entry"]["exchange"] for item in lines(content, name)}
            assert told <= {exchange, None}
    left_out = json.loads(files(content)["manifest.json"])["left_out"]
    assert left_out["partial_awards"] == sum(item["partial"] for item in lines(content, "awards.ndjson"))
    nothing = makers.extract(role, exchange=other)
    assert checked(makers, nothing, tmp_path).is_sound
    assert files(nothing)["awards.ndjson"] == files(nothing)["transactions.ndjson"] == b""


def test_what_only_others_documents_name_stays_out_of_an_exchanges_extract(makers: Makers) -> None:
    for evidence in ("awards", "registers"):
        content = makers.extract("exchange:kmdex", evidence=evidence)
        told = b"".join(files(content).values())
        for name in files(content):
            if name.startswith("evidence/") and name.endswith(".ndjson"):
                told += b"".join(base64.b64decode(item["value"]) for item in lines(content, name))
        for secret in (*SECRETS, *SECRETS.values(), SECRET_TRADE["amount"]):
            assert secret.encode() not in told


def test_an_older_extract_is_continued_and_a_rewritten_past_is_found(makers: Makers, tmp_path: Path, postgres) -> None:
    size = len(makers.get("/v1/ledger/transactions?limit=500")["items"])
    older = makers.extract(as_of=None)
    whole, later = makers.extract(), makers.extract(since=size)
    for content in (whole, later):
        report = checked(makers, content, tmp_path, older)
        assert report.is_sound, report.text()
        assert "the ledger continues the older extract" in report.text()
    with makers_of(postgres, tmp_path, SEED + 1) as other:
        rewritten = other.extract()
    report = checked(makers, rewritten, tmp_path)
    assert report.is_sound
    report = checked(makers, rewritten, tmp_path, older)
    assert not report.is_sound
    assert any(words in report.text() for words in ("history was rewritten", "shorter than"))


def test_growth_since_an_older_extract_is_summed_upon_its_balances(makers: Makers, tmp_path: Path) -> None:
    older = makers.extract()
    size = json.loads(files(older)["manifest.json"])["size"]
    fed_with_a_world(makers.set, SEED + 2, 60, TIMES)
    newer = makers.extract(since=size)
    assert {item["seq"] for item in lines(newer, "transactions.ndjson")} == set(
        range(size, json.loads(files(newer)["manifest.json"])["size"])
    )
    report = checked(makers, newer, tmp_path, older)
    assert report.is_sound, report.text()
    assert "balances are sums of postings" in report.text()
    assert "balances were not recomputed" in checked(makers, newer, tmp_path).text()
    filtered = makers.extract(rules=("first_purchase",), since=size)
    assert checked(makers, filtered, tmp_path, older).is_sound
    path, cut = tmp_path / "uncut.zip", tmp_path / "older.zip"
    path.write_bytes(makers.extract(subjects=(f"uscc:{worlds.uscc(99)}",)))
    cut.write_bytes(older)
    with pytest.raises(UsageError, match=f"since={size}"):
        verify(str(path), read_keys(makers.keys()), str(cut))
    as_of = EPOCH + instant(json.loads(files(older)["manifest.json"])["as_of"]) * MICROSECOND
    again = makers.extract(as_of=as_of)
    for name in ("awards.ndjson", "balances.json", "facts.ndjson", "transactions.ndjson"):
        assert files(again)[name] == files(older)[name], name


def test_the_command_verifies_with_and_without_keys(makers: Makers, tmp_path: Path) -> None:
    path, keys = tmp_path / "extract.zip", tmp_path / "keys"
    path.write_bytes(makers.extract())
    keys.write_text(makers.keys(), "utf-8")
    run = CliRunner(env={"LANG": "en_US.UTF-8"}).invoke
    done = run(main, ["verify", str(path), "--key", str(keys)])
    assert (done.exit_code, "no signature was checked" in done.output) == (0, False)
    done = run(main, ["verify", str(path)])
    assert (done.exit_code, "no signature was checked" in done.output) == (0, True)
    keys.write_text("rubbish", "utf-8")
    assert run(main, ["verify", str(path), "--key", str(keys)]).exit_code == 2
    keys.write_text(makers.keys().splitlines()[0], "utf-8")
    assert run(main, ["verify", str(path), "--key", str(keys)]).exit_code == 2
    assert run(main, ["verify", str(tmp_path / "nowhere")]).exit_code == 2
    path.write_bytes(path.read_bytes()[:-200])
    assert run(main, ["verify", str(path)]).exit_code == 1


def test_tables_are_for_people_and_hold_no_formula(makers: Makers) -> None:
    content = files(makers.extract())
    told = content["views/awards.csv"].decode("utf-8")
    assert told.startswith("\ufeff奖补 award_id,")
    assert told.count("\r\n") == len(content["awards.ndjson"].splitlines()) + 1
    book = openpyxl.load_workbook(io.BytesIO(content["views/transactions.xlsx"]))
    (sheet,) = book.worksheets
    transactions = [json.loads(line) for line in content["transactions.ndjson"].splitlines()]
    acts = [line.split(",")[3] for line in content["views/decisions.csv"].decode().splitlines()[1:]]
    assert {"release", "suspension", "other_grant", "grant_withdrawal", "manual", "approve", "verified"} <= set(acts)
    # Transactions without entries have a row too.
    assert sheet.max_row == sum(len(item["entries"]) or 1 for item in transactions) + 1
    view = tables.Table("x", ("a", "金额 amount"), lambda item: iter([[item["a"], item["b"]]]))
    rows = [{"a": "=1+1", "b": "-1.00"}, {"a": "@SUM(A1)", "b": "1"}, {"a": "一\n二", "b": "+x"}, {"a": None, "b": "y"}]
    assert [line.decode() for line in tables.csv_lines(view, rows)][1:] == [
        "'=1+1,-1.00\r",
        "'@SUM(A1),1\r",
        "一 二,'+x\r",
        ",y\r",
    ]
    stream = io.BytesIO()
    view = tables.BALANCES
    items = [{"account": f"=a{n}", "debit": "0.00", "credit": "1234567890.12", "balance": "-0.05"} for n in range(7)]
    tables.write_table_workbook(view, items, stream, sheet_rows=4)
    book = openpyxl.load_workbook(io.BytesIO(stream.getvalue()))
    assert [sheet.max_row for sheet in book.worksheets] == [4, 4, 2]
    found = [row for sheet in book.worksheets for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert found == [(f"=a{n}", 0, 1234567890.12, -0.05) for n in range(7)]
    assert {cell.data_type for sheet in book.worksheets for cell in sheet["A"]} == {"s"}
    again = io.BytesIO()
    tables.write_table_workbook(view, items, again, sheet_rows=4)
    assert again.getvalue() == stream.getvalue()


# --- as a job ---


def test_an_extract_is_asked_for_made_and_taken_home(makers: Makers, tmp_path: Path) -> None:
    answer = makers.ask("POST", "/v1/extracts", body={"evidence": "registers"})
    asked = answer.get_json()
    assert (answer.status_code, asked["state"], asked["progress"]) == (202, "queued", 0.0)
    path = f"/v1/extracts/{asked['id']}"
    assert makers.ask("GET", f"{path}/download").status_code == 409
    makers.maker.run()
    found = makers.get(path)
    assert (found["state"], found["progress"], found["reason"]) == ("ready", 1.0, None)
    answer = makers.ask("GET", f"{path}/download")
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert len(answer.data) == found["bytes"] == answer.content_length
    assert hashlib.sha256(answer.data).hexdigest() == found["sha256"]
    assert checked(makers, answer.data, tmp_path).is_sound
    assert answer.data == makers.extract(evidence="registers")
    for role, status in (("bureau", 200), ("auditor", 200), ("exchange:kmdex", 404), ("service", 403), (None, 401)):
        assert makers.ask("GET", path, role).status_code == status
    assert makers.ask("DELETE", path, "bureau").status_code == 403
    assert makers.ask("DELETE", path).status_code == 204
    assert makers.ask("GET", path).status_code == 404
    with makers.set.ledger.connect() as connection:
        told = connection.execute(text("SELECT action, who, role FROM extract_access WHERE extract_id = :id"), asked)
        assert [tuple(row) for row in told] == [
            (action, "key of auditor", "auditor") for action in ("requested", "downloaded", "removed")
        ]
        assert connection.execute(text("SELECT count(*) FROM extract_piece")).scalar() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"subjects": ["uscc:1"]}, "subjects.0"),
        ({"subjects": "x"}, "subjects"),
        ({"rules": ["no_such_rule"]}, "rules.0"),
        ({"since": -1}, "since"),
        ({"since": 10**6}, "since"),
        ({"since": True}, "since"),
        ({"as_of": "2090-01-01T00:00:00Z"}, "as_of"),
        ({"evidence": "all"}, "evidence"),
        ({"workbooks": "no"}, "workbooks"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_request_names_its_field(makers: Makers, body: dict[str, Any], field: str) -> None:
    answer = makers.ask("POST", "/v1/extracts", body=body)
    assert (answer.status_code, [error["field"] for error in answer.get_json()["errors"]]) == (422, [field])


def test_workbooks_are_left_out_where_not_asked_for(makers: Makers, tmp_path: Path) -> None:
    asked = makers.ask("POST", "/v1/extracts", body={"workbooks": False}).get_json()
    makers.maker.run()
    answer = makers.ask("GET", f"/v1/extracts/{asked['id']}/download")
    with_them, without = files(makers.extract()), files(answer.data)
    workbooks = {name for name in with_them if name.endswith(".xlsx")}
    assert len(workbooks) == len(tables.TABLES)
    assert with_them.keys() - without.keys() == workbooks
    assert json.loads(without["manifest.json"])["request"]["workbooks"] is False
    assert checked(makers, answer.data, tmp_path).is_sound
    assert makers.ask("DELETE", f"/v1/extracts/{asked['id']}").status_code == 204


def test_nothing_need_be_said(makers: Makers) -> None:
    answer = makers.app.test_client().post("/v1/extracts", headers=headers("bureau"))
    assert answer.status_code == 202
    assert makers.ask("DELETE", f"/v1/extracts/{answer.get_json()['id']}", "bureau").status_code == 204


def enqueue(makers: Makers, role: str = "auditor", **body: Any) -> str:
    answer = makers.ask("POST", "/v1/extracts", role, body)
    assert answer.status_code == 202, answer.text
    return answer.get_json()["id"]


def test_an_exchange_sees_its_own_extracts_and_a_role_has_only_so_many(makers: Makers) -> None:
    ids = [enqueue(makers, "exchange:kmdex") for _ in range(jobs.MOST_OF_ROLE)]
    assert makers.ask("POST", "/v1/extracts", "exchange:kmdex", {}).status_code == 409
    assert makers.ask("GET", f"/v1/extracts/{ids[0]}", "exchange:dcdex").status_code == 404
    assert makers.ask("GET", f"/v1/extracts/{ids[0]}", "exchange:kmdex").status_code == 200
    for extract_id in ids:
        assert makers.ask("DELETE", f"/v1/extracts/{extract_id}", "exchange:kmdex").status_code == 204
    makers.maker.run()
    assert makers.ask("POST", "/v1/extracts", "service", {}).status_code == 403


def test_one_that_was_interrupted_is_started_again_and_the_former_maker_writes_no_more(makers: Makers) -> None:
    extract_id = enqueue(makers)
    engine = makers.set.ledger
    with engine.begin() as connection:
        first = jobs.take_next(connection, makers.set.now)
    assert first is not None
    late = jobs.Pieces(engine, first, lambda: makers.set.now)
    late.write(b"x" * (jobs.PIECE_BYTES + 1))
    makers.maker.run()
    assert makers.get(f"/v1/extracts/{extract_id}")["state"] == "ready"
    assert makers.ask("GET", f"/v1/extracts/{extract_id}/download").data == makers.extract()
    with pytest.raises(jobs.Withdrawn):
        late.end()
    makers.ask("DELETE", f"/v1/extracts/{extract_id}")


def test_one_whose_makers_end_each_time_is_failed_at_last(makers: Makers) -> None:
    extract_id = enqueue(makers)
    for _ in range(jobs.MOST_ATTEMPTS):
        with makers.set.ledger.begin() as connection:
            assert jobs.take_next(connection, makers.set.now) is not None
    makers.maker.run()
    found = makers.get(f"/v1/extracts/{extract_id}")
    assert (found["state"], found["reason"]) == ("failed", "5 次均中断 / interrupted 5 times")
    assert makers.ask("GET", f"/v1/extracts/{extract_id}/download").status_code == 409


def test_one_whose_workbooks_are_killed_is_started_again_and_failed_at_last(makers: Makers, monkeypatch) -> None:
    kept = TableFiles.kept

    def killed(self: TableFiles, view: tables.Table, lines: Iterable[bytes]) -> Iterator[bytes]:
        for program in psutil.Process().children():
            if TableFiles.__module__ in command_line(program):
                program.kill()
        return kept(self, view, lines)

    monkeypatch.setattr(TableFiles, "kept", killed)
    extract_id = enqueue(makers)
    with pytest.raises(WorkbooksKilled):
        makers.maker.run()
    assert makers.get(f"/v1/extracts/{extract_id}")["state"] == "running"
    for _ in range(jobs.MOST_ATTEMPTS - 1):
        with pytest.raises(WorkbooksKilled):
            makers.maker.run()
    makers.maker.run()
    assert makers.get(f"/v1/extracts/{extract_id}")["state"] == "failed"


def test_one_waits_for_a_register_that_is_unavailable_and_fails_where_it_is_another(makers: Makers) -> None:
    extract_id = enqueue(makers)
    address = makers.addresses["r1"]
    away = ExtractWorker(
        makers.set.ledger, LOG_KEY, "service-key", {"r1": RegisterAddress(address.listing, "http://127.0.0.1:1")}
    )
    with pytest.raises(RegisterUnavailable):
        away.run()
    assert makers.get(f"/v1/extracts/{extract_id}")["state"] == "running"
    swapped = ExtractWorker(
        makers.set.ledger, LOG_KEY, "service-key", {"r1": RegisterAddress(address.trade_ingest, address.listing)}
    )
    swapped.run()
    found = makers.get(f"/v1/extracts/{extract_id}")
    assert found["state"] == "failed"
    assert "REGISTERS" in found["reason"]
    extract_id = enqueue(makers)
    ExtractWorker(makers.set.ledger, LOG_KEY, "wrong", makers.addresses).run()
    assert "401" in makers.get(f"/v1/extracts/{extract_id}")["reason"]


def test_one_that_is_cancelled_while_it_is_made_stops(makers: Makers) -> None:
    extract_id = enqueue(makers)
    with makers.set.ledger.begin() as connection:
        job = jobs.take_next(connection, makers.set.now)
    assert job is not None
    makers.ask("DELETE", f"/v1/extracts/{extract_id}")
    with pytest.raises(jobs.Withdrawn), makers.set.ledger.begin() as connection:
        jobs.show_progress(connection, job, 0.5)
    makers.maker.run()
    assert makers.ask("GET", f"/v1/extracts/{extract_id}").status_code == 404


def test_it_is_kept_for_a_week(makers: Makers) -> None:
    extract_id = enqueue(makers)
    makers.maker.run()
    expires_at = makers.get(f"/v1/extracts/{extract_id}")["expires_at"]
    with makers.set.ledger.begin() as connection:
        finished = connection.execute(
            text("SELECT finished_at FROM extract WHERE id = :id"), {"id": extract_id}
        ).scalar()
        assert expires_at == format_time(finished + timedelta(days=7))
        jobs.expire(connection, finished + timedelta(days=7) - timedelta(microseconds=1))
    assert makers.get(f"/v1/extracts/{extract_id}")["state"] == "ready"
    with makers.set.ledger.begin() as connection:
        jobs.expire(connection, finished + timedelta(days=7))
        accesses = text("SELECT action, who FROM extract_access WHERE extract_id = :id ORDER BY at, action")
        told = connection.execute(accesses, {"id": extract_id}).all()
        assert ("expired", None) in told
        assert {action for action, _ in told} == {"requested", "expired"}
    assert makers.ask("GET", f"/v1/extracts/{extract_id}").status_code == 404


def test_the_consumer_starts_the_program_that_makes_them(makers: Makers, kafka, tmp_path: Path, monkeypatch) -> None:
    """It runs as a separate process with settings from the environment and is started again if killed."""
    key_file, service_key = tmp_path / "signing-key", tmp_path / "service-key"
    key_file.write_bytes(LOG_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key_file.chmod(0o600)
    service_key.write_text("service-key\n", "utf-8")
    address = makers.addresses["r1"]
    url = makers.set.ledger.url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "LOG_ORIGIN": f"jiangbu-{tmp_path.name}",
        "SIGNING_KEY_FILE": str(key_file),
        "SERVICE_KEY_FILE": str(service_key),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    extract_id = enqueue(makers)
    stop = threading.Event()
    starter = partial(supervise_worker, makers.set.ledger, stop)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60.0)
        nothing = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("REGISTERS", f"r1={nothing},{nothing}")
        with background_thread(starter, "extracts", stop, join_timeout_s=5.0):
            with silent.accept()[0]:  # it hangs in the middle of its work
                assert makers.get(f"/v1/extracts/{extract_id}")["state"] == "running"
                monkeypatch.setenv("REGISTERS", f"r1={address.listing},{address.trade_ingest}")
                (maker,) = (one for one in psutil.Process().children() if "make-extracts" in command_line(one))
                maker.kill()
            until(lambda: makers.get(f"/v1/extracts/{extract_id}")["state"] == "ready")
    assert makers.ask("GET", f"/v1/extracts/{extract_id}/download").data == makers.extract()
    with makers.set.ledger.begin() as connection:
        attempts = connection.execute(text("SELECT attempts FROM extract WHERE id = :id"), {"id": extract_id}).scalar()
    assert attempts == 2


def test_another_policy_can_be_tried_on_an_extract(makers: Makers, tmp_path: Path) -> None:
    """An extract of everything is enough for `what-if`, without a database."""
    file, policy = tmp_path / "extract.zip", tmp_path / "later.yaml"
    file.write_bytes(makers.extract())
    policy.write_text(later_policy(1).replace('cap: "200000.00"', 'cap: "1.00"'), "utf-8")
    arguments = ["what-if", "--policy", str(policy), "--extract", str(file)]
    done = CliRunner().invoke(main, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    now = {award["award_id"]: award for award in makers.get("/v1/awards?limit=500")["items"]}
    assert {one["award_id"]: one["before"] for one in told["awards"]} == {
        award_id: {name: award[name] for name in ("ceiling", "payable")}
        for award_id, award in now.items()
        if award["ceiling"] != "0.00"
    }
    purchases = [one for one in told["awards"] if one["award_id"].startswith("first_purchase/")]
    assert {one["after"]["ceiling"] for one in purchases} == {"1.00"}
    assert (
        f"revision {REVISION} -> kunming-2025-14 revision {REVISION + 1}" in CliRunner().invoke(main, arguments).output
    )
    done = CliRunner(env={"LANG": "en_US.UTF-8"}).invoke(main, [*arguments[:-1], str(policy)])
    assert (done.exit_code, "not a readable extract" in done.output) == (1, True)
