from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_transactions_count import ListTransactionsCount
from ...models.list_transactions_kind import ListTransactionsKind
from ...models.list_transactions_order import ListTransactionsOrder
from ...models.list_transactions_sort import ListTransactionsSort
from ...models.problem import Problem
from ...models.transaction_page import TransactionPage
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    award_id: str | Unset = UNSET,
    kind: ListTransactionsKind | Unset = UNSET,
    subject: str | Unset = UNSET,
    year: int | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    sort: ListTransactionsSort | Unset = ListTransactionsSort.SEQ,
    order: ListTransactionsOrder | Unset = ListTransactionsOrder.ASC,
    count: ListTransactionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    params["award_id"] = award_id

    json_kind: str | Unset = UNSET
    if not isinstance(kind, Unset):
        json_kind = kind.value

    params["kind"] = json_kind

    params["subject"] = subject

    params["year"] = year

    json_from_: str | Unset = UNSET
    if not isinstance(from_, Unset):
        json_from_ = from_.isoformat()
    params["from"] = json_from_

    json_until: str | Unset = UNSET
    if not isinstance(until, Unset):
        json_until = until.isoformat()
    params["until"] = json_until

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
        "url": "/v1/ledger/transactions",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | TransactionPage:
    if response.status_code == 200:
        response_200 = TransactionPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | TransactionPage]:
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
    award_id: str | Unset = UNSET,
    kind: ListTransactionsKind | Unset = UNSET,
    subject: str | Unset = UNSET,
    year: int | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    sort: ListTransactionsSort | Unset = ListTransactionsSort.SEQ,
    order: ListTransactionsOrder | Unset = ListTransactionsOrder.ASC,
    count: ListTransactionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | TransactionPage]:
    """ List transactions in order of `seq`, which is that of `posted_at` too.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        award_id (str | Unset):
        kind (ListTransactionsKind | Unset):
        subject (str | Unset):
        year (int | Unset):
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        sort (ListTransactionsSort | Unset):  Default: ListTransactionsSort.SEQ.
        order (ListTransactionsOrder | Unset):  Default: ListTransactionsOrder.ASC.
        count (ListTransactionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TransactionPage]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
award_id=award_id,
kind=kind,
subject=subject,
year=year,
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
    award_id: str | Unset = UNSET,
    kind: ListTransactionsKind | Unset = UNSET,
    subject: str | Unset = UNSET,
    year: int | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    sort: ListTransactionsSort | Unset = ListTransactionsSort.SEQ,
    order: ListTransactionsOrder | Unset = ListTransactionsOrder.ASC,
    count: ListTransactionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | TransactionPage | None:
    """ List transactions in order of `seq`, which is that of `posted_at` too.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        award_id (str | Unset):
        kind (ListTransactionsKind | Unset):
        subject (str | Unset):
        year (int | Unset):
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        sort (ListTransactionsSort | Unset):  Default: ListTransactionsSort.SEQ.
        order (ListTransactionsOrder | Unset):  Default: ListTransactionsOrder.ASC.
        count (ListTransactionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TransactionPage
     """


    return sync_detailed(
        client=client,
limit=limit,
cursor=cursor,
award_id=award_id,
kind=kind,
subject=subject,
year=year,
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
    award_id: str | Unset = UNSET,
    kind: ListTransactionsKind | Unset = UNSET,
    subject: str | Unset = UNSET,
    year: int | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    sort: ListTransactionsSort | Unset = ListTransactionsSort.SEQ,
    order: ListTransactionsOrder | Unset = ListTransactionsOrder.ASC,
    count: ListTransactionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | TransactionPage]:
    """ List transactions in order of `seq`, which is that of `posted_at` too.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        award_id (str | Unset):
        kind (ListTransactionsKind | Unset):
        subject (str | Unset):
        year (int | Unset):
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        sort (ListTransactionsSort | Unset):  Default: ListTransactionsSort.SEQ.
        order (ListTransactionsOrder | Unset):  Default: ListTransactionsOrder.ASC.
        count (ListTransactionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TransactionPage]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
award_id=award_id,
kind=kind,
subject=subject,
year=year,
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
    award_id: str | Unset = UNSET,
    kind: ListTransactionsKind | Unset = UNSET,
    subject: str | Unset = UNSET,
    year: int | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    until: datetime.datetime | Unset = UNSET,
    sort: ListTransactionsSort | Unset = ListTransactionsSort.SEQ,
    order: ListTransactionsOrder | Unset = ListTransactionsOrder.ASC,
    count: ListTransactionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | TransactionPage | None:
    """ List transactions in order of `seq`, which is that of `posted_at` too.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        award_id (str | Unset):
        kind (ListTransactionsKind | Unset):
        subject (str | Unset):
        year (int | Unset):
        from_ (datetime.datetime | Unset):
        until (datetime.datetime | Unset):
        sort (ListTransactionsSort | Unset):  Default: ListTransactionsSort.SEQ.
        order (ListTransactionsOrder | Unset):  Default: ListTransactionsOrder.ASC.
        count (ListTransactionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TransactionPage
     """


    return (await asyncio_detailed(
        client=client,
limit=limit,
cursor=cursor,
award_id=award_id,
kind=kind,
subject=subject,
year=year,
from_=from_,
until=until,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
