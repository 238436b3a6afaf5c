"""Read the worked cases of tests/cases: names become entities, lists become CloudEvents documents."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from shared.values.parties import complete_uscc
from shared.whitelist import load_whitelist
from tests.support.paths import ROOT, TESTS

FOLDER = TESTS / "cases"
EXCHANGES_FILE = ROOT / "exchanges.yaml"
TYPES = {"listing": "cn.kunming.data-exchange.listing.v1", "trade": "cn.kunming.data-exchange.trade.v1"}
TOPICS = {"listing": "exchange.{}.listings.v1", "trade": "exchange.{}.trades.v1"}
AMOUNTS = {"ceiling", "payable", "base", "cap", "approved", "paid", "returned"}

AFTER_ALL = "2030-01-01"  # the Kafka timestamp unless a case says another: nothing is future-dated

_OPERATORS = {"OP1": "kmdex", "OP2": "dcdex"}
_UNITS = {"万": 10_000, "亿": 100_000_000}
_ENTITY_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_A_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class CaseEvent:
    """An event of a case: the exchange's topic, the CloudEvents document (structured mode), and the Kafka timestamp."""

    kind: str
    exchange: str
    topic: str
    document: dict[str, Any]
    timestamp_ms: int


@dataclass(frozen=True)
class Step:
    """Events published at once, and what must hold after them: award_id -> members, award_id -> amounts posted."""

    events: tuple[CaseEvent, ...]
    expect: Mapping[str, Mapping[str, Any]]
    posted: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Case:
    """One worked case; `ordered`: its outcome depends on the order of its events."""

    file: str
    name: str
    steps: tuple[Step, ...]
    ordered: bool

    @property
    def events(self) -> tuple[CaseEvent, ...]:
        return tuple(event for step in self.steps for event in step.events)


class TextLoader(yaml.SafeLoader):
    """YAML loader that keeps every scalar as text, except null, true and false."""


TextLoader.yaml_implicit_resolvers = {}
TextLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null)\Z"), ["~", "n"])
TextLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])


def all_cases() -> list[Case]:
    """Return the cases of every file of tests/cases, in order of file names."""
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in read_cases(path)]


def read_cases(path: Path) -> Iterator[Case]:
    """Return the cases of one file."""
    # The loader is a SafeLoader that knows fewer types.
    for found in yaml.load(path.read_text(encoding="utf-8"), Loader=TextLoader):  # noqa: S506
        _only(found, {"case", "steps", "ordered"})
        steps = tuple(_step(step) for step in found["steps"])
        yield Case(path.name, found["case"], steps, found.get("ordered", False))


def party(name: str) -> dict[str, str]:
    """Return the party for a name in a case: `~X` is overseas, `%X` a natural person, all others have a USCC."""
    if name[0] in "~%":
        scheme = "overseas" if name[0] == "~" else "natural_person"
        return {"id_scheme": scheme, "id": name[1:], "name": f"虚构主体 {name[1:]}"}
    return {"id_scheme": "uscc", "id": uscc(name), "name": f"虚构实体 {name}"}


def uscc(name: str) -> str:
    """Return a valid code, the same for the same name; operators have the codes of the project's whitelist."""
    if name in _OPERATORS:
        operator = load_whitelist(EXCHANGES_FILE).operator_on(_OPERATORS[name], _A_DAY)
        assert operator is not None
        return operator.uscc
    digest = hashlib.sha256(name.encode()).digest()
    return complete_uscc("91530100MA" + "".join(_ENTITY_CHARACTERS[byte % 31] for byte in digest[:7]))


def amount(text: str) -> str:
    """Return yuan in the contract's notation: "5万" -> "50000"."""
    return str(int(text[:-1]) * _UNITS[text[-1]]) if text[-1] in _UNITS else text


def award_id(short: str) -> str:
    """Replace the entity's name: `first_purchase/B1` -> `first_purchase/uscc:...`; ids of exchanges' awards stay."""
    rule, whose, *rest = short.split("/")
    if rule == "exchange_tiers":
        return short
    entity = party(whose)
    return "/".join([rule, f"{entity['id_scheme']}:{entity['id']}", *rest])


def differences(step: Step, awards: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the differences from the step's expectations; `awards` are those of the API by award_id."""
    found = []
    for expected_id, members in step.expect.items():
        award = awards.get(expected_id, {"ceiling": "0.00", "payable": "0.00"})
        found += [
            f"{expected_id}: {member} is {award.get(member)!r}, not {expected!r}"
            for member, expected in members.items()
            if not _same(award.get(member), expected)
        ]
    found += [
        f"{unexpected_id}: ceiling {award['ceiling']} is not expected"
        for unexpected_id, award in awards.items()
        if unexpected_id not in step.expect and award["ceiling"] != "0.00"
    ]
    return found


def _same(actual: Any, expected: Any) -> bool:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(_same(actual.get(member), value) for member, value in expected.items())
    return bool(actual == expected)


def _step(found: dict[str, Any]) -> Step:
    _only(found, {"events", "expect", "posted"})
    return Step(
        events=tuple(read_event(event) for event in found["events"]),
        expect={award_id(short): _expected(members) for short, members in found["expect"].items()},
        posted={award_id(short): tuple(amounts) for short, amounts in found.get("posted", {}).items()},
    )


def _expected(found: str | dict[str, Any]) -> dict[str, Any]:
    members = found if isinstance(found, dict) else {"ceiling": found}
    return {member: _member(member, value) for member, value in members.items()}


def _member(member: str, value: Any) -> Any:
    if value is None:
        return None
    if member == "year":
        return int(value)
    if member == "suppressed_by":
        return award_id(value)
    if member == "subject" and isinstance(value, str):
        entity = party(value)
        return {"id_scheme": entity["id_scheme"], "id": entity["id"]}
    if member in AMOUNTS:
        whole = amount(value)
        return whole if "." in whole else f"{whole}.00"
    return value


def read_event(found: dict[str, list[Any]]) -> CaseEvent:
    """Return the event of `{listing: [...]}` or `{trade: [...]}`, with every value as text."""
    ((kind, values),) = found.items()
    return _listing(*values) if kind == "listing" else _trade(*values)


def _listing(no: str, provider: str, listed_at: str, other: dict[str, Any] | None = None) -> CaseEvent:
    data = {
        "listing_no": no,
        "revision": 1,
        "status": "listed",
        "product": {"no": f"D-{no}", "name": f"虚构产品 {no}", "kind": "dataset"},
        "provider": provider,
        "listed_at": listed_at,
        **(other or {}),
    }
    return _document("listing", no, "listed_at", data)


def _trade(
    no: str, provider: str, buyer: str, yuan: str, completed_at: str, other: dict[str, Any] | None = None
) -> CaseEvent:
    data = {
        "trade_no": no,
        "revision": 1,
        "status": "completed",
        "mode": "listed" if other and "listing_no" in other else "negotiated",
        "provider": provider,
        "buyer": buyer,
        "amount": yuan,
        "currency": "CNY",
        "completed_at": completed_at,
        **(other or {}),
    }
    return _document("trade", no, "completed_at", data)


def _document(kind: str, no: str, instant: str, data: dict[str, Any]) -> CaseEvent:
    exchange = data.pop("exchange", "kmdex")
    data["revision"] = int(data["revision"])
    data[instant] = _time(data[instant])
    recorded_at = datetime.fromisoformat(_time(data.pop("recorded", AFTER_ALL)))
    for member in ("provider", "buyer"):
        if isinstance(data.get(member), str):
            data[member] = party(data[member])
    for member in ("amount", "refunded"):
        if member in data:
            data[member] = amount(data[member])
    document = {
        "specversion": "1.0",
        "type": TYPES[kind],
        "source": f"/exchanges/{exchange}",
        "id": f"{exchange}-{no}-{data['revision']}",
        "time": _time(data.pop("time", data[instant])),
        "data": data,
    }
    return CaseEvent(kind, exchange, TOPICS[kind].format(exchange), document, int(recorded_at.timestamp() * 1000))


def _time(text: str) -> str:
    return text if "T" in text else f"{text}T10:00:00+08:00"


def _only(found: dict[str, Any], known: set[str]) -> None:
    unknown = set(found) - known
    if unknown:
        raise ValueError(f"unknown members {sorted(unknown)}")
