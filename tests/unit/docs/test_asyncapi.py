"""The AsyncAPI document matches the code: topics and their policies, schemas, attributes of binary mode."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.broker.topics import wanted_topics
from shared.events.award_events import AWARDS
from shared.events.fact_topics import FACT_TOPICS
from shared.events.topics import KINDS, topic_of, topics_of
from shared.translog.checkpoint import TOPIC as CHECKPOINTS
from shared.translog.checkpoint import Checkpoint
from shared.translog.note import SignerKey, sign
from shared.whitelist import load_whitelist
from tests.support.event_schemas import EVENTS, validator

DOCUMENT: dict[str, Any] = yaml.safe_load((EVENTS / "asyncapi.yaml").read_text(encoding="utf-8"))
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
EXCHANGES = load_whitelist(EVENTS.parents[1] / "exchanges.yaml")


def references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)


def referred(reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    node = json.loads((EVENTS / file).read_text(encoding="utf-8")) if file else DOCUMENT
    for name in pointer.split("/")[1:]:
        node = node[name]
    return node


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > 30
    for reference in found:
        assert referred(reference), reference


def test_topics_are_those_that_are_set_up() -> None:
    channels = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}
    described = {
        (address.replace("{id}", exchange), name, str(setting[0] if isinstance(setting, list) else setting))
        for exchange in EXCHANGES.ids
        for address, channel in channels.items()
        for name, setting in channel["bindings"]["kafka"]["topicConfiguration"].items()
    }
    # Segment rolling and the timestamp check of the broker do not concern producers and consumers.
    operators_own = {"segment.ms", "message.timestamp.after.max.ms"}
    assert described == {
        (topic.name, name, setting)
        for topic in wanted_topics(EXCHANGES)
        for name, setting in topic.config.items()
        if name not in operators_own
    }


def test_exchanges_send_events_and_readers_receive_facts() -> None:
    found = {
        (operation["action"], referred(operation["channel"]["$ref"])["address"])
        for operation in DOCUMENT["operations"].values()
    }
    events = {("send", topic) for topic in topics_of("{id}")}
    assert found == events | {("receive", topic) for topic in (*FACT_TOPICS, AWARDS, CHECKPOINTS)}


def test_a_checkpoint_is_as_it_is_said_to_be() -> None:
    text = Checkpoint("jiangbu/ledger", 5, bytes(32)).text()
    note = sign(text, SignerKey("jiangbu/ledger", Ed25519PrivateKey.generate()))
    described = validator(f"{CHECKPOINTS}.json")
    assert described.is_valid(str(note))
    assert not described.is_valid(text)


@pytest.mark.parametrize("channel", DOCUMENT["channels"])
def test_messages_of_a_channel_have_its_schemas(channel: str) -> None:
    address = DOCUMENT["channels"][channel]["address"]
    kinds = {topic_of(kind, "{id}"): kind for kind in KINDS}
    files = (
        {f"schemas/{kinds[address]}.{form}.v1.json" for form in ("event", "data")}
        if address in kinds
        else {f"schemas/{address}.json"}
    )
    messages = [referred(message["$ref"]) for message in DOCUMENT["channels"][channel]["messages"].values()]
    assert {message["payload"]["schema"]["$ref"] for message in messages} == files


@pytest.mark.parametrize("kind", KINDS)
def test_headers_of_binary_mode_are_those_of_the_example(kind: str) -> None:
    lines = (EVENTS / "examples" / f"{kind}.binary.headers").read_text(encoding="utf-8").splitlines()
    headers = {name: text for name, _, text in (line.partition(": ") for line in lines)}
    schema = referred(MESSAGES[f"{kind}Binary"]["headers"]["$ref"])["schema"]
    assert headers.pop("content-type") == MESSAGES[f"{kind}Binary"]["contentType"]
    assert set(headers) == set(schema["required"]) == set(schema["properties"])
    for name, shape in schema["properties"].items():
        file, _, pointer = shape["$ref"].removeprefix("schemas/").partition("#")
        assert pointer == f"/properties/{name.removeprefix('ce_')}"
        event = json.loads((EVENTS / "examples" / f"{kind}.structured.json").read_text(encoding="utf-8"))
        assert validator(file).is_valid(event | {name.removeprefix("ce_"): headers[name]})
