from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_listings_count import ListListingsCount
from ...models.list_listings_order import ListListingsOrder
from ...models.list_listings_sort import ListListingsSort
from ...models.list_listings_status import ListListingsStatus
from ...models.listing_page import ListingPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    provider: str | Unset = UNSET,
    numbers: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    status: ListListingsStatus | Unset = UNSET,
    sort: ListListingsSort | Unset = ListListingsSort.EXCHANGE,
    order: ListListingsOrder | Unset = ListListingsOrder.ASC,
    count: ListListingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    params["exchange"] = exchange

    params["provider"] = provider

    params["numbers"] = numbers

    json_from_: str | Unset = UNSET
    if not isinstance(from_, Unset):
        json_from_ = from_.isoformat()
    params["from"] = json_from_

    json_until: str | Unset = UNSET
    if not isinstance(until, Unset):
        json_until = until.isoformat()
    params["until"] = json_until

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

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
        "url": "/v1/listings",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ListingPage | Problem:
    if response.status_code == 200:
        response_200 = ListingPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ListingPage | Problem]:
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
    exchange: str | Unset = UNSET,
    provider: str | Unset = UNSET,
    numbers: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    status: ListListingsStatus | Unset = UNSET,
    sort: ListListingsSort | Unset = ListListingsSort.EXCHANGE,
    order: ListListingsOrder | Unset = ListListingsOrder.ASC,
    count: ListListingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ListingPage | Problem]:
    """ Listings in their current revision, in order of exchange and number by default.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        provider (str | Unset):
        numbers (str | Unset):  Example: T2026-0001,T2026-0002.
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        status (ListListingsStatus | Unset):
        sort (ListListingsSort | Unset):  Default: ListListingsSort.EXCHANGE.
        order (ListListingsOrder | Unset):  Default: ListListingsOrder.ASC.
        count (ListListingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ListingPage | Problem]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
exchange=exchange,
provider=provider,
numbers=numbers,
from_=from_,
until=until,
status=status,
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
    exchange: str | Unset = UNSET,
    provider: str | Unset = UNSET,
    numbers: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    status: ListListingsStatus | Unset = UNSET,
    sort: ListListingsSort | Unset = ListListingsSort.EXCHANGE,
    order: ListListingsOrder | Unset = ListListingsOrder.ASC,
    count: ListListingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ListingPage | Problem | None:
    """ Listings in their current revision, in order of exchange and number by default.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        provider (str | Unset):
        numbers (str | Unset):  Example: T2026-0001,T2026-0002.
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        status (ListListingsStatus | Unset):
        sort (ListListingsSort | Unset):  Default: ListListingsSort.EXCHANGE.
        order (ListListingsOrder | Unset):  Default: ListListingsOrder.ASC.
        count (ListListingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ListingPage | Problem
     """


    return sync_detailed(
        client=client,
limit=limit,
cursor=cursor,
exchange=exchange,
provider=provider,
numbers=numbers,
from_=from_,
until=until,
status=status,
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
    exchange: str | Unset = UNSET,
    provider: str | Unset = UNSET,
    numbers: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    status: ListListingsStatus | Unset = UNSET,
    sort: ListListingsSort | Unset = ListListingsSort.EXCHANGE,
    order: ListListingsOrder | Unset = ListListingsOrder.ASC,
    count: ListListingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ListingPage | Problem]:
    """ Listings in their current revision, in order of exchange and number by default.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        provider (str | Unset):
        numbers (str | Unset):  Example: T2026-0001,T2026-0002.
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        status (ListListingsStatus | Unset):
        sort (ListListingsSort | Unset):  Default: ListListingsSort.EXCHANGE.
        order (ListListingsOrder | Unset):  Default: ListListingsOrder.ASC.
        count (ListListingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ListingPage | Problem]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
exchange=exchange,
provider=provider,
numbers=numbers,
from_=from_,
until=until,
status=status,
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
    exchange: str | Unset = UNSET,
    provider: str | Unset = UNSET,
    numbers: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    status: ListListingsStatus | Unset = UNSET,
    sort: ListListingsSort | Unset = ListListingsSort.EXCHANGE,
    order: ListListingsOrder | Unset = ListListingsOrder.ASC,
    count: ListListingsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ListingPage | Problem | None:
    """ Listings in their current revision, in order of exchange and number by default.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        provider (str | Unset):
        numbers (str | Unset):  Example: T2026-0001,T2026-0002.
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        status (ListListingsStatus | Unset):
        sort (ListListingsSort | Unset):  Default: ListListingsSort.EXCHANGE.
        order (ListListingsOrder | Unset):  Default: ListListingsOrder.ASC.
        count (ListListingsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ListingPage | Problem
     """


    return (await asyncio_detailed(
        client=client,
limit=limit,
cursor=cursor,
exchange=exchange,
provider=provider,
numbers=numbers,
from_=from_,
until=until,
status=status,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
