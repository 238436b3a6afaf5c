from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.partition import Partition





T = TypeVar("T", bound="Progress")



@_attrs_define
class Progress:
    

    lag: int
    outbox: int
    quarantined: int
    partitions: list[Partition]





    def to_dict(self) -> dict[str, Any]:
        from ..models.partition import Partition # noqa: PLC0415
        lag = self.lag

        outbox = self.outbox

        quarantined = self.quarantined

        partitions = []
        for partitions_item_data in self.partitions:
            partitions_item = partitions_item_data.to_dict()
            partitions.append(partitions_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "lag": lag,
            "outbox": outbox,
            "quarantined": quarantined,
            "partitions": partitions,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.partition import Partition # noqa: PLC0415
        d = dict(src_dict)
        lag = d.pop("lag")

        outbox = d.pop("outbox")

        quarantined = d.pop("quarantined")

        partitions = []
        _partitions = d.pop("partitions")
        for partitions_item_data in (_partitions):
            partitions_item = Partition.from_dict(partitions_item_data)



            partitions.append(partitions_item)


        progress = cls(
            lag=lag,
            outbox=outbox,
            quarantined=quarantined,
            partitions=partitions,
        )

        return progress

