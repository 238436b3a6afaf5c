"""Each example of the events' page has the outcome that the page says."""

import json
import re
import shlex
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from shared.events.award_events import AWARDS, award_event
from shared.events.decode import EVENT_REASONS, REVISION_CONFLICT, Accepted, Kind, Refusal, decode
from shared.register.revisions import Arrival, resolve
from tests.support.event_schemas import EVENTS, validator
from tests.support.registers.worlds import raw_record

EXAMPLES = EVENTS / "examples"
AWARD = "award.structured.json"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
NUMBER_OF: dict[Kind, str] = {"listing": "listing_no", "trade": "trade_no"}


class Line(NamedTuple):
    """One line of the table."""

    file: str | None
    topic: str
    outcome: str
    fields: list[str]

    @property
    def kind(self) -> Kind:
        return "listing" if self.topic == "exchange.kmdex.listings.v1" else "trade"


def read_line(line: str) -> Line:
    file, topic, outcome, fields, *_ = (cell.strip() for cell in line.strip("|").split("|"))
    link = re.fullmatch(r"\[(.+)\]\(\1\)", file)
    return Line(link[1] if link else None, topic.strip("`"), outcome.strip("`"), re.findall(r"`([^`]+)`", fields))


LINES = [read_line(line) for line in README.splitlines() if "`exchange.kmdex." in line]


def made() -> bytes:
    command = re.search(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert command is not None
    return subprocess.run([sys.executable, *shlex.split(command[1])[1:]], stdout=subprocess.PIPE, check=True).stdout


def outcome_of(kind: Kind, file: str | None) -> Accepted | Refusal:
    if file is None:
        return decode(kind, "kmdex", made(), [])
    headers, beside = [], (EXAMPLES / file).with_suffix(".headers")
    if beside.exists():
        pairs = (line.partition(": ") for line in beside.read_text("utf-8").splitlines())
        headers = [(name, text.encode()) for name, _, text in pairs]
    return decode(kind, "kmdex", (EXAMPLES / file).read_bytes(), headers)


def arrival(kind: Kind, file: str, offset: int) -> Arrival[Any]:
    outcome = outcome_of(kind, file)
    assert isinstance(outcome, Accepted)
    document = outcome.document
    number = getattr(document, NUMBER_OF[kind])
    record = raw_record(f"exchange.kmdex.{kind}s.v1", b"", offset)
    return Arrival("kmdex", number, document.revision, document, record, outcome.content_mode == "binary")


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.file}-{line.outcome}")
def test_the_outcome_is_as_the_table_says(line: Line) -> None:
    outcome = outcome_of(line.kind, line.file)
    if line.outcome == REVISION_CONFLICT.reason:
        assert line.file is not None
        before, after = arrival("trade", "trade.structured.json", 0), arrival("trade", line.file, 1)
        assert resolve([before, after], {}, {}, 0).conflicts == [after]
        assert [error.field for error in REVISION_CONFLICT.errors] == line.fields
    elif isinstance(outcome, Refusal):
        assert outcome.reason == line.outcome
        assert sorted(error.field for error in outcome.errors) == line.fields
    else:
        assert line.outcome == "accepted"
        assert line.file is not None
        assert outcome.content_mode == line.file.split(".")[1]
        assert line.fields == []


def test_every_reason_has_an_example_and_every_file_a_line() -> None:
    assert sorted(line.outcome for line in LINES if line.outcome != "accepted") == sorted(EVENT_REASONS)
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix != ".headers"} - {"README.md", AWARD}
    assert {line.file for line in LINES} == files | {None}


def test_the_example_of_an_award_is_as_its_schema_says() -> None:
    event = json.loads((EXAMPLES / AWARD).read_text("utf-8"))
    assert validator(f"{AWARDS}.json", formats=True).is_valid(event)
    award = {name: value for name, value in event["data"].items() if name not in ("version", "ledger_seq")}
    made = award_event(award, event["data"]["version"], event["data"]["ledger_seq"])
    assert json.loads(made) == event
    assert f"[{AWARD}]({AWARD}) | `{AWARDS}`" in README


@pytest.mark.parametrize("kind", NUMBER_OF)
def test_both_modes_say_the_same(kind: Kind) -> None:
    both = [arrival(kind, f"{kind}.{mode}.json", offset) for offset, mode in enumerate(("structured", "binary"))]
    assert resolve(both, {}, {}, 0).duplicates == both[1:]
