from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.counted import Counted
  from ..models.evidence import Evidence
  from ..models.next_ import Next
  from ..models.not_counted import NotCounted
  from ..models.risk_flag import RiskFlag
  from ..models.step import Step
  from ..models.texts import Texts
  from ..models.why_not import WhyNot





T = TypeVar("T", bound="Explanation")



@_attrs_define
class Explanation:
    

    award_id: None | str
    article: str
    text: Texts
    steps: list[Step]
    counted: list[Counted]
    not_counted: list[NotCounted]
    suppressed_by: None | str
    next_: Next | None
    transactions: list[int]
    evidence: list[Evidence]
    signs: list[RiskFlag]
    why_not: None | WhyNot
    readings: list[str] | None





    def to_dict(self) -> dict[str, Any]:
        from ..models.counted import Counted # noqa: PLC0415
        from ..models.evidence import Evidence # noqa: PLC0415
        from ..models.next_ import Next # noqa: PLC0415
        from ..models.not_counted import NotCounted # noqa: PLC0415
        from ..models.risk_flag import RiskFlag # noqa: PLC0415
        from ..models.step import Step # noqa: PLC0415
        from ..models.texts import Texts # noqa: PLC0415
        from ..models.why_not import WhyNot # noqa: PLC0415
        award_id: None | str
        award_id = self.award_id

        article = self.article

        text = self.text.to_dict()

        steps = []
        for steps_item_data in self.steps:
            steps_item = steps_item_data.to_dict()
            steps.append(steps_item)



        counted = []
        for counted_item_data in self.counted:
            counted_item = counted_item_data.to_dict()
            counted.append(counted_item)



        not_counted = []
        for not_counted_item_data in self.not_counted:
            not_counted_item = not_counted_item_data.to_dict()
            not_counted.append(not_counted_item)



        suppressed_by: None | str
        suppressed_by = self.suppressed_by

        next_: dict[str, Any] | None
        if isinstance(self.next_, Next):
            next_ = self.next_.to_dict()
        else:
            next_ = self.next_

        transactions = self.transactions



        evidence = []
        for evidence_item_data in self.evidence:
            evidence_item = evidence_item_data.to_dict()
            evidence.append(evidence_item)



        signs = []
        for signs_item_data in self.signs:
            signs_item = signs_item_data.to_dict()
            signs.append(signs_item)



        why_not: dict[str, Any] | None
        if isinstance(self.why_not, WhyNot):
            why_not = self.why_not.to_dict()
        else:
            why_not = self.why_not

        readings: list[str] | None
        if isinstance(self.readings, list):
            readings = self.readings


        else:
            readings = self.readings


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "award_id": award_id,
            "article": article,
            "text": text,
            "steps": steps,
            "counted": counted,
            "not_counted": not_counted,
            "suppressed_by": suppressed_by,
            "next": next_,
            "transactions": transactions,
            "evidence": evidence,
            "signs": signs,
            "why_not": why_not,
            "readings": readings,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.counted import Counted # noqa: PLC0415
        from ..models.evidence import Evidence # noqa: PLC0415
        from ..models.next_ import Next # noqa: PLC0415
        from ..models.not_counted import NotCounted # noqa: PLC0415
        from ..models.risk_flag import RiskFlag # noqa: PLC0415
        from ..models.step import Step # noqa: PLC0415
        from ..models.texts import Texts # noqa: PLC0415
        from ..models.why_not import WhyNot # noqa: PLC0415
        d = dict(src_dict)
        def _parse_award_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        award_id = _parse_award_id(d.pop("award_id"))


        article = d.pop("article")

        text = Texts.from_dict(d.pop("text"))




        steps = []
        _steps = d.pop("steps")
        for steps_item_data in (_steps):
            steps_item = Step.from_dict(steps_item_data)



            steps.append(steps_item)


        counted = []
        _counted = d.pop("counted")
        for counted_item_data in (_counted):
            counted_item = Counted.from_dict(counted_item_data)



            counted.append(counted_item)


        not_counted = []
        _not_counted = d.pop("not_counted")
        for not_counted_item_data in (_not_counted):
            not_counted_item = NotCounted.from_dict(not_counted_item_data)



            not_counted.append(not_counted_item)


        def _parse_suppressed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        suppressed_by = _parse_suppressed_by(d.pop("suppressed_by"))


        def _parse_next_(data: object) -> Next | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                next_type_0 = Next.from_dict(data)



                return next_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Next | None, data)

        next_ = _parse_next_(d.pop("next"))


        transactions = cast(list[int], d.pop("transactions"))


        evidence = []
        _evidence = d.pop("evidence")
        for evidence_item_data in (_evidence):
            evidence_item = Evidence.from_dict(evidence_item_data)



            evidence.append(evidence_item)


        signs = []
        _signs = d.pop("signs")
        for signs_item_data in (_signs):
            signs_item = RiskFlag.from_dict(signs_item_data)



            signs.append(signs_item)


        def _parse_why_not(data: object) -> None | WhyNot:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                why_not_type_0 = WhyNot.from_dict(data)



                return why_not_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WhyNot, data)

        why_not = _parse_why_not(d.pop("why_not"))


        def _parse_readings(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                readings_type_0 = cast(list[str], data)

                return readings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        readings = _parse_readings(d.pop("readings"))


        explanation = cls(
            award_id=award_id,
            article=article,
            text=text,
            steps=steps,
            counted=counted,
            not_counted=not_counted,
            suppressed_by=suppressed_by,
            next_=next_,
            transactions=transactions,
            evidence=evidence,
            signs=signs,
            why_not=why_not,
            readings=readings,
        )

        return explanation

