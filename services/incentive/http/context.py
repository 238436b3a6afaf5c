"""Context of the requests of the incentive service: rulebook, registers, and one snapshot of the ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flask import current_app
from sqlalchemy import Connection

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.send_upload import ExchangeUsers
from services.incentive.domain.workflow import Actor
from services.incentive.queries.casework.waiting_lists import WaitingLists
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import wait_until_settled
from services.incentive.store.register_client import RegisterAddresses
from services.incentive.store.rulebook import Rulebook, rulebook_as_of
from shared.settings import KafkaSettings
from shared.web.attempts import AttemptLimit
from shared.web.keys import current_key
from shared.web.problems import FieldFault, Problem
from shared.web.service import Needs, current_service, viewer_snapshot

EXTENSION: Final = "jiangbu.incentive"
# Requests without a key that a process takes in a minute: of a sender, and of all.
_EACH_MOST: Final = 10
_ALL_MOST: Final = 300
_A_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class IncentiveContext:
    """The context of acts, registers' addresses, exchanges' Kafka users, limits of what is open without a key, and the
    waiting lists of persons.
    """

    bureau: BureauContext
    registers: RegisterAddresses
    users: ExchangeUsers = field(default_factory=lambda: ExchangeUsers(None, KafkaSettings(())))
    objections: AttemptLimit = field(default_factory=lambda: AttemptLimit(_EACH_MOST, _ALL_MOST, _A_MINUTE))
    codes: AttemptLimit = field(default_factory=lambda: AttemptLimit(_EACH_MOST, _ALL_MOST, _A_MINUTE))
    waiting: WaitingLists = field(default_factory=WaitingLists)


def incentive_context() -> IncentiveContext:
    """Return the context of the application that answers."""
    context: IncentiveContext = current_app.extensions[EXTENSION]
    return context


def current_rulebook() -> Rulebook:
    """Return the policy and whitelist of the application that answers."""
    return incentive_context().bureau.rulebook


def current_actor() -> Actor:
    """Return who asks, as acts record it."""
    key = current_key()
    return Actor(key.name, key.person)


def settle(as_of: datetime | None, now: datetime) -> None:
    """Wait until nothing more can be recorded before the instant; Problem 422 if it is in the future."""
    if as_of is not None:
        _refuse_future(as_of, now)
        with current_service().engine.begin() as connection:
            wait_until_settled(connection, as_of)


def _refuse_future(as_of: datetime, now: datetime) -> None:
    if as_of > now:
        raise Problem(422, errors=[FieldFault("as_of", "不得晚于现在 / must not be in the future")])


@contextmanager
def ledger_view(as_of: datetime | None = None, least_size: int = 0) -> Iterator[tuple[Connection, LedgerView]]:
    """Open one snapshot of the database for a whole answer, as of an instant, as the key that asks may see it.

    `least_size`: the size of the ledger that earlier pages of the same list rested on.
    """
    now = current_service().clock()
    if as_of is not None:
        _refuse_future(as_of, now)
    with viewer_snapshot(Needs(as_of, least_size)) as connection:
        rulebook = rulebook_as_of(connection, as_of, current_rulebook())
        yield connection, LedgerView(current_key().viewer, as_of, now, rulebook)


def no_policy_in_force() -> Problem:
    """Return the 503 for a ledger in which no policy is in force yet."""
    return Problem(503, "尚无生效的政策 / no policy is in force yet", headers={"Retry-After": "5"})


def settings_changed() -> Problem:
    """Return the 503 for a ledger that another process computes by another policy or whitelist."""
    said = "台账正以另一政策或名单计算 / the ledger is computed by another policy or whitelist"
    return Problem(503, said, headers={"Retry-After": "5"})


def key_reused() -> Problem:
    """Return the 409 for an Idempotency-Key that came with another request before."""
    return Problem(409, "此 Idempotency-Key 已用于其他请求 / this Idempotency-Key was used for another request")
