from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.act_page import ActPage
from ...models.list_acts_count import ListActsCount
from ...models.list_acts_kind import ListActsKind
from ...models.list_acts_order import ListActsOrder
from ...models.list_acts_sort import ListActsSort
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    by: str | Unset = UNSET,
    kind: ListActsKind | Unset = UNSET,
    from_: str | Unset = UNSET,
    until: str | Unset = UNSET,
    sort: ListActsSort | Unset = ListActsSort.TRANSACTION,
    order: ListActsOrder | Unset = ListActsOrder.ASC,
    count: ListActsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    params["by"] = by

    json_kind: str | Unset = UNSET
    if not isinstance(kind, Unset):
        json_kind = kind.value

    params["kind"] = json_kind

    params["from"] = from_

    params["until"] = until

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
        "url": "/v1/acts",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ActPage | Problem:
    if response.status_code == 200:
        response_200 = ActPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ActPage | Problem]:
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
    by: str | Unset = UNSET,
    kind: ListActsKind | Unset = UNSET,
    from_: str | Unset = UNSET,
    until: str | Unset = UNSET,
    sort: ListActsSort | Unset = ListActsSort.TRANSACTION,
    order: ListActsOrder | Unset = ListActsOrder.ASC,
    count: ListActsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ActPage | Problem]:
    """ List who did what, when: decisions and other acts, declarations included, by default in order of
    transactions.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        by (str | Unset):
        kind (ListActsKind | Unset):
        from_ (str | Unset):
        until (str | Unset):
        sort (ListActsSort | Unset):  Default: ListActsSort.TRANSACTION.
        order (ListActsOrder | Unset):  Default: ListActsOrder.ASC.
        count (ListActsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPage | Problem]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
by=by,
kind=kind,
from_=from_,
until=until,
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
    by: str | Unset = UNSET,
    kind: ListActsKind | Unset = UNSET,
    from_: str | Unset = UNSET,
    until: str | Unset = UNSET,
    sort: ListActsSort | Unset = ListActsSort.TRANSACTION,
    order: ListActsOrder | Unset = ListActsOrder.ASC,
    count: ListActsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ActPage | Problem | None:
    """ List who did what, when: decisions and other acts, declarations included, by default in order of
    transactions.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        by (str | Unset):
        kind (ListActsKind | Unset):
        from_ (str | Unset):
        until (str | Unset):
        sort (ListActsSort | Unset):  Default: ListActsSort.TRANSACTION.
        order (ListActsOrder | Unset):  Default: ListActsOrder.ASC.
        count (ListActsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPage | Problem
     """


    return sync_detailed(
        client=client,
limit=limit,
cursor=cursor,
by=by,
kind=kind,
from_=from_,
until=until,
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
    by: str | Unset = UNSET,
    kind: ListActsKind | Unset = UNSET,
    from_: str | Unset = UNSET,
    until: str | Unset = UNSET,
    sort: ListActsSort | Unset = ListActsSort.TRANSACTION,
    order: ListActsOrder | Unset = ListActsOrder.ASC,
    count: ListActsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ActPage | Problem]:
    """ List who did what, when: decisions and other acts, declarations included, by default in order of
    transactions.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        by (str | Unset):
        kind (ListActsKind | Unset):
        from_ (str | Unset):
        until (str | Unset):
        sort (ListActsSort | Unset):  Default: ListActsSort.TRANSACTION.
        order (ListActsOrder | Unset):  Default: ListActsOrder.ASC.
        count (ListActsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPage | Problem]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
by=by,
kind=kind,
from_=from_,
until=until,
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
    by: str | Unset = UNSET,
    kind: ListActsKind | Unset = UNSET,
    from_: str | Unset = UNSET,
    until: str | Unset = UNSET,
    sort: ListActsSort | Unset = ListActsSort.TRANSACTION,
    order: ListActsOrder | Unset = ListActsOrder.ASC,
    count: ListActsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ActPage | Problem | None:
    """ List who did what, when: decisions and other acts, declarations included, by default in order of
    transactions.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        by (str | Unset):
        kind (ListActsKind | Unset):
        from_ (str | Unset):
        until (str | Unset):
        sort (ListActsSort | Unset):  Default: ListActsSort.TRANSACTION.
        order (ListActsOrder | Unset):  Default: ListActsOrder.ASC.
        count (ListActsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPage | Problem
     """


    return (await asyncio_detailed(
        client=client,
limit=limit,
cursor=cursor,
by=by,
kind=kind,
from_=from_,
until=until,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
