from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_readings_count import ListReadingsCount
from ...models.list_readings_order import ListReadingsOrder
from ...models.list_readings_sort import ListReadingsSort
from ...models.problem import Problem
from ...models.reading_page import ReadingPage
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListReadingsSort | Unset = ListReadingsSort.ID,
    order: ListReadingsOrder | Unset = ListReadingsOrder.ASC,
    count: ListReadingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

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
        "url": "/v1/readings",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | ReadingPage:
    if response.status_code == 200:
        response_200 = ReadingPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | ReadingPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListReadingsSort | Unset = ListReadingsSort.ID,
    order: ListReadingsOrder | Unset = ListReadingsOrder.ASC,
    count: ListReadingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | ReadingPage]:
    """ List the readings of the policy in force in code point order of `id`, with what each alternative
    would change.

     `years` are those in which the alternative alone would change what is payable, of the ledger as of
    `as_of`: awards
    and subjects that differ, and all that is payable of the year. `needs` says which data computing
    another one needs.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListReadingsSort | Unset):  Default: ListReadingsSort.ID.
        order (ListReadingsOrder | Unset):  Default: ListReadingsOrder.ASC.
        count (ListReadingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ReadingPage]
     """


    kwargs = _get_kwargs(
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
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListReadingsSort | Unset = ListReadingsSort.ID,
    order: ListReadingsOrder | Unset = ListReadingsOrder.ASC,
    count: ListReadingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | ReadingPage | None:
    """ List the readings of the policy in force in code point order of `id`, with what each alternative
    would change.

     `years` are those in which the alternative alone would change what is payable, of the ledger as of
    `as_of`: awards
    and subjects that differ, and all that is payable of the year. `needs` says which data computing
    another one needs.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListReadingsSort | Unset):  Default: ListReadingsSort.ID.
        order (ListReadingsOrder | Unset):  Default: ListReadingsOrder.ASC.
        count (ListReadingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ReadingPage
     """


    return sync_detailed(
        client=client,
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
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListReadingsSort | Unset = ListReadingsSort.ID,
    order: ListReadingsOrder | Unset = ListReadingsOrder.ASC,
    count: ListReadingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | ReadingPage]:
    """ List the readings of the policy in force in code point order of `id`, with what each alternative
    would change.

     `years` are those in which the alternative alone would change what is payable, of the ledger as of
    `as_of`: awards
    and subjects that differ, and all that is payable of the year. `needs` says which data computing
    another one needs.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListReadingsSort | Unset):  Default: ListReadingsSort.ID.
        order (ListReadingsOrder | Unset):  Default: ListReadingsOrder.ASC.
        count (ListReadingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ReadingPage]
     """


    kwargs = _get_kwargs(
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
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListReadingsSort | Unset = ListReadingsSort.ID,
    order: ListReadingsOrder | Unset = ListReadingsOrder.ASC,
    count: ListReadingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | ReadingPage | None:
    """ List the readings of the policy in force in code point order of `id`, with what each alternative
    would change.

     `years` are those in which the alternative alone would change what is payable, of the ledger as of
    `as_of`: awards
    and subjects that differ, and all that is payable of the year. `needs` says which data computing
    another one needs.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListReadingsSort | Unset):  Default: ListReadingsSort.ID.
        order (ListReadingsOrder | Unset):  Default: ListReadingsOrder.ASC.
        count (ListReadingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ReadingPage
     """


    return (await asyncio_detailed(
        client=client,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
