from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.year_closing import YearClosing
from ...models.year_closing_request import YearClosingRequest
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    year: str,
    *,
    body: YearClosingRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/years/{year}/reopen".format(year=quote(str(year), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | YearClosing:
    if response.status_code == 201:
        response_201 = YearClosing.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | YearClosing]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    year: str,
    *,
    client: AuthenticatedClient | Client,
    body: YearClosingRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | YearClosing]:
    """ Reopen a closed year until it is closed again, or its closing day passes. 409 if it is open.

    Args:
        year (str):
        idempotency_key (str | Unset):
        body (YearClosingRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | YearClosing]
     """


    kwargs = _get_kwargs(
        year=year,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    year: str,
    *,
    client: AuthenticatedClient | Client,
    body: YearClosingRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | YearClosing | None:
    """ Reopen a closed year until it is closed again, or its closing day passes. 409 if it is open.

    Args:
        year (str):
        idempotency_key (str | Unset):
        body (YearClosingRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | YearClosing
     """


    return sync_detailed(
        year=year,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    year: str,
    *,
    client: AuthenticatedClient | Client,
    body: YearClosingRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | YearClosing]:
    """ Reopen a closed year until it is closed again, or its closing day passes. 409 if it is open.

    Args:
        year (str):
        idempotency_key (str | Unset):
        body (YearClosingRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | YearClosing]
     """


    kwargs = _get_kwargs(
        year=year,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    year: str,
    *,
    client: AuthenticatedClient | Client,
    body: YearClosingRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | YearClosing | None:
    """ Reopen a closed year until it is closed again, or its closing day passes. 409 if it is open.

    Args:
        year (str):
        idempotency_key (str | Unset):
        body (YearClosingRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | YearClosing
     """


    return (await asyncio_detailed(
        year=year,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
