"""A year on one A4 page: exchanges, months, industries, kinds of products, rewards, states, budget, year before."""

from datetime import date
from typing import Final, Literal, NamedTuple

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
from shared.events.documents import NOT_STATED
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.values.times import day_start
from shared.web.keys import require

_NONE: Final = RuleSums(0, 0, 0)
_PLACES: Final = 5  # more would not fit on the page
_BUDGET: Final = ("budget", "payable", "approved", "paid")


class _Part(NamedTuple):
    """The trades of a kind of product or an industry (None: not stated), and the address of them."""

    value: str | None
    amount: str
    trades: int
    before: str
    percent: float
    address: str | None


class _Parts(NamedTuple):
    """All kinds or industries: the greatest, the others, which are one line on paper, and what is not stated."""

    greatest: list[_Part]
    others: list[_Part]
    not_stated: list[_Part]

    @property
    def rest(self) -> _Part:
        amount, before = (_sum(getattr(part, name) for part in self.others) for name in ("amount", "before"))
        return _Part(None, amount, sum(part.trades for part in self.others), before, 0, None)


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
        states = list_worklist(connection, view, year, current_actor()).states
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
        industries=_products(year, exchanges, "industry"),
        kinds=_products(year, exchanges, "kind"),
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


def _products(year: int, exchanges: list[Json], name: Literal["kind", "industry"]) -> _Parts:
    """The year's trades by kind or industry, over all exchanges."""
    sums: dict[str | None, tuple[int, int, int]] = {}
    for one in exchanges:
        for part in one[f"by_{name}"]:
            fen, trades, before_fen = sums.get(part[name], (0, 0, 0))
            sums[part[name]] = (fen + parse_yuan(part["amount"]), trades + part["trades"], before_fen)
        for part in one["before"][f"by_{name}"]:
            fen, trades, before_fen = sums.get(part[name], (0, 0, 0))
            sums[part[name]] = (fen, trades, before_fen + parse_yuan(part["amount"]))
    most_fen = max((fen for fen, _, _ in sums.values()), default=0) or 1
    argument = "product_kind" if name == "kind" else "industry"
    parts = [
        _Part(
            value,
            format_yuan(fen),
            trades,
            format_yuan(before_fen),
            round(100 * fen / most_fen, 1),
            _trades(year, None, **{argument: value or NOT_STATED}),
        )
        for value, (fen, trades, before_fen) in sums.items()
    ]
    named = [part for part in parts if part.value is not None]
    named.sort(key=lambda part: (-parse_yuan(part.amount), part.value))
    places = len(named) if len(named) <= _PLACES + 1 else _PLACES
    return _Parts(named[:places], named[places:], [part for part in parts if part.value is None])


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


def _trades(year: int, month: int | None = None, **filters: str) -> str | None:
    """The address of the trades that a figure counts; None with several registers, each of which lists its own."""
    if len(register_ids()) != 1:
        return None
    first = date(year, month or 1, 1)
    start, end = day_start(first), day_start(next_month(first) if month else date(year + 1, 1, 1))
    query: Json = {**filters, "in_total": "true", "from": start.isoformat(), "until": end.isoformat()}
    return url_for("pages.trades", **query)
