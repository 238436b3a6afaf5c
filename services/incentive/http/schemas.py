"""Query parameters and answers of the routes of awards, statuses, trades and the ledger."""

from functools import partial
from typing import ClassVar

from marshmallow import ValidationError, fields, validates_schema

from services.incentive.domain.explanations.why_not import CODES
from services.incentive.domain.holds import KINDS as HOLDS
from services.incentive.domain.risk_flags import FUTURE_DATED
from services.incentive.domain.workflow import STATES
from services.incentive.policy.schema import RISK_FLAGS
from services.incentive.queries.awards import FLAGS_FOR_ALL
from services.incentive.queries.readings import READING_FLAG
from shared.events.fields import Choice, Text
from shared.values.json_types import Json
from shared.values.parties import ID_SCHEMES
from shared.web.answers import Fields, amounts, answer, booleans, instants, integers, lists, nested, text_lists, texts
from shared.web.lists import page_schema
from shared.web.pagination import PageQuery
from shared.web.query import ExchangeParameter, QuerySchema, SubjectParameter, TimeParameter, WholeNumber
from shared.web.register.documents import CountedField, PlaceSchema

FLAGS = (*FLAGS_FOR_ALL, *RISK_FLAGS, FUTURE_DATED)
KINDS = ("entitlement", "approval", "payment", "revocation", "return", "recovery", "decision", "settings")
_STEPS = ("base", "refund", "rate", "cap", "rounding", "difference", "item", "limit", "grant", "suppression")


YearParameter = partial(WholeNumber, least=2000, most=2099)


class AsOfQuery(QuerySchema):
    """The instant that is asked about; now if none is given."""

    as_of = TimeParameter()


class FlagParameter(Text):
    """A flag, or `reading:` with the id of a reading on which the payable depends."""

    documented: ClassVar[Json] = {"anyOf": [{"enum": list(FLAGS)}, {"pattern": f"^{READING_FLAG}"}]}

    def parse(self, text: str) -> str:
        if text not in FLAGS and not text.startswith(READING_FLAG):
            known = (*FLAGS, f"{READING_FLAG}<id>")
            raise ValidationError(f"须为 {'、'.join(known)} 之一 / must be one of {', '.join(known)}")
        return text


class AwardQuery(PageQuery, AsOfQuery):
    subject = SubjectParameter()
    exchange = ExchangeParameter()
    rule = Text()
    year = YearParameter()
    state = Choice(STATES)
    flag = FlagParameter()
    hold = Choice(HOLDS)
    name = Text(max_length=200)

    @validates_schema
    def validate_reading(self, given: Json, **_: object) -> None:
        """Refuse a reading with an instant: the price list is computed in advance, as of now."""
        if given.get("as_of") is not None and given.get("flag", "").startswith(READING_FLAG):
            said = "不能与 as_of 同用：读法的影响只测算现在的 / not with as_of: readings are priced as of now"
            raise ValidationError(said, "flag")


class YearQuery(AsOfQuery):
    year = YearParameter(required=True)


class ExplanationQuery(YearQuery):
    """A rule, a subject and a year."""

    subject = SubjectParameter(required=True)
    rule = Text(required=True)


class TransactionQuery(PageQuery):
    """Filters of the list of transactions; `from` and `until` are half-open, on `posted_at`."""

    award_id = Text()
    kind = Choice(KINDS)
    subject = SubjectParameter()
    year = YearParameter()
    from_ = TimeParameter(data_key="from")
    until = TimeParameter()


class AsOfPageQuery(PageQuery, AsOfQuery):
    """A page of a list as of an instant; of balances the last posting's if none is given."""


PolicyRefSchema = answer("PolicyRef", texts("id"), integers("revision"))
SubjectSchema = answer("Subject", texts("id_scheme", enum=ID_SCHEMES), texts("id", "name"))
TextsSchema = answer("Texts", texts("zh", "en"))

_FACT_REF = (texts("fact"), integers("generation", "seq"))
FactRefSchema = answer("FactRef", *_FACT_REF)
EvidenceSchema = answer("Evidence", *_FACT_REF, text_lists("exchanges"))

AwardSchema = answer(
    "Award",
    texts("award_id", "rule", "article"),
    nested(policy=PolicyRefSchema, subject=SubjectSchema),
    texts("exchange", null=True),
    integers("year"),
    booleans("period_closed"),
    amounts("base", null=True),
    texts("rate", null=True),
    amounts("cap", "ceiling", "payable", null=True),
    texts("suppressed_by", null=True),
    amounts("approved", "paid", "returned", "recovered", null=True),
    texts("state", enum=STATES),
    texts("kind"),
    text_lists("readings", null=True),
    texts("eligibility"),
    text_lists("holds", "flags"),
    booleans("partial"),
    instants("updated_at"),
    lists(evidence=EvidenceSchema),
)
AwardPageSchema = page_schema("AwardPage", AwardSchema)

ReadingYearSchema = answer(
    "ReadingYear", integers("year", "awards", "subjects"), amounts("payable_before", "payable_after")
)
ReadingSchema = answer(
    "Reading",
    texts("id", "article"),
    texts("mark", enum=("T", "L", "J")),
    texts("reading"),
    nested(says=TextsSchema),
    nested(alternative=TextsSchema, null=True),
    booleans("computable"),
    nested(needs=TextsSchema, null=True),
    lists(years=ReadingYearSchema),
    instants("as_of", null=True),
)
ReadingPageSchema = page_schema("ReadingPage", ReadingSchema)

StepSchema = answer("Step", texts("step", enum=_STEPS), texts("value"), nested(text=TextsSchema))
_COUNTED = (texts("exchange"), amounts("amount"), integers("trades"))
CountedSchema = answer("Counted", *_COUNTED)
NotCountedSchema = answer("NotCounted", *_COUNTED, texts("reason"))
NextSchema = answer("Next", amounts("threshold", "missing"))
TradeNoSchema = answer("TradeNo", texts("exchange", "trade_no"))
RiskFlagSchema = answer(
    "RiskFlag",
    texts("sign"),
    nested(name=TextsSchema, text=TextsSchema),
    lists(evidence=FactRefSchema, trades=TradeNoSchema),
)
WhyNotSchema = answer("WhyNot", texts("code", enum=tuple(CODES)), nested(text=TextsSchema))
# `why_not` says why there is no award (`award_id` is null), or why one was taken away; else it is null.
ExplanationSchema = answer(
    "Explanation",
    texts("award_id", null=True),
    texts("article"),
    nested(text=TextsSchema),
    lists(steps=StepSchema, counted=CountedSchema, not_counted=NotCountedSchema),
    texts("suppressed_by", null=True),
    nested(next=NextSchema, null=True),
    {"transactions": fields.List(fields.Integer(), required=True)},
    lists(evidence=EvidenceSchema, signs=RiskFlagSchema),
    nested(why_not=WhyNotSchema, null=True),
    text_lists("readings", null=True),
)
ExplanationsSchema = answer("Explanations", lists(items=ExplanationSchema))

# Future-dated trades; the field is absent where there are none.
AheadSchema = answer("Ahead", amounts("amount"), integers("trades"))
_AHEAD: Fields = {"ahead": fields.Nested(AheadSchema)}
RuleStatusSchema = answer(
    "RuleStatus",
    texts("rule", "article"),
    amounts("measure", "threshold", "missing", null=True),
    texts("award", null=True),
    _AHEAD,
)
SubjectStatusSchema = answer(
    "SubjectStatus", texts("subject"), integers("year"), lists(rules=RuleStatusSchema, signs=RiskFlagSchema)
)
MonthSchema = answer("Month", texts("month"), amounts("amount"), integers("trades"))
# Sums by what was traded; null: of trades whose documents do not state it.
KindSumSchema = answer("KindSum", texts("kind", null=True), amounts("amount"), integers("trades"))
IndustrySumSchema = answer("IndustrySum", texts("industry", null=True), amounts("amount"), integers("trades"))
TierSchema = answer("Tier", amounts("over", "reward", "missing"), booleans("reached"))
ExchangeStatusSchema = answer(
    "ExchangeStatus",
    texts("exchange", "name"),
    amounts("total"),
    texts("operator", null=True),
    integers("year", "trades"),
    _AHEAD,
    lists(months=MonthSchema, by_kind=KindSumSchema, by_industry=IndustrySumSchema, tiers=TierSchema),
    text_lists("awards"),
)

EntrySchema = answer("Entry", texts("account"), amounts("debit", "credit"))
CauseSchema = answer("Cause", lists(facts=FactRefSchema), texts("text"))
DecisionRefSchema = answer("DecisionRef", texts("id", "sha256"))
SettledPolicySchema = answer("SettledPolicy", texts("id", "sha256"), integers("revision"))
SettledWhitelistSchema = answer("SettledWhitelist", texts("sha256"))
SettledSchema = answer(
    "Settled",
    nested(policy=SettledPolicySchema, whitelist=SettledWhitelistSchema),
    {"registers": fields.List(fields.String(), required=True, allow_none=True)},
)
TransactionSchema = answer(
    "Transaction",
    integers("seq"),
    instants("posted_at"),
    texts("kind", enum=KINDS),
    texts("award_id", "article", null=True),
    amounts("amount"),
    lists(entries=EntrySchema),
    nested(policy=PolicyRefSchema, cause=CauseSchema),
    nested(decision=DecisionRefSchema, null=True),
    # Only transactions of kind `settings` have it.
    {"settings": fields.Nested(SettledSchema)},
)
TransactionPageSchema = page_schema("TransactionPage", TransactionSchema)

BalanceSchema = answer("Balance", texts("account"), amounts("debit", "credit", "balance"))
BalancePageSchema = page_schema("BalancePage", BalanceSchema).from_dict(
    instants("as_of") | integers("size"), name="BalancePage"
)

# `counted` is null where the reader may not see the document that decides.
EffectFactSchema = answer(
    "EffectFact",
    *_FACT_REF,
    {"counted": CountedField(allow_none=True)},
    nested(document=PlaceSchema),
)
EffectSchema = answer(
    "Effect",
    integers("seq"),
    instants("posted_at"),
    texts("award_id"),
    amounts("amount"),
    lists(facts=EffectFactSchema),
)
TradeFactSchema = answer("TradeFact", texts("fact"), {"counted": CountedField(allow_none=True)})
EffectPageSchema = page_schema("EffectPage", EffectSchema).from_dict(
    texts("exchange", "trade_no") | lists(facts=TradeFactSchema), name="EffectPage"
)
