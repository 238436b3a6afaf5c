"""Runs of the worked cases in one set; each run has its own two exchanges and entities."""

from __future__ import annotations

import hashlib
import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import complete_uscc
from tests.support.cases import Case, CaseEvent, differences, party

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_USCC = re.compile(r"9153[0-9A-Z]{14}")
_EXCHANGE = re.compile(r"\b(kmdex|dcdex)\b")
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class CaseRecord:
    """One event of a run, as an exchange publishes it."""

    kind: str
    exchange: str
    topic: str
    value: bytes
    timestamp_ms: int


@dataclass
class Run:
    """One run of a case: step by step, or the events of all steps at once."""

    number: int
    case: Case
    name: str
    # Batches of events; each is published at once.
    batches: list[list[CaseRecord]] = field(default_factory=list)
    posted: dict[str, list[str]] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)

    @property
    def is_stepwise(self) -> bool:
        return len(self.batches) == len(self.case.steps)

    def renamed(self, text: str) -> str:
        """Put this run's exchanges and codes in place of the case's. The order of exchanges stays."""
        text = _EXCHANGE.sub(lambda found: self._note(f"c{self.number:03d}-{found[0]}", found[0]), text)
        return _USCC.sub(lambda found: self._note(self._code(found[0]), found[0]), text)

    def original(self, text: str) -> str:
        for new, old in self.originals.items():
            text = text.replace(new, old)
        return text

    def _code(self, code: str) -> str:
        digest = hashlib.sha256(f"{self.number} {code}".encode()).digest()
        return complete_uscc("92530100MA" + "".join(_CHARACTERS[byte % 31] for byte in digest[:7]))

    def _note(self, new: str, old: str) -> str:
        self.originals[new] = old
        return new

    def record(self, event: CaseEvent) -> CaseRecord:
        value = self.renamed(json.dumps(event.document, ensure_ascii=False)).encode()
        return CaseRecord(
            event.kind, self.renamed(event.exchange), self.renamed(event.topic), value, event.timestamp_ms
        )


def make_runs(cases: Iterable[Case], shuffles: int) -> list[Run]:
    """Return a stepwise run of each case and, unless `ordered`, `shuffles` runs in random order, with events twice."""
    found: list[Run] = []
    for case in cases:
        orders = {"step by step": [list(step.events) for step in case.steps]}
        for seed in range(0 if case.ordered else shuffles):
            events = list(case.events) * 2
            random.Random(f"{case.name} {seed}").shuffle(events)
            orders[f"shuffled {seed}"] = [events]
        for order, batches in orders.items():
            run = Run(len(found), case, f"{case.file}: {case.name}, {order}")
            run.batches = [[run.record(event) for event in events] for events in batches]
            found.append(run)
    return found


def whitelist(runs: list[Run], others: Path | None = None) -> str:
    """Return a whitelist with the exchanges of all runs and those of another file.

    It has only those exchanges of a run that an event names, directly or by an operator, because each topic costs time.
    """
    operators = {"kmdex": party("OP1"), "dcdex": party("OP2")}
    known = [] if others is None else yaml.safe_load(others.read_text("utf-8"))["exchanges"]
    return yaml.safe_dump(
        known
        + [
            {
                "id": run.renamed(exchange),
                "name": f"虚构交易所 {run.number}",
                "from": "2019-01-01",
                "operators": [{"uscc": run.renamed(operator["id"]), "name": operator["name"], "from": "2019-01-01"}],
                "approved_by": "虚构",
            }
            for run in runs
            for exchange, operator in operators.items()
            if {exchange, operator["id"]} & set(run.originals.values())
        ],
        allow_unicode=True,
    )


def check(run: Run, index: int, awards: list[dict[str, Any]], transactions: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the differences from what the case expects after the batch of that index."""
    step = run.case.steps[index if run.is_stepwise else -1]
    marks = tuple(run.originals)
    mine = [json.loads(run.original(json.dumps(a))) for a in awards if any(mark in a["award_id"] for mark in marks)]
    yield from differences(step, {award["award_id"]: award for award in mine})
    if not run.is_stepwise:
        return
    totals: dict[str, int] = {}
    for transaction in transactions:
        if not any(mark in (transaction["award_id"] or "") for mark in marks):
            continue
        name = run.original(transaction["award_id"])
        totals[name] = totals.get(name, 0) + _signed_fen(transaction["amount"])
    # Intake may split a step's records into several batches, so totals per step are compared.
    for name, total in totals.items():
        posted = run.posted.setdefault(name, [])
        if total != sum(map(_signed_fen, posted)):
            posted.append(format_yuan(total - sum(map(_signed_fen, posted))))
    for name, amounts in step.posted.items():
        if tuple(run.posted.get(name, [])) != amounts:
            yield f"{name}: posted {run.posted.get(name)}, not {amounts}"


def _signed_fen(amount: str) -> int:
    return -parse_yuan(amount[1:]) if amount.startswith("-") else parse_yuan(amount)
