from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.service import Service
from ...models.service_request import ServiceRequest
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    sha256: str,
    *,
    body: ServiceRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/statements/{sha256}/service".format(sha256=quote(str(sha256), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Service:
    if response.status_code == 201:
        response_201 = Service.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Service]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    body: ServiceRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | Service]:
    """ Record that a statement was served: how, on which day and to whom.

    Args:
        sha256 (str):
        idempotency_key (str | Unset):
        body (ServiceRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Service]
     """


    kwargs = _get_kwargs(
        sha256=sha256,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    body: ServiceRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | Service | None:
    """ Record that a statement was served: how, on which day and to whom.

    Args:
        sha256 (str):
        idempotency_key (str | Unset):
        body (ServiceRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Service
     """


    return sync_detailed(
        sha256=sha256,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    body: ServiceRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | Service]:
    """ Record that a statement was served: how, on which day and to whom.

    Args:
        sha256 (str):
        idempotency_key (str | Unset):
        body (ServiceRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Service]
     """


    kwargs = _get_kwargs(
        sha256=sha256,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    body: ServiceRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | Service | None:
    """ Record that a statement was served: how, on which day and to whom.

    Args:
        sha256 (str):
        idempotency_key (str | Unset):
        body (ServiceRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Service
     """


    return (await asyncio_detailed(
        sha256=sha256,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
