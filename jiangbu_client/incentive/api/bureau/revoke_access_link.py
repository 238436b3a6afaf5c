from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.access_link_revocation import AccessLinkRevocation
from ...models.access_link_revocation_request import AccessLinkRevocationRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    id: str,
    *,
    body: AccessLinkRevocationRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/access-links/{id}/revoke".format(id=quote(str(id), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AccessLinkRevocation | Problem:
    if response.status_code == 201:
        response_201 = AccessLinkRevocation.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AccessLinkRevocation | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: AccessLinkRevocationRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[AccessLinkRevocation | Problem]:
    """ Revoke a one-time link, used or not; the session that it began ends. 409 if it is revoked.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (AccessLinkRevocationRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessLinkRevocation | Problem]
     """


    kwargs = _get_kwargs(
        id=id,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: AccessLinkRevocationRequest,
    idempotency_key: str | Unset = UNSET,

) -> AccessLinkRevocation | Problem | None:
    """ Revoke a one-time link, used or not; the session that it began ends. 409 if it is revoked.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (AccessLinkRevocationRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessLinkRevocation | Problem
     """


    return sync_detailed(
        id=id,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: AccessLinkRevocationRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[AccessLinkRevocation | Problem]:
    """ Revoke a one-time link, used or not; the session that it began ends. 409 if it is revoked.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (AccessLinkRevocationRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessLinkRevocation | Problem]
     """


    kwargs = _get_kwargs(
        id=id,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: AccessLinkRevocationRequest,
    idempotency_key: str | Unset = UNSET,

) -> AccessLinkRevocation | Problem | None:
    """ Revoke a one-time link, used or not; the session that it began ends. 409 if it is revoked.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (AccessLinkRevocationRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessLinkRevocation | Problem
     """


    return (await asyncio_detailed(
        id=id,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
