from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.trade_detail import TradeDetail
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    exchange: str,
    no: str,
    *,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/trades/{exchange}/{no}".format(exchange=quote(str(exchange), safe=""),no=quote(str(no), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | TradeDetail:
    if response.status_code == 200:
        response_200 = TradeDetail.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | TradeDetail]:
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
    min_size: int | Unset = UNSET,

) -> Response[Problem | TradeDetail]:
    """ One trade with all its revisions and the records that brought them.

    Args:
        exchange (str):
        no (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TradeDetail]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
no=no,
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
    min_size: int | Unset = UNSET,

) -> Problem | TradeDetail | None:
    """ One trade with all its revisions and the records that brought them.

    Args:
        exchange (str):
        no (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TradeDetail
     """


    return sync_detailed(
        exchange=exchange,
no=no,
client=client,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    exchange: str,
    no: str,
    *,
    client: AuthenticatedClient | Client,
    min_size: int | Unset = UNSET,

) -> Response[Problem | TradeDetail]:
    """ One trade with all its revisions and the records that brought them.

    Args:
        exchange (str):
        no (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TradeDetail]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
no=no,
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
    min_size: int | Unset = UNSET,

) -> Problem | TradeDetail | None:
    """ One trade with all its revisions and the records that brought them.

    Args:
        exchange (str):
        no (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TradeDetail
     """


    return (await asyncio_detailed(
        exchange=exchange,
no=no,
client=client,
min_size=min_size,

    )).parsed
