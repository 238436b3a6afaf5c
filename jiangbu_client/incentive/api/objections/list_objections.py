from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_objections_count import ListObjectionsCount
from ...models.list_objections_order import ListObjectionsOrder
from ...models.list_objections_sort import ListObjectionsSort
from ...models.list_objections_state import ListObjectionsState
from ...models.objection_page import ObjectionPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    state: ListObjectionsState | Unset = UNSET,
    award_id: str | Unset = UNSET,
    sort: ListObjectionsSort | Unset = ListObjectionsSort.OBJECTION_ID,
    order: ListObjectionsOrder | Unset = ListObjectionsOrder.ASC,
    count: ListObjectionsCount | Unset = UNSET,
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

    params["award_id"] = award_id

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
        "url": "/v1/objections",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ObjectionPage | Problem:
    if response.status_code == 200:
        response_200 = ObjectionPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ObjectionPage | Problem]:
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
    state: ListObjectionsState | Unset = UNSET,
    award_id: str | Unset = UNSET,
    sort: ListObjectionsSort | Unset = ListObjectionsSort.OBJECTION_ID,
    order: ListObjectionsOrder | Unset = ListObjectionsOrder.ASC,
    count: ListObjectionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ObjectionPage | Problem]:
    """ List objections that were received without a key, by default in order of their id, which begins with
    the day.

     A hold of kind `objection` that names one registers it, and the release of that hold answers it.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListObjectionsState | Unset):
        award_id (str | Unset):
        sort (ListObjectionsSort | Unset):  Default: ListObjectionsSort.OBJECTION_ID.
        order (ListObjectionsOrder | Unset):  Default: ListObjectionsOrder.ASC.
        count (ListObjectionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ObjectionPage | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
limit=limit,
cursor=cursor,
state=state,
award_id=award_id,
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
    state: ListObjectionsState | Unset = UNSET,
    award_id: str | Unset = UNSET,
    sort: ListObjectionsSort | Unset = ListObjectionsSort.OBJECTION_ID,
    order: ListObjectionsOrder | Unset = ListObjectionsOrder.ASC,
    count: ListObjectionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ObjectionPage | Problem | None:
    """ List objections that were received without a key, by default in order of their id, which begins with
    the day.

     A hold of kind `objection` that names one registers it, and the release of that hold answers it.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListObjectionsState | Unset):
        award_id (str | Unset):
        sort (ListObjectionsSort | Unset):  Default: ListObjectionsSort.OBJECTION_ID.
        order (ListObjectionsOrder | Unset):  Default: ListObjectionsOrder.ASC.
        count (ListObjectionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ObjectionPage | Problem
     """


    return sync_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
state=state,
award_id=award_id,
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
    state: ListObjectionsState | Unset = UNSET,
    award_id: str | Unset = UNSET,
    sort: ListObjectionsSort | Unset = ListObjectionsSort.OBJECTION_ID,
    order: ListObjectionsOrder | Unset = ListObjectionsOrder.ASC,
    count: ListObjectionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ObjectionPage | Problem]:
    """ List objections that were received without a key, by default in order of their id, which begins with
    the day.

     A hold of kind `objection` that names one registers it, and the release of that hold answers it.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListObjectionsState | Unset):
        award_id (str | Unset):
        sort (ListObjectionsSort | Unset):  Default: ListObjectionsSort.OBJECTION_ID.
        order (ListObjectionsOrder | Unset):  Default: ListObjectionsOrder.ASC.
        count (ListObjectionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ObjectionPage | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
limit=limit,
cursor=cursor,
state=state,
award_id=award_id,
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
    state: ListObjectionsState | Unset = UNSET,
    award_id: str | Unset = UNSET,
    sort: ListObjectionsSort | Unset = ListObjectionsSort.OBJECTION_ID,
    order: ListObjectionsOrder | Unset = ListObjectionsOrder.ASC,
    count: ListObjectionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ObjectionPage | Problem | None:
    """ List objections that were received without a key, by default in order of their id, which begins with
    the day.

     A hold of kind `objection` that names one registers it, and the release of that hold answers it.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        state (ListObjectionsState | Unset):
        award_id (str | Unset):
        sort (ListObjectionsSort | Unset):  Default: ListObjectionsSort.OBJECTION_ID.
        order (ListObjectionsOrder | Unset):  Default: ListObjectionsOrder.ASC.
        count (ListObjectionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ObjectionPage | Problem
     """


    return (await asyncio_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
state=state,
award_id=award_id,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
