"""The worked cases through Kafka and all services: step by step, and shuffled with each event twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer

from tests.support.case_runs import Run, check, make_runs, whitelist
from tests.support.cases import all_cases
from tests.support.up import Up, client_of, up_while_used

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def every_run() -> list[Run]:
    return make_runs(all_cases(), shuffles=1)


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
        for record in (record for run in going for record in run.batches[index]):
            producer.send(record.topic, record.value)
        producer.flush()
        client.await_quiet(60, lambda: None)
        awards = list(client.items("incentive", "/v1/awards"))
        transactions = list(client.items("incentive", "/v1/ledger/transactions"))
        for run in going:
            wrong += [f"{run.name}: {problem}" for problem in check(run, index, awards, transactions)]
    producer.close()
    assert wrong == []
