"""Shapes of the incentive service's answers, and the parameters that it takes."""

from marshmallow import Schema, fields

from services.incentive.domain.workflow import STATES
from services.incentive.policy.section_risk_flags import RISK_FLAGS
from services.incentive.queries.serializers import FLAGS_FOR_ALL
from shared.events.fields import Choice, Text
from shared.values.parties import ID_SCHEMES
from shared.web.pagination import PageQuery, page_schema
from shared.web.query import ExchangeParameter, JsonSchema, QuerySchema, SubjectParameter, TimeParameter, WholeNumber
from shared.web.register.trade_fact_schemas import CountedField, PlaceSchema

FLAGS = (*FLAGS_FOR_ALL, *RISK_FLAGS)
KINDS = ("entitlement", "approval", "payment", "return", "decision")


class _Year(WholeNumber):
    """A calendar year in Shanghai."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(least=2000, most=2099, required=required)


class AsOfQuery(QuerySchema):
    """As of when; of now if not given."""

    as_of = TimeParameter()


class AwardQuery(PageQuery, AsOfQuery):
    """Filters of the list of awards."""

    subject = SubjectParameter()
    exchange = ExchangeParameter()
    rule = Text()
    year = _Year()
    state = Choice(STATES)
    flag = Choice(FLAGS)


class StatusQuery(AsOfQuery):
    """Which year is asked for."""

    year = _Year(required=True)


class TransactionQuery(PageQuery):
    """Filters of the list of transactions; `from` and `until` are half-open, on `posted_at`."""

    award_id = Text()
    kind = Choice(KINDS)
    subject = SubjectParameter()
    year = _Year()
    from_ = TimeParameter(data_key="from")
    until = TimeParameter()


class BalanceQuery(PageQuery, AsOfQuery):
    """A list of balances, of the last posting if `as_of` is not given."""


class PolicyRefSchema(Schema):
    """Which policy file, in which revision."""

    id = fields.String(required=True)
    revision = fields.Integer(required=True)


class SubjectSchema(Schema):
    """Who receives a reward."""

    id_scheme = fields.String(required=True, metadata={"enum": list(ID_SCHEMES)})
    id = fields.String(required=True)
    name = fields.String(required=True)


class FactRefSchema(Schema):
    """A fact, as of a state of its register."""

    fact = fields.String(required=True)
    generation = fields.Integer(required=True)
    seq = fields.Integer(required=True)


class EvidenceSchema(FactRefSchema):
    """The same, with the exchanges whose documents make up the amount."""

    exchanges = fields.List(fields.String(), required=True)


class AwardSchema(JsonSchema):
    """An award. Of one that is `partial`, amounts and `suppressed_by` are null and what is of others is left out."""

    award_id = fields.String(required=True)
    rule = fields.String(required=True)
    article = fields.String(required=True)
    policy = fields.Nested(PolicyRefSchema, required=True)
    subject = fields.Nested(SubjectSchema, required=True)
    exchange = fields.String(required=True, allow_none=True)
    year = fields.Integer(required=True)
    period_closed = fields.Boolean(required=True)
    base = fields.String(required=True, allow_none=True)
    rate = fields.String(required=True, allow_none=True)
    cap = fields.String(required=True, allow_none=True)
    ceiling = fields.String(required=True, allow_none=True)
    payable = fields.String(required=True, allow_none=True)
    suppressed_by = fields.String(required=True, allow_none=True)
    approved = fields.String(required=True, allow_none=True)
    paid = fields.String(required=True, allow_none=True)
    returned = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    eligibility = fields.String(required=True)
    holds = fields.List(fields.String(), required=True)
    flags = fields.List(fields.String(), required=True)
    partial = fields.Boolean(required=True)  # type: ignore[assignment]  # a member, no option of the schema
    updated_at = fields.String(required=True, metadata={"format": "date-time"})
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)


AwardPageSchema = page_schema("AwardPage", AwardSchema)


class TextsSchema(Schema):
    """The same in Chinese and in English."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class StepSchema(Schema):
    """A step of the calculation."""

    step = fields.String(
        required=True, metadata={"enum": ["base", "rate", "cap", "rounding", "difference", "suppression"]}
    )
    value = fields.String(required=True)
    text = fields.Nested(TextsSchema, required=True)


class CountedSchema(Schema):
    """What counted, by exchange."""

    exchange = fields.String(required=True)
    amount = fields.String(required=True)
    trades = fields.Integer(required=True)


class NotCountedSchema(CountedSchema):
    """What did not count, and why."""

    reason = fields.String(required=True)


class NextSchema(Schema):
    """The next threshold, and what is missing to it."""

    threshold = fields.String(required=True)
    missing = fields.String(required=True)


class TradeNoSchema(Schema):
    """A trade by its number."""

    exchange = fields.String(required=True)
    trade_no = fields.String(required=True)


class SignSchema(Schema):
    """What a person should look at (G10); told to those who see all."""

    sign = fields.String(required=True)
    name = fields.Nested(TextsSchema, required=True)
    text = fields.Nested(TextsSchema, required=True)
    evidence = fields.List(fields.Nested(FactRefSchema), required=True)
    trades = fields.List(fields.Nested(TradeNoSchema), required=True)


class ExplanationSchema(JsonSchema):
    """Why an award is what it is."""

    award_id = fields.String(required=True)
    article = fields.String(required=True)
    text = fields.Nested(TextsSchema, required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    counted = fields.List(fields.Nested(CountedSchema), required=True)
    not_counted = fields.List(fields.Nested(NotCountedSchema), required=True)
    suppressed_by = fields.String(required=True, allow_none=True)
    next = fields.Nested(NextSchema, required=True, allow_none=True)
    transactions = fields.List(fields.Integer(), required=True)
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)
    signs = fields.List(fields.Nested(SignSchema), required=True)


class RuleStatusSchema(Schema):
    """How a subject stands under one rule; what rests on what the reader may not see is null."""

    rule = fields.String(required=True)
    article = fields.String(required=True)
    measure = fields.String(required=True, allow_none=True)
    threshold = fields.String(required=True, allow_none=True)
    missing = fields.String(required=True, allow_none=True)
    award = fields.String(required=True, allow_none=True)


class SubjectStatusSchema(JsonSchema):
    """How a subject stands in a year; `signs` are those that no award of it carries."""

    subject = fields.String(required=True)
    year = fields.Integer(required=True)
    rules = fields.List(fields.Nested(RuleStatusSchema), required=True)
    signs = fields.List(fields.Nested(SignSchema), required=True)


class MonthSchema(Schema):
    """Completed trades of a month that count."""

    month = fields.String(required=True)
    amount = fields.String(required=True)
    trades = fields.Integer(required=True)


class TierSchema(Schema):
    """A tier, and whether the year's total is over it."""

    over = fields.String(required=True)
    reward = fields.String(required=True)
    reached = fields.Boolean(required=True)
    missing = fields.String(required=True)


class ExchangeStatusSchema(JsonSchema):
    """How an exchange stands in a year."""

    exchange = fields.String(required=True)
    name = fields.String(required=True)
    operator = fields.String(required=True, allow_none=True)
    year = fields.Integer(required=True)
    total = fields.String(required=True)
    trades = fields.Integer(required=True)
    months = fields.List(fields.Nested(MonthSchema), required=True)
    tiers = fields.List(fields.Nested(TierSchema), required=True)
    awards = fields.List(fields.String(), required=True)


class EntrySchema(Schema):
    """One side of a transaction."""

    account = fields.String(required=True)
    debit = fields.String(required=True)
    credit = fields.String(required=True)


class CauseSchema(Schema):
    """What a transaction was posted for."""

    facts = fields.List(fields.Nested(FactRefSchema), required=True)
    text = fields.String(required=True)


class DecisionRefSchema(Schema):
    """The decision that a transaction carries out."""

    id = fields.String(required=True)
    sha256 = fields.String(required=True)


class TransactionSchema(JsonSchema):
    """A posted transaction."""

    seq = fields.Integer(required=True)
    posted_at = fields.String(required=True, metadata={"format": "date-time"})
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    award_id = fields.String(required=True, allow_none=True)
    amount = fields.String(required=True)
    entries = fields.List(fields.Nested(EntrySchema), required=True)
    policy = fields.Nested(PolicyRefSchema, required=True)
    article = fields.String(required=True)
    cause = fields.Nested(CauseSchema, required=True)
    decision = fields.Nested(DecisionRefSchema, required=True, allow_none=True)


class EffectFactSchema(FactRefSchema):
    """A fact that a transaction names and that the trade was evidence of, and in which revision.

    `counted` is null where what decides is not the reader's to see.
    """

    counted = CountedField(required=True, allow_none=True)
    document = fields.Nested(PlaceSchema, required=True)


class EffectSchema(Schema):
    """A transaction that the trade took part in; `/v1/ledger/transactions` has all of it."""

    seq = fields.Integer(required=True)
    posted_at = fields.String(required=True, metadata={"format": "date-time"})
    award_id = fields.String(required=True)
    amount = fields.String(required=True)
    facts = fields.List(fields.Nested(EffectFactSchema), required=True)


class StandingSchema(Schema):
    """A fact that the trade is evidence of now; null where what decides is not the reader's to see."""

    fact = fields.String(required=True)
    counted = CountedField(required=True, allow_none=True)


class EffectPageSchema(page_schema("EffectPage", EffectSchema)):  # type: ignore[misc]  # a class made by a function
    """What became of a trade: how it stands in each fact now, and the transactions that it took part in."""

    exchange = fields.String(required=True)
    trade_no = fields.String(required=True)
    facts = fields.List(fields.Nested(StandingSchema), required=True)


TransactionPageSchema = page_schema("TransactionPage", TransactionSchema)


class BalanceSchema(Schema):
    """An account's sums; the balance is credit less debit."""

    account = fields.String(required=True)
    debit = fields.String(required=True)
    credit = fields.String(required=True)
    balance = fields.String(required=True)


class BalancePageSchema(JsonSchema):
    """Balances over the first `size` transactions."""

    as_of = fields.String(required=True, metadata={"format": "date-time"})
    size = fields.Integer(required=True)
    items = fields.List(fields.Nested(BalanceSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
