"""HTTP routes that close and reopen years (G14): totals of a year are held until it is closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.incentive.domain.acts import YEAR_CLOSED, YEAR_OPEN
from services.incentive.http import act_schemas as schemas
from services.incentive.http.acts import perform
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfPageQuery
from services.incentive.queries.years import list_years
from shared.postgres.sorted_rows import RowsInMemory, SortedRows, number_field
from shared.values.json_types import Json
from shared.web.lists import ItemList, list_operation
from shared.web.problems import Problem
from shared.web.query import Blueprint

blueprint = Blueprint("years", __name__, description="年度结账 / closing of years")


@blueprint.operation(
    "POST /v1/years/<year>/close",
    schemas.YearClosingSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    body=schemas.YearClosingRequestSchema,
    operation_id="closeYear",
)
def close_year(header: Json, given: Json, year: str) -> Json:
    """Close a year, before or after its closing day: totals of the year are held no longer. 409 if it is closed."""
    return record_closing(header, given, year, YEAR_CLOSED)


@blueprint.operation(
    "POST /v1/years/<year>/reopen",
    schemas.YearClosingSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    body=schemas.YearClosingRequestSchema,
    operation_id="reopenYear",
)
def reopen_year(header: Json, given: Json, year: str) -> Json:
    """Reopen a closed year until it is closed again, or its closing day passes. 409 if it is open."""
    return record_closing(header, given, year, YEAR_OPEN)


def record_closing(header: Json, given: Json, year: str, status: str) -> Json:
    """Close or reopen a year; Problem 404 if there is no such year."""
    if year not in map(str, range(2000, 2100)):
        raise Problem(404)
    return perform(header, year, {**given, "status": status}, "year_closing")


YEARS: Final = ItemList("years", schemas.YearPageSchema, {"year": (number_field("year"),)})


@list_operation(
    blueprint,
    "GET /v1/years",
    YEARS,
    query=AsOfPageQuery,
    operation_id="listYears",
)
@contextmanager
def get_years(arguments: Json) -> Iterator[SortedRows[Json]]:
    """List the years of the policy up to now, and others that an act closed or reopened; whether each is closed."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield RowsInMemory(list_years(connection, view), dict)
