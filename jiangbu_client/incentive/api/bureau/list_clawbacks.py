from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.clawback_page import ClawbackPage
from ...models.list_clawbacks_count import ListClawbacksCount
from ...models.list_clawbacks_order import ListClawbacksOrder
from ...models.list_clawbacks_sort import ListClawbacksSort
from ...models.list_clawbacks_state import ListClawbacksState
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    state: ListClawbacksState | Unset = UNSET,
    sort: ListClawbacksSort | Unset = ListClawbacksSort.AWARD_ID,
    order: ListClawbacksOrder | Unset = ListClawbacksOrder.ASC,
    count: ListClawbacksCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

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
        "url": "/v1/clawbacks",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ClawbackPage | Problem:
    if response.status_code == 200:
        response_200 = ClawbackPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ClawbackPage | Problem]:
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
    state: ListClawbacksState | Unset = UNSET,
    sort: ListClawbacksSort | Unset = ListClawbacksSort.AWARD_ID,
    order: ListClawbacksOrder | Unset = ListClawbacksOrder.ASC,
    count: ListClawbacksCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ClawbackPage | Problem]:
    """ List clawback proposals in code point order of awards; open while something is to be revoked or
    returned.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListClawbacksState | Unset):
        sort (ListClawbacksSort | Unset):  Default: ListClawbacksSort.AWARD_ID.
        order (ListClawbacksOrder | Unset):  Default: ListClawbacksOrder.ASC.
        count (ListClawbacksCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ClawbackPage | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
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
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    state: ListClawbacksState | Unset = UNSET,
    sort: ListClawbacksSort | Unset = ListClawbacksSort.AWARD_ID,
    order: ListClawbacksOrder | Unset = ListClawbacksOrder.ASC,
    count: ListClawbacksCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ClawbackPage | Problem | None:
    """ List clawback proposals in code point order of awards; open while something is to be revoked or
    returned.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListClawbacksState | Unset):
        sort (ListClawbacksSort | Unset):  Default: ListClawbacksSort.AWARD_ID.
        order (ListClawbacksOrder | Unset):  Default: ListClawbacksOrder.ASC.
        count (ListClawbacksCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ClawbackPage | Problem
     """


    return sync_detailed(
        client=client,
as_of=as_of,
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
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    state: ListClawbacksState | Unset = UNSET,
    sort: ListClawbacksSort | Unset = ListClawbacksSort.AWARD_ID,
    order: ListClawbacksOrder | Unset = ListClawbacksOrder.ASC,
    count: ListClawbacksCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ClawbackPage | Problem]:
    """ List clawback proposals in code point order of awards; open while something is to be revoked or
    returned.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListClawbacksState | Unset):
        sort (ListClawbacksSort | Unset):  Default: ListClawbacksSort.AWARD_ID.
        order (ListClawbacksOrder | Unset):  Default: ListClawbacksOrder.ASC.
        count (ListClawbacksCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ClawbackPage | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
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
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    state: ListClawbacksState | Unset = UNSET,
    sort: ListClawbacksSort | Unset = ListClawbacksSort.AWARD_ID,
    order: ListClawbacksOrder | Unset = ListClawbacksOrder.ASC,
    count: ListClawbacksCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ClawbackPage | Problem | None:
    """ List clawback proposals in code point order of awards; open while something is to be revoked or
    returned.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListClawbacksState | Unset):
        sort (ListClawbacksSort | Unset):  Default: ListClawbacksSort.AWARD_ID.
        order (ListClawbacksOrder | Unset):  Default: ListClawbacksOrder.ASC.
        count (ListClawbacksCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ClawbackPage | Problem
     """


    return (await asyncio_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
state=state,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
