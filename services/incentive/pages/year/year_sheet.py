"""A year on one A4 page: exchanges, months, rewards, states, budget, and the year before."""

from datetime import date
from typing import Final, NamedTuple

from flask import url_for
from flask.typing import ResponseReturnValue

from services.incentive.domain.outlook.forecast import next_month
from services.incentive.http.context import current_actor
from services.incentive.http.register_reads import register_ids
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.pages.chart import Bar, BarChart, all_months, bar_chart
from services.incentive.queries.award_sums import RuleSums, sums_by_rule
from services.incentive.queries.budget import load_budget
from services.incentive.queries.status import load_exchange_status
from services.incentive.queries.worklist import list_worklist
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.values.times import day_start
from shared.web.keys import require

_NONE: Final = RuleSums(0, 0, 0)
_BUDGET: Final = ("budget", "payable", "approved", "paid")


class _Month(NamedTuple):
    """A month, its bars in this year and the year before, and the address of its trades."""

    now: Json
    before: Json
    bar: Bar
    bar_before: Bar
    address: str | None


@blueprint.get("/year")
@require("bureau", "auditor")
def year_sheet() -> ResponseReturnValue:
    """Show a year on one page, to print."""
    year = requested_year()
    with page_view() as (connection, view):
        ids = view.rulebook.exchanges.ids
        statuses = [load_exchange_status(connection, view, one, year) for one in ids]
        before = [load_exchange_status(connection, view, one, year - 1) for one in ids]
        sums, sums_before = (sums_by_rule(connection, view, one) for one in (year, year - 1))
        states = list_worklist(connection, view, year, current_actor())
        budget = load_budget(connection, view, year)
    policy = view.rulebook.policy
    exchanges = [
        {**now, "before": then, "address": _trades(year, exchange=now["exchange"])}
        for now, then in zip(statuses, before, strict=True)
        if now is not None and then is not None
    ]
    months, chart = _months(year, exchanges)
    amounts = {name: parse_yuan(budget[name]) for name in _BUDGET}
    longest = max(*amounts.values(), 1)
    return show(
        "views/year_sheet",
        year=year,
        exchanges=exchanges,
        trades=sum(one["trades"] for one in exchanges),
        trades_address=_trades(year),
        total=_sum(one["total"] for one in exchanges),
        total_before=_sum(one["before"]["total"] for one in exchanges),
        months=months,
        chart=chart,
        rules=[
            (terms, sums.get(terms.rule, _NONE), sums_before.get(terms.rule, _NONE))
            for terms in (*policy.rules, *policy.declared.rules)
            if terms in policy.rules or terms.rule in sums or terms.rule in sums_before
        ],
        awards=sum(one.awards for one in sums.values()),
        payable_before=format_yuan(sum(one.payable_fen for one in sums_before.values())),
        states=states,
        most=max(*(one.awards for one in states), 1),
        budget=budget,
        lengths={name: round(100 * fen / longest, 1) for name, fen in amounts.items()},
    )


def _months(year: int, exchanges: list[Json]) -> tuple[list[_Month], BarChart]:
    now = _monthly(year, [one["months"] for one in exchanges])
    before = _monthly(year - 1, [one["before"]["months"] for one in exchanges])
    pairs, pairs_before = (
        [(month["month"][5:], parse_yuan(month["amount"])) for month in months] for months in (now, before)
    )
    most_fen = max(amount for _, amount in (*pairs, *pairs_before))
    chart, chart_before = bar_chart(pairs, most_fen), bar_chart(pairs_before, most_fen)
    addresses = [_trades(year, number) for number in range(1, 13)]
    return list(map(_Month, now, before, chart.bars, chart_before.bars, addresses)), chart


def _monthly(year: int, of_exchanges: list[list[Json]]) -> list[Json]:
    """The months of a year over all exchanges."""
    columns = zip(*(all_months(year, months) for months in of_exchanges), strict=True)
    return [
        {
            "month": parts[0]["month"],
            "amount": _sum(one["amount"] for one in parts),
            "trades": sum(one["trades"] for one in parts),
        }
        for parts in columns
    ] or all_months(year, [])


def _sum(amounts: object) -> str:
    return format_yuan(sum(map(parse_yuan, amounts)))  # type: ignore[call-overload]


def _trades(year: int, month: int | None = None, exchange: str | None = None) -> str | None:
    """The address of the trades that a figure counts; None with several registers, each of which lists its own."""
    if len(register_ids()) != 1:
        return None
    first = date(year, month or 1, 1)
    start, end = day_start(first), day_start(next_month(first) if month else date(year + 1, 1, 1))
    query: Json = {"exchange": exchange, "in_total": "true", "from": start.isoformat(), "until": end.isoformat()}
    return url_for("pages.trades", **query)
