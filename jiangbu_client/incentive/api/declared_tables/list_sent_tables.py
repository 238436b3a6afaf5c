from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_sent_tables_count import ListSentTablesCount
from ...models.list_sent_tables_order import ListSentTablesOrder
from ...models.list_sent_tables_sort import ListSentTablesSort
from ...models.list_sent_tables_state import ListSentTablesState
from ...models.problem import Problem
from ...models.sent_table_page import SentTablePage
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    state: ListSentTablesState | Unset = UNSET,
    sort: ListSentTablesSort | Unset = ListSentTablesSort.TRANSACTION,
    order: ListSentTablesOrder | Unset = ListSentTablesOrder.ASC,
    count: ListSentTablesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state.value

    params["state"] = json_state

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
        "url": "/v1/declared/tables",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | SentTablePage:
    if response.status_code == 200:
        response_200 = SentTablePage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | SentTablePage]:
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
    state: ListSentTablesState | Unset = UNSET,
    sort: ListSentTablesSort | Unset = ListSentTablesSort.TRANSACTION,
    order: ListSentTablesOrder | Unset = ListSentTablesOrder.ASC,
    count: ListSentTablesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | SentTablePage]:
    """ List the tables of declarations that needed another person, by default in the order in which they
    were sent.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListSentTablesState | Unset):
        sort (ListSentTablesSort | Unset):  Default: ListSentTablesSort.TRANSACTION.
        order (ListSentTablesOrder | Unset):  Default: ListSentTablesOrder.ASC.
        count (ListSentTablesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SentTablePage]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
state=state,
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
    state: ListSentTablesState | Unset = UNSET,
    sort: ListSentTablesSort | Unset = ListSentTablesSort.TRANSACTION,
    order: ListSentTablesOrder | Unset = ListSentTablesOrder.ASC,
    count: ListSentTablesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | SentTablePage | None:
    """ List the tables of declarations that needed another person, by default in the order in which they
    were sent.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListSentTablesState | Unset):
        sort (ListSentTablesSort | Unset):  Default: ListSentTablesSort.TRANSACTION.
        order (ListSentTablesOrder | Unset):  Default: ListSentTablesOrder.ASC.
        count (ListSentTablesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SentTablePage
     """


    return sync_detailed(
        client=client,
limit=limit,
cursor=cursor,
state=state,
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
    state: ListSentTablesState | Unset = UNSET,
    sort: ListSentTablesSort | Unset = ListSentTablesSort.TRANSACTION,
    order: ListSentTablesOrder | Unset = ListSentTablesOrder.ASC,
    count: ListSentTablesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | SentTablePage]:
    """ List the tables of declarations that needed another person, by default in the order in which they
    were sent.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListSentTablesState | Unset):
        sort (ListSentTablesSort | Unset):  Default: ListSentTablesSort.TRANSACTION.
        order (ListSentTablesOrder | Unset):  Default: ListSentTablesOrder.ASC.
        count (ListSentTablesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SentTablePage]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
state=state,
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
    state: ListSentTablesState | Unset = UNSET,
    sort: ListSentTablesSort | Unset = ListSentTablesSort.TRANSACTION,
    order: ListSentTablesOrder | Unset = ListSentTablesOrder.ASC,
    count: ListSentTablesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | SentTablePage | None:
    """ List the tables of declarations that needed another person, by default in the order in which they
    were sent.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListSentTablesState | Unset):
        sort (ListSentTablesSort | Unset):  Default: ListSentTablesSort.TRANSACTION.
        order (ListSentTablesOrder | Unset):  Default: ListSentTablesOrder.ASC.
        count (ListSentTablesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SentTablePage
     """


    return (await asyncio_detailed(
        client=client,
limit=limit,
cursor=cursor,
state=state,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
