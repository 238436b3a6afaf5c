from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reading_mark import ReadingMark
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.reading_year import ReadingYear
  from ..models.texts import Texts





T = TypeVar("T", bound="Reading")



@_attrs_define
class Reading:
    

    id: str
    article: str
    mark: ReadingMark
    reading: str
    says: Texts
    alternative: None | Texts
    computable: bool
    needs: None | Texts
    years: list[ReadingYear]
    as_of: datetime.datetime | None





    def to_dict(self) -> dict[str, Any]:
        from ..models.reading_year import ReadingYear # noqa: PLC0415
        from ..models.texts import Texts # noqa: PLC0415
        id = self.id

        article = self.article

        mark = self.mark.value

        reading = self.reading

        says = self.says.to_dict()

        alternative: dict[str, Any] | None
        if isinstance(self.alternative, Texts):
            alternative = self.alternative.to_dict()
        else:
            alternative = self.alternative

        computable = self.computable

        needs: dict[str, Any] | None
        if isinstance(self.needs, Texts):
            needs = self.needs.to_dict()
        else:
            needs = self.needs

        years = []
        for years_item_data in self.years:
            years_item = years_item_data.to_dict()
            years.append(years_item)



        as_of: None | str
        if isinstance(self.as_of, datetime.datetime):
            as_of = self.as_of.isoformat()
        else:
            as_of = self.as_of


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "article": article,
            "mark": mark,
            "reading": reading,
            "says": says,
            "alternative": alternative,
            "computable": computable,
            "needs": needs,
            "years": years,
            "as_of": as_of,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reading_year import ReadingYear # noqa: PLC0415
        from ..models.texts import Texts # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        article = d.pop("article")

        mark = ReadingMark(d.pop("mark"))




        reading = d.pop("reading")

        says = Texts.from_dict(d.pop("says"))




        def _parse_alternative(data: object) -> None | Texts:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                alternative_type_0 = Texts.from_dict(data)



                return alternative_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Texts, data)

        alternative = _parse_alternative(d.pop("alternative"))


        computable = d.pop("computable")

        def _parse_needs(data: object) -> None | Texts:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                needs_type_0 = Texts.from_dict(data)



                return needs_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Texts, data)

        needs = _parse_needs(d.pop("needs"))


        years = []
        _years = d.pop("years")
        for years_item_data in (_years):
            years_item = ReadingYear.from_dict(years_item_data)



            years.append(years_item)


        def _parse_as_of(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                as_of_type_0 = datetime.datetime.fromisoformat(data)



                return as_of_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        as_of = _parse_as_of(d.pop("as_of"))


        reading = cls(
            id=id,
            article=article,
            mark=mark,
            reading=reading,
            says=says,
            alternative=alternative,
            computable=computable,
            needs=needs,
            years=years,
            as_of=as_of,
        )

        return reading

