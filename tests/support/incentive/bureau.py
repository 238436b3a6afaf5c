"""The bureau at work on a ledger that a test fills: three people, a settable clock, facts that arrive in between."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from services.incentive.commands.acting import Acting, ActRequest, Draft, write_acts
from services.incentive.domain.acts import EligibilityPart
from services.incentive.domain.workflow import Actor
from services.incentive.http.context import EXTENSION
from services.incentive.policy.terms import Texts
from services.incentive.queries.casework.waiting import load_waiting
from services.incentive.queries.view import LedgerView
from services.incentive.store.ledger import lock_ledger, next_instant
from shared.postgres.database import snapshot
from shared.values.times import day_start, shanghai_date
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.eligibility import ALL_MET, failed, verified
from tests.support.incentive.ledger import LOG, START, Ledger, first_purchase, ledger_database, subject
from tests.support.incentive.ledger import rulebook as project_rulebook
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Engine

    from services.incentive.domain.worklist.waiting import WaitingAward
    from services.incentive.http.context import IncentiveContext
    from services.incentive.store.rulebook import Rulebook
    from tests.support.records import FakeRecord

# Three people; the last is a newer key of the first one.
FIRST, SECOND, THIRD, ROTATED = "bureau", "bureau2", "bureau3", "rotated"
# The person for each step: steps that need separate hands have different people.
_WHO = {"joint_review": SECOND, "approve": THIRD, "reject": SECOND, "return": SECOND}
SHA256 = "ab" * 32
DOCUMENTS = [{"name": "批复.pdf", "sha256": SHA256}]
# What each step needs. The public notice and the time to answer a notice of return are over: their paper is a document.
NEEDS: dict[str, dict[str, Any]] = {
    "joint_review": {"documents": DOCUMENTS},
    "publish": {"from": "2026-01-12", "until": "2026-01-31", "where": "公告栏", "documents": DOCUMENTS},
    "approve": {"documents": DOCUMENTS},
    "pay": {"voucher_no": "V-1"},
    "reject": {"reason": "r"},
    "reopen": {"reason": "r"},
    "withdraw": {"documents": DOCUMENTS},
    "revoke": {"ground": "correction", "reason": "r"},
    "notify_return": {"ground": "correction", "reason": "r", "documents": DOCUMENTS},
    "return": {"documents": DOCUMENTS},
    "recover": {"voucher_no": "R-1"},
}
PERSONS = tuple(Actor(f"key of {name}", name) for name in (FIRST, SECOND, THIRD))
Answer = tuple[int, Any]


@contextmanager
def empty_bureau(postgres: Callable[[str], tuple[str, str]], rulebook: Rulebook | None = None) -> Iterator[Bureau]:
    """A bureau with an empty ledger; policy and whitelist are the project's unless others are given."""
    with ledger_database(postgres) as database:
        found = Bureau(database.service, rulebook or project_rulebook())
        found.begin()
        yield found


@dataclass
class Bureau:
    """The bureau's work on a ledger; `now`, the clock of API and intake, advances by a second with each act."""

    engine: Engine
    rulebook: Rulebook
    now: datetime = START
    _keys: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.ask = Asker(incentive_app(self.engine, self.rulebook, lambda: self.now).test_client())

    def begin(self) -> None:
        with self.engine.begin() as connection:
            ledger = Ledger(connection, self.rulebook, self.now)
            ledger.put_in_force()
            self.now = ledger.now

    def adopt(self, rulebook: Rulebook) -> None:
        """Put another policy file or whitelist in force, as the service does at its start."""
        self.rulebook = rulebook
        self.ask = Asker(incentive_app(self.engine, rulebook, lambda: self.now).test_client())
        self.begin()

    def later(self, **much: int) -> None:
        self.now += timedelta(**(much or {"seconds": 1}))

    def take(self, *records: FakeRecord) -> None:
        """Take in facts as one batch."""
        self.later()
        with self.engine.begin() as connection:
            ledger = Ledger(connection, self.rulebook, self.now)
            ledger.take(*records)
            self.now = ledger.now

    def purchase(self, number: int, amount: str = "5000000.00", *, seq: int = 1, verified: bool = True) -> str:
        """Create an award for a first purchase of an eligible subject; return its id."""
        buyer = subject(number)
        self.take(first_purchase(number, "2026-03-01", amount, seq=seq))
        if verified:
            self.verify(buyer)
        return f"first_purchase/{buyer}"

    def post(self, path: str, body: dict[str, Any] | None, who: str = FIRST, key: str | None = None) -> Answer:
        self.later()
        given = headers(who) | ({} if key is None else {"Idempotency-Key": key})
        answer = self.ask.client.post(path, json=body, headers=given)
        return answer.status_code, answer.get_json()

    def step(self, award_id: str, action: str, who: str | None = None, key: str | None = None, **given: Any) -> Answer:
        """Take a step, with the usual person and the usual input unless others are given."""
        path, body = f"/v1/awards/{award_id}/decisions", self.step_body(action, **given)
        return self.post(path, body, who or _WHO.get(action, FIRST), key or f"k{next(self._keys)}")

    def step_body(self, action: str, **given: Any) -> dict[str, Any]:
        """Return the body of a step, with the usual input unless other is given."""
        today = shanghai_date(self.now + timedelta(seconds=1))
        days: dict[str, dict[str, Any]] = {
            "pay": {"paid_on": today.isoformat()},
            "notify_return": {"until": (today + timedelta(days=20)).isoformat()},
            "recover": {"received_on": today.isoformat()},
        }
        needs = {**NEEDS.get(action, {}), **days.get(action, {})}
        if action == "approve" and "amount" in given:
            needs["reason"] = "r"
        return {"action": action, **needs, **given}

    def done(self, award_id: str, *actions: str, **given: Any) -> Any:
        """Take steps that must succeed, the last with `given`; return the answer to the last one."""
        body = None
        for number, action in enumerate(actions, 1):
            status, body = self.step(award_id, action, **(given if number == len(actions) else {}))
            assert status == 201, (action, body)
        return body

    def verify(self, who: str, status: str = "verified", **given: Any) -> Any:
        record = verified(**given) if status == "verified" else failed(**{"since": "2020-01-01", **given})
        answer, body = self.post(f"/v1/subjects/{who}/eligibility", record)
        assert answer == 201, body
        return body

    def verify_many(self, subjects: Sequence[str]) -> None:
        """Record that subjects are eligible, in one transaction and without the API."""
        self.later()
        request = ActRequest(Actor("n", "p"), None, "eligibility", "all", {})
        parts = [
            EligibilityPart(
                subject=one,
                status="verified",
                from_at=day_start(date(2020, 1, 1)),
                until_at=day_start(date(2030, 1, 1)),
                kind_of_entity="enterprise",
                criteria={},
                documents=DOCUMENTS,
                conditions=ALL_MET,
            )
            for one in subjects
        ]
        with self.engine.begin() as connection:
            lock_ledger(connection)
            edge = LOG.edge(connection)
            acting = Acting(connection, request, self.rulebook, self.now, next_instant(connection, self.now))
            write_acts(acting, [Draft(part, "a", Texts("资格", "eligible")) for part in parts])
            LOG.extend(connection, edge, self.now)

    def grant(self, who: str, year: int, amount: str, **given: Any) -> Any:
        """Record a grant under another municipal policy to a subject."""
        body = {
            "name": "虚构市级技改奖补",
            "department": "虚构市工信局",
            "document_no": "昆虚工信〔2026〕1号",
            "year": year,
            "amount": amount,
            "granted_on": "2026-01-05",
            "documents": DOCUMENTS,
            **given,
        }
        status, answer = self.post(f"/v1/subjects/{who}/other-grants", body)
        assert status == 201, answer
        return answer

    def published(self, award_id: str) -> None:
        self.done(award_id, "apply", "review", "joint_review", "publish")

    def approved(self, award_id: str, amount: str) -> Any:
        self.published(award_id)
        return self.done(award_id, "approve", amount=amount)

    def returned(self, award_id: str, amount: str) -> Any:
        """Notify and decide a return of what was paid; return the answer to the decision."""
        self.done(award_id, "notify_return", amount=amount)
        return self.done(award_id, "return", amount=amount)

    def award(self, award_id: str, **parameters: Any) -> Any:
        return self.ask.ok(f"/v1/awards/{award_id}", **parameters)

    def decisions(self, award_id: str, **parameters: Any) -> list[Any]:
        return self.ask.all(f"/v1/awards/{award_id}/decisions", **parameters)


def checked_waiting_lists(bureau: Bureau) -> list[list[WaitingAward]]:
    """Check that each list which the bureau's application keeps equals a newly computed one; return the lists."""
    context: IncentiveContext = bureau.ask.client.application.extensions[EXTENSION]
    found = []
    with snapshot(bureau.engine) as connection:
        view = LedgerView(None, None, bureau.now, bureau.rulebook)
        for person in PERSONS:
            kept, new = context.waiting.load(connection, view, person), load_waiting(connection, view, person)
            assert sorted(kept) == sorted(new), person
            found.append(kept)
    return found
