from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...types import File, FileTypes
from ...types import UNSET, Unset
from io import BytesIO
from typing import cast



def _get_kwargs(
    *,
    body: File,
    until: int,
    exchange: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    params: dict[str, Any] = {}

    params["until"] = until

    params["exchange"] = exchange


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/entries",
        "params": params,
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | str:
    if response.status_code == 200:
        response_200 = response.text
        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    until: int,
    exchange: str | Unset = UNSET,

) -> Response[Problem | str]:
    """ Log entries of the given parties, exchanges and listings, each with its record; for extracts.

     The body lists what to select, one a line: `<scheme>:<id>`, `exchange/<id>`,
    `listing/<exchange>/<number>`; or `*`
    for everything. Every accepted revision of a document is included.

    Args:
        until (int):
        exchange (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
     """


    kwargs = _get_kwargs(
        body=body,
until=until,
exchange=exchange,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    until: int,
    exchange: str | Unset = UNSET,

) -> Problem | str | None:
    """ Log entries of the given parties, exchanges and listings, each with its record; for extracts.

     The body lists what to select, one a line: `<scheme>:<id>`, `exchange/<id>`,
    `listing/<exchange>/<number>`; or `*`
    for everything. Every accepted revision of a document is included.

    Args:
        until (int):
        exchange (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
     """


    return sync_detailed(
        client=client,
body=body,
until=until,
exchange=exchange,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    until: int,
    exchange: str | Unset = UNSET,

) -> Response[Problem | str]:
    """ Log entries of the given parties, exchanges and listings, each with its record; for extracts.

     The body lists what to select, one a line: `<scheme>:<id>`, `exchange/<id>`,
    `listing/<exchange>/<number>`; or `*`
    for everything. Every accepted revision of a document is included.

    Args:
        until (int):
        exchange (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
     """


    kwargs = _get_kwargs(
        body=body,
until=until,
exchange=exchange,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    until: int,
    exchange: str | Unset = UNSET,

) -> Problem | str | None:
    """ Log entries of the given parties, exchanges and listings, each with its record; for extracts.

     The body lists what to select, one a line: `<scheme>:<id>`, `exchange/<id>`,
    `listing/<exchange>/<number>`; or `*`
    for everything. Every accepted revision of a document is included.

    Args:
        until (int):
        exchange (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
     """


    return (await asyncio_detailed(
        client=client,
body=body,
until=until,
exchange=exchange,

    )).parsed
