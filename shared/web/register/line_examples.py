"""Examples of streamed lines for the OpenAPI documents, made of one document as answers are made."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from shared.events.decode import TYPES, Kind
from shared.events.topics import topic_of
from shared.register.evidence import DocumentAsOf
from shared.register.log_entries import EntryRecord, StoredEntry, document_entry
from shared.values.json_types import Json
from shared.values.times import SHANGHAI
from shared.web.register.evidence import EvidenceSource, document_line, entry_line
from shared.web.register.refused_rows import QuarantinedRecord
from shared.web.register.repair import event_line, event_to_correct

_AT: Final = datetime(2026, 3, 1, 10, 0, 5, tzinfo=SHANGHAI)
_EXCHANGE: Final = "kmdex"
_SEQ: Final = 17
_PROVIDER: Final = {"id": "91530100MAXGAAA018", "name": "虚构花卉数据有限公司"}
_DATA: Final[Mapping[Kind, Json]] = {
    "listing": {
        "listing_no": "KM-L-2026-0001",
        "revision": 1,
        "status": "listed",
        "provider": _PROVIDER,
        "product": {"no": "KM-P-2026-0001", "name": "昆明花卉交易行情", "kind": "dataset"},
        "listed_at": "2026-03-01T10:00:00+08:00",
    },
    "trade": {
        "trade_no": "KM-T-2026-0001",
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "provider": _PROVIDER,
        "buyer": {"id": "91530100MAXXAAA02W", "name": "虚构物流有限公司"},
        "amount": "200000.00",
        "currency": "CNY",
        "completed_at": "2026-03-01T10:00:00+08:00",
    },
}
_AT_FIELD: Final[Mapping[Kind, str]] = {"listing": "listed_at", "trade": "completed_at"}
_NUMBER_FIELD: Final[Mapping[Kind, str]] = {"listing": "listing_no", "trade": "trade_no"}


def line_examples(source: EvidenceSource) -> dict[str, str]:
    """Return a line of each stream, by the operation that answers with it."""
    kind, value = source.kind, _record(source.kind)
    document = DocumentAsOf(_SEQ, _EXCHANGE, 0, _SEQ - 1, value, None, _AT, None)
    entry = EntryRecord(_SEQ, _entry(kind, value), _AT, None, value)
    lines = {
        "streamEvidence": document_line(source, document),
        "streamEntries": entry_line(entry),
        "streamQuarantinedEvents": event_line(event_to_correct(kind, _refused(kind), None)),
    }
    return {name: line.decode() for name, line in lines.items()}


def _record(kind: Kind) -> bytes:
    """Return a structured CloudEvent."""
    data = _DATA[kind]
    event = {
        "specversion": "1.0",
        "id": f"{_EXCHANGE}-{data[_NUMBER_FIELD[kind]]}-1",
        "source": f"/exchanges/{_EXCHANGE}",
        "type": TYPES[kind],
        "time": data[_AT_FIELD[kind]],
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False).encode()


def _entry(kind: Kind, value: bytes) -> bytes:
    number = _DATA[kind][_NUMBER_FIELD[kind]]
    row = StoredEntry("document", _SEQ, _EXCHANGE, number, 1, "", 0, _SEQ - 1, binary_mode=False, value=value)
    return document_entry(kind)(row).encode()


def _refused(kind: Kind) -> QuarantinedRecord:
    """Return a record without the name of its provider."""
    event = json.loads(_record(kind))
    event["data"] = {**event["data"], "provider": {"id": _PROVIDER["id"]}}
    value = json.dumps(event, ensure_ascii=False).encode()
    return QuarantinedRecord(
        id=3,
        exchange=_EXCHANGE,
        topic=topic_of(kind, _EXCHANGE),
        partition=0,
        offset=21,
        last_offset=21,
        records=1,
        received_at=_AT,
        reason="invalid_data",
        errors=[{"field": "provider.name", "message": "必须提供 / required"}],
        headers=[],
        value=value,
        value_size=len(value),
        value_sha256=sha256(value).hexdigest(),
        cut=False,
        number=_DATA[kind][_NUMBER_FIELD[kind]],
        revision=1,
        document_at=_AT,
        corrected_by=None,
    )
