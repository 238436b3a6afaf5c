from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.eligibility import Eligibility
from ...models.eligibility_request import EligibilityRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    subject: str,
    *,
    body: EligibilityRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/subjects/{subject}/eligibility".format(subject=quote(str(subject), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Eligibility | Problem:
    if response.status_code == 201:
        response_201 = Eligibility.from_dict(response.json())



        return response_201

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Eligibility | Problem]:
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
    body: EligibilityRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Eligibility | Problem]:
    """ Record whether a subject is eligible, by the five conditions. On each day the last record valid then
    counts.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (EligibilityRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Eligibility | Problem]
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
    body: EligibilityRequest,
    idempotency_key: str | Unset = UNSET,

) -> Eligibility | Problem | None:
    """ Record whether a subject is eligible, by the five conditions. On each day the last record valid then
    counts.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (EligibilityRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Eligibility | Problem
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
    body: EligibilityRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Eligibility | Problem]:
    """ Record whether a subject is eligible, by the five conditions. On each day the last record valid then
    counts.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (EligibilityRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Eligibility | Problem]
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
    body: EligibilityRequest,
    idempotency_key: str | Unset = UNSET,

) -> Eligibility | Problem | None:
    """ Record whether a subject is eligible, by the five conditions. On each day the last record valid then
    counts.

    Args:
        subject (str):
        idempotency_key (str | Unset):
        body (EligibilityRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Eligibility | Problem
     """


    return (await asyncio_detailed(
        subject=subject,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
