"""Records that intake must reject, for each reason in turn, made from a valid event."""

import json
from collections.abc import Callable
from typing import Final

from shared.events.decode import MAX_VALUE_BYTES, TYPES
from shared.values.json_types import Json


def _with_data(event: Json, **members: object) -> bytes:
    return _encode(event | {"data": event["data"] | members})


def _encode(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


_MAKERS: Final[tuple[tuple[str, Callable[[Json], bytes | None]], ...]] = (
    ("not_json", lambda _: None),
    ("not_json", lambda _: b""),
    ("not_json", lambda event: _encode(event)[:-20]),
    ("not_json", lambda event: _encode(event).replace("虚构".encode(), "虚构".encode("gb18030"))),
    ("not_json", lambda event: _encode(event).replace(b'"revision": 1', b'"revision": NaN')),
    ("not_json", lambda _: b"[" * 5000),
    ("not_cloudevent", lambda _: b'["rubbish"]'),
    ("not_cloudevent", lambda event: _encode({name: event[name] for name in event if name != "time"})),
    ("wrong_source", lambda event: _encode(event | {"source": "/exchanges/nobody"})),
    ("unknown_type", lambda event: _encode(event | {"type": TYPES["trade"].replace("trade", "auction")})),
    ("invalid_data", lambda event: _with_data(event, revision=0)),
    ("invalid_data", lambda event: _with_data(event, amount=12.5)),
    ("invalid_data", lambda event: _with_data(event, currency="USD")),
    ("invalid_data", lambda event: _with_data(event, certificate_no="a\0b")),
    ("invalid_data", lambda event: _with_data(event, certificate_no="?").replace(b'"?"', b'"\\ud800"')),
    ("same_party", lambda event: _with_data(event, buyer=event["data"]["provider"] | {"name": "虚构别名"})),
    ("too_large", lambda event: _encode(event).ljust(MAX_VALUE_BYTES + 1)),
)


def make_rubbish(turn: int, trade_event: Json) -> tuple[str, bytes | None]:
    """Return the reason and value of the next rubbish record, made from a new trade event of revision 1."""
    reason, make = _MAKERS[turn % len(_MAKERS)]
    return reason, make(trade_event)
