"""An answer as of a past instant equals the answer given then, along a random history."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services.incentive.commands.acting import (
    ActRequest,
    BureauContext,
    InvalidActError,
    NotFoundError,
    StepNotAllowedError,
)
from services.incentive.commands.acts import record_act
from services.incentive.commands.declare import DeclarationInput, declare
from services.incentive.domain.holds import BY_HAND
from services.incentive.domain.steps import ACTIONS
from services.incentive.domain.workflow import STATES, Actor
from services.incentive.http.act_schemas import EligibilityRequestSchema
from services.incentive.http.schemas import FLAGS
from services.incentive.rebuild.command import verify_all
from services.incentive.store import as_of
from services.incentive.store.award_context import decisions_of
from services.incentive.store.rulebook import rulebook_as_of
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.values.times import format_time, shanghai_date
from tests.support.incentive.app import incentive_app
from tests.support.incentive.eligibility import failed, verified
from tests.support.incentive.ledger import (
    LOG,
    OPERATOR_OF_KMDEX,
    START,
    WHITELIST,
    Ledger,
    changed,
    exchange_total,
    random_facts,
    rulebook,
    subject,
)
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from sqlalchemy import Engine

    from services.incentive.domain.acts import ActKind
    from services.incentive.store.rulebook import Rulebook

ELIGIBLE = EligibilityRequestSchema()
SEED, BATCHES, QUESTIONS, ACTS = 3, 30, 4, 14
ROLES = ("auditor", "exchange:kmdex", "exchange:dcdex")
YEARS = (2025, 2026, 2027, 2028)
SUBJECTS = (*(subject(number) for number in (1, 2, 3)), OPERATOR_OF_KMDEX, "uscc:91530100MAXDCDEX07")


# Rulebooks by the batch from which they are in force: other amount, threshold and closing day; other operator and name.
SETTINGS = {
    9: changed(1, WHITELIST, **{'    amount: "20000.00"': '    amount: "50000.00"', 'day: "03-31"': 'day: "05-31"'}),
    18: changed(
        1,
        WHITELIST.replace("91530100MAXKMDEX0C", subject(2).removeprefix("uscc:")).replace(
            "虚构乙数据交易中心 /", "新名 /"
        ),
        **{'    amount: "20000.00"': '    amount: "50000.00"', 'day: "03-31"': 'day: "05-31"'},
    ),
    27: changed(2, WHITELIST, **{'{over: "100000000.00"': '{over: "50000000.00"'}),
}


@dataclass(frozen=True)
class Said:
    """An answer of the API, with the role, the request and the time."""

    at: datetime
    role: str
    path: str
    query: dict[str, Any]
    status: int
    body: bytes


@dataclass
class Told:
    """A ledger with a history, its API with a settable clock, and the answers recorded along the way."""

    client: FlaskClient
    engine: Engine
    now: datetime
    said: list[Said] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    acts: int = 0  # number of acts of the bureau that were accepted

    def ask(self, role: str, path: str, **query: Any) -> tuple[int, bytes]:
        answer = self.client.get(path, headers=headers(role), query_string=query)
        return answer.status_code, answer.data

    def note(self, role: str, path: str, **query: Any) -> bytes:
        """Send a request and record the answer; for a list, every page."""
        status, body = self.ask(role, path, **query)
        self.said.append(Said(self.now, role, path, query, status, body))
        cursor = json.loads(body).get("next_cursor")
        if cursor is not None:
            self.note(role, path, **query | {"cursor": cursor})
        return body


def awards_of(told: Told) -> list[str]:
    with told.engine.connect() as connection:
        return list(connection.execute(text("SELECT award_id FROM award_current ORDER BY award_id")).scalars())


def some_question(rng: Random, awards: list[str]) -> tuple[str, dict[str, Any]]:
    year = {"year": rng.choice(YEARS)}
    filters = {
        "subject": rng.choice(SUBJECTS),
        "exchange": rng.choice(["kmdex", "dcdex"]),
        "rule": rng.choice(["first_purchase", "annual_listed_trading", "exchange_tiers"]),
        **year,
    }
    some = rng.sample(sorted(filters), rng.randint(0, 2))
    questions: list[tuple[str, dict[str, Any]]] = [
        ("/v1/awards", {name: filters[name] for name in some} | {"limit": rng.choice([7, 50])}),
        (f"/v1/awards/{rng.choice(awards or ['none'])}", {}),
        (f"/v1/subjects/{rng.choice(SUBJECTS)}/status", year),
        (f"/v1/exchanges/{rng.choice(['kmdex', 'dcdex'])}/status", year),
    ]
    return rng.choice(questions)


def some_declaration(rng: Random) -> DeclarationInput:
    """Return a random declaration: often one that earns nothing, or another one of the same item."""
    rule, measure = rng.choice(
        [
            ("ai_model", {}),
            ("revenue_growth", {"revenue": rng.choice(["100000000.00", "600000000.00", "7000000000.00"])}),
            ("mutual_recognition", {}),
        ]
    )
    item, whose = ("kmdex", OPERATOR_OF_KMDEX) if rule == "mutual_recognition" else (rng.choice("AB"), None)
    day = date(2026, rng.randint(1, 5), 1)
    is_withdrawn = rng.random() < 1 / 8
    return DeclarationInput(rule, whose or rng.choice(SUBJECTS[:2]), item, day, measure, withdrawn=is_withdrawn)


NEXT = {
    "estimated": "apply",
    "applied": "review",
    "reviewed": "joint_review",
    "joint_reviewed": "publish",
    "published": "approve",
    "approved": "pay",
    "paid": "notify_return",
    "rejected": "reopen",
    "returned": "reopen",
}


_GRANTED = "SELECT id FROM act WHERE kind = 'other_grant' ORDER BY seq"
_HELD = "SELECT id FROM act WHERE kind IN ('hold', 'suspension') ORDER BY seq"


def some_act(rng: Random, told: Told) -> tuple[ActKind, str, dict[str, Any]]:
    """Return a random act of the bureau, possible or not: mostly the next step of one of a few awards."""
    with told.engine.connect() as connection:
        columns = "award_id, payable_fen, subject, year"
        payable = f"SELECT {columns} FROM award_current ORDER BY payable_fen = 0, award_id LIMIT 3"
        awards = connection.execute(text(payable)).all() or [("none", 0, SUBJECTS[0], YEARS[0])]
        held = connection.execute(text(_HELD)).scalars().all()
        granted = connection.execute(text(_GRANTED)).scalars().all()
        award_id, payable_fen, award_subject, award_year = rng.choice(awards)
        state = decisions_of(connection, [award_id], None).get(award_id, [])
    action = NEXT[state[-1].to_state if state else "estimated"]
    step = {
        "action": rng.choice([action] * 18 + ["reject", "reject", "withdraw", "revoke", "return", "return", "recover"]),
        "amount": max(1, payable_fen // rng.choice([1, 2])),
        "from_": shanghai_date(told.now) - timedelta(days=30),
        "until": shanghai_date(told.now) - timedelta(days=1),
        "where": "w",
        "ground": "correction",
        "reason": "r",
        "voucher_no": "v",
        "paid_on": shanghai_date(told.now),
        "received_on": shanghai_date(told.now),
        "documents": [{"name": "d", "sha256": "0" * 64}],
    }
    if step["action"] == "notify_return":
        step["until"] = shanghai_date(told.now) + timedelta(days=20)
    whose, year = rng.choice(SUBJECTS), rng.choice(YEARS)
    return rng.choice(
        [
            *[("decision", award_id, only_what_it_takes(step))] * 26,
            *[("eligibility", whose, ELIGIBLE.load(verified(until=format_time(told.now + timedelta(days=400)))))] * 6,
            (
                "eligibility",
                whose,
                ELIGIBLE.load(
                    failed(shanghai_date(told.now).isoformat(), until=format_time(told.now + timedelta(days=1)))
                ),
            ),
            ("hold", award_id, {"kind": rng.choice(BY_HAND), "reason": "r"}),
            *[("release", one, {}) for one in held[-3:]],
            ("year_closing", str(year), {"status": rng.choice(["closed", "open"]), "reason": "r"}),
            ("suspension", "first_purchase", {"from_": told.now, "reason": "r"}),
            *[("other_grant", whose, some_grant(rng, told, year))] * 2,
            ("other_grant", award_subject, some_grant(rng, told, award_year, award_id)),
            *[("grant_withdrawal", one, {"reason": "r"}) for one in granted[-2:]],
        ]
    )


def some_grant(rng: Random, told: Told, year: int, award_id: str | None = None) -> dict[str, Any]:
    """Return a grant under another municipal policy that names an award, rules or nothing."""
    return {
        **dict.fromkeys(("name", "department", "document_no"), "n"),
        "year": year,
        "amount": rng.choice([10**6, 10**7]),
        "granted_on": shanghai_date(told.now) - timedelta(days=rng.randint(0, 2)),
        "rules": rng.choice([[], ["first_purchase"], ["first_listing", "annual_listed_trading"], ["exchange_tiers"]]),
        "awards": [] if award_id is None else [award_id],
        "documents": [{"name": "d", "sha256": "0" * 64}],
    }


# Three persons, the first with two keys.
ACTORS = (("a", "a"), ("newer key of a", "a"), ("b", "b"), ("c", "c"))


def only_what_it_takes(step: dict[str, Any]) -> dict[str, Any]:
    action = ACTIONS[step["action"]]
    takes = {"action", "reason", "documents", *action.needs, *action.takes}
    return {name: value for name, value in step.items() if name.rstrip("_") in takes - {"amount"}} | (
        {"amount": step["amount"]} if "amount" in takes and step["action"] != "pay" else {}
    )


def act(rng: Random, told: Told, in_force: Rulebook) -> bool:
    """Try a random act; return whether it was accepted."""
    told.now += timedelta(seconds=1)
    kind, about, given = some_act(rng, told)
    bureau = BureauContext(in_force, LOG, lambda: told.now)
    try:
        with told.engine.begin() as connection:
            record_act(connection, bureau, ActRequest(Actor(*rng.choice(ACTORS)), None, kind, about, given))
    except (StepNotAllowedError, NotFoundError, InvalidActError):
        return False
    return True


@pytest.fixture(scope="module")
def told(postgres) -> Iterator[Told]:
    owner_url, service_url = postgres("incentive")
    migrate("services.incentive", owner_url, service_url)
    engine = make_engine(service_url)
    rng, acting = Random(SEED), Random(SEED)
    told = Told(incentive_app(engine, rulebook(), lambda: told.now).test_client(), engine, START)
    facts = random_facts(rng, 1, BATCHES * 3)
    in_force = rulebook()
    for number in range(BATCHES):
        with engine.begin() as connection:
            in_force = SETTINGS.get(number, in_force)
            # The history spans years, so that periods are closed.
            ledger = Ledger(connection, in_force, told.now + timedelta(days=20))
            if number == 0 or number in SETTINGS:
                ledger.put_in_force()
            ledger.take(*facts[number * 3 : number * 3 + 3])
            declare(
                connection, [some_declaration(rng)], BureauContext(in_force, LOG, ledger.clock), Actor("test", "test")
            )
            told.now = as_of.last_instant(connection)
        told.instants.append(told.now)
        told.acts += sum(act(acting, told, in_force) for _ in range(ACTS))
        # Nothing is recorded between two batches, so any instant between them will do.
        told.now += rng.choice([timedelta(), timedelta(days=3)])
        for role in ROLES:
            told.note(role, "/v1/awards")
            for _ in range(QUESTIONS):
                path, query = some_question(rng, awards_of(told))
                told.note(role, path, **query)
            told.note(role, "/v1/awards", state=acting.choice(STATES))
            told.note(role, "/v1/awards", flag=FLAGS[number % len(FLAGS)])
            if number % 5 == 0:
                told.note(role, "/v1/ledger/balances", limit=rng.choice([2, 500]))
        for award_id in awards_of(told)[:2]:
            told.note("auditor", f"/v1/awards/{award_id}/decisions")
            for role in ROLES:
                told.note(role, f"/v1/awards/{award_id}/explanation")
        for role in ROLES:
            about = {"subject": acting.choice(SUBJECTS), "rule": acting.choice(in_force.policy.rule_order)}
            told.note(role, "/v1/explanations", **about, year=acting.choice(YEARS))
        told.note("auditor", "/v1/clawbacks")
        told.note("auditor", "/v1/budget", year=acting.choice(YEARS))
    told.now += timedelta(days=1)
    yield told
    engine.dispose()


def without_instant(body: bytes) -> Any:
    """Return the answer without `as_of`, which balances contain."""
    found = json.loads(body)
    found.pop("as_of", None)
    return found


def test_as_of_is_what_was_said_then(told: Told) -> None:
    differ = []
    for said in told.said:
        status, body = told.ask(said.role, said.path, **said.query, as_of=format_time(said.at))
        same = without_instant(body) == without_instant(said.body) if "balances" in said.path else body == said.body
        if status != said.status or not same:
            differ.append((said, body))
    assert differ == []


def test_the_history_is_one_in_which_answers_change(told: Told) -> None:
    """Every kind of answer changes along the history, also in visibility and completeness."""
    answers: dict[tuple[str, str, str], set[bytes]] = {}
    for said in told.said:
        answers.setdefault((said.role, said.path, json.dumps(said.query, sort_keys=True)), set()).add(said.body)
    for role in ROLES:
        for kind in ("/v1/awards", "/v1/awards/", "/v1/subjects/", "/v1/exchanges/", "/v1/ledger/"):
            assert any(len(found) > 1 for (who, path, _), found in answers.items() if who == role and kind in path)
    statuses: dict[tuple[str, str], set[int]] = {}
    for said in told.said:
        statuses.setdefault((said.role, said.path), set()).add(said.status)
    assert any(found == {200, 404} for found in statuses.values())
    partial: dict[tuple[str, str], set[bool]] = {}
    for said in told.said:
        for item in json.loads(said.body).get("items", ()):
            if "partial" in item:
                partial.setdefault((said.role, item["award_id"]), set()).add(item["partial"])
    assert any(found == {True, False} for found in partial.values())
    declared = {award.partition("/")[0] for award in awards_of(told)}
    assert declared >= {"ai_model", "revenue_growth", "mutual_recognition"}
    states, holds, flags = (
        {str(item[name]) for said in told.said for item in json.loads(said.body).get("items", ()) if name in item}
        for name in ("state", "holds", "flags")
    )
    assert told.acts > BATCHES
    assert {"applied", "reviewed", "approved", "paid", "rejected"} <= states
    assert len(holds) > 5
    assert any("over_approved" in one for one in flags)
    closed = {
        item["period_closed"]
        for said in told.said
        if said.path == "/v1/awards"
        for item in json.loads(said.body)["items"]
    }
    assert closed == {True, False}


def recorded_at(told: Told, sql: str) -> list[datetime]:
    with told.engine.connect() as connection:
        return list(connection.execute(text(f"SELECT DISTINCT recorded_at FROM {sql} ORDER BY recorded_at")).scalars())


def answers_around(told: Told, at: datetime, path: str, **query: Any) -> list[Any]:
    """Return the answers as of a microsecond before an instant, at it, and a microsecond after."""
    return [
        without_instant(told.ask("auditor", path, **query, as_of=format_time(at + timedelta(microseconds=offset)))[1])
        for offset in (-1, 0, 1)
    ]


def test_an_instant_at_which_something_was_recorded_has_it_and_the_microsecond_before_has_not(told: Told) -> None:
    for at in recorded_at(told, "award_version"):
        before, then, after = answers_around(told, at, "/v1/awards", limit=500)
        assert before != then
        assert then == after


def test_totals_as_of_the_instant_of_their_fact_are_those_of_the_fact(told: Told) -> None:
    changes = 0
    for at in recorded_at(told, "fact WHERE about = 'exchange/kmdex'"):
        for year in YEARS:
            before, then, after = answers_around(told, at, "/v1/exchanges/kmdex/status", year=year)
            assert then == after
            changes += before != then
    assert changes > BATCHES / 5


def test_balances_as_of_the_last_posting_have_it_and_a_microsecond_before_have_not(told: Told) -> None:
    with told.engine.connect() as connection:
        ledger = text("SELECT posted_at, count(*) FROM ledger_transaction GROUP BY 1 ORDER BY 1 DESC LIMIT 1")
        posted_at, posted = connection.execute(ledger).one()
        size = connection.execute(text("SELECT count(*) FROM ledger_transaction")).scalar_one()
    sizes = [one["size"] for one in answers_around(told, posted_at, "/v1/ledger/balances")]
    assert sizes == [size - posted, size, size]


def test_before_there_was_anything_there_is_nothing(told: Told) -> None:
    long_ago = "2020-01-01T00:00:00Z"
    status, body = told.ask("auditor", "/v1/awards", as_of=long_ago)
    assert (status, json.loads(body)) == (200, {"items": [], "next_cursor": None})
    award = awards_of(told)[0]
    assert told.ask("auditor", f"/v1/awards/{award}", as_of=long_ago)[0] == 404
    assert told.ask("auditor", f"/v1/subjects/{subject(1)}/status", year=2026, as_of=long_ago)[0] == 404
    total = json.loads(told.ask("auditor", "/v1/exchanges/kmdex/status", year=2026, as_of=long_ago)[1])
    assert (total["total"], total["awards"]) == ("0.00", [])


@pytest.mark.parametrize(
    "path",
    ["/v1/awards", "/v1/awards/none", f"/v1/subjects/{subject(1)}/status", "/v1/exchanges/kmdex/status"],
)
def test_the_future_is_422_and_whatever_is_no_instant(told: Told, path: str) -> None:
    year = {"year": 2026} if path.endswith("status") else {}
    for instant in (format_time(told.now + timedelta(microseconds=1)), "yesterday"):
        status, body = told.ask("auditor", path, **year, as_of=instant)
        assert (status, [error["field"] for error in json.loads(body)["errors"]]) == (422, ["as_of"])


def test_only_what_may_still_change_is_waited_for(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch is in progress, requests as of the last one or earlier are answered at once; later ones wait."""
    monkeypatch.setattr(as_of, "WAIT_FOR_WRITERS", "100ms")
    with told.engine.begin() as connection:
        Ledger(connection, SETTINGS[27], told.now).take(exchange_total("kmdex", 2026, [], seq=10**6))
        with told.engine.connect() as another:
            last = as_of.last_instant(another)
        assert told.ask("auditor", "/v1/awards", as_of=format_time(last))[0] == 200
        later = format_time(last + timedelta(microseconds=1))
        assert told.ask("auditor", "/v1/awards", as_of=later)[0] == 503
        connection.rollback()
    assert told.ask("auditor", "/v1/awards", as_of=format_time(told.now))[0] == 200


def test_a_policy_and_whitelist_are_in_force_from_the_instant_at_which_they_were_recorded(told: Told) -> None:
    columns = "recorded_at, policy_digest, whitelist_digest"
    with told.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM ledger_settings ORDER BY id")).all()
        for before, row in pairwise(rows):
            for instant, expected in ((row.recorded_at - timedelta(microseconds=1), before), (row.recorded_at, row)):
                found = rulebook_as_of(connection, instant, rulebook())
                assert (found.policy.digest, found.exchanges.digest) == expected[1:]


def test_a_policy_and_whitelist_in_force_are_read_back_as_they_were(told: Told) -> None:
    with told.engine.connect() as connection:
        for number, found in SETTINGS.items():
            then = rulebook_as_of(connection, told.instants[number], rulebook())
            assert (then.policy, then.exchanges) == (found.policy, found.exchanges)
            assert then.exchanges.digest == found.exchanges.digest


def test_of_all_this_nothing_differs_from_what_is_recomputed(told: Told) -> None:
    said: list[str] = []
    with told.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert verify_all(connection, SETTINGS[27], None, said.append).is_right, said
