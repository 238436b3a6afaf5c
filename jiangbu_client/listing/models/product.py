from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.product_industry_type_1 import ProductIndustryType1
from ..models.product_industry_type_2_type_1 import ProductIndustryType2Type1
from ..models.product_industry_type_3_type_1 import ProductIndustryType3Type1
from ..models.product_kind import ProductKind
from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="Product")



@_attrs_define
class Product:
    

    no: str
    name: str
    kind: ProductKind
    industry: None | ProductIndustryType1 | ProductIndustryType2Type1 | ProductIndustryType3Type1 | Unset = UNSET
    """ 国民经济行业门类（GB/T 4754），null 表示未填写 / section of GB/T 4754, null if not stated """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        no = self.no

        name = self.name

        kind = self.kind.value

        industry: None | str | Unset
        if isinstance(self.industry, Unset):
            industry = UNSET
        elif isinstance(self.industry, ProductIndustryType1):
            industry = self.industry.value
        elif isinstance(self.industry, ProductIndustryType2Type1):
            industry = self.industry.value
        elif isinstance(self.industry, ProductIndustryType3Type1):
            industry = self.industry.value
        else:
            industry = self.industry


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "no": no,
            "name": name,
            "kind": kind,
        })
        if industry is not UNSET:
            field_dict["industry"] = industry

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        no = d.pop("no")

        name = d.pop("name")

        kind = ProductKind(d.pop("kind"))




        def _parse_industry(data: object) -> None | ProductIndustryType1 | ProductIndustryType2Type1 | ProductIndustryType3Type1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                industry_type_1 = ProductIndustryType1(data)



                return industry_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                industry_type_2_type_1 = ProductIndustryType2Type1(data)



                return industry_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                industry_type_3_type_1 = ProductIndustryType3Type1(data)



                return industry_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ProductIndustryType1 | ProductIndustryType2Type1 | ProductIndustryType3Type1 | Unset, data)

        industry = _parse_industry(d.pop("industry", UNSET))


        product = cls(
            no=no,
            name=name,
            kind=kind,
            industry=industry,
        )


        product.additional_properties = d
        return product

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
