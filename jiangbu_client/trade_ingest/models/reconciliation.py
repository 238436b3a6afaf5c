from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.reconciliation_refused import ReconciliationRefused





T = TypeVar("T", bound="Reconciliation")



@_attrs_define
class Reconciliation:
    

    exchange: str
    date: datetime.date
    received: int
    accepted: int
    duplicates: int
    refused: ReconciliationRefused
    cut: int
    amount: str





    def to_dict(self) -> dict[str, Any]:
        from ..models.reconciliation_refused import ReconciliationRefused # noqa: PLC0415
        exchange = self.exchange

        date = self.date.isoformat()

        received = self.received

        accepted = self.accepted

        duplicates = self.duplicates

        refused = self.refused.to_dict()

        cut = self.cut

        amount = self.amount


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "exchange": exchange,
            "date": date,
            "received": received,
            "accepted": accepted,
            "duplicates": duplicates,
            "refused": refused,
            "cut": cut,
            "amount": amount,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reconciliation_refused import ReconciliationRefused # noqa: PLC0415
        d = dict(src_dict)
        exchange = d.pop("exchange")

        date = datetime.date.fromisoformat(d.pop("date"))




        received = d.pop("received")

        accepted = d.pop("accepted")

        duplicates = d.pop("duplicates")

        refused = ReconciliationRefused.from_dict(d.pop("refused"))




        cut = d.pop("cut")

        amount = d.pop("amount")

        reconciliation = cls(
            exchange=exchange,
            date=date,
            received=received,
            accepted=accepted,
            duplicates=duplicates,
            refused=refused,
            cut=cut,
            amount=amount,
        )

        return reconciliation

