from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.decision_page import DecisionPage
from ...models.list_decisions_count import ListDecisionsCount
from ...models.list_decisions_order import ListDecisionsOrder
from ...models.list_decisions_sort import ListDecisionsSort
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    award_id: str,
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListDecisionsSort | Unset = ListDecisionsSort.TRANSACTION,
    order: ListDecisionsOrder | Unset = ListDecisionsOrder.ASC,
    count: ListDecisionsCount | Unset = UNSET,
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
        "url": "/v1/awards/{award_id}/decisions".format(award_id=quote(str(award_id), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> DecisionPage | Problem:
    if response.status_code == 200:
        response_200 = DecisionPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[DecisionPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListDecisionsSort | Unset = ListDecisionsSort.TRANSACTION,
    order: ListDecisionsOrder | Unset = ListDecisionsOrder.ASC,
    count: ListDecisionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[DecisionPage | Problem]:
    """ List the steps taken with an award, by default in order; none if the award is only partly visible.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListDecisionsSort | Unset):  Default: ListDecisionsSort.TRANSACTION.
        order (ListDecisionsOrder | Unset):  Default: ListDecisionsOrder.ASC.
        count (ListDecisionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DecisionPage | Problem]
     """


    kwargs = _get_kwargs(
        award_id=award_id,
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
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListDecisionsSort | Unset = ListDecisionsSort.TRANSACTION,
    order: ListDecisionsOrder | Unset = ListDecisionsOrder.ASC,
    count: ListDecisionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> DecisionPage | Problem | None:
    """ List the steps taken with an award, by default in order; none if the award is only partly visible.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListDecisionsSort | Unset):  Default: ListDecisionsSort.TRANSACTION.
        order (ListDecisionsOrder | Unset):  Default: ListDecisionsOrder.ASC.
        count (ListDecisionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DecisionPage | Problem
     """


    return sync_detailed(
        award_id=award_id,
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
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListDecisionsSort | Unset = ListDecisionsSort.TRANSACTION,
    order: ListDecisionsOrder | Unset = ListDecisionsOrder.ASC,
    count: ListDecisionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[DecisionPage | Problem]:
    """ List the steps taken with an award, by default in order; none if the award is only partly visible.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListDecisionsSort | Unset):  Default: ListDecisionsSort.TRANSACTION.
        order (ListDecisionsOrder | Unset):  Default: ListDecisionsOrder.ASC.
        count (ListDecisionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DecisionPage | Problem]
     """


    kwargs = _get_kwargs(
        award_id=award_id,
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
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListDecisionsSort | Unset = ListDecisionsSort.TRANSACTION,
    order: ListDecisionsOrder | Unset = ListDecisionsOrder.ASC,
    count: ListDecisionsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> DecisionPage | Problem | None:
    """ List the steps taken with an award, by default in order; none if the award is only partly visible.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListDecisionsSort | Unset):  Default: ListDecisionsSort.TRANSACTION.
        order (ListDecisionsOrder | Unset):  Default: ListDecisionsOrder.ASC.
        count (ListDecisionsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DecisionPage | Problem
     """


    return (await asyncio_detailed(
        award_id=award_id,
client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
