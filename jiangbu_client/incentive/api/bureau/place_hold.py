from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.hold import Hold
from ...models.hold_request import HoldRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    award_id: str,
    *,
    body: HoldRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/awards/{award_id}/holds".format(award_id=quote(str(award_id), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Hold | Problem:
    if response.status_code == 201:
        response_201 = Hold.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Hold | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: HoldRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Hold | Problem]:
    """ Place a hold on an award: it blocks approval and payment until it is released.

    Args:
        award_id (str):
        idempotency_key (str | Unset):
        body (HoldRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Hold | Problem]
     """


    kwargs = _get_kwargs(
        award_id=award_id,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: HoldRequest,
    idempotency_key: str | Unset = UNSET,

) -> Hold | Problem | None:
    """ Place a hold on an award: it blocks approval and payment until it is released.

    Args:
        award_id (str):
        idempotency_key (str | Unset):
        body (HoldRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Hold | Problem
     """


    return sync_detailed(
        award_id=award_id,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: HoldRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Hold | Problem]:
    """ Place a hold on an award: it blocks approval and payment until it is released.

    Args:
        award_id (str):
        idempotency_key (str | Unset):
        body (HoldRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Hold | Problem]
     """


    kwargs = _get_kwargs(
        award_id=award_id,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: HoldRequest,
    idempotency_key: str | Unset = UNSET,

) -> Hold | Problem | None:
    """ Place a hold on an award: it blocks approval and payment until it is released.

    Args:
        award_id (str):
        idempotency_key (str | Unset):
        body (HoldRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Hold | Problem
     """


    return (await asyncio_detailed(
        award_id=award_id,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
