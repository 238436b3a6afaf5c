from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.clawback_ground import ClawbackGround
from ..models.clawback_state import ClawbackState
from typing import cast
import datetime






T = TypeVar("T", bound="Clawback")



@_attrs_define
class Clawback:
    

    id: str
    clawback_id: str
    award_id: str
    subject: str
    amount: str
    """ 元 / yuan """
    returned: str
    """ 元 / yuan """
    revoked: str
    """ 元 / yuan """
    year: int
    ground: ClawbackGround
    state: ClawbackState
    opened_at: datetime.datetime
    closed_at: datetime.datetime | None
    decisions: list[str]





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        clawback_id = self.clawback_id

        award_id = self.award_id

        subject = self.subject

        amount = self.amount

        returned = self.returned

        revoked = self.revoked

        year = self.year

        ground = self.ground.value

        state = self.state.value

        opened_at = self.opened_at.isoformat()

        closed_at: None | str
        if isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        decisions = self.decisions




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "clawback_id": clawback_id,
            "award_id": award_id,
            "subject": subject,
            "amount": amount,
            "returned": returned,
            "revoked": revoked,
            "year": year,
            "ground": ground,
            "state": state,
            "opened_at": opened_at,
            "closed_at": closed_at,
            "decisions": decisions,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        clawback_id = d.pop("clawback_id")

        award_id = d.pop("award_id")

        subject = d.pop("subject")

        amount = d.pop("amount")

        returned = d.pop("returned")

        revoked = d.pop("revoked")

        year = d.pop("year")

        ground = ClawbackGround(d.pop("ground"))




        state = ClawbackState(d.pop("state"))




        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))




        def _parse_closed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_at_type_0 = datetime.datetime.fromisoformat(data)



                return closed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closed_at = _parse_closed_at(d.pop("closed_at"))


        decisions = cast(list[str], d.pop("decisions"))


        clawback = cls(
            id=id,
            clawback_id=clawback_id,
            award_id=award_id,
            subject=subject,
            amount=amount,
            returned=returned,
            revoked=revoked,
            year=year,
            ground=ground,
            state=state,
            opened_at=opened_at,
            closed_at=closed_at,
            decisions=decisions,
        )

        return clawback

