"""The primary's position in the WAL: asked after the request began, shared by requests, never waited for long."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from queue import Queue
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from shared.postgres.standbys import POSITION_WITHIN_S, PrimaryPosition
from tests.support.until import until

if TYPE_CHECKING:
    import pytest


def test_requests_share_questions_that_were_asked_after_they_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.postgres.standbys.POSITION_WITHIN_S", 60.0)
    asked: list[int] = []

    def ask() -> int:
        number = len(asked)
        asked.append(number)
        time.sleep(0.002)  # so that requests begin while a question is under way
        return number

    position = PrimaryPosition(ask)

    def request(_: int) -> bool:
        begun = len(asked)
        found = position.asked_now()
        return found is not None and found >= begun

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(request, range(200)))
    assert len(asked) < 200


def test_nobody_waits_for_a_primary_that_is_known_to_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Queue[int]()
    position = PrimaryPosition(lambda: answers.get(timeout=60))
    assert position.silent_s() == 0.0
    assert position.asked_now() is None
    assert position.silent_s() >= POSITION_WITHIN_S
    before_s = time.monotonic()
    assert [position.asked_now() for _ in range(100)] == [None] * 100
    assert time.monotonic() - before_s < 50 * POSITION_WITHIN_S
    for number in range(2):
        answers.put(number)
    until(lambda: answers.empty() and position.silent_s() == 0.0)
    monkeypatch.setattr("shared.postgres.standbys.POSITION_WITHIN_S", 60.0)
    answers.put(7)
    assert position.asked_now() == 7


def test_a_primary_that_refuses_is_asked_again() -> None:
    numbers = count()

    def ask() -> int:
        if next(numbers) < 2:
            raise OperationalError("", None, Exception())
        return 5

    position = PrimaryPosition(ask)
    assert position.asked_now() is None
    assert until(position.asked_now) == 5
