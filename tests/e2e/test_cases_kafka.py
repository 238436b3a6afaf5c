"""The worked cases through Kafka and all services: step by step, and all at once, shuffled, each event twice.

All cases run side by side in one set: each run of a case has two exchanges and entities of its own.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from kafka import KafkaProducer

from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import complete_uscc
from tests.support.cases import Case, CaseEvent, all_cases, cases_through_kafka, differences, party
from tests.support.up import Up, client_of, up_while_used

if TYPE_CHECKING:
    from collections.abc import Iterator

_USCC = re.compile(r"9153[0-9A-Z]{14}")
_EXCHANGE = re.compile(r"\b(kmdex|dcdex)\b")
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass
class Run:
    """One run of a case, in a corner of its own: step by step, or all steps' events at once."""

    number: int
    case: Case
    batches: list[list[tuple[str, bytes]]] = field(default_factory=list)  # what is published at once: topic and value
    posted: dict[str, list[str]] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)

    @property
    def is_stepwise(self) -> bool:
        return len(self.batches) == len(self.case.steps)

    def renamed(self, text: str) -> str:
        """Exchanges and codes of the case, as they are in this run. The order of exchanges stays."""
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


def runs() -> list[Run]:
    found: list[Run] = []
    for case in (*all_cases(), *cases_through_kafka()):
        batches = [[list(step.events) for step in case.steps]]
        if not case.ordered:
            events = list(case.events) * 2
            random.Random(case.name).shuffle(events)
            batches.append([events])
        for events_at_once in batches:
            run = Run(len(found), case)
            run.batches = [[_published(run, event) for event in events] for events in events_at_once]
            found.append(run)
    return found


def _published(run: Run, event: CaseEvent) -> tuple[str, bytes]:
    return run.renamed(event.topic), run.renamed(json.dumps(event.document, ensure_ascii=False)).encode()


def whitelist(every: list[Run]) -> str:
    """The exchanges of all runs, as far as an event names them or their operators: a topic more costs time."""
    operators = {"kmdex": party("OP1"), "dcdex": party("OP2")}
    return yaml.safe_dump(
        [
            {
                "id": run.renamed(exchange),
                "name": f"虚构交易所 {run.number}",
                "from": "2019-01-01",
                "operators": [{"uscc": run.renamed(operator["id"]), "name": operator["name"], "from": "2019-01-01"}],
                "approved_by": "虚构",
            }
            for run in every
            for exchange, operator in operators.items()
            if {exchange, operator["id"]} & set(run.originals.values())
        ],
        allow_unicode=True,
    )


@pytest.fixture(scope="module")
def every_run() -> list[Run]:
    return runs()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, every_run: list[Run]) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("cases")
    (folder / "exchanges.yaml").write_text(whitelist(every_run))
    yield from up_while_used(Up(folder / "data", "--exchanges", str(folder / "exchanges.yaml")))


def test_every_case_holds_through_kafka(running: dict[str, Any], every_run: list[Run]) -> None:
    client = client_of(running)
    producer = KafkaProducer(bootstrap_servers=running["kafka"], acks="all", linger_ms=20)
    wrong: list[str] = []
    for index in range(max(len(run.batches) for run in every_run)):
        going = [run for run in every_run if index < len(run.batches)]
        for topic, value in (record for run in going for record in run.batches[index]):
            producer.send(topic, value)
        producer.flush()
        client.await_quiet(60, lambda: None)
        awards = list(client.items("incentive", "/v1/awards"))
        transactions = list(client.items("incentive", "/v1/ledger/transactions"))
        for run in going:
            wrong += [f"{run.case.name}: {problem}" for problem in check(run, index, awards, transactions)]
    producer.close()
    assert wrong == []


def check(run: Run, index: int, awards: list[dict[str, Any]], transactions: list[dict[str, Any]]) -> Iterator[str]:
    step = run.case.steps[index if run.is_stepwise else -1]
    marks = tuple(run.originals)
    mine = [json.loads(run.original(json.dumps(a))) for a in awards if any(mark in a["award_id"] for mark in marks)]
    yield from differences(step, {award["award_id"]: award for award in mine})
    if not run.is_stepwise:
        return
    totals: dict[str, int] = {}
    for transaction in transactions:
        name = run.original(transaction["award_id"])
        totals[name] = totals.get(name, 0) + signed_fen(transaction["amount"])
    # A step's records may be taken in several batches: what counts is what each step came to.
    for name, total in totals.items():
        posted = run.posted.setdefault(name, [])
        if total != sum(map(signed_fen, posted)):
            posted.append(format_yuan(total - sum(map(signed_fen, posted))))
    for name, amounts in step.posted.items():
        if tuple(run.posted.get(name, [])) != amounts:
            yield f"{name}: posted {run.posted.get(name)}, not {amounts}"


def signed_fen(amount: str) -> int:
    return -parse_yuan(amount[1:]) if amount.startswith("-") else parse_yuan(amount)
