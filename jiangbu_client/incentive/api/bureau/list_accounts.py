from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.account_page import AccountPage
from ...models.list_accounts_count import ListAccountsCount
from ...models.list_accounts_order import ListAccountsOrder
from ...models.list_accounts_sort import ListAccountsSort
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    subject: str,
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListAccountsSort | Unset = ListAccountsSort.TRANSACTION,
    order: ListAccountsOrder | Unset = ListAccountsOrder.ASC,
    count: ListAccountsCount | Unset = UNSET,
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
        "url": "/v1/subjects/{subject}/accounts".format(subject=quote(str(subject), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AccountPage | Problem:
    if response.status_code == 200:
        response_200 = AccountPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AccountPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListAccountsSort | Unset = ListAccountsSort.TRANSACTION,
    order: ListAccountsOrder | Unset = ListAccountsOrder.ASC,
    count: ListAccountsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[AccountPage | Problem]:
    """ List the bank accounts of a subject; `in_use` is the one confirmed last.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListAccountsSort | Unset):  Default: ListAccountsSort.TRANSACTION.
        order (ListAccountsOrder | Unset):  Default: ListAccountsOrder.ASC.
        count (ListAccountsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccountPage | Problem]
     """


    kwargs = _get_kwargs(
        subject=subject,
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
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListAccountsSort | Unset = ListAccountsSort.TRANSACTION,
    order: ListAccountsOrder | Unset = ListAccountsOrder.ASC,
    count: ListAccountsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> AccountPage | Problem | None:
    """ List the bank accounts of a subject; `in_use` is the one confirmed last.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListAccountsSort | Unset):  Default: ListAccountsSort.TRANSACTION.
        order (ListAccountsOrder | Unset):  Default: ListAccountsOrder.ASC.
        count (ListAccountsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccountPage | Problem
     """


    return sync_detailed(
        subject=subject,
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
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListAccountsSort | Unset = ListAccountsSort.TRANSACTION,
    order: ListAccountsOrder | Unset = ListAccountsOrder.ASC,
    count: ListAccountsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[AccountPage | Problem]:
    """ List the bank accounts of a subject; `in_use` is the one confirmed last.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListAccountsSort | Unset):  Default: ListAccountsSort.TRANSACTION.
        order (ListAccountsOrder | Unset):  Default: ListAccountsOrder.ASC.
        count (ListAccountsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccountPage | Problem]
     """


    kwargs = _get_kwargs(
        subject=subject,
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
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListAccountsSort | Unset = ListAccountsSort.TRANSACTION,
    order: ListAccountsOrder | Unset = ListAccountsOrder.ASC,
    count: ListAccountsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> AccountPage | Problem | None:
    """ List the bank accounts of a subject; `in_use` is the one confirmed last.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListAccountsSort | Unset):  Default: ListAccountsSort.TRANSACTION.
        order (ListAccountsOrder | Unset):  Default: ListAccountsOrder.ASC.
        count (ListAccountsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccountPage | Problem
     """


    return (await asyncio_detailed(
        subject=subject,
client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
