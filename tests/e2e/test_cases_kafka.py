"""The worked cases through Kafka and all services: step by step, and shuffled with each event twice."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer

from tests.support.case_runs import Run, check
from tests.support.up import QUIET_WITHIN_S, client_of


def test_every_case_holds_through_kafka(running_set: dict[str, Any], case_runs: list[Run]) -> None:
    client = client_of(running_set)
    producer = KafkaProducer(bootstrap_servers=running_set["kafka"], acks="all", linger_ms=20)
    wrong: list[str] = []
    for index in range(max(len(run.batches) for run in case_runs)):
        going = [run for run in case_runs if index < len(run.batches)]
        for record in (record for run in going for record in run.batches[index]):
            producer.send(record.topic, record.value, timestamp_ms=record.timestamp_ms)
        producer.flush()
        client.await_quiet(QUIET_WITHIN_S, lambda: None)
        awards = list(client.items("incentive", "/v1/awards"))
        transactions = list(client.items("incentive", "/v1/ledger/transactions"))
        for run in going:
            wrong += [f"{run.name}: {problem}" for problem in check(run, index, awards, transactions)]
    producer.close()
    assert wrong == []
