"""The dated whitelist of exchanges (`exchanges.yaml`): whose documents count, when, and who operates them.

The file is a list of exchanges, or a mapping with the single key `exchanges`. An exchange has `id`, `name`,
`from`, `until` (each null or absent: open), `operators` (each `uscc`, `name`, `from`, `until`) and `approved_by`. All
periods are half-open days in Shanghai.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import yaml

from shared.events.topics import EXCHANGE_PATTERN
from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json
from shared.values.parties import is_uscc
from shared.values.times import day_start

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NULL: Final = "tag:yaml.org,2002:null"
_BEFORE_ALL: Final = date(1900, 1, 1)  # for an open `from`; documents begin with the year 2000


class WhitelistError(ValueError):
    """The whitelist is invalid; the message is one line with file, line and field."""


@dataclass(frozen=True)
class Operator:
    """The company that operates an exchange (运营主体) from `from_` until `until` (exclusive)."""

    uscc: str
    name: str
    from_: date
    until: date | None


@dataclass(frozen=True)
class Exchange:
    """An exchange of the whitelist, its operators in order of time."""

    id: str
    name: str
    from_: date
    until: date | None
    operators: tuple[Operator, ...]
    approved_by: str | None


@dataclass(frozen=True)
class Whitelist:
    """The whitelist. `listed` is in code point order of the ids."""

    listed: tuple[Exchange, ...]

    @cached_property
    def _by_id(self) -> dict[str, Exchange]:
        return {exchange.id: exchange for exchange in self.listed}

    @cached_property
    def _periods(self) -> dict[str, tuple[datetime, datetime | None]]:
        return {e.id: (_instant(e.from_), None if e.until is None else _instant(e.until)) for e in self.listed}

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, in code point order."""
        return tuple(exchange.id for exchange in self.listed)

    def get(self, exchange_id: str) -> Exchange:
        """Return the exchange with that id. KeyError if it is not on the whitelist."""
        return self._by_id[exchange_id]

    def counts(self, exchange_id: str, instant: datetime) -> bool:
        """Return True if a document of that exchange and instant counts; False for an unknown exchange."""
        period = self._periods.get(exchange_id)
        return period is not None and period[0] <= instant and (period[1] is None or instant < period[1])

    def operator_on(self, exchange_id: str, day: date) -> Operator | None:
        """Return the operator of the exchange on a day; None if it has none or is not on the whitelist."""
        exchange = self._by_id.get(exchange_id)
        for operator in exchange.operators if exchange is not None else ():
            if operator.from_ <= day and (operator.until is None or day < operator.until):
                return operator
        return None

    def canonical(self) -> Json:
        """Return the whitelist as JSON values, equal for all files with the same meaning."""
        return {"exchanges": [_exchange_json(exchange) for exchange in self.listed]}

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical form, in hex."""
        return hashlib.sha256(canonical_json(self.canonical())).hexdigest()


def _instant(day: date) -> datetime:
    """Return the start of a day in UTC: comparing two instants of one zone is three times faster."""
    return day_start(day).astimezone(UTC)


def load_whitelist(path: Path) -> Whitelist:
    """Read and validate a whitelist. WhitelistError for the first error in the file."""
    try:
        return parse_whitelist(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WhitelistError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WhitelistError(f"{path}: is not UTF-8 (byte {error.start})") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "somewhere"
        raise WhitelistError(f"{path}: {line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise WhitelistError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise WhitelistError(f"{path}: line 1: nested too deeply") from error
    except _Fault as fault:
        raise WhitelistError(f"{path}: {fault}") from fault


@lru_cache(maxsize=8)
def parse_whitelist(content: str) -> Whitelist:
    """Parse the text of a whitelist file, or its canonical form as JSON. Raises what `load_whitelist` reports."""
    root = yaml.compose(content, Loader=yaml.SafeLoader)
    return Whitelist(tuple(sorted(_read_list(root), key=lambda exchange: exchange.id)))


def _exchange_json(exchange: Exchange) -> Json:
    operators = [{"uscc": o.uscc, "name": o.name, **_period_json(o.from_, o.until)} for o in exchange.operators]
    return {
        "id": exchange.id,
        "name": exchange.name,
        **_period_json(exchange.from_, exchange.until),
        "operators": operators,
        "approved_by": exchange.approved_by,
    }


def _period_json(from_: date, until: date | None) -> dict[str, str | None]:
    from_text = None if from_ == _BEFORE_ALL else from_.isoformat()
    return {"from": from_text, "until": None if until is None else until.isoformat()}


# The file is read from YAML nodes instead of values: nodes have line numbers, keep repeated keys, and keep the text of
# a code that YAML would read as an integer or a date.


class _Fault(Exception):  # noqa: N818 - turned into WhitelistError, with the file's name
    def __init__(self, node: yaml.Node | None, name: str, problem: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        super().__init__(f"line {line}: {name}: {problem}")


def _read_list(root: yaml.Node | None) -> list[Exchange]:
    if isinstance(root, yaml.MappingNode):
        root = _fields(root, "file", required=("exchanges",))["exchanges"]
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise _Fault(root, "exchanges", "must be a list of at least one exchange")
    exchanges: dict[str, Exchange] = {}
    for node in root.value:
        exchange = _read_exchange(node)
        if exchange.id in exchanges:
            raise _Fault(node, "id", f"{exchange.id} is listed twice")
        exchanges[exchange.id] = exchange
    return list(exchanges.values())


def _read_exchange(node: yaml.Node) -> Exchange:
    fields = _fields(node, "exchange", ("id", "name"), ("from", "until", "operators", "approved_by"))
    exchange_id = _text(fields["id"], "id")
    if re.fullmatch(EXCHANGE_PATTERN, exchange_id) is None:
        raise _Fault(fields["id"], "id", f"must match {EXCHANGE_PATTERN}")
    from_, until = _period(fields)
    approved_by = fields.get("approved_by")
    return Exchange(
        id=exchange_id,
        name=_text(fields["name"], "name"),
        from_=from_,
        until=until,
        operators=_read_operators(fields.get("operators")),
        approved_by=None if approved_by is None or approved_by.tag == _NULL else _text(approved_by, "approved_by"),
    )


def _read_operators(node: yaml.Node | None) -> tuple[Operator, ...]:
    if node is None or node.tag == _NULL:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise _Fault(node, "operators", "must be a list")
    read = sorted(((_read_operator(item), item) for item in node.value), key=lambda pair: pair[0].from_)
    for (before, _), (operator, item) in pairwise(read):
        if before.until is None or operator.from_ < before.until:
            raise _Fault(item, "operators", f"{operator.uscc} overlaps with {before.uscc}")
    return tuple(operator for operator, _ in read)


def _read_operator(node: yaml.Node) -> Operator:
    fields = _fields(node, "operators", ("uscc", "name"), ("from", "until"))
    code = _text(fields["uscc"], "uscc")
    if not is_uscc(code):
        raise _Fault(fields["uscc"], "uscc", f"{code!r} is not a valid unified social credit code")
    from_, until = _period(fields)
    return Operator(uscc=code, name=_text(fields["name"], "name"), from_=from_, until=until)


def _fields(node: yaml.Node, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Json:
    if not isinstance(node, yaml.MappingNode):
        raise _Fault(node, what, "must be a mapping of " + ", ".join(required + optional))
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "(a collection)"
        if name in fields:
            raise _Fault(key, name, "is given twice")
        if name not in required + optional:
            raise _Fault(key, name, f"is not a field of {what}; known fields are " + ", ".join(required + optional))
        fields[name] = value
    for name in required:
        if name not in fields:
            raise _Fault(node, name, "is missing")
    return fields


def _text(node: yaml.Node, name: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL or not node.value.strip():
        raise _Fault(node, name, "must be a text that is not empty")
    return str(node.value)


def _period(fields: dict[str, yaml.Node]) -> tuple[date, date | None]:
    from_node = fields.get("from")
    from_ = _BEFORE_ALL if from_node is None or from_node.tag == _NULL else _date(from_node, "from")
    until_node = fields.get("until")
    if until_node is None or until_node.tag == _NULL:
        return from_, None
    until = _date(until_node, "until")
    if until <= from_:
        raise _Fault(until_node, "until", f"must be after from ({from_}); the day itself is not included")
    return from_, until


def _date(node: yaml.Node, name: str) -> date:
    text = _text(node, name)
    if _DATE.fullmatch(text) is not None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise _Fault(node, name, f"{text!r} is not a date like 2026-01-31")
