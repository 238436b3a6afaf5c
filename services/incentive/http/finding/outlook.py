"""HTTP route of the course and forecast of an exchange's year."""

from marshmallow import fields

from services.incentive.domain.outlook.report import NO_FORECAST
from services.incentive.http.awards import found_or_404
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AheadSchema, TextsSchema, YearQuery
from services.incentive.queries.finding.outlook import load_exchange_outlook
from shared.values.json_types import Json
from shared.web.answers import amounts, answer, booleans, days, integers, lists, nested, texts
from shared.web.query import Blueprint

blueprint = Blueprint("outlook", __name__, description="年度推算 / outlook of a year")

EstimateSchema = answer("Estimate", amounts("amount", "low", "high"))
CrossingSchema = answer("Crossing", days("on", "earliest", "latest", null=True))
OutlookMonthSchema = answer(
    "OutlookMonth",
    days("until"),
    booleans("is_over"),
    amounts("total", "last_year"),
    nested(expected=EstimateSchema, null=True),
)
OutlookTierSchema = answer(
    "OutlookTier",
    amounts("over", "reward", "missing"),
    booleans("reached"),
    amounts("per_day", null=True),
    nested(expected=CrossingSchema, null=True),
)
ForecastErrorSchema = answer("ForecastError", integers("year"), texts("error"))
YearForecastSchema = answer(
    "YearForecast",
    amounts("amount", "low", "high"),
    texts("probability"),
    amounts("per_day"),
    days("from", "until"),
    texts("mean_error"),
    lists(errors=ForecastErrorSchema),
    integers("tried", "within"),
)
LastYearSchema = answer(
    "LastYear", integers("year"), days("on"), amounts("by_then"), booleans("is_estimate"), amounts("total")
)
NoForecastSchema = answer("NoForecast", texts("code", enum=tuple(NO_FORECAST)), nested(text=TextsSchema))
ExchangeOutlookSchema = answer(
    "ExchangeOutlook",
    texts("exchange", "name"),
    integers("year"),
    days("on"),
    integers("days_left"),
    amounts("total", "by_today"),
    {"ahead": fields.Nested(AheadSchema)},
    nested(last_year=LastYearSchema, null=True),
    lists(months=OutlookMonthSchema, tiers=OutlookTierSchema),
    nested(forecast=YearForecastSchema, why_not=NoForecastSchema, null=True),
)


@blueprint.operation(
    "GET /v1/exchanges/<exchange>/outlook",
    ExchangeOutlookSchema,
    query=YearQuery,
    operation_id="getOutlook",
)
def get_outlook(arguments: Json, exchange: str) -> Json:
    """Return the course of an exchange's year against the tiers, the year before, and a forecast with its range.

    `total` is as in the status, `ahead` the part dated after `on`, which the forecast leaves out. Estimates
    (`expected`, `forecast`) are rounded to 10,000 yuan and enter no ledger. `mean_error` is the error of the same
    forecast at the beginning of this month in past years; `within` of `tried` such forecasts at the beginning of any
    month had the total in their range. Where there is too little to go by, `forecast` is null and `why_not` says so.
    """
    with ledger_view(arguments.get("as_of")) as (connection, view):
        found = load_exchange_outlook(connection, view, exchange, arguments["year"])
    return found_or_404(found)
