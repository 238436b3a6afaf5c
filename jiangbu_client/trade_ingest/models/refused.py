from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.refused_reason import RefusedReason
from ..models.refused_status import RefusedStatus
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.difference import Difference
  from ..models.entry_of_document import EntryOfDocument
  from ..models.field_fault import FieldFault
  from ..models.fix import Fix





T = TypeVar("T", bound="Refused")



@_attrs_define
class Refused:
    

    id: int
    exchange: str
    topic: str
    partition: int
    offset: int
    last_offset: int
    """ equal to `offset` for a single record """
    records: int | None
    """ 1, or of a batch; null if unknown """
    received_at: datetime.datetime
    reason: RefusedReason
    errors: list[FieldFault]
    headers: list[list[None | str]]
    """ pairs of name and base64 of the value """
    value_base64: None | str
    """ null for a record without value """
    value_size: int | None
    """ bytes of the whole value """
    value_sha256: None | str
    """ SHA-256 of the whole value in hex; null if there is none or it was not recorded """
    cut: bool
    """ true beyond the daily quota: only the first KiB of the value is kept, and no headers """
    number: None | str
    revision: int | None
    document_at: datetime.datetime | None
    status: RefusedStatus
    corrected_by: EntryOfDocument | None
    registered: EntryOfDocument | None
    differences: list[Difference]
    fix: Fix





    def to_dict(self) -> dict[str, Any]:
        from ..models.difference import Difference # noqa: PLC0415
        from ..models.entry_of_document import EntryOfDocument # noqa: PLC0415
        from ..models.field_fault import FieldFault # noqa: PLC0415
        from ..models.fix import Fix # noqa: PLC0415
        id = self.id

        exchange = self.exchange

        topic = self.topic

        partition = self.partition

        offset = self.offset

        last_offset = self.last_offset

        records: int | None
        records = self.records

        received_at = self.received_at.isoformat()

        reason = self.reason.value

        errors = []
        for errors_item_data in self.errors:
            errors_item = errors_item_data.to_dict()
            errors.append(errors_item)



        headers = []
        for headers_item_data in self.headers:
            headers_item = []
            for headers_item_item_data in headers_item_data:
                headers_item_item: None | str
                headers_item_item = headers_item_item_data
                headers_item.append(headers_item_item)


            headers.append(headers_item)



        value_base64: None | str
        value_base64 = self.value_base64

        value_size: int | None
        value_size = self.value_size

        value_sha256: None | str
        value_sha256 = self.value_sha256

        cut = self.cut

        number: None | str
        number = self.number

        revision: int | None
        revision = self.revision

        document_at: None | str
        if isinstance(self.document_at, datetime.datetime):
            document_at = self.document_at.isoformat()
        else:
            document_at = self.document_at

        status = self.status.value

        corrected_by: dict[str, Any] | None
        if isinstance(self.corrected_by, EntryOfDocument):
            corrected_by = self.corrected_by.to_dict()
        else:
            corrected_by = self.corrected_by

        registered: dict[str, Any] | None
        if isinstance(self.registered, EntryOfDocument):
            registered = self.registered.to_dict()
        else:
            registered = self.registered

        differences = []
        for differences_item_data in self.differences:
            differences_item = differences_item_data.to_dict()
            differences.append(differences_item)



        fix = self.fix.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "exchange": exchange,
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "last_offset": last_offset,
            "records": records,
            "received_at": received_at,
            "reason": reason,
            "errors": errors,
            "headers": headers,
            "value_base64": value_base64,
            "value_size": value_size,
            "value_sha256": value_sha256,
            "cut": cut,
            "number": number,
            "revision": revision,
            "document_at": document_at,
            "status": status,
            "corrected_by": corrected_by,
            "registered": registered,
            "differences": differences,
            "fix": fix,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.difference import Difference # noqa: PLC0415
        from ..models.entry_of_document import EntryOfDocument # noqa: PLC0415
        from ..models.field_fault import FieldFault # noqa: PLC0415
        from ..models.fix import Fix # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        exchange = d.pop("exchange")

        topic = d.pop("topic")

        partition = d.pop("partition")

        offset = d.pop("offset")

        last_offset = d.pop("last_offset")

        def _parse_records(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        records = _parse_records(d.pop("records"))


        received_at = datetime.datetime.fromisoformat(d.pop("received_at"))




        reason = RefusedReason(d.pop("reason"))




        errors = []
        _errors = d.pop("errors")
        for errors_item_data in (_errors):
            errors_item = FieldFault.from_dict(errors_item_data)



            errors.append(errors_item)


        headers = []
        _headers = d.pop("headers")
        for headers_item_data in (_headers):
            headers_item = []
            _headers_item = headers_item_data
            for headers_item_item_data in (_headers_item):
                def _parse_headers_item_item(data: object) -> None | str:
                    if data is None:
                        return data
                    return cast(None | str, data)

                headers_item_item = _parse_headers_item_item(headers_item_item_data)

                headers_item.append(headers_item_item)

            headers.append(headers_item)


        def _parse_value_base64(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        value_base64 = _parse_value_base64(d.pop("value_base64"))


        def _parse_value_size(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        value_size = _parse_value_size(d.pop("value_size"))


        def _parse_value_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        value_sha256 = _parse_value_sha256(d.pop("value_sha256"))


        cut = d.pop("cut")

        def _parse_number(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        number = _parse_number(d.pop("number"))


        def _parse_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        revision = _parse_revision(d.pop("revision"))


        def _parse_document_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                document_at_type_0 = datetime.datetime.fromisoformat(data)



                return document_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        document_at = _parse_document_at(d.pop("document_at"))


        status = RefusedStatus(d.pop("status"))




        def _parse_corrected_by(data: object) -> EntryOfDocument | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                corrected_by_type_0 = EntryOfDocument.from_dict(data)



                return corrected_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EntryOfDocument | None, data)

        corrected_by = _parse_corrected_by(d.pop("corrected_by"))


        def _parse_registered(data: object) -> EntryOfDocument | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                registered_type_0 = EntryOfDocument.from_dict(data)



                return registered_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EntryOfDocument | None, data)

        registered = _parse_registered(d.pop("registered"))


        differences = []
        _differences = d.pop("differences")
        for differences_item_data in (_differences):
            differences_item = Difference.from_dict(differences_item_data)



            differences.append(differences_item)


        fix = Fix.from_dict(d.pop("fix"))




        refused = cls(
            id=id,
            exchange=exchange,
            topic=topic,
            partition=partition,
            offset=offset,
            last_offset=last_offset,
            records=records,
            received_at=received_at,
            reason=reason,
            errors=errors,
            headers=headers,
            value_base64=value_base64,
            value_size=value_size,
            value_sha256=value_sha256,
            cut=cut,
            number=number,
            revision=revision,
            document_at=document_at,
            status=status,
            corrected_by=corrected_by,
            registered=registered,
            differences=differences,
            fix=fix,
        )

        return refused

