from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.extract_request_evidence_type_1 import ExtractRequestEvidenceType1
from ..models.extract_request_evidence_type_2_type_1 import ExtractRequestEvidenceType2Type1
from ..models.extract_request_evidence_type_3_type_1 import ExtractRequestEvidenceType3Type1
from ..types import UNSET, Unset
from typing import cast
import datetime






T = TypeVar("T", bound="ExtractRequest")



@_attrs_define
class ExtractRequest:
    

    from_: datetime.datetime | None | Unset = UNSET
    until: datetime.datetime | None | Unset = UNSET
    subjects: list[str] | None | Unset = UNSET
    exchange: None | str | Unset = UNSET
    rules: list[str] | None | Unset = UNSET
    as_of: datetime.datetime | None | Unset = UNSET
    since: int | None | Unset = UNSET
    evidence: ExtractRequestEvidenceType1 | ExtractRequestEvidenceType2Type1 | ExtractRequestEvidenceType3Type1 | None | Unset = UNSET
    workbooks: bool | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from_: None | str | Unset
        if isinstance(self.from_, Unset):
            from_ = UNSET
        elif isinstance(self.from_, datetime.datetime):
            from_ = self.from_.isoformat()
        else:
            from_ = self.from_

        until: None | str | Unset
        if isinstance(self.until, Unset):
            until = UNSET
        elif isinstance(self.until, datetime.datetime):
            until = self.until.isoformat()
        else:
            until = self.until

        subjects: list[str] | None | Unset
        if isinstance(self.subjects, Unset):
            subjects = UNSET
        elif isinstance(self.subjects, list):
            subjects = self.subjects


        else:
            subjects = self.subjects

        exchange: None | str | Unset
        if isinstance(self.exchange, Unset):
            exchange = UNSET
        else:
            exchange = self.exchange

        rules: list[str] | None | Unset
        if isinstance(self.rules, Unset):
            rules = UNSET
        elif isinstance(self.rules, list):
            rules = self.rules


        else:
            rules = self.rules

        as_of: None | str | Unset
        if isinstance(self.as_of, Unset):
            as_of = UNSET
        elif isinstance(self.as_of, datetime.datetime):
            as_of = self.as_of.isoformat()
        else:
            as_of = self.as_of

        since: int | None | Unset
        if isinstance(self.since, Unset):
            since = UNSET
        else:
            since = self.since

        evidence: None | str | Unset
        if isinstance(self.evidence, Unset):
            evidence = UNSET
        elif isinstance(self.evidence, ExtractRequestEvidenceType1):
            evidence = self.evidence.value
        elif isinstance(self.evidence, ExtractRequestEvidenceType2Type1):
            evidence = self.evidence.value
        elif isinstance(self.evidence, ExtractRequestEvidenceType3Type1):
            evidence = self.evidence.value
        else:
            evidence = self.evidence

        workbooks: bool | None | Unset
        if isinstance(self.workbooks, Unset):
            workbooks = UNSET
        else:
            workbooks = self.workbooks


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if from_ is not UNSET:
            field_dict["from"] = from_
        if until is not UNSET:
            field_dict["until"] = until
        if subjects is not UNSET:
            field_dict["subjects"] = subjects
        if exchange is not UNSET:
            field_dict["exchange"] = exchange
        if rules is not UNSET:
            field_dict["rules"] = rules
        if as_of is not UNSET:
            field_dict["as_of"] = as_of
        if since is not UNSET:
            field_dict["since"] = since
        if evidence is not UNSET:
            field_dict["evidence"] = evidence
        if workbooks is not UNSET:
            field_dict["workbooks"] = workbooks

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_from_(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_type_0 = datetime.datetime.fromisoformat(data)



                return from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        from_ = _parse_from_(d.pop("from", UNSET))


        def _parse_until(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.datetime.fromisoformat(data)



                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        until = _parse_until(d.pop("until", UNSET))


        def _parse_subjects(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                subjects_type_0 = cast(list[str], data)

                return subjects_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        subjects = _parse_subjects(d.pop("subjects", UNSET))


        def _parse_exchange(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        exchange = _parse_exchange(d.pop("exchange", UNSET))


        def _parse_rules(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                rules_type_0 = cast(list[str], data)

                return rules_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        rules = _parse_rules(d.pop("rules", UNSET))


        def _parse_as_of(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                as_of_type_0 = datetime.datetime.fromisoformat(data)



                return as_of_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        as_of = _parse_as_of(d.pop("as_of", UNSET))


        def _parse_since(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        since = _parse_since(d.pop("since", UNSET))


        def _parse_evidence(data: object) -> ExtractRequestEvidenceType1 | ExtractRequestEvidenceType2Type1 | ExtractRequestEvidenceType3Type1 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                evidence_type_1 = ExtractRequestEvidenceType1(data)



                return evidence_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                evidence_type_2_type_1 = ExtractRequestEvidenceType2Type1(data)



                return evidence_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                evidence_type_3_type_1 = ExtractRequestEvidenceType3Type1(data)



                return evidence_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExtractRequestEvidenceType1 | ExtractRequestEvidenceType2Type1 | ExtractRequestEvidenceType3Type1 | None | Unset, data)

        evidence = _parse_evidence(d.pop("evidence", UNSET))


        def _parse_workbooks(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        workbooks = _parse_workbooks(d.pop("workbooks", UNSET))


        extract_request = cls(
            from_=from_,
            until=until,
            subjects=subjects,
            exchange=exchange,
            rules=rules,
            as_of=as_of,
            since=since,
            evidence=evidence,
            workbooks=workbooks,
        )

        return extract_request

