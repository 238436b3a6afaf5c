"""Bodies and answers of what the bureau does: decisions, holds, eligibility, suspensions, grants, declared rewards."""

import re
from collections.abc import Collection
from functools import partial
from typing import Any, ClassVar, Final, get_args

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.incentive.commands.batches import MOST_AWARDS
from services.incentive.domain.acts import RELATED, UNRELATED, YEAR_CLOSED, YEAR_OPEN
from services.incentive.domain.clawbacks import GROUNDS as PROPOSAL_GROUNDS
from services.incentive.domain.clawbacks import ProposalState
from services.incentive.domain.holds import BY_HAND, OUTCOMES
from services.incentive.domain.steps import ACTIONS, CODES
from services.incentive.domain.subjects.eligibility import CONDITIONS, KINDS_OF_ENTITY
from services.incentive.domain.workflow import GROUNDS, STATES
from services.incentive.http.fields import Digest, Flag, Measure, TimeOrDay, Words, Year, limited_list
from services.incentive.http.schemas import AsOfPageQuery, PolicyRefSchema, SubjectSchema, TextsSchema
from services.incentive.store.frozen.declared_tables import STATES as TABLE_STATES
from services.incentive.store.public.access_links import LINK_STATES
from shared.events.documents import MAX_AMOUNT_FEN
from shared.events.fields import Choice, Number, Text, Yuan
from shared.values.json_types import Json
from shared.web.answers import (
    Fields,
    amounts,
    answer,
    booleans,
    days,
    instants,
    integers,
    lists,
    nested,
    text_lists,
    texts,
)
from shared.web.lists import page_schema
from shared.web.pagination import PageQuery
from shared.web.problems import FieldFaultSchema, ProblemSchema
from shared.web.query import DayParameter, Parsed, QuerySchema, SubjectParameter

PROPOSAL_STATES: Final[tuple[str, ...]] = get_args(ProposalState)
RELATED_STATUSES: Final = (RELATED, UNRELATED)
YEAR_STATUSES: Final = (YEAR_CLOSED, YEAR_OPEN)
ELIGIBILITY_STATUSES: Final = ("verified", "failed")
MOST_DOCUMENTS: Final = 100
MOST_NAMED: Final = 100  # rules or awards of another grant
_ACCOUNT = re.compile(r"[0-9A-Za-z-]{5,64}")
_NEEDED: Final = "必须提供 / required"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class DocumentSchema(QuerySchema):
    name = Words(required=True, max_length=200)
    sha256 = Digest(required=True)


documents_list = partial(limited_list, fields.Nested(DocumentSchema), MOST_DOCUMENTS, "份")
_reason = partial(Words, max_length=2000)


def _parse_key(value: object) -> str:
    if _KEY.fullmatch(str(value)) is None:
        raise ValidationError("须为 1 至 200 个可见 ASCII 字符 / must be 1 to 200 visible ASCII characters")
    return str(value)


_IdempotencyKey = partial(
    Parsed, _parse_key, {"type": "string", "pattern": f"^{_KEY.pattern}$"}, data_key="Idempotency-Key"
)


class KeyHeader(QuerySchema):
    """The Idempotency-Key: a request that is sent again with the same key is answered as before."""

    key = _IdempotencyKey()


class RequiredKeyHeader(QuerySchema):
    """The Idempotency-Key where it is required, for decisions."""

    key = _IdempotencyKey(required=True)


# --- bodies ---


class DecisionFieldsSchema(QuerySchema):
    """The fields of a step."""

    action = Choice(tuple(ACTIONS), required=True)
    amount = Yuan(allow_none=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    reason = _reason(allow_none=True)
    documents = documents_list(allow_none=True)
    ground = Choice(GROUNDS, allow_none=True)
    from_ = DayParameter(data_key="from", allow_none=True)
    until = DayParameter(allow_none=True)
    where = Words(allow_none=True, max_length=200)
    voucher_no = Words(allow_none=True, max_length=128)
    paid_on = DayParameter(allow_none=True)
    received_on = DayParameter(allow_none=True)

    _ALWAYS: ClassVar = {"action", "reason", "documents", "awards", "filter"}

    def _check_taken(self, data: Json, own: Collection[str] = (), everywhere: Collection[str] = ()) -> None:
        """Check that all fields that the action needs are there, and no other; `own` are those of some awards."""
        action = ACTIONS[data["action"]]
        given = {name.rstrip("_") for name, value in data.items() if value is not None}
        faults = {
            name: ["必须提供 / required"] for name in action.needs if name not in given and name not in everywhere
        }
        for name in sorted((given | set(own)) - {*self._ALWAYS, *action.needs, *action.takes}):
            faults[name] = [f"{action.name} 不用此字段 / {action.name} does not take this field"]
        if faults:
            raise ValidationError(faults)


class DecisionRequestSchema(DecisionFieldsSchema):
    """A step with an award: `reason` and `documents`, and the fields that the action needs or takes."""

    @validates_schema
    def _check_fields(self, data: Json, **_: object) -> None:
        self._check_taken(data)


class BatchAwardSchema(QuerySchema):
    """An award of a batch, with the fields that are its own."""

    award_id = Text(required=True, min_length=1, max_length=400)
    amount = Yuan(allow_none=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    voucher_no = Words(allow_none=True, max_length=128)


class BatchRequestSchema(DecisionFieldsSchema):
    """One step with many awards: those listed, or those that the filters of the list find. Other fields are shared."""

    awards = limited_list(fields.Nested(BatchAwardSchema), MOST_AWARDS, "项", allow_none=True)
    filter = fields.Dict(keys=fields.String(), allow_none=True)

    @validates_schema
    def _check_awards(self, data: Json, **_: object) -> None:
        listed, filtered = data.get("awards"), data.get("filter")
        if (listed is None) == (filtered is None):
            raise ValidationError("须提供 awards 或 filter 之一 / give either awards or filter", "awards")
        if listed is not None and not listed:
            raise ValidationError("须至少一项 / must have at least one", "awards")
        named = [one["award_id"] for one in listed or ()]
        if len(set(named)) < len(named):
            raise ValidationError("奖补重复 / an award is named twice", "awards")
        own = {name for one in listed or () for name, value in one.items() if value is not None} - {"award_id"}
        everywhere = {name for name in own if all(one.get(name) is not None for one in listed or ())}
        self._check_taken(data, own, everywhere)


class PaymentRowSchema(QuerySchema):
    """A row of finance's table of payments."""

    award_id = Text(required=True, min_length=1, max_length=400)
    amount = Yuan(required=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    voucher_no = Words(required=True, max_length=128)
    paid_on = DayParameter(required=True)


class HoldRequestSchema(QuerySchema):
    """A hold. `by` is who objects and `received_on` when; `objection_id` names an objection received publicly."""

    kind = Choice(BY_HAND, required=True)
    reason = _reason(required=True)
    by = Words(allow_none=True, max_length=200)
    received_on = DayParameter(allow_none=True)
    documents = documents_list(allow_none=True)
    objection_id = Text(allow_none=True, min_length=1, max_length=64)


class ReleaseRequestSchema(QuerySchema):
    """The reason for releasing a hold or lifting a suspension; an objection needs the outcome, too."""

    reason = _reason(allow_none=True)
    outcome = Choice(OUTCOMES, allow_none=True)
    documents = documents_list(allow_none=True)


class _PeriodSchema(QuerySchema):
    from_ = TimeOrDay(data_key="from", allow_none=True)
    until = TimeOrDay(allow_none=True)

    @validates_schema
    def _check_order(self, data: Json, **_: object) -> None:
        start, end = data.get("from_"), data.get("until")
        if start is not None and end is not None and end <= start:
            raise ValidationError("须晚于 from / must be after from", "until")


class ConditionSchema(QuerySchema):
    """A condition of eligibility: met or not, and its basis."""

    met = Flag(required=True)
    basis = Words(allow_none=True, max_length=2000)


ConditionsSchema = QuerySchema.from_dict(
    {name: fields.Nested(ConditionSchema) for name in CONDITIONS}, name="ConditionsSchema"
)


class EligibilityRequestSchema(_PeriodSchema):
    """The result of checking whether a subject is eligible, for a period (G8).

    `verified` needs the kind of entity, all five conditions met with their basis, a document, `from` and `until`;
    `failed` a condition that is not met, from when, and a reason.
    """

    status = Choice(ELIGIBILITY_STATUSES, required=True)
    from_ = TimeOrDay(data_key="from", required=True)
    kind_of_entity = Choice(KINDS_OF_ENTITY, allow_none=True)
    criteria = fields.Nested(ConditionsSchema, required=True)
    reason = _reason(allow_none=True)
    documents = documents_list(allow_none=True)

    @validates_schema
    def _check_whole(self, data: Json, **_: object) -> None:
        criteria, faults = data["criteria"], dict[str, Any]()
        if data["status"] == "verified":
            faults |= {name: [_NEEDED] for name in ("kind_of_entity", "until", "documents") if not data.get(name)}
            unmet = {
                name: ["须符合并写明依据 / must be met, with its basis"]
                for name in CONDITIONS
                if not criteria.get(name, {}).get("met") or not criteria[name].get("basis")
            }
            faults |= {"criteria": unmet} if unmet else {}
        else:
            if not data.get("reason"):
                faults["reason"] = [_NEEDED]
            if all(one["met"] for one in criteria.values()):
                faults["criteria"] = ["须写明不符合的条件 / must name the condition that is not met"]
        if faults:
            raise ValidationError(faults)


class SuspensionRequestSchema(_PeriodSchema):
    """The period within which awards earned under a rule are suspended (G9)."""

    from_ = TimeOrDay(data_key="from", required=True)
    reason = _reason(required=True)


class OtherGrantRequestSchema(QuerySchema):
    """A grant under another municipal policy (G6).

    `rules` and `awards` are those for the same matter; a grant that names none deducts nothing.
    """

    name = Words(required=True, max_length=200)
    department = Words(required=True, max_length=200)
    document_no = Words(required=True, max_length=200)
    year = Year(required=True)
    amount = Yuan(required=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    granted_on = DayParameter(required=True)
    rules = limited_list(Text(min_length=1, max_length=200), MOST_NAMED, "项", allow_none=True)
    awards = limited_list(Text(min_length=1, max_length=400), MOST_NAMED, "项", allow_none=True)
    documents = documents_list(required=True)

    @validates_schema
    def _check_documents(self, data: Json, **_: object) -> None:
        if not data["documents"]:
            raise ValidationError("须附文件 / a document is needed", "documents")


class GrantWithdrawalRequestSchema(QuerySchema):
    """The reason for which the record of another grant is withdrawn."""

    reason = _reason(required=True)


class RelatedPartiesRequestSchema(QuerySchema):
    """Two subjects that are related parties (G10), or no longer are. The last entry of a pair counts."""

    subjects = fields.List(SubjectParameter(), required=True, validate=validate.Length(equal=2))
    status = Choice(RELATED_STATUSES, required=True)
    reason = _reason(required=True)
    documents = documents_list(allow_none=True)

    @validates_schema
    def _check_two(self, data: Json, **_: object) -> None:
        if len(set(data["subjects"])) == 1:
            raise ValidationError({"subjects": ["须为两个主体 / must be two subjects"]})


def _parse_account(value: object) -> str:
    found = str(Text().deserialize(value)).replace(" ", "")
    if _ACCOUNT.fullmatch(found) is None:
        raise ValidationError("须为 5 至 64 位数字、字母或短横 / must be 5 to 64 digits, letters or hyphens")
    return found


class AccountRequestSchema(QuerySchema):
    """A bank account of a subject; spaces in its number do not count."""

    bank = Words(required=True, max_length=200)
    account = Parsed(_parse_account, {"type": "string", "pattern": "^[0-9A-Za-z -]{5,128}$"}, required=True)
    name = Words(required=True, max_length=200)
    documents = documents_list(required=True)

    @validates_schema
    def _check_documents(self, data: Json, **_: object) -> None:
        if not data["documents"]:
            raise ValidationError("须附文件 / a document is needed", "documents")


class AccountConfirmationRequestSchema(QuerySchema):
    """Nothing: who confirms an account says so by the request alone."""


class AccessLinkRequestSchema(QuerySchema):
    """The last day on which a one-time link can be used; by default 30 days from today, at most 90."""

    until = DayParameter()


class AccessLinkRevocationRequestSchema(QuerySchema):
    """Why a one-time link is revoked."""

    reason = _reason(required=True)


class YearClosingRequestSchema(QuerySchema):
    """The reason for closing or reopening a year (G14), and its documents."""

    reason = _reason(required=True)
    documents = documents_list(allow_none=True)


# --- answers ---


# Null in acts of versions that kept the name alone.
_PERSON: Final[Fields] = {"person": fields.String(required=True, allow_none=True, dump_default=None)}


def _act(name: str, *groups: Fields) -> type[Schema]:
    return answer(name, *groups, texts("by"), _PERSON, instants("at"), integers("transaction"), base=Schema)


def _id_of(name: str) -> Fields:
    """The act's id under its own name, and as the `id` that the path of its release names."""
    return {"id": fields.String(required=True, dump_only=True, attribute=name)} | texts(name)


_DOCUMENTS: Final = lists(documents=DocumentSchema)
_PERIOD: Final = instants("from", "until", null=True)
_RELEASED: Final = instants("released_at", null=True)
# Absent from holds and releases that an earlier version recorded.
_PAPERS: Final[Fields] = {"documents": fields.List(fields.Nested(DocumentSchema), required=True, dump_default=[])}
_HOLD: Final[tuple[Fields, ...]] = (
    _id_of("hold_id"),
    texts("award_id", "reason"),
    texts("kind", enum=BY_HAND),
    {
        name: fields.String(required=True, allow_none=True, dump_default=None)
        for name in ("objected_by", "received_on", "objection_id")
    },
    _PAPERS,
)
_SUSPENSION: Final = (_id_of("suspension_id"), texts("rule", "reason"), _PERIOD)

NoticeSchema = answer("Notice", days("from", "until"), texts("where", null=True), base=Schema)
# The days that a notice was counted by.
CalendarSchema = answer("Calendar", days("end"), text_lists("days_off", "workdays", "unknown"), base=Schema)
PublishedSchema = answer(
    "Published",
    amounts("payable"),
    texts("subject", "rule"),
    texts("item", null=True),
    integers("year"),
    nested(policy=PolicyRefSchema),
    base=Schema,
)
# Fields that decisions of an earlier version lack are null. They alone have the instant at which a notice ended.
_LATER: Final[Fields] = {
    **{
        name: fields.String(required=True, allow_none=True, dump_default=None)
        for name in ("decided_on", "ground", "received_on", "statement", "batch_id", "notice_list", "account")
    },
    "notice": fields.Nested(NoticeSchema, required=True, allow_none=True, dump_default=None),
    "calendar": fields.Nested(CalendarSchema, required=True, allow_none=True, dump_default=None),
    "published": fields.Nested(PublishedSchema, required=True, allow_none=True, dump_default=None),
    "until": fields.String(allow_none=True, metadata={"format": "date-time"}),
}
DecisionSchema = _act(
    "Decision",
    texts("decision_id", "award_id"),
    amounts("amount"),
    texts("subject"),
    texts("action", enum=ACTIONS),
    texts("from", "to", enum=STATES),
    integers("year"),
    texts("reason", "voucher_no", null=True),
    _DOCUMENTS,
    days("paid_on", null=True),
    _LATER,
)
HoldSchema = _act("Hold", *_HOLD)
_OUTCOME: Final[Fields] = {
    "outcome": fields.String(required=True, allow_none=True, dump_default=None, metadata={"enum": [*OUTCOMES, None]})
}
HeldSchema = _act("Held", *_HOLD, _RELEASED, _OUTCOME, texts("answer", null=True))
ReleaseSchema = _act(
    "Release",
    texts("release_id", "hold_id"),
    texts("reason", null=True),
    _OUTCOME,
    _PAPERS,
)
EligibilitySchema = _act(
    "Eligibility",
    texts("eligibility_id", "subject"),
    texts("status", enum=ELIGIBILITY_STATUSES),
    texts("kind_of_entity", null=True),
    # Records of an earlier version have other criteria and no reason.
    {
        "criteria": fields.Dict(keys=fields.String(), required=True),
        "reason": fields.String(required=True, allow_none=True, dump_default=None),
    },
    _PERIOD,
    _DOCUMENTS,
)
SuspensionSchema = _act("Suspension", *_SUSPENSION)
SuspendedSchema = _act("Suspended", *_SUSPENSION, _RELEASED)
_OTHER_GRANT: Final[tuple[Fields, ...]] = (
    _id_of("other_grant_id"),
    texts("subject", "name"),
    amounts("amount"),
    integers("year"),
    # Absent from grants that an earlier version recorded.
    {
        name: fields.String(required=True, allow_none=True, dump_default=None)
        for name in ("department", "document_no", "granted_on")
    },
    {name: fields.List(fields.String(), required=True, dump_default=[]) for name in ("rules", "awards")},
    _DOCUMENTS,
)
OtherGrantSchema = _act("OtherGrant", *_OTHER_GRANT)
ListedGrantSchema = _act("ListedGrant", *_OTHER_GRANT, booleans("in_force"), instants("withdrawn_at", null=True))
GrantWithdrawalSchema = _act("GrantWithdrawal", texts("grant_withdrawal_id", "other_grant_id", "reason"))
RelatedPartiesSchema = _act(
    "RelatedParties",
    texts("related_party_id", "reason"),
    text_lists("subjects"),
    texts("status", enum=RELATED_STATUSES),
    _DOCUMENTS,
)
_ACCOUNT_FIELDS: Final = (
    _id_of("account_id"),
    texts("subject", "bank", "account", "account_sha256", "name"),
    _DOCUMENTS,
)
AccountSchema = _act("Account", *_ACCOUNT_FIELDS)
ListedAccountSchema = _act("ListedAccount", *_ACCOUNT_FIELDS, instants("confirmed_at", null=True), booleans("in_use"))
AccountConfirmationSchema = _act("AccountConfirmation", texts("account_confirmation_id", "account_id"))
AccountPageSchema = page_schema("AccountPage", ListedAccountSchema)
_ACCESS_LINK: Final = (_id_of("access_link_id"), texts("subject", "code_sha256"), instants("expires_at"))
AccessLinkSchema = _act("AccessLink", *_ACCESS_LINK, texts("code", "path", null=True))
ListedAccessLinkSchema = _act(
    "ListedAccessLink",
    *_ACCESS_LINK,
    texts("state", enum=LINK_STATES),
    instants("used_at", "revoked_at", null=True),
)
AccessLinkPageSchema = page_schema("AccessLinkPage", ListedAccessLinkSchema)
AccessLinkRevocationSchema = _act(
    "AccessLinkRevocation", texts("access_link_revocation_id", "access_link_id", "reason")
)
YearClosingSchema = _act(
    "YearClosing",
    texts("year_closing_id", "reason"),
    integers("year"),
    texts("status", enum=YEAR_STATUSES),
    _DOCUMENTS,
)
YearSchema = answer(
    "Year", integers("year"), booleans("closed"), days("closing_day"), lists(acts=YearClosingSchema), base=Schema
)
YearPageSchema = page_schema("YearPage", YearSchema)
ServiceSchema = _act(
    "Service",
    _id_of("service_id"),
    texts("statement", "award_id", "way", "to"),
    days("served_on"),
    _DOCUMENTS,
)
DecisionPageSchema = page_schema("DecisionPage", DecisionSchema)
HoldPageSchema = page_schema("HoldPage", HeldSchema)
SuspensionPageSchema = page_schema("SuspensionPage", SuspendedSchema)
EligibilityPageSchema = page_schema("EligibilityPage", EligibilitySchema)
OtherGrantPageSchema = page_schema("OtherGrantPage", ListedGrantSchema)
RelatedPartiesPageSchema = page_schema("RelatedPartiesPage", RelatedPartiesSchema)


WhySchema = answer(
    "Why", texts("action", enum=ACTIONS), texts("code", enum=CODES), nested(reason=TextsSchema), base=Schema
)


class WrongStepSchema(ProblemSchema):
    """A step that cannot be taken now.

    `allowed` are the steps that this person can take, and `why` says of each other one why not.
    """

    allowed = fields.List(fields.String(metadata={"enum": list(ACTIONS)}))
    why = fields.List(fields.Nested(WhySchema))


_BATCH: Final = (
    texts("batch_id"),
    amounts("amount"),
    texts("by", "person"),
    texts("action", enum=ACTIONS),
    integers("count"),
    instants("at"),
)
BatchSchema = answer("Batch", *_BATCH, base=Schema)
BatchPageSchema = page_schema("BatchPage", BatchSchema)
RefusedSchema = answer("Refused", texts("award_id"), lists(why=WhySchema), base=Schema)
BudgetChangeSchema = answer("BudgetChange", integers("year"), amounts("before", "after"), base=Schema)
BatchPreviewSchema = answer(
    "BatchPreview",
    integers("count"),
    amounts("amount"),
    lists(refused=RefusedSchema, budget=BudgetChangeSchema),
    text_lists("held", "suppressed", "over_approved"),
    base=Schema,
)
BatchDecisionsSchema = page_schema("BatchDecisions", DecisionSchema).from_dict(
    {name: field for fields_of_type in _BATCH for name, field in fields_of_type.items()}, name="BatchDecisions"
)


class RefusedBatchSchema(ProblemSchema):
    """A batch in which some awards cannot take the step, and why."""

    refused = fields.List(fields.Nested(RefusedSchema))


class RelatedPartiesQuery(AsOfPageQuery):
    subject = SubjectParameter()


# --- budget and clawbacks ---


class ClawbackQuery(AsOfPageQuery):
    state = Choice(PROPOSAL_STATES)


ClawbackSchema = answer(
    "Clawback",
    texts("id", "clawback_id", "award_id", "subject"),
    amounts("amount", "returned", "revoked"),
    integers("year"),
    texts("ground", enum=PROPOSAL_GROUNDS),
    texts("state", enum=PROPOSAL_STATES),
    instants("opened_at"),
    instants("closed_at", null=True),
    text_lists("decisions"),
    base=Schema,
)
ClawbackPageSchema = page_schema("ClawbackPage", ClawbackSchema)
PoolSchema = answer("Pool", texts("article"), amounts("budget", "approved"), base=Schema)
BudgetSchema = answer(
    "Budget",
    integers("year"),
    amounts("budget", "payable", "approved", "paid", "returned", "available"),
    booleans("exceeded"),
    text_lists("held"),
    lists(pools=PoolSchema),
    base=Schema,
)


# --- declared rewards ---


class DeclaredSchema(QuerySchema):
    """A declaration. `name` is the subject's where none is known; `withdrawn` takes an earlier one back.

    `assessed` is the amount that the bureau assessed, null as long as it has not; a document is needed.
    """

    rule = Text(required=True)
    subject = SubjectParameter(required=True)
    item = Number(required=True)
    earned_on = DayParameter(required=True)
    measure = Measure(allow_none=True)
    assessed_fen = Yuan(data_key="assessed", allow_none=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    documents = documents_list()
    name = Words(max_length=200)
    withdrawn = Flag()

    @validates_schema
    def _check_documents(self, data: Json, **_: object) -> None:
        if not data.get("withdrawn") and not data.get("documents"):
            raise ValidationError("须附文件 / a document is needed", "documents")


class DeclaredQuery(PageQuery):
    subject = SubjectParameter()
    rule = Text()


class TableQuery(QuerySchema):
    preview = Choice(("true", "false"))


DeclarationSchema = answer(
    "Declaration",
    texts("award_id", "rule", "item", "by", "fact"),
    texts("person", null=True),
    nested(subject=SubjectSchema),
    days("earned_on"),
    {"measure": fields.Dict(keys=fields.String(), values=fields.String(), required=True)},
    texts("assessed", null=True),
    lists(documents=DocumentSchema),
    booleans("withdrawn"),
    instants("at"),
    integers("seq"),
    base=Schema,
)
DeclarationPageSchema = page_schema("DeclarationPage", DeclarationSchema)

# Award and amounts of a faulty row are null.
RowSchema = answer(
    "Row",
    integers("line"),
    texts("award_id", null=True),
    amounts("ceiling", "payable", null=True),
    texts("suppressed_by", null=True),
    lists(errors=FieldFaultSchema),
    base=Schema,
)
_TABLE: Final[tuple[Fields, ...]] = (
    booleans("written", "needs_second_person"),
    integers("faulty"),
    amounts("ceiling", "payable", "added"),
    amounts("above", null=True),
    {"budget": fields.List(fields.Nested(BudgetChangeSchema), required=True, allow_none=True)},
    text_lists("held", "suppressed", "over_approved", null=True),
    lists(rows=RowSchema),
)
TableSchema = answer(
    "Table",
    *_TABLE,
    base=Schema,
)
_SENT_TABLE: Final = (
    _id_of("declared_table_id"),
    texts("state", enum=TABLE_STATES),
    texts("sha256"),
    amounts("added", "above"),
    integers("rows"),
    texts("ended_by", "ended_person", "reason", null=True),
    instants("ended_at", null=True),
)
ListedTableSchema = _act("ListedTable", *_SENT_TABLE)
SentTableSchema = _act("SentTable", *_SENT_TABLE, nested(previewed=TableSchema))
SentTablePageSchema = page_schema("SentTablePage", ListedTableSchema)
# `line` is null for a field of the whole table; the values are those of the preview.
TableChangeSchema = answer(
    "TableChange",
    integers("line", null=True),
    texts("field"),
    {name: fields.Raw(required=True, allow_none=True) for name in ("before", "after")},
    base=Schema,
)
ConfirmationPreviewSchema = answer("ConfirmationPreview", *_TABLE, lists(changed=TableChangeSchema), base=Schema)


class SentTablesQuery(PageQuery):
    """Filter of the tables of declarations that needed another person."""

    state = Choice(TABLE_STATES)


class DiscardRequestSchema(QuerySchema):
    """The reason for which no row of a table of declarations is declared."""

    reason = _reason(required=True)


EligibilityRowSchema = answer(
    "EligibilityRow", integers("line"), texts("subject"), lists(errors=FieldFaultSchema), base=Schema
)
EligibilityTableSchema = answer(
    "EligibilityTable",
    booleans("written"),
    integers("faulty"),
    lists(rows=EligibilityRowSchema),
    text_lists("held", "released", "not_eligible"),
    base=Schema,
)
