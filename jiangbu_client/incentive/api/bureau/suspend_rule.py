from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.suspension import Suspension
from ...models.suspension_request import SuspensionRequest
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    rule: str,
    *,
    body: SuspensionRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/rules/{rule}/suspensions".format(rule=quote(str(rule), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Suspension:
    if response.status_code == 201:
        response_201 = Suspension.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Suspension]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    rule: str,
    *,
    client: AuthenticatedClient | Client,
    body: SuspensionRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | Suspension]:
    """ Suspend a rule: awards earned within the period are held. An annual total is earned over its year.

    Args:
        rule (str):
        idempotency_key (str | Unset):
        body (SuspensionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Suspension]
     """


    kwargs = _get_kwargs(
        rule=rule,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    rule: str,
    *,
    client: AuthenticatedClient | Client,
    body: SuspensionRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | Suspension | None:
    """ Suspend a rule: awards earned within the period are held. An annual total is earned over its year.

    Args:
        rule (str):
        idempotency_key (str | Unset):
        body (SuspensionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Suspension
     """


    return sync_detailed(
        rule=rule,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    rule: str,
    *,
    client: AuthenticatedClient | Client,
    body: SuspensionRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | Suspension]:
    """ Suspend a rule: awards earned within the period are held. An annual total is earned over its year.

    Args:
        rule (str):
        idempotency_key (str | Unset):
        body (SuspensionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Suspension]
     """


    kwargs = _get_kwargs(
        rule=rule,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    rule: str,
    *,
    client: AuthenticatedClient | Client,
    body: SuspensionRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | Suspension | None:
    """ Suspend a rule: awards earned within the period are held. An annual total is earned over its year.

    Args:
        rule (str):
        idempotency_key (str | Unset):
        body (SuspensionRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Suspension
     """


    return (await asyncio_detailed(
        rule=rule,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
