"""Repair of refused records: how each reason is corrected, and the event to correct and send again. Pure."""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from shared.events.decode import REVISION_CONFLICT, TYPES, Kind
from shared.events.documents import MAX_REVISION
from shared.values.json_types import Json
from shared.values.times import format_time, parse_time
from shared.web.register.refused_rows import QuarantinedRecord


class Fix(NamedTuple):
    """The step by which an exchange corrects a record refused for a reason, in one sentence of each language."""

    zh: str
    en: str


FIXES: Final[Mapping[str, Fix]] = {
    "too_large": Fix(
        "将事件缩减到 256 KiB 以内，去掉附件和接口没有规定的成员，再重新发送。",
        "Reduce the event to at most 256 KiB, without attachments and members that the interface does not name, "
        "and send it again.",
    ),
    "not_json": Fix(
        "从业务系统重新导出该事件，使用 UTF-8 编码的 JSON（RFC 8259），再重新发送。",
        "Export the event again from its system, as JSON (RFC 8259) in UTF-8, and send it again.",
    ),
    "not_cloudevent": Fix(
        "补全 CloudEvents 1.0 属性 specversion、id、source、type、time，再重新发送。",
        "Complete the CloudEvents 1.0 attributes specversion, id, source, type and time, and send it again.",
    ),
    "wrong_source": Fix(
        "确认主题无误，将 source 改为本主题交易场所的 /exchanges/<id>，再重新发送。",
        "Check that the topic is right, set source to /exchanges/<id> of its exchange, and send it again.",
    ),
    "unknown_type": Fix(
        "将 type 改为本主题所收的类型；另一类文档应发送到它自己的主题。",
        "Set type to the one that this topic takes; documents of the other kind belong to a topic of their own.",
    ),
    "invalid_data": Fix(
        "按所列错误更正 data 中的字段，再重新发送。",
        "Correct the fields of data that the errors name, and send it again.",
    ),
    "same_party": Fix(
        "核对买卖双方，更正 provider 或 buyer 后重新发送；同一主体自买自卖的交易不予登记。",
        "Check both parties, correct provider or buyer, and send it again; a trade of an entity with itself is not "
        "registered.",
    ),
    "revision_conflict": Fix(
        "核对两份内容：登记的有误，就把本份的 revision 改为大于已登记的修订号再发送；登记的无误，则无须处理。",
        "Compare the two contents: if the registered one is wrong, send this one with a revision above it; if it is "
        "right, there is nothing to do.",
    ),
    "unreadable": Fix(
        "从业务系统重新导出这些位置上的事件并发送；已损坏的记录无法恢复。",
        "Export the events at these offsets again from their system and send them; damaged records cannot be restored.",
    ),
}


def event_to_correct(kind: Kind, row: QuarantinedRecord, registered_revision: int | None) -> Json:
    """Return the structured CloudEvent to correct and send again: the refused document with whole attributes.

    Its place makes its id, as a corrected event is another one. The extension attributes `refusedreason` and
    `refusederrors` say what to correct; intake ignores them. The revision of a conflict is raised above the registered.
    """
    attributes, data = row.content
    written = attributes.get("time")
    if row.reason == REVISION_CONFLICT.reason and isinstance(data, dict) and registered_revision is not None:
        data = {**data, "revision": min(registered_revision + 1, MAX_REVISION)}
    return {
        "specversion": "1.0",
        "id": f"{kind}-{row.partition}-{row.offset}-corrected",
        "source": f"/exchanges/{row.exchange}",
        "type": TYPES[kind],
        "time": written if _is_time(written) else format_time(row.received_at),
        "refusedreason": row.reason,
        "refusederrors": "; ".join(f"{error['field']}: {error['message']}" for error in row.errors),
        "data": data,
    }


def event_line(event: Json) -> bytes:
    """Return an event as a line of a file; text that is not Unicode is escaped."""
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def _is_time(written: object) -> bool:
    try:
        return isinstance(written, str) and parse_time(written) is not None
    except ValueError:
        return False
