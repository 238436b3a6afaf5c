"""The bureau at work on a ledger that a test fills: two people, a settable clock, facts that arrive in between."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.ledger import ONE_AWARD, ONE_PURCHASE, START, FakeRecord, Ledger, ledger_database
from tests.support.incentive.ledger import rulebook as project_rulebook
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from services.incentive.store.rulebook import Rulebook

FIRST, SECOND = "bureau", "bureau2"
# Who takes each step: no two that need four eyes are of one person.
_WHO = {"joint_review": SECOND, "approve": SECOND}
SHA256 = "ab" * 32
Answer = tuple[int, Any]


@contextmanager
def empty_bureau(postgres: Callable[[str], tuple[str, str]], rulebook: Rulebook | None = None) -> Iterator[Bureau]:
    """A bureau with an empty ledger, by the project's own policy and whitelist if no other is given."""
    with ledger_database(postgres) as database:
        found = Bureau(database.service, rulebook or project_rulebook())
        found.begin()
        yield found


@contextmanager
def bureau_with_one_award(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    """A bureau whose ledger has ONE_AWARD, and a subject that is verified."""
    with empty_bureau(postgres) as found:
        found.take(ONE_PURCHASE)
        found.verify(ONE_AWARD.partition("/")[2])
        yield found


@dataclass
class Bureau:
    """`now` is what the clock of API and intake says; it goes on by a second with each act."""

    engine: Engine
    rulebook: Rulebook
    now: datetime = START
    _keys: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.ask = Asker(incentive_app(self.engine, self.rulebook, lambda: self.now).test_client())

    def begin(self) -> None:
        with self.engine.begin() as connection:
            Ledger(connection, self.rulebook, self.now).put_in_force()
        self.later()

    def later(self, **much: int) -> None:
        self.now += timedelta(**(much or {"seconds": 1}))

    def take(self, *records: FakeRecord) -> None:
        """Facts, as a batch."""
        self.later()
        with self.engine.begin() as connection:
            ledger = Ledger(connection, self.rulebook, self.now)
            ledger.take(*records)
            self.now = ledger.now

    def post(self, path: str, body: dict[str, Any] | None, who: str = FIRST, key: str | None = None) -> Answer:
        self.later()
        given = headers(who) | ({} if key is None else {"Idempotency-Key": key})
        answer = self.ask.client.post(path, json=body, headers=given)
        return answer.status_code, answer.get_json()

    def step(self, award_id: str, action: str, who: str | None = None, key: str | None = None, **given: Any) -> Answer:
        """Take a step, by the usual person and with the usual input if none is given."""
        needs: dict[str, Any] = {
            "publish": {"until": "2026-01-31"},
            "pay": {"voucher_no": "V-1", "paid_on": "2026-05-31"},
            "reject": {"reason": "r"},
            "reopen": {"reason": "r"},
            "return": {"reason": "r"},
        }
        body = {"action": action, **needs.get(action, {}), **given}
        path = f"/v1/awards/{award_id}/decisions"
        return self.post(path, body, who or _WHO.get(action, FIRST), key or f"k{next(self._keys)}")

    def done(self, award_id: str, *actions: str, **given: Any) -> Any:
        """Steps that must be taken; `given` is for the last. What the last one brought."""
        told = None
        for number, action in enumerate(actions, 1):
            status, told = self.step(award_id, action, **(given if number == len(actions) else {}))
            assert status == 201, (action, told)
        return told

    def verify(self, subject: str, status: str = "verified", **given: Any) -> Any:
        answer, told = self.post(f"/v1/subjects/{subject}/eligibility", {"status": status, **given})
        assert answer == 201, told
        return told

    def published(self, award_id: str) -> None:
        self.done(award_id, "apply", "review", "joint_review", "publish")

    def approved(self, award_id: str, amount: str) -> Any:
        self.published(award_id)
        return self.done(award_id, "approve", amount=amount)

    def award(self, award_id: str, **parameters: Any) -> Any:
        return self.ask.ok(f"/v1/awards/{award_id}", **parameters)

    def decisions(self, award_id: str, **parameters: Any) -> list[Any]:
        return self.ask.all(f"/v1/awards/{award_id}/decisions", **parameters)
