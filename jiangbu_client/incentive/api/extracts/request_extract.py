from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.extract import Extract
from ...models.extract_request import ExtractRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    body: ExtractRequest | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/extracts",
    }

    
    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Extract | Problem:
    if response.status_code == 202:
        response_202 = Extract.from_dict(response.json())



        return response_202

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Extract | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: ExtractRequest | Unset = UNSET,

) -> Response[Extract | Problem]:
    """ Request an extract. It is written in the background; ask for its status until it is `ready`.

     A subject gets its own records, whether it says so or not. 409 if the role has 5 unfinished
    extracts, or a subject 5
    in all.

    Args:
        body (ExtractRequest | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Extract | Problem]
     """


    kwargs = _get_kwargs(
        body=body,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: ExtractRequest | Unset = UNSET,

) -> Extract | Problem | None:
    """ Request an extract. It is written in the background; ask for its status until it is `ready`.

     A subject gets its own records, whether it says so or not. 409 if the role has 5 unfinished
    extracts, or a subject 5
    in all.

    Args:
        body (ExtractRequest | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Extract | Problem
     """


    return sync_detailed(
        client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: ExtractRequest | Unset = UNSET,

) -> Response[Extract | Problem]:
    """ Request an extract. It is written in the background; ask for its status until it is `ready`.

     A subject gets its own records, whether it says so or not. 409 if the role has 5 unfinished
    extracts, or a subject 5
    in all.

    Args:
        body (ExtractRequest | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Extract | Problem]
     """


    kwargs = _get_kwargs(
        body=body,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: ExtractRequest | Unset = UNSET,

) -> Extract | Problem | None:
    """ Request an extract. It is written in the background; ask for its status until it is `ready`.

     A subject gets its own records, whether it says so or not. 409 if the role has 5 unfinished
    extracts, or a subject 5
    in all.

    Args:
        body (ExtractRequest | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Extract | Problem
     """


    return (await asyncio_detailed(
        client=client,
body=body,

    )).parsed
