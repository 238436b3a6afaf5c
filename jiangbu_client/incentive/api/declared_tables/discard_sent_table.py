from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.discard_request import DiscardRequest
from ...models.problem import Problem
from ...models.sent_table import SentTable
from ...models.wrong_step import WrongStep
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    table_id: str,
    *,
    body: DiscardRequest,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/declared/tables/{table_id}/discard".format(table_id=quote(str(table_id), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | SentTable | WrongStep:
    if response.status_code == 201:
        response_201 = SentTable.from_dict(response.json())



        return response_201

    if response.status_code == 409:
        response_409 = WrongStep.from_dict(response.json())



        return response_409

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | SentTable | WrongStep]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: DiscardRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | SentTable | WrongStep]:
    """ Discard a table that waits, as who sent it or another person. 409 for one that does not wait.

    Args:
        table_id (str):
        idempotency_key (str | Unset):
        body (DiscardRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SentTable | WrongStep]
     """


    kwargs = _get_kwargs(
        table_id=table_id,
body=body,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: DiscardRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | SentTable | WrongStep | None:
    """ Discard a table that waits, as who sent it or another person. 409 for one that does not wait.

    Args:
        table_id (str):
        idempotency_key (str | Unset):
        body (DiscardRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SentTable | WrongStep
     """


    return sync_detailed(
        table_id=table_id,
client=client,
body=body,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: DiscardRequest,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | SentTable | WrongStep]:
    """ Discard a table that waits, as who sent it or another person. 409 for one that does not wait.

    Args:
        table_id (str):
        idempotency_key (str | Unset):
        body (DiscardRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SentTable | WrongStep]
     """


    kwargs = _get_kwargs(
        table_id=table_id,
body=body,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: DiscardRequest,
    idempotency_key: str | Unset = UNSET,

) -> Problem | SentTable | WrongStep | None:
    """ Discard a table that waits, as who sent it or another person. 409 for one that does not wait.

    Args:
        table_id (str):
        idempotency_key (str | Unset):
        body (DiscardRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SentTable | WrongStep
     """


    return (await asyncio_detailed(
        table_id=table_id,
client=client,
body=body,
idempotency_key=idempotency_key,

    )).parsed
