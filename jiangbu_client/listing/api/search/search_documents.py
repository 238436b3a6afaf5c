from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.document_hits import DocumentHits
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    q: str,
    limit: int | Unset = 20,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["q"] = q

    params["limit"] = limit

    params["exchange"] = exchange

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/search",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> DocumentHits | Problem:
    if response.status_code == 200:
        response_200 = DocumentHits.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[DocumentHits | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    q: str,
    limit: int | Unset = 20,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[DocumentHits | Problem]:
    """ Find documents by their number or its beginning, exact hits first.

    Args:
        q (str):
        limit (int | Unset):  Default: 20.
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DocumentHits | Problem]
     """


    kwargs = _get_kwargs(
        q=q,
limit=limit,
exchange=exchange,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    q: str,
    limit: int | Unset = 20,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> DocumentHits | Problem | None:
    """ Find documents by their number or its beginning, exact hits first.

    Args:
        q (str):
        limit (int | Unset):  Default: 20.
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DocumentHits | Problem
     """


    return sync_detailed(
        client=client,
q=q,
limit=limit,
exchange=exchange,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    q: str,
    limit: int | Unset = 20,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[DocumentHits | Problem]:
    """ Find documents by their number or its beginning, exact hits first.

    Args:
        q (str):
        limit (int | Unset):  Default: 20.
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DocumentHits | Problem]
     """


    kwargs = _get_kwargs(
        q=q,
limit=limit,
exchange=exchange,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    q: str,
    limit: int | Unset = 20,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> DocumentHits | Problem | None:
    """ Find documents by their number or its beginning, exact hits first.

    Args:
        q (str):
        limit (int | Unset):  Default: 20.
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DocumentHits | Problem
     """


    return (await asyncio_detailed(
        client=client,
q=q,
limit=limit,
exchange=exchange,
min_size=min_size,

    )).parsed
