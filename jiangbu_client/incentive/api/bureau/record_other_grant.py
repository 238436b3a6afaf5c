from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.other_grant import OtherGrant
from ...models.other_grant_request import OtherGrantRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    subject: str,
    *,
    body: OtherGrantRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/subjects/{subject}/other-grants".format(subject=quote(str(subject), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> OtherGrant | Problem:
    if response.status_code == 201:
        response_201 = OtherGrant.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[OtherGrant | Problem]:
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
    body: OtherGrantRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[OtherGrant | Problem]:
    """ Record a grant under another municipal policy: it is deducted at once from what it names.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (OtherGrantRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[OtherGrant | Problem]
     """


    kwargs = _get_kwargs(
        subject=subject,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    body: OtherGrantRequest,
    idempotency_key: str | Unset = UNSET,

) -> OtherGrant | Problem | None:
    """ Record a grant under another municipal policy: it is deducted at once from what it names.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (OtherGrantRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        OtherGrant | Problem
     """


    return sync_detailed(
        subject=subject,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    body: OtherGrantRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[OtherGrant | Problem]:
    """ Record a grant under another municipal policy: it is deducted at once from what it names.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (OtherGrantRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[OtherGrant | Problem]
     """


    kwargs = _get_kwargs(
        subject=subject,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    body: OtherGrantRequest,
    idempotency_key: str | Unset = UNSET,

) -> OtherGrant | Problem | None:
    """ Record a grant under another municipal policy: it is deducted at once from what it names.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (OtherGrantRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        OtherGrant | Problem
     """


    return (await asyncio_detailed(
        subject=subject,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
