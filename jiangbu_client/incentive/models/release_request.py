from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.release_request_outcome_type_1 import ReleaseRequestOutcomeType1
from ..models.release_request_outcome_type_2_type_1 import ReleaseRequestOutcomeType2Type1
from ..models.release_request_outcome_type_3_type_1 import ReleaseRequestOutcomeType3Type1
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="ReleaseRequest")



@_attrs_define
class ReleaseRequest:
    

    reason: None | str | Unset = UNSET
    outcome: None | ReleaseRequestOutcomeType1 | ReleaseRequestOutcomeType2Type1 | ReleaseRequestOutcomeType3Type1 | Unset = UNSET
    documents: list[Document] | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        outcome: None | str | Unset
        if isinstance(self.outcome, Unset):
            outcome = UNSET
        elif isinstance(self.outcome, ReleaseRequestOutcomeType1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, ReleaseRequestOutcomeType2Type1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, ReleaseRequestOutcomeType3Type1):
            outcome = self.outcome.value
        else:
            outcome = self.outcome

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
        })
        if reason is not UNSET:
            field_dict["reason"] = reason
        if outcome is not UNSET:
            field_dict["outcome"] = outcome
        if documents is not UNSET:
            field_dict["documents"] = documents

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))


        def _parse_outcome(data: object) -> None | ReleaseRequestOutcomeType1 | ReleaseRequestOutcomeType2Type1 | ReleaseRequestOutcomeType3Type1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_1 = ReleaseRequestOutcomeType1(data)



                return outcome_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_2_type_1 = ReleaseRequestOutcomeType2Type1(data)



                return outcome_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_3_type_1 = ReleaseRequestOutcomeType3Type1(data)



                return outcome_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReleaseRequestOutcomeType1 | ReleaseRequestOutcomeType2Type1 | ReleaseRequestOutcomeType3Type1 | Unset, data)

        outcome = _parse_outcome(d.pop("outcome", UNSET))


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


        release_request = cls(
            reason=reason,
            outcome=outcome,
            documents=documents,
        )

        return release_request

