from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.reconciliation import Reconciliation
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    exchange: str,
    date: datetime.date,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["exchange"] = exchange

    json_date = date.isoformat()
    params["date"] = json_date

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/reconciliation",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Reconciliation:
    if response.status_code == 200:
        response_200 = Reconciliation.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Reconciliation]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    exchange: str,
    date: datetime.date,
    min_size: int | Unset = UNSET,

) -> Response[Problem | Reconciliation]:
    """ Records that an exchange sent on one day and their outcomes, for comparison with the exchange's own
    books.

    Args:
        exchange (str):
        date (datetime.date):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Reconciliation]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
date=date,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    exchange: str,
    date: datetime.date,
    min_size: int | Unset = UNSET,

) -> Problem | Reconciliation | None:
    """ Records that an exchange sent on one day and their outcomes, for comparison with the exchange's own
    books.

    Args:
        exchange (str):
        date (datetime.date):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Reconciliation
     """


    return sync_detailed(
        client=client,
exchange=exchange,
date=date,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    exchange: str,
    date: datetime.date,
    min_size: int | Unset = UNSET,

) -> Response[Problem | Reconciliation]:
    """ Records that an exchange sent on one day and their outcomes, for comparison with the exchange's own
    books.

    Args:
        exchange (str):
        date (datetime.date):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Reconciliation]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
date=date,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    exchange: str,
    date: datetime.date,
    min_size: int | Unset = UNSET,

) -> Problem | Reconciliation | None:
    """ Records that an exchange sent on one day and their outcomes, for comparison with the exchange's own
    books.

    Args:
        exchange (str):
        date (datetime.date):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Reconciliation
     """


    return (await asyncio_detailed(
        client=client,
exchange=exchange,
date=date,
min_size=min_size,

    )).parsed
