"""Shapes of what the bureau asks and is answered. `from` and `until` are instants, or days, which begin in Shanghai."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final, get_args

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.incentive.domain.clawbacks import ProposalState
from services.incentive.domain.holds import BY_HAND
from services.incentive.domain.workflow import ACTIONS, STATES
from services.incentive.http.schemas import AsOfQuery
from services.incentive.store.acts import RELATED, UNRELATED
from shared.events.documents import MAX_AMOUNT_FEN
from shared.events.fields import Choice, Text, Time, Yuan
from shared.values.times import day_start
from shared.web.pagination import PageQuery, page_schema
from shared.web.problems import ProblemSchema
from shared.web.query import DayParameter, QuerySchema, SubjectParameter, WholeNumber

PROPOSAL_STATES: Final[tuple[str, ...]] = get_args(ProposalState)
RELATED_STATUSES: Final = (RELATED, UNRELATED)
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_DOCUMENTS: Final = 100
_YEARS: Final = range(2000, 2100)
_WHOLE_MOST: Final = 2**53 - 1
_MOST_CRITERIA: Final = 100


class TimeOrDay(Time):
    """An instant; or a day, which is the instant at which it begins in Shanghai."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"description": "2026-03-01, or RFC 3339"}  # and no format, as it may be either

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # type: ignore[override]
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                return day_start(date.fromisoformat(value))
            except ValueError as error:
                raise ValidationError("没有这一天 / there is no such day") from error
        return super()._deserialize(value, attr, data, **kwargs)


class YearField(fields.Integer):
    """A calendar year in Shanghai, as a number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, metadata={"minimum": _YEARS.start, "maximum": _YEARS.stop - 1}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        del attr, data, kwargs
        if type(value) is not int or value not in _YEARS:
            raise ValidationError("须为 2000 至 2099 的整数 / must be a whole number 2000 to 2099")
        return value


class Criteria(fields.Field[dict[str, Any]]):
    """What was looked at, by name: each true or false, a text or a whole number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "object"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        del attr, data, kwargs
        if not isinstance(value, dict) or len(value) > _MOST_CRITERIA:
            raise ValidationError(f"须为至多 {_MOST_CRITERIA} 项的对象 / must be an object of at most {_MOST_CRITERIA}")
        text = Text(min_length=1, max_length=2000)
        return {str(text.deserialize(name)): self._judged(given, text) for name, given in value.items()}

    @staticmethod
    def _judged(given: Any, text: Text) -> bool | int | str:
        if isinstance(given, bool) or (type(given) is int and abs(given) <= _WHOLE_MOST):
            return given
        if isinstance(given, str):
            return text.deserialize(given)
        raise ValidationError("须为真假、文本或整数 / must be true, false, a text or a whole number")


class Digest(Text):
    """A SHA-256 in lower-case hex."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^{_SHA256.pattern}$"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _SHA256.fullmatch(text) is None:
            raise ValidationError("须为 64 位小写十六进制 / must be 64 lower-case hex digits")
        return text


class DocumentSchema(QuerySchema):
    """A document that somebody decided on: what it is called, and its hash."""

    name = Text(required=True, min_length=1, max_length=200)
    sha256 = Digest(required=True)


def _documents() -> fields.Field[Any]:
    return fields.List(fields.Nested(DocumentSchema), allow_none=True, metadata={"maxItems": _MOST_DOCUMENTS})


def _reason(**kwargs: Any) -> Text:
    return Text(min_length=1, max_length=2000, **kwargs)


class _BodySchema(QuerySchema):
    @validates_schema
    def _check_limits(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.get("documents") or ()) > _MOST_DOCUMENTS:
            raise ValidationError(f"最多 {_MOST_DOCUMENTS} 份 / at most {_MOST_DOCUMENTS}", "documents")
        start, end = data.get("from_"), data.get("until")
        if start is not None and end is not None and end <= start:
            raise ValidationError("须晚于 from / must be after from", "until")


class KeyHeader(Schema):
    """By which the same request may be sent again: it is answered as before."""

    key = fields.String(data_key="Idempotency-Key", metadata={"pattern": f"^{_KEY.pattern}$"})

    @validates_schema
    def _check_form(self, data: dict[str, Any], **_: Any) -> None:
        if "key" in data and _KEY.fullmatch(data["key"]) is None:
            said = "须为 1 至 200 个可见 ASCII 字符 / must be 1 to 200 visible ASCII characters"
            raise ValidationError(said, "Idempotency-Key")


class NeededKeyHeader(KeyHeader):
    """The same, without which no step is taken."""

    key = fields.String(
        data_key="Idempotency-Key",
        required=True,
        metadata={"pattern": f"^{_KEY.pattern}$"},
        error_messages={"required": "必须提供 / required"},
    )


class DecisionRequestSchema(_BodySchema):
    """A step with an award; each action takes what it needs, `reason` and `documents`, and nothing else."""

    action = Choice(tuple(ACTIONS), required=True)
    amount = Yuan(allow_none=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    reason = _reason(allow_none=True)
    documents = _documents()
    until = TimeOrDay(allow_none=True)
    voucher_no = Text(allow_none=True, min_length=1, max_length=128)
    paid_on = DayParameter(allow_none=True)

    _ALWAYS: ClassVar = {"action", "reason", "documents"}

    @validates_schema
    def _check_members(self, data: dict[str, Any], **_: Any) -> None:
        action = ACTIONS[data["action"]]
        given = {name for name, value in data.items() if value is not None}
        faults = {name: ["必须提供 / required"] for name in action.needs if name not in given}
        for name in sorted(given - {*self._ALWAYS, *action.needs, *action.takes}):
            faults[name] = [f"{action.name} 不用此成员 / {action.name} takes no such member"]
        if faults:
            raise ValidationError(faults)


class DecisionSchema(Schema):
    """A step that was taken; `transaction` is its number in the ledger, `subject` and `year` on whose account it is."""

    decision_id = fields.String(required=True)
    award_id = fields.String(required=True)
    action = fields.String(required=True, metadata={"enum": list(ACTIONS)})
    from_ = fields.String(required=True, data_key="from", attribute="from", metadata={"enum": list(STATES)})
    to = fields.String(required=True, metadata={"enum": list(STATES)})
    amount = fields.String(required=True)
    subject = fields.String(required=True)
    year = fields.Integer(required=True)
    by = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    reason = fields.String(required=True, allow_none=True)
    documents = fields.List(fields.Nested(DocumentSchema), required=True)
    until = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    voucher_no = fields.String(required=True, allow_none=True)
    paid_on = fields.String(required=True, allow_none=True, metadata={"format": "date"})
    transaction = fields.Integer(required=True)


DecisionPageSchema = page_schema("DecisionPage", DecisionSchema)


class WrongStepSchema(ProblemSchema):
    """A step that cannot be taken as things stand: `allowed` are those that this person can take now."""

    allowed = fields.List(fields.String(metadata={"enum": list(ACTIONS)}))


class ActsQuery(PageQuery, AsOfQuery):
    """A list of what persons did, in order of transactions."""


class _ActSchema(Schema):
    by = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    transaction = fields.Integer(required=True)


class _PeriodSchema(_ActSchema):
    from_ = fields.String(
        required=True, data_key="from", attribute="from", allow_none=True, metadata={"format": "date-time"}
    )
    until = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class HoldRequestSchema(_BodySchema):
    """A hold that a person puts on an award."""

    kind = Choice(BY_HAND, required=True)
    reason = _reason(required=True)


class HoldSchema(_ActSchema):
    """The same, as recorded; `id` is what the path of its release names."""

    id = fields.String(required=True, dump_only=True, attribute="hold_id")
    hold_id = fields.String(required=True)
    award_id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(BY_HAND)})
    reason = fields.String(required=True)


class ReleaseRequestSchema(_BodySchema):
    """Why a hold is let go of, or a suspension lifted."""

    reason = _reason(allow_none=True)


class ReleaseSchema(_ActSchema):
    """The same, as recorded; `hold_id` may be that of a suspension."""

    release_id = fields.String(required=True)
    hold_id = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)


class EligibilityRequestSchema(_BodySchema):
    """Whether a subject is eligible, for a time (G8)."""

    status = Choice(("verified", "failed"), required=True)
    from_ = TimeOrDay(data_key="from", allow_none=True)
    until = TimeOrDay(allow_none=True)
    kind_of_entity = Text(allow_none=True, min_length=1, max_length=200)
    criteria = Criteria(allow_none=True)
    documents = _documents()


class EligibilitySchema(_PeriodSchema):
    """The same, as recorded."""

    eligibility_id = fields.String(required=True)
    subject = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["verified", "failed"]})
    kind_of_entity = fields.String(required=True, allow_none=True)
    criteria = Criteria(required=True)
    documents = fields.List(fields.Nested(DocumentSchema), required=True)


class SuspensionRequestSchema(_BodySchema):
    """For awards earned within which period a rule is suspended (G9)."""

    from_ = TimeOrDay(data_key="from", required=True)
    until = TimeOrDay(allow_none=True)
    reason = _reason(required=True)


class SuspensionSchema(_PeriodSchema):
    """The same, as recorded; `id` is what the path of its release names, as of a hold."""

    id = fields.String(required=True, dump_only=True, attribute="suspension_id")
    suspension_id = fields.String(required=True)
    rule = fields.String(required=True)
    reason = fields.String(required=True)


class OtherGrantRequestSchema(_BodySchema):
    """What another municipal policy granted (G6). Of one name and year the last counts; "0.00": it was not granted."""

    name = Text(required=True, min_length=1, max_length=200)
    year = YearField(required=True)
    amount = Yuan(required=True, up_to_fen=MAX_AMOUNT_FEN)
    documents = _documents()


class OtherGrantSchema(_ActSchema):
    """The same, as recorded. An award that it suppresses has `other_grant/<other_grant_id>` as `suppressed_by`."""

    other_grant_id = fields.String(required=True)
    subject = fields.String(required=True)
    name = fields.String(required=True)
    year = fields.Integer(required=True)
    amount = fields.String(required=True)
    documents = fields.List(fields.Nested(DocumentSchema), required=True)


class HeldSchema(HoldSchema):
    """A hold, and when it was released (null: it holds)."""

    released_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class SuspendedSchema(SuspensionSchema):
    """A suspension, and when it was lifted (null: it was not)."""

    released_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


HoldPageSchema = page_schema("HoldPage", HeldSchema)
SuspensionPageSchema = page_schema("SuspensionPage", SuspendedSchema)
EligibilityPageSchema = page_schema("EligibilityPage", EligibilitySchema)
OtherGrantPageSchema = page_schema("OtherGrantPage", OtherGrantSchema)


class RelatedPartiesRequestSchema(_BodySchema):
    """Two subjects that are related parties (G10), or are no longer. Of two the last entry counts."""

    subjects = fields.List(SubjectParameter(), required=True, validate=validate.Length(equal=2))
    status = Choice(RELATED_STATUSES, required=True)
    reason = _reason(required=True)
    documents = _documents()

    @validates_schema
    def _check_two(self, data: dict[str, Any], **_: Any) -> None:
        if len(set(data["subjects"])) == 1:
            raise ValidationError({"subjects": ["须为两个主体 / must be two subjects"]})


class RelatedPartiesSchema(_ActSchema):
    """The same, as recorded; `subjects` in code point order."""

    related_party_id = fields.String(required=True)
    subjects = fields.List(fields.String(), required=True)
    status = fields.String(required=True, metadata={"enum": list(RELATED_STATUSES)})
    reason = fields.String(required=True)
    documents = fields.List(fields.Nested(DocumentSchema), required=True)


class RelatedPartiesQuery(PageQuery, AsOfQuery):
    """The list of related parties, in order of the transactions; of one subject, if it is given."""

    subject = SubjectParameter()


RelatedPartiesPageSchema = page_schema("RelatedPartiesPage", RelatedPartiesSchema)


class ClawbackQuery(PageQuery, AsOfQuery):
    """Which clawback proposals."""

    state = Choice(PROPOSAL_STATES)


class ClawbackSchema(Schema):
    """What was approved beyond what is payable: `amount` is to be returned, `returned` was, by `decisions`."""

    clawback_id = fields.String(required=True)
    award_id = fields.String(required=True)
    subject = fields.String(required=True)
    year = fields.Integer(required=True)
    amount = fields.String(required=True)
    returned = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(PROPOSAL_STATES)})
    opened_at = fields.String(required=True, metadata={"format": "date-time"})
    closed_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    decisions = fields.List(fields.String(), required=True)


ClawbackPageSchema = page_schema("ClawbackPage", ClawbackSchema)


class BudgetQuery(AsOfQuery):
    """Which year."""

    year = WholeNumber(least=2000, most=2099, required=True)


class PoolSchema(Schema):
    """What a year has for the rewards of an article."""

    article = fields.String(required=True)
    budget = fields.String(required=True)
    approved = fields.String(required=True)


class BudgetSchema(Schema):
    """How a year's budget stands."""

    year = fields.Integer(required=True)
    budget = fields.String(required=True)
    payable = fields.String(required=True)
    approved = fields.String(required=True)
    paid = fields.String(required=True)
    returned = fields.String(required=True)
    available = fields.String(required=True)
    exceeded = fields.Boolean(required=True)
    pools = fields.List(fields.Nested(PoolSchema), required=True)
