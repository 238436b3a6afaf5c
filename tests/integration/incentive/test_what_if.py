"""What-if by another policy file equals what that file makes of the ledger once it is in force."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.declare import DeclarationInput, declare
from services.incentive.domain.workflow import Actor
from services.incentive.rebuild.command import verify_all
from shared.postgres.database import make_engine, snapshot
from shared.settings import POLICY_FILE, SettingsError
from tests.support.digests import digests
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.ledger import (
    LOG,
    ROOT,
    Ledger,
    exchange_total,
    first_listing,
    first_purchase,
    ledger_database,
    provider_total,
    rulebook,
    subject,
)
from tests.support.policy.revisions import REVISION, REVISION_LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

NOW = datetime(2026, 7, 1, tzinfo=UTC)
LISTING = f"first_listing/{subject(1)}"
PURCHASE = f"first_purchase/{subject(1)}"
TRADING = f"annual_listed_trading/{subject(2)}/2026"
VOUCHER = f"compute_voucher/{subject(2)}/2026/V-1"
CENTRE = f"computing_centre/{subject(3)}/2026/C-1"
TIERS = "exchange_tiers/kmdex/2026"
LATER = REVISION + 1
LATER_LINE = f"revision: {LATER}"
# A lower cap, a higher threshold, a lower limit of a measure, a smaller budget.
VALUES = {
    f"{REVISION_LINE}\n": f"{LATER_LINE}\n",
    'cap: "200000.00"': 'cap: "10000.00"',
    'at_least: "10000000.00"': 'at_least: "20000000.00"',
    'at_most: "1.25"': 'at_most: "1.10"',
    'annual: "100000000.00"': 'annual: "1000000.00"',
}


@pytest.fixture(scope="module")
def urls(postgres: Callable[[str], tuple[str, str]]) -> Iterator[tuple[str, str]]:
    facts = (
        first_listing(1, "2026-01-05", seq=1),
        first_purchase(1, "2026-03-01", "2000000.00", seq=1),
        provider_total(2, 2026, {"kmdex": [("2026-02-01", "15000000.00")]}, seq=2),
        exchange_total("kmdex", 2026, [("2026-03-01", "120000000.00")], seq=3),
    )
    with ledger_database(postgres, facts) as database:
        fill(database.service)
        yield database.owner_url, database.service_url


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        entered = [
            DeclarationInput("compute_voucher", subject(2), "V-1", date(2026, 3, 1), {"settled": "100000.00"}),
            DeclarationInput("computing_centre", subject(3), "C-1", date(2026, 3, 1), {"pue": "1.20"}),
        ]
        declare(connection, entered, BureauContext(rulebook(), LOG, lambda: NOW), Actor("test", None))
    # A grant under another policy is deducted under both files, and one that was withdrawn is not.
    bureau = Bureau(engine, rulebook(), NOW)
    bureau.grant(subject(1), 2026, "50000.00", rules=["first_purchase"])
    withdrawn = bureau.grant(subject(1), 2026, "90000.00", awards=[PURCHASE])
    assert bureau.post(f"/v1/other-grants/{withdrawn['other_grant_id']}/withdraw", {"reason": "r"})[0] == 201


@pytest.fixture(scope="module")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = POLICY_FILE.read_text("utf-8")
    for old, new in VALUES.items():
        assert old in source
        source = source.replace(old, new, 1)
    file: Path = tmp_path_factory.mktemp("lab") / "later.yaml"
    file.write_text(source, "utf-8")
    return file


def run(service_url: str, *arguments: str, lang: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does."""
    environment = {
        "PATH": os.defpath,
        "LANG": lang,
        "DATABASE_URL": service_url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    }
    command = [sys.executable, "-m", "services.incentive", "what-if", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def amounts(ceiling: str, payable: str) -> dict[str, str]:
    return {"ceiling": ceiling, "payable": payable}


EXPECTED = {
    CENTRE: (amounts("10000000.00", "10000000.00"), amounts("0.00", "0.00")),
    VOUCHER: (amounts("30000.00", "0.00"), amounts("30000.00", "30000.00")),
    TRADING: (amounts("300000.00", "300000.00"), amounts("0.00", "0.00")),
    PURCHASE: (amounts("100000.00", "50000.00"), amounts("10000.00", "0.00")),
    LISTING: (amounts("20000.00", "0.00"), amounts("20000.00", "20000.00")),
    TIERS: (amounts("1000000.00", "1000000.00"), amounts("1000000.00", "1000000.00")),
}


def test_award_by_award_and_by_year_and_nothing_is_written(urls: tuple[str, str], policy_file: Path) -> None:
    before = digests(urls[0])
    done = run(urls[1], "--policy", str(policy_file), "--from-ledger", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {one["award_id"]: (one["before"], one["after"]) for one in found["awards"]} == EXPECTED
    assert [one["award_id"] for one in found["awards"]] == sorted(EXPECTED)
    assert found["years"] == [{"year": 2026, "before": "11350000.00", "after": "1050000.00", "budget": "1000000.00"}]
    told = run(urls[1], "--policy", str(policy_file))
    assert told.returncode == 0, told.stderr
    assert "awards, 5 of them differ" in told.stdout
    assert f"{PURCHASE}: 100000.00/50000.00 -> 10000.00/0.00 (-50000.00)" in told.stdout
    assert TIERS not in told.stdout
    assert "2026: 11350000.00 -> 1050000.00 (-10300000.00), budget 1000000.00, over by 50000.00" in told.stdout
    told = run(urls[1], "--policy", str(policy_file), lang="zh_CN.UTF-8")
    assert "其中变化 5 项" in told.stdout
    assert "2026: 11350000.00 -> 1050000.00 (-10300000.00), 预算 1000000.00，超出 50000.00" in told.stdout
    assert digests(urls[0]) == before


def test_a_suspended_rule_leaves_what_is_approved(
    postgres: Callable[[str], tuple[str, str]], policy_file: Path
) -> None:
    with ledger_database(postgres) as database:
        bureau = Bureau(database.service, rulebook())
        bureau.begin()
        award_id = bureau.purchase(1)
        bureau.approved(award_id, "5000.00")
        suspension = {"from": "2026-01-01", "reason": "r"}
        assert bureau.post("/v1/rules/first_purchase/suspensions", suspension)[0] == 201
        done = run(database.service_url, "--policy", str(policy_file), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    before, after = amounts("200000.00", "5000.00"), amounts("10000.00", "5000.00")
    assert found["awards"] == [{"award_id": award_id, "before": before, "after": after}]
    assert found["years"] == [{"year": 2026, "before": "5000.00", "after": "5000.00", "budget": "1000000.00"}]


def test_the_transaction_that_reads_cannot_write(urls: tuple[str, str]) -> None:
    engine = make_engine(urls[1])
    with pytest.raises(InternalError, match="read-only"), snapshot(engine) as connection:
        connection.execute(text("INSERT INTO extract_access (extract_id, at, action) VALUES ('x', now(), 'x')"))
    engine.dispose()


def test_a_file_that_cannot_be_used_is_reported(urls: tuple[str, str], policy_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(policy_file.read_text("utf-8").replace(LATER_LINE, "revision: two"), "utf-8")
    done = run(urls[1], "--policy", str(bad))
    assert (done.returncode, done.stdout) == (1, "")
    line = policy_file.read_text("utf-8").splitlines().index(LATER_LINE) + 1
    assert f"bad.yaml:{line}: revision:" in done.stderr
    later = tmp_path / "later.yaml"
    later.write_text(policy_file.read_text("utf-8").replace("    from: 2025-10-15", "    from: 2025-11-20"), "utf-8")
    done = run(urls[1], "--policy", str(later))
    assert done.returncode == 1
    assert "2025-11-20" in done.stdout + done.stderr
    assert run(urls[1], "--policy", str(bad), "--from-ledger", "--extract", str(bad)).returncode == 2


def test_a_rule_that_earned_can_be_ended_and_not_taken_out(
    urls: tuple[str, str], policy_file: Path, tmp_path: Path
) -> None:
    source = policy_file.read_text("utf-8")
    start, end = source.index("    - rule: computing_centre"), source.index("    - rule: data_circulation_facility")
    without, ended = tmp_path / "without.yaml", tmp_path / "ended.yaml"
    without.write_text(source[:start] + source[end:], "utf-8")
    terms = "    - {rule: computing_centre, article: (一), name: {zh: 智算中心奖励, en: computing centre},"
    terms += " subject: entity, earned: recorded, per: subject}\n"
    ended.write_text(source[:start] + terms + source[end:], "utf-8")
    engine = make_engine(urls[1])
    with engine.connect() as connection:
        with pytest.raises(SettingsError, match="lacks the rule computing_centre"):
            Ledger(connection, rulebook(without), NOW).put_in_force()
        connection.rollback()
        assert Ledger(connection, rulebook(ended), NOW).put_in_force()
        award = connection.execute(text("SELECT * FROM award_current WHERE award_id = :id"), {"id": CENTRE}).one()
        assert (award.ceiling_fen, award.article) == (0, "(一)")
        connection.rollback()
    engine.dispose()


def test_the_ledger_comes_to_the_same_once_it_is_in_force(urls: tuple[str, str], policy_file: Path) -> None:
    """The differences are posted with the revision as their cause, and the awards have the predicted amounts."""
    engine = make_engine(urls[1])
    later = rulebook(policy_file)
    with engine.begin() as connection:
        ledger = Ledger(connection, later, NOW)
        assert ledger.put_in_force()
    ask = Asker(incentive_app(engine, later, lambda: NOW).test_client())
    awards = {award["award_id"]: award for award in ask.all("/v1/awards")}
    assert {award_id: amounts(one["ceiling"], one["payable"]) for award_id, one in awards.items()} == {
        award_id: after for award_id, (_, after) in EXPECTED.items()
    }
    for award_id, (before, after) in EXPECTED.items():
        posted = ask.all("/v1/ledger/transactions", award_id=award_id)[-1]
        assert posted["policy"] == {"id": "kunming-2025-14", "revision": LATER}
        assert posted["cause"]["text"].startswith(f"政策 kunming-2025-14 第 {LATER} 版施行后重算，")
        assert f"recomputed, policy kunming-2025-14 revision {LATER} put in force, " in posted["cause"]["text"]
        assert posted["cause"]["facts"]
        why = ask.ok(f"/v1/awards/{award_id}/explanation")["text"]
        if before["ceiling"] == after["ceiling"]:
            assert f"起按政策文件第{LATER}版计算，上限未因此改变" in why["zh"]
        else:
            assert f"by revision {LATER} of the policy file, which changed the ceiling from" in why["en"]
    assert "上限因此由100,000.00元变为10,000.00元" in ask.ok(f"/v1/awards/{PURCHASE}/explanation")["text"]["zh"]
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        told: list[str] = []
        assert verify_all(connection, later, None, told.append).is_right, told
    unchanged = run(urls[1], "--policy", str(policy_file))
    assert "awards, 0 of them differ" in unchanged.stdout
    engine.dispose()
