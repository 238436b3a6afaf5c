from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.related_parties import RelatedParties
from ...models.related_parties_request import RelatedPartiesRequest
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    body: RelatedPartiesRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/related-parties",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | RelatedParties:
    if response.status_code == 201:
        response_201 = RelatedParties.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | RelatedParties]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: RelatedPartiesRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | RelatedParties]:
    """ Add two subjects to the list of related parties or remove them; that flags awards and denies none
    (G10).

    Args:
        idempotency_key (str | Unset):
        body (RelatedPartiesRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | RelatedParties]
     """


    kwargs = _get_kwargs(
        body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: RelatedPartiesRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | RelatedParties | None:
    """ Add two subjects to the list of related parties or remove them; that flags awards and denies none
    (G10).

    Args:
        idempotency_key (str | Unset):
        body (RelatedPartiesRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | RelatedParties
     """


    return sync_detailed(
        client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: RelatedPartiesRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | RelatedParties]:
    """ Add two subjects to the list of related parties or remove them; that flags awards and denies none
    (G10).

    Args:
        idempotency_key (str | Unset):
        body (RelatedPartiesRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | RelatedParties]
     """


    kwargs = _get_kwargs(
        body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: RelatedPartiesRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | RelatedParties | None:
    """ Add two subjects to the list of related parties or remove them; that flags awards and denies none
    (G10).

    Args:
        idempotency_key (str | Unset):
        body (RelatedPartiesRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | RelatedParties
     """


    return (await asyncio_detailed(
        client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
