from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.eligibility_request_kind_of_entity_type_1 import EligibilityRequestKindOfEntityType1
from ..models.eligibility_request_kind_of_entity_type_2_type_1 import EligibilityRequestKindOfEntityType2Type1
from ..models.eligibility_request_kind_of_entity_type_3_type_1 import EligibilityRequestKindOfEntityType3Type1
from ..models.eligibility_request_status import EligibilityRequestStatus
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.conditions import Conditions
  from ..models.document import Document





T = TypeVar("T", bound="EligibilityRequest")



@_attrs_define
class EligibilityRequest:
    

    from_: str
    """ 2026-03-01, or RFC 3339 """
    status: EligibilityRequestStatus
    criteria: Conditions
    until: None | str | Unset = UNSET
    """ 2026-03-01, or RFC 3339 """
    kind_of_entity: EligibilityRequestKindOfEntityType1 | EligibilityRequestKindOfEntityType2Type1 | EligibilityRequestKindOfEntityType3Type1 | None | Unset = UNSET
    reason: None | str | Unset = UNSET
    documents: list[Document] | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.conditions import Conditions # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        from_ = self.from_

        status = self.status.value

        criteria = self.criteria.to_dict()

        until: None | str | Unset
        if isinstance(self.until, Unset):
            until = UNSET
        else:
            until = self.until

        kind_of_entity: None | str | Unset
        if isinstance(self.kind_of_entity, Unset):
            kind_of_entity = UNSET
        elif isinstance(self.kind_of_entity, EligibilityRequestKindOfEntityType1):
            kind_of_entity = self.kind_of_entity.value
        elif isinstance(self.kind_of_entity, EligibilityRequestKindOfEntityType2Type1):
            kind_of_entity = self.kind_of_entity.value
        elif isinstance(self.kind_of_entity, EligibilityRequestKindOfEntityType3Type1):
            kind_of_entity = self.kind_of_entity.value
        else:
            kind_of_entity = self.kind_of_entity

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


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "from": from_,
            "status": status,
            "criteria": criteria,
        })
        if until is not UNSET:
            field_dict["until"] = until
        if kind_of_entity is not UNSET:
            field_dict["kind_of_entity"] = kind_of_entity
        if reason is not UNSET:
            field_dict["reason"] = reason
        if documents is not UNSET:
            field_dict["documents"] = documents

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.conditions import Conditions # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        from_ = d.pop("from")

        status = EligibilityRequestStatus(d.pop("status"))




        criteria = Conditions.from_dict(d.pop("criteria"))




        def _parse_until(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        until = _parse_until(d.pop("until", UNSET))


        def _parse_kind_of_entity(data: object) -> EligibilityRequestKindOfEntityType1 | EligibilityRequestKindOfEntityType2Type1 | EligibilityRequestKindOfEntityType3Type1 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_of_entity_type_1 = EligibilityRequestKindOfEntityType1(data)



                return kind_of_entity_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_of_entity_type_2_type_1 = EligibilityRequestKindOfEntityType2Type1(data)



                return kind_of_entity_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_of_entity_type_3_type_1 = EligibilityRequestKindOfEntityType3Type1(data)



                return kind_of_entity_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EligibilityRequestKindOfEntityType1 | EligibilityRequestKindOfEntityType2Type1 | EligibilityRequestKindOfEntityType3Type1 | None | Unset, data)

        kind_of_entity = _parse_kind_of_entity(d.pop("kind_of_entity", UNSET))


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


        eligibility_request = cls(
            from_=from_,
            status=status,
            criteria=criteria,
            until=until,
            kind_of_entity=kind_of_entity,
            reason=reason,
            documents=documents,
        )

        return eligibility_request

