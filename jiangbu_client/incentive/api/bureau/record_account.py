from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.account import Account
from ...models.account_request import AccountRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    subject: str,
    *,
    body: AccountRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/subjects/{subject}/accounts".format(subject=quote(str(subject), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Account | Problem:
    if response.status_code == 201:
        response_201 = Account.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Account | Problem]:
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
    body: AccountRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Account | Problem]:
    """ Record a bank account of a subject, which counts once another person confirms it. Its number is
    shown masked.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (AccountRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Account | Problem]
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
    body: AccountRequest,
    idempotency_key: str | Unset = UNSET,

) -> Account | Problem | None:
    """ Record a bank account of a subject, which counts once another person confirms it. Its number is
    shown masked.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (AccountRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Account | Problem
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
    body: AccountRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Account | Problem]:
    """ Record a bank account of a subject, which counts once another person confirms it. Its number is
    shown masked.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (AccountRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Account | Problem]
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
    body: AccountRequest,
    idempotency_key: str | Unset = UNSET,

) -> Account | Problem | None:
    """ Record a bank account of a subject, which counts once another person confirms it. Its number is
    shown masked.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (AccountRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Account | Problem
     """


    return (await asyncio_detailed(
        subject=subject,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
