from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.explanation import Explanation
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    award_id: str,
    *,
    as_of: datetime.datetime | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/awards/{award_id}/explanation".format(award_id=quote(str(award_id), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Explanation | Problem:
    if response.status_code == 200:
        response_200 = Explanation.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Explanation | Problem]:
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
    as_of: datetime.datetime | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Explanation | Problem]:
    """ Explain an award step by step: what counted, what did not and why, and what is missing to the next
    threshold.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Explanation | Problem]
     """


    kwargs = _get_kwargs(
        award_id=award_id,
as_of=as_of,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Explanation | Problem | None:
    """ Explain an award step by step: what counted, what did not and why, and what is missing to the next
    threshold.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Explanation | Problem
     """


    return sync_detailed(
        award_id=award_id,
client=client,
as_of=as_of,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Explanation | Problem]:
    """ Explain an award step by step: what counted, what did not and why, and what is missing to the next
    threshold.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Explanation | Problem]
     """


    kwargs = _get_kwargs(
        award_id=award_id,
as_of=as_of,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    award_id: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Explanation | Problem | None:
    """ Explain an award step by step: what counted, what did not and why, and what is missing to the next
    threshold.

    Args:
        award_id (str):
        as_of (datetime.datetime | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Explanation | Problem
     """


    return (await asyncio_detailed(
        award_id=award_id,
client=client,
as_of=as_of,
min_size=min_size,

    )).parsed
