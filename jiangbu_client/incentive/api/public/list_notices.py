from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_notices_count import ListNoticesCount
from ...models.list_notices_order import ListNoticesOrder
from ...models.list_notices_sort import ListNoticesSort
from ...models.problem import Problem
from ...models.public_notice_page import PublicNoticePage
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListNoticesSort | Unset = ListNoticesSort.SHA256,
    order: ListNoticesOrder | Unset = ListNoticesOrder.ASC,
    count: ListNoticesCount | Unset = UNSET,
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
        "url": "/public/notices",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | PublicNoticePage:
    if response.status_code == 200:
        response_200 = PublicNoticePage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | PublicNoticePage]:
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
    sort: ListNoticesSort | Unset = ListNoticesSort.SHA256,
    order: ListNoticesOrder | Unset = ListNoticesOrder.ASC,
    count: ListNoticesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | PublicNoticePage]:
    """ List the public notices in force today, as they were posted, in order of their SHA-256.

     A page may hold fewer than `limit` notices although there are more: it ends early when they are
    long.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListNoticesSort | Unset):  Default: ListNoticesSort.SHA256.
        order (ListNoticesOrder | Unset):  Default: ListNoticesOrder.ASC.
        count (ListNoticesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | PublicNoticePage]
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
    sort: ListNoticesSort | Unset = ListNoticesSort.SHA256,
    order: ListNoticesOrder | Unset = ListNoticesOrder.ASC,
    count: ListNoticesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | PublicNoticePage | None:
    """ List the public notices in force today, as they were posted, in order of their SHA-256.

     A page may hold fewer than `limit` notices although there are more: it ends early when they are
    long.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListNoticesSort | Unset):  Default: ListNoticesSort.SHA256.
        order (ListNoticesOrder | Unset):  Default: ListNoticesOrder.ASC.
        count (ListNoticesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | PublicNoticePage
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
    sort: ListNoticesSort | Unset = ListNoticesSort.SHA256,
    order: ListNoticesOrder | Unset = ListNoticesOrder.ASC,
    count: ListNoticesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | PublicNoticePage]:
    """ List the public notices in force today, as they were posted, in order of their SHA-256.

     A page may hold fewer than `limit` notices although there are more: it ends early when they are
    long.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListNoticesSort | Unset):  Default: ListNoticesSort.SHA256.
        order (ListNoticesOrder | Unset):  Default: ListNoticesOrder.ASC.
        count (ListNoticesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | PublicNoticePage]
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
    sort: ListNoticesSort | Unset = ListNoticesSort.SHA256,
    order: ListNoticesOrder | Unset = ListNoticesOrder.ASC,
    count: ListNoticesCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | PublicNoticePage | None:
    """ List the public notices in force today, as they were posted, in order of their SHA-256.

     A page may hold fewer than `limit` notices although there are more: it ends early when they are
    long.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListNoticesSort | Unset):  Default: ListNoticesSort.SHA256.
        order (ListNoticesOrder | Unset):  Default: ListNoticesOrder.ASC.
        count (ListNoticesCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | PublicNoticePage
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
