from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_years_count import ListYearsCount
from ...models.list_years_order import ListYearsOrder
from ...models.list_years_sort import ListYearsSort
from ...models.problem import Problem
from ...models.year_page import YearPage
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListYearsSort | Unset = ListYearsSort.YEAR,
    order: ListYearsOrder | Unset = ListYearsOrder.ASC,
    count: ListYearsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

    params["limit"] = limit

    params["cursor"] = cursor

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    json_order: str | Unset = UNSET
    if not isinstance(order, Unset):
        json_order = order.value

    params["order"] = json_order

    json_count: str | Unset = UNSET
    if not isinstance(count, Unset):
        json_count = count.value

    params["count"] = json_count

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/years",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | YearPage:
    if response.status_code == 200:
        response_200 = YearPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | YearPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListYearsSort | Unset = ListYearsSort.YEAR,
    order: ListYearsOrder | Unset = ListYearsOrder.ASC,
    count: ListYearsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | YearPage]:
    """ List the years of the policy up to now, and others that an act closed or reopened; whether each is
    closed.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListYearsSort | Unset):  Default: ListYearsSort.YEAR.
        order (ListYearsOrder | Unset):  Default: ListYearsOrder.ASC.
        count (ListYearsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | YearPage]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListYearsSort | Unset = ListYearsSort.YEAR,
    order: ListYearsOrder | Unset = ListYearsOrder.ASC,
    count: ListYearsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | YearPage | None:
    """ List the years of the policy up to now, and others that an act closed or reopened; whether each is
    closed.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListYearsSort | Unset):  Default: ListYearsSort.YEAR.
        order (ListYearsOrder | Unset):  Default: ListYearsOrder.ASC.
        count (ListYearsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | YearPage
     """


    return sync_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListYearsSort | Unset = ListYearsSort.YEAR,
    order: ListYearsOrder | Unset = ListYearsOrder.ASC,
    count: ListYearsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | YearPage]:
    """ List the years of the policy up to now, and others that an act closed or reopened; whether each is
    closed.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListYearsSort | Unset):  Default: ListYearsSort.YEAR.
        order (ListYearsOrder | Unset):  Default: ListYearsOrder.ASC.
        count (ListYearsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | YearPage]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListYearsSort | Unset = ListYearsSort.YEAR,
    order: ListYearsOrder | Unset = ListYearsOrder.ASC,
    count: ListYearsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | YearPage | None:
    """ List the years of the policy up to now, and others that an act closed or reopened; whether each is
    closed.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListYearsSort | Unset):  Default: ListYearsSort.YEAR.
        order (ListYearsOrder | Unset):  Default: ListYearsOrder.ASC.
        count (ListYearsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | YearPage
     """


    return (await asyncio_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
