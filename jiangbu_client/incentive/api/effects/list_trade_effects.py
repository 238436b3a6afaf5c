from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.effect_page import EffectPage
from ...models.list_trade_effects_count import ListTradeEffectsCount
from ...models.list_trade_effects_order import ListTradeEffectsOrder
from ...models.list_trade_effects_sort import ListTradeEffectsSort
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    exchange: str,
    no: str,
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListTradeEffectsSort | Unset = ListTradeEffectsSort.SEQ,
    order: ListTradeEffectsOrder | Unset = ListTradeEffectsOrder.ASC,
    count: ListTradeEffectsCount | Unset = UNSET,
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
        "url": "/v1/trades/{exchange}/{no}/effects".format(exchange=quote(str(exchange), safe=""),no=quote(str(no), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> EffectPage | Problem:
    if response.status_code == 200:
        response_200 = EffectPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[EffectPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    exchange: str,
    no: str,
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListTradeEffectsSort | Unset = ListTradeEffectsSort.SEQ,
    order: ListTradeEffectsOrder | Unset = ListTradeEffectsOrder.ASC,
    count: ListTradeEffectsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[EffectPage | Problem]:
    """ List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade
    as evidence.

     `facts` reports whether the trade counts now, and if not, why. 503 while the register does not
    answer.

    Args:
        exchange (str):
        no (str):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListTradeEffectsSort | Unset):  Default: ListTradeEffectsSort.SEQ.
        order (ListTradeEffectsOrder | Unset):  Default: ListTradeEffectsOrder.ASC.
        count (ListTradeEffectsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EffectPage | Problem]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
no=no,
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
    exchange: str,
    no: str,
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListTradeEffectsSort | Unset = ListTradeEffectsSort.SEQ,
    order: ListTradeEffectsOrder | Unset = ListTradeEffectsOrder.ASC,
    count: ListTradeEffectsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> EffectPage | Problem | None:
    """ List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade
    as evidence.

     `facts` reports whether the trade counts now, and if not, why. 503 while the register does not
    answer.

    Args:
        exchange (str):
        no (str):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListTradeEffectsSort | Unset):  Default: ListTradeEffectsSort.SEQ.
        order (ListTradeEffectsOrder | Unset):  Default: ListTradeEffectsOrder.ASC.
        count (ListTradeEffectsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EffectPage | Problem
     """


    return sync_detailed(
        exchange=exchange,
no=no,
client=client,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    exchange: str,
    no: str,
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListTradeEffectsSort | Unset = ListTradeEffectsSort.SEQ,
    order: ListTradeEffectsOrder | Unset = ListTradeEffectsOrder.ASC,
    count: ListTradeEffectsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[EffectPage | Problem]:
    """ List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade
    as evidence.

     `facts` reports whether the trade counts now, and if not, why. 503 while the register does not
    answer.

    Args:
        exchange (str):
        no (str):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListTradeEffectsSort | Unset):  Default: ListTradeEffectsSort.SEQ.
        order (ListTradeEffectsOrder | Unset):  Default: ListTradeEffectsOrder.ASC.
        count (ListTradeEffectsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EffectPage | Problem]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
no=no,
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
    exchange: str,
    no: str,
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sort: ListTradeEffectsSort | Unset = ListTradeEffectsSort.SEQ,
    order: ListTradeEffectsOrder | Unset = ListTradeEffectsOrder.ASC,
    count: ListTradeEffectsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> EffectPage | Problem | None:
    """ List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade
    as evidence.

     `facts` reports whether the trade counts now, and if not, why. 503 while the register does not
    answer.

    Args:
        exchange (str):
        no (str):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sort (ListTradeEffectsSort | Unset):  Default: ListTradeEffectsSort.SEQ.
        order (ListTradeEffectsOrder | Unset):  Default: ListTradeEffectsOrder.ASC.
        count (ListTradeEffectsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EffectPage | Problem
     """


    return (await asyncio_detailed(
        exchange=exchange,
no=no,
client=client,
limit=limit,
cursor=cursor,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
