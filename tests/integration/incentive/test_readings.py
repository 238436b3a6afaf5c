"""The price list of readings: what what-if gives for each alternative, kept up to date, and who may see it."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.declare import DeclarationInput, declare
from services.incentive.commands.price_readings import price_readings, supervise_pricing
from services.incentive.commands.what_if import WhatIf, what_if
from services.incentive.domain.workflow import Actor
from services.incentive.store.facts import all_facts
from services.incentive.store.ledger import lock_ledger
from services.incentive.store.payable_inputs import all_payable_inputs
from services.incentive.store.readings import begin_staging, ledger_state, priced_state, publish_effects
from services.incentive.store.rulebook import rulebook_in_force
from shared.postgres.database import snapshot
from shared.process.background import background_thread
from shared.values.money import format_yuan
from tests.support.incentive.bureau import SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import (
    LOG,
    exchange_total,
    first_listing,
    first_purchase,
    provider_total,
    random_facts,
    subject,
)
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

LISTING = f"first_listing/{subject(11)}"
PURCHASE = f"first_purchase/{subject(12)}"
TRADING = f"annual_listed_trading/{subject(12)}/2026"
TABLES = ("reading_effect", "reading_year", "priced_ledger")


@pytest.fixture
def bureau(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    """A ledger with awards of all kinds, decisions, and a grant under another policy."""
    with empty_bureau(postgres) as found:
        found.take(
            *{one.key: one for one in random_facts(Random(7), 1, 80)}.values(),
            first_listing(11, "2028-10-15", seq=101),
            first_purchase(12, "2026-04-01", "4000000.00", seq=102),
            provider_total(12, 2026, {"kmdex": [("2026-02-01", "15000000.00")]}, seq=103),
            first_listing(13, "2026-04-01", seq=104, exchange="dcdex"),
            first_purchase(13, "2026-04-01", "300000.00", seq=105),
        )
        declared(found, "standards", 14, {"A": "national_led", "B": "industry_led", "C": "international_led"}, "role")
        declared(found, "compute_voucher", 12, {"V1": "900000.00", "V2": "800000.00"}, "settled")
        grant = {
            "name": "另一市级政策",
            "department": "虚构部门",
            "document_no": "虚构文号",
            "year": 2026,
            "amount": "5000.00",
            "granted_on": "2026-05-01",
            "rules": ["first_listing"],
            "documents": [{"name": "文件.pdf", "sha256": SHA256}],
        }
        assert found.post(f"/v1/subjects/{subject(13)}/other-grants", grant)[0] == 201
        found.done(TRADING, "apply", "reject")
        yield found


def declared(bureau: Bureau, rule: str, number: int, items: dict[str, str], measure: str) -> None:
    context = BureauContext(bureau.rulebook, LOG, lambda: bureau.now)
    day = date(2026, 3, 1)
    for item, value in items.items():
        bureau.later()
        with bureau.engine.begin() as connection:
            entered = DeclarationInput(rule, subject(number), item, day, {measure: value}, name=f"虚构实体{number}")
            declare(connection, [entered], context, Actor("test", None))


def by_what_if(engine: Engine) -> dict[str, WhatIf]:
    """Run what-if by each alternative; results by the reading's id."""
    found = {}
    with snapshot(engine) as connection:
        rulebook = rulebook_in_force(connection)
        assert rulebook is not None
        recorded = all_payable_inputs(connection)
        for reading, policy in rulebook.policy.alternatives.items():
            found[reading] = what_if(
                all_facts(connection, rulebook.registers, policy.item_rules), rulebook, policy, recorded
            )
    return found


def tables(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {one: sorted(map(repr, connection.execute(text(f"SELECT * FROM {one}")))) for one in TABLES}


def emptied(engine: Engine) -> None:
    with engine.begin() as connection:
        for one in TABLES:
            connection.execute(text(f"DELETE FROM {one}"))


def listed(bureau: Bureau, **parameters: Any) -> dict[str, Any]:
    return {one["id"]: one for one in bureau.ask.all("/v1/readings", **parameters)}


def year_of(award_id: str, awards: dict[str, Any]) -> int:
    """The year of an award; one that only the alternative would give has it in its id."""
    return int(awards[award_id]["year"] if award_id in awards else award_id.split("/")[2])


def test_the_price_list_is_what_what_if_gives_for_each_alternative(bureau: Bureau) -> None:
    policy = bureau.rulebook.policy
    before = listed(bureau)
    assert list(before) == sorted({*(one.id for one in policy.readings), *policy.alternatives})
    assert {one for one in before if before[one]["computable"]} == set(policy.alternatives)
    assert all((one["years"], one["as_of"]) == ([], None) for one in before.values())
    priced = price_readings(bureau.engine)
    assert priced is not None
    assert priced.is_full
    found = listed(bureau, limit=7)
    expected = by_what_if(bureau.engine)
    awards = {one["award_id"]: one for one in bureau.ask.all("/v1/awards")}
    assert sum(bool(one["years"]) for one in found.values()) >= 3
    for reading, one in found.items():
        if reading not in expected:
            assert (one["years"], one["as_of"]) == ([], None)
            continue
        years = {year.year: year for year in expected[reading].years}
        moved = Counter(
            year_of(case.award_id, awards)
            for case in expected[reading].cases
            if case.before.payable_fen != case.after.payable_fen
        )
        assert {year["year"]: year["awards"] for year in one["years"]} == moved
        for year in one["years"]:
            known = years.pop(year["year"])
            sums = format_yuan(known.before_fen), format_yuan(known.after_fen)
            assert (year["payable_before"], year["payable_after"]) == sums
            assert 0 < year["subjects"] <= year["awards"]
        assert all(year.before_fen == year.after_fen for year in years.values()), reading
    described = next(one for one in policy.readings if one.id in policy.alternatives)
    assert found[described.id]["says"] == {"zh": described.says.zh, "en": described.says.en}
    assert (found[described.id]["mark"], found[described.id]["article"]) == (described.mark, described.article)


def test_readings_of_awards_are_those_of_the_price_list_and_of_what_if(bureau: Bureau) -> None:
    expected: dict[str, list[str]] = {}
    for reading, found in by_what_if(bureau.engine).items():
        for case in found.cases:
            if case.before.payable_fen != case.after.payable_fen:
                expected.setdefault(case.award_id, []).append(reading)
    awards, instant = bureau.ask.all("/v1/awards"), bureau.now.isoformat()
    computed = {one["award_id"]: one["readings"] for one in awards}
    assert computed == {one: expected.get(one, []) for one in computed}  # before there is a price list
    assert any(computed.values())
    assert price_readings(bureau.engine) is not None
    assert {one["award_id"]: one["readings"] for one in bureau.ask.all("/v1/awards")} == computed
    for reading in bureau.rulebook.policy.alternatives:
        named = {one["award_id"] for one in bureau.ask.all("/v1/awards", flag=f"reading:{reading}")}
        assert named == {one for one, readings in computed.items() if reading in readings}
    assert bureau.ask.all("/v1/awards", flag="reading:none/such") == []
    assert bureau.ask.get("/v1/awards", flag="reading")[0] == 422
    status, problem = bureau.ask.get("/v1/awards", flag="reading:none/such", as_of=instant)
    assert (status, problem["errors"][0]["field"]) == (422, "flag")
    one = next(one for one in awards if one["readings"])
    path = f"/v1/awards/{one['award_id']}"
    assert bureau.ask.ok(f"{path}/explanation")["readings"] == one["readings"]
    # A past answer stays as it was.
    bureau.take(first_listing(31, "2028-10-15", seq=901))
    for suppressor in ("first_purchase", "first_listing"):
        assert bureau.post(f"/v1/rules/{suppressor}/suspensions", {"from": "2026-01-01", "reason": "r"})[0] == 201
    assert bureau.ask.all("/v1/awards", as_of=instant) == awards
    assert {one["award_id"]: one["readings"] for one in bureau.ask.all("/v1/awards")} != computed


def test_only_what_may_have_changed_is_computed_and_the_result_is_that_of_all(bureau: Bureau) -> None:
    first = price_readings(bureau.engine)
    assert first is not None
    assert price_readings(bureau.engine) is None
    bureau.done(PURCHASE, "apply", "review", "reject")
    bureau.take(first_listing(15, "2028-10-15", seq=201))
    # The answer computes what has changed, and takes the rest from the price list.
    readings = {one["award_id"]: one["readings"] for one in bureau.ask.all("/v1/awards")}
    (last_day,) = (one.id for one in bureau.rulebook.policy.readings if one.path == "general.in_force")
    assert readings[f"first_listing/{subject(15)}"] == [last_day]
    second = price_readings(bureau.engine)
    assert second is not None
    assert (second.is_full, second.abouts) == (False, 2)
    assert {one["award_id"]: one["readings"] for one in bureau.ask.all("/v1/awards")} == readings
    stepwise = tables(bureau.engine)
    emptied(bureau.engine)
    again = price_readings(bureau.engine)
    assert again is not None
    assert again.is_full
    assert tables(bureau.engine) == stepwise
    # A suspension may change the awards of everybody, and an exchange's total those of all operators.
    assert bureau.post("/v1/rules/first_purchase/suspensions", {"from": "2026-01-01", "reason": "r"})[0] == 201
    assert price_readings(bureau.engine) == again._replace(effects=len(tables(bureau.engine)["reading_effect"]))
    bureau.take(exchange_total("kmdex", 2027, [("2027-03-01", "700000000.00")], seq=301))
    third = price_readings(bureau.engine)
    assert third is not None
    assert not third.is_full
    stepwise = tables(bureau.engine)
    emptied(bureau.engine)
    price_readings(bureau.engine)
    assert tables(bureau.engine) == stepwise


def test_who_declares_the_same_item_is_computed_together(bureau: Bureau) -> None:
    for number in (16, 17):
        declared(bureau, "cluster_recognition", number, {"C-1": "city"}, "level")
    assert price_readings(bureau.engine) is not None
    declared(bureau, "cluster_recognition", 17, {"C-1": "nation"}, "level")
    again = price_readings(bureau.engine)
    assert again is not None
    assert again.abouts == 2


def test_no_writer_waits_for_it_and_it_waits_for_none(bureau: Bureau) -> None:
    with bureau.engine.begin() as writer:
        lock_ledger(writer)
        assert price_readings(bureau.engine) is not None


def test_of_two_processes_the_first_counts(bureau: Bureau) -> None:
    assert price_readings(bureau.engine) is not None
    before = tables(bureau.engine)
    with bureau.engine.begin() as connection:
        state = ledger_state(connection)
        assert state is not None
        begin_staging(connection)
        assert not publish_effects(connection, None, state, None, {})
    assert tables(bureau.engine) == before


def test_an_exchange_sees_the_readings_that_its_own_documents_show(bureau: Bureau) -> None:
    ask = bureau.ask
    assert price_readings(bureau.engine) is not None
    for role in ("exchange:kmdex", "exchange:dcdex"):
        assert ask.get("/v1/readings", role)[0] == 403
        for one in ask.all("/v1/awards", role):
            assert (one["readings"] is None) == one["partial"], one
    assert ask.get("/v1/readings", None)[0] == 401
    (last_day,) = (one.id for one in bureau.rulebook.policy.readings if one.path == "general.in_force")
    assert ask.ok(f"/v1/awards/{LISTING}", "exchange:kmdex")["readings"] == [last_day]
    flag = f"reading:{last_day}"
    assert LISTING in [one["award_id"] for one in ask.all("/v1/awards", "exchange:kmdex", flag=flag)]
    assert LISTING not in [one["award_id"] for one in ask.all("/v1/awards", "exchange:dcdex", flag=flag)]
    # Another exchange's documents change nothing of what it sees.
    seen = {one["award_id"]: one["readings"] for one in ask.all("/v1/awards", "exchange:kmdex") if not one["partial"]}
    bureau.take(first_listing(12, "2026-01-02", seq=401, exchange="dcdex"))
    price_readings(bureau.engine)
    after = {one["award_id"]: one["readings"] for one in ask.all("/v1/awards", "exchange:kmdex")}
    assert {one: after[one] for one in seen} == seen
    # The answer computes what the price list does not have yet, with the same result.
    bureau.take(first_listing(17, "2028-10-15", seq=402))
    assert bureau.post("/v1/rules/first_purchase/suspensions", {"from": "2026-01-01", "reason": "r"})[0] == 201
    computed = ask.all("/v1/awards", "exchange:kmdex")
    price_readings(bureau.engine)
    assert ask.all("/v1/awards", "exchange:kmdex") == computed
    assert ask.ok(f"/v1/awards/first_listing/{subject(17)}", "exchange:kmdex")["readings"] == [last_day]


def test_a_process_of_its_own_prices_what_has_changed(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    url = bureau.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    for name, value in {"DATABASE_URL": url, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)
    stop = threading.Event()
    work = partial(supervise_pricing, bureau.engine, stop, look_every_s=0.1, share=1.0)
    with background_thread(work, "readings", stop, join_timeout_s=10.0):
        for number in (21, 22):  # the first computation, and a change
            bureau.take(first_listing(number, "2028-10-15", seq=500 + number))
            until(partial(is_up_to_date, bureau.engine))
            with bureau.engine.connect() as connection:
                found = text("SELECT count(*) FROM reading_effect WHERE about = :about")
                assert connection.execute(found, {"about": subject(number)}).scalar()


def is_up_to_date(engine: Engine) -> bool:
    with engine.connect() as connection:
        return ledger_state(connection) == priced_state(connection)
