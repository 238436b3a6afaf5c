from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.objection_outcome_type_1 import ObjectionOutcomeType1
from ..models.objection_outcome_type_2_type_1 import ObjectionOutcomeType2Type1
from ..models.objection_outcome_type_3_type_1 import ObjectionOutcomeType3Type1
from ..models.objection_state import ObjectionState
from typing import cast
import datetime






T = TypeVar("T", bound="Objection")



@_attrs_define
class Objection:
    

    objection_id: str
    award_id: str
    name: str
    contact: str
    reason: str
    state: ObjectionState
    hold_id: None | str
    release_id: None | str
    answer: None | str
    outcome: None | ObjectionOutcomeType1 | ObjectionOutcomeType2Type1 | ObjectionOutcomeType3Type1
    received_at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        objection_id = self.objection_id

        award_id = self.award_id

        name = self.name

        contact = self.contact

        reason = self.reason

        state = self.state.value

        hold_id: None | str
        hold_id = self.hold_id

        release_id: None | str
        release_id = self.release_id

        answer: None | str
        answer = self.answer

        outcome: None | str
        if isinstance(self.outcome, ObjectionOutcomeType1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, ObjectionOutcomeType2Type1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, ObjectionOutcomeType3Type1):
            outcome = self.outcome.value
        else:
            outcome = self.outcome

        received_at = self.received_at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "objection_id": objection_id,
            "award_id": award_id,
            "name": name,
            "contact": contact,
            "reason": reason,
            "state": state,
            "hold_id": hold_id,
            "release_id": release_id,
            "answer": answer,
            "outcome": outcome,
            "received_at": received_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        objection_id = d.pop("objection_id")

        award_id = d.pop("award_id")

        name = d.pop("name")

        contact = d.pop("contact")

        reason = d.pop("reason")

        state = ObjectionState(d.pop("state"))




        def _parse_hold_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        hold_id = _parse_hold_id(d.pop("hold_id"))


        def _parse_release_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        release_id = _parse_release_id(d.pop("release_id"))


        def _parse_answer(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        answer = _parse_answer(d.pop("answer"))


        def _parse_outcome(data: object) -> None | ObjectionOutcomeType1 | ObjectionOutcomeType2Type1 | ObjectionOutcomeType3Type1:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_1 = ObjectionOutcomeType1(data)



                return outcome_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_2_type_1 = ObjectionOutcomeType2Type1(data)



                return outcome_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_3_type_1 = ObjectionOutcomeType3Type1(data)



                return outcome_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ObjectionOutcomeType1 | ObjectionOutcomeType2Type1 | ObjectionOutcomeType3Type1, data)

        outcome = _parse_outcome(d.pop("outcome"))


        received_at = datetime.datetime.fromisoformat(d.pop("received_at"))




        objection = cls(
            objection_id=objection_id,
            award_id=award_id,
            name=name,
            contact=contact,
            reason=reason,
            state=state,
            hold_id=hold_id,
            release_id=release_id,
            answer=answer,
            outcome=outcome,
            received_at=received_at,
        )

        return objection

