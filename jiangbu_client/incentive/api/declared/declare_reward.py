from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.award import Award
from ...models.declared import Declared
from ...models.problem import Problem
from typing import cast



def _get_kwargs(
    *,
    body: Declared,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/declared",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Award | Problem:
    if response.status_code == 200:
        response_200 = Award.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Award | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: Declared,

) -> Response[Award | Problem]:
    """ Declare a reward; the answer is the award. The same again changes nothing; another of the same item
    replaces it.

     422 for a declaration that earns nothing, with the field at fault. A matter that the article only
    records, history,
    and a correction of an earlier declaration may earn nothing.

    Args:
        body (Declared):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Award | Problem]
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
    body: Declared,

) -> Award | Problem | None:
    """ Declare a reward; the answer is the award. The same again changes nothing; another of the same item
    replaces it.

     422 for a declaration that earns nothing, with the field at fault. A matter that the article only
    records, history,
    and a correction of an earlier declaration may earn nothing.

    Args:
        body (Declared):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Award | Problem
     """


    return sync_detailed(
        client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: Declared,

) -> Response[Award | Problem]:
    """ Declare a reward; the answer is the award. The same again changes nothing; another of the same item
    replaces it.

     422 for a declaration that earns nothing, with the field at fault. A matter that the article only
    records, history,
    and a correction of an earlier declaration may earn nothing.

    Args:
        body (Declared):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Award | Problem]
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
    body: Declared,

) -> Award | Problem | None:
    """ Declare a reward; the answer is the award. The same again changes nothing; another of the same item
    replaces it.

     422 for a declaration that earns nothing, with the field at fault. A matter that the article only
    records, history,
    and a correction of an earlier declaration may earn nothing.

    Args:
        body (Declared):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Award | Problem
     """


    return (await asyncio_detailed(
        client=client,
body=body,

    )).parsed
