from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.batch_request_action import BatchRequestAction
from ..models.batch_request_ground_type_1 import BatchRequestGroundType1
from ..models.batch_request_ground_type_2_type_1 import BatchRequestGroundType2Type1
from ..models.batch_request_ground_type_3_type_1 import BatchRequestGroundType3Type1
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.batch_award import BatchAward
  from ..models.batch_request_filter_type_0 import BatchRequestFilterType0
  from ..models.document import Document





T = TypeVar("T", bound="BatchRequest")



@_attrs_define
class BatchRequest:
    

    action: BatchRequestAction
    amount: None | str | Unset = UNSET
    reason: None | str | Unset = UNSET
    documents: list[Document] | None | Unset = UNSET
    ground: BatchRequestGroundType1 | BatchRequestGroundType2Type1 | BatchRequestGroundType3Type1 | None | Unset = UNSET
    from_: datetime.date | None | Unset = UNSET
    until: datetime.date | None | Unset = UNSET
    where: None | str | Unset = UNSET
    voucher_no: None | str | Unset = UNSET
    paid_on: datetime.date | None | Unset = UNSET
    received_on: datetime.date | None | Unset = UNSET
    awards: list[BatchAward] | None | Unset = UNSET
    filter_: BatchRequestFilterType0 | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.batch_award import BatchAward # noqa: PLC0415
        from ..models.batch_request_filter_type_0 import BatchRequestFilterType0 # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        action = self.action.value

        amount: None | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        documents: list[dict[str, Any]] | None | Unset
        if isinstance(self.documents, Unset):
            documents = UNSET
        elif isinstance(self.documents, list):
            documents = []
            for documents_type_0_item_data in self.documents:
                documents_type_0_item = documents_type_0_item_data.to_dict()
                documents.append(documents_type_0_item)


        else:
            documents = self.documents

        ground: None | str | Unset
        if isinstance(self.ground, Unset):
            ground = UNSET
        elif isinstance(self.ground, BatchRequestGroundType1):
            ground = self.ground.value
        elif isinstance(self.ground, BatchRequestGroundType2Type1):
            ground = self.ground.value
        elif isinstance(self.ground, BatchRequestGroundType3Type1):
            ground = self.ground.value
        else:
            ground = self.ground

        from_: None | str | Unset
        if isinstance(self.from_, Unset):
            from_ = UNSET
        elif isinstance(self.from_, datetime.date):
            from_ = self.from_.isoformat()
        else:
            from_ = self.from_

        until: None | str | Unset
        if isinstance(self.until, Unset):
            until = UNSET
        elif isinstance(self.until, datetime.date):
            until = self.until.isoformat()
        else:
            until = self.until

        where: None | str | Unset
        if isinstance(self.where, Unset):
            where = UNSET
        else:
            where = self.where

        voucher_no: None | str | Unset
        if isinstance(self.voucher_no, Unset):
            voucher_no = UNSET
        else:
            voucher_no = self.voucher_no

        paid_on: None | str | Unset
        if isinstance(self.paid_on, Unset):
            paid_on = UNSET
        elif isinstance(self.paid_on, datetime.date):
            paid_on = self.paid_on.isoformat()
        else:
            paid_on = self.paid_on

        received_on: None | str | Unset
        if isinstance(self.received_on, Unset):
            received_on = UNSET
        elif isinstance(self.received_on, datetime.date):
            received_on = self.received_on.isoformat()
        else:
            received_on = self.received_on

        awards: list[dict[str, Any]] | None | Unset
        if isinstance(self.awards, Unset):
            awards = UNSET
        elif isinstance(self.awards, list):
            awards = []
            for awards_type_0_item_data in self.awards:
                awards_type_0_item = awards_type_0_item_data.to_dict()
                awards.append(awards_type_0_item)


        else:
            awards = self.awards

        filter_: dict[str, Any] | None | Unset
        if isinstance(self.filter_, Unset):
            filter_ = UNSET
        elif isinstance(self.filter_, BatchRequestFilterType0):
            filter_ = self.filter_.to_dict()
        else:
            filter_ = self.filter_


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "action": action,
        })
        if amount is not UNSET:
            field_dict["amount"] = amount
        if reason is not UNSET:
            field_dict["reason"] = reason
        if documents is not UNSET:
            field_dict["documents"] = documents
        if ground is not UNSET:
            field_dict["ground"] = ground
        if from_ is not UNSET:
            field_dict["from"] = from_
        if until is not UNSET:
            field_dict["until"] = until
        if where is not UNSET:
            field_dict["where"] = where
        if voucher_no is not UNSET:
            field_dict["voucher_no"] = voucher_no
        if paid_on is not UNSET:
            field_dict["paid_on"] = paid_on
        if received_on is not UNSET:
            field_dict["received_on"] = received_on
        if awards is not UNSET:
            field_dict["awards"] = awards
        if filter_ is not UNSET:
            field_dict["filter"] = filter_

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.batch_award import BatchAward # noqa: PLC0415
        from ..models.batch_request_filter_type_0 import BatchRequestFilterType0 # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        action = BatchRequestAction(d.pop("action"))




        def _parse_amount(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))


        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))


        def _parse_documents(data: object) -> list[Document] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                documents_type_0 = []
                _documents_type_0 = data
                for documents_type_0_item_data in (_documents_type_0):
                    documents_type_0_item = Document.from_dict(documents_type_0_item_data)



                    documents_type_0.append(documents_type_0_item)

                return documents_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Document] | None | Unset, data)

        documents = _parse_documents(d.pop("documents", UNSET))


        def _parse_ground(data: object) -> BatchRequestGroundType1 | BatchRequestGroundType2Type1 | BatchRequestGroundType3Type1 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ground_type_1 = BatchRequestGroundType1(data)



                return ground_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ground_type_2_type_1 = BatchRequestGroundType2Type1(data)



                return ground_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ground_type_3_type_1 = BatchRequestGroundType3Type1(data)



                return ground_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BatchRequestGroundType1 | BatchRequestGroundType2Type1 | BatchRequestGroundType3Type1 | None | Unset, data)

        ground = _parse_ground(d.pop("ground", UNSET))


        def _parse_from_(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_type_0 = datetime.date.fromisoformat(data)



                return from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        from_ = _parse_from_(d.pop("from", UNSET))


        def _parse_until(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.date.fromisoformat(data)



                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        until = _parse_until(d.pop("until", UNSET))


        def _parse_where(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        where = _parse_where(d.pop("where", UNSET))


        def _parse_voucher_no(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        voucher_no = _parse_voucher_no(d.pop("voucher_no", UNSET))


        def _parse_paid_on(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                paid_on_type_0 = datetime.date.fromisoformat(data)



                return paid_on_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        paid_on = _parse_paid_on(d.pop("paid_on", UNSET))


        def _parse_received_on(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                received_on_type_0 = datetime.date.fromisoformat(data)



                return received_on_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        received_on = _parse_received_on(d.pop("received_on", UNSET))


        def _parse_awards(data: object) -> list[BatchAward] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                awards_type_0 = []
                _awards_type_0 = data
                for awards_type_0_item_data in (_awards_type_0):
                    awards_type_0_item = BatchAward.from_dict(awards_type_0_item_data)



                    awards_type_0.append(awards_type_0_item)

                return awards_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[BatchAward] | None | Unset, data)

        awards = _parse_awards(d.pop("awards", UNSET))


        def _parse_filter_(data: object) -> BatchRequestFilterType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filter_type_0 = BatchRequestFilterType0.from_dict(data)



                return filter_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BatchRequestFilterType0 | None | Unset, data)

        filter_ = _parse_filter_(d.pop("filter", UNSET))


        batch_request = cls(
            action=action,
            amount=amount,
            reason=reason,
            documents=documents,
            ground=ground,
            from_=from_,
            until=until,
            where=where,
            voucher_no=voucher_no,
            paid_on=paid_on,
            received_on=received_on,
            awards=awards,
            filter_=filter_,
        )

        return batch_request

