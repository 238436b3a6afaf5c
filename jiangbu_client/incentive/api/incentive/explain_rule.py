from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.explanations import Explanations
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    subject: str,
    rule: str,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

    params["year"] = year

    params["subject"] = subject

    params["rule"] = rule

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/explanations",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Explanations | Problem:
    if response.status_code == 200:
        response_200 = Explanations.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Explanations | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    subject: str,
    rule: str,
    min_size: int | Unset = UNSET,

) -> Response[Explanations | Problem]:
    """ Explain a rule for a subject and year, step by step: its awards, or why there is none (`why_not`).

     A subject's key asks about itself.

    Args:
        as_of (datetime.datetime | Unset):
        year (int):
        subject (str):
        rule (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Explanations | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
year=year,
subject=subject,
rule=rule,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    subject: str,
    rule: str,
    min_size: int | Unset = UNSET,

) -> Explanations | Problem | None:
    """ Explain a rule for a subject and year, step by step: its awards, or why there is none (`why_not`).

     A subject's key asks about itself.

    Args:
        as_of (datetime.datetime | Unset):
        year (int):
        subject (str):
        rule (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Explanations | Problem
     """


    return sync_detailed(
        client=client,
as_of=as_of,
year=year,
subject=subject,
rule=rule,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    subject: str,
    rule: str,
    min_size: int | Unset = UNSET,

) -> Response[Explanations | Problem]:
    """ Explain a rule for a subject and year, step by step: its awards, or why there is none (`why_not`).

     A subject's key asks about itself.

    Args:
        as_of (datetime.datetime | Unset):
        year (int):
        subject (str):
        rule (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Explanations | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
year=year,
subject=subject,
rule=rule,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    subject: str,
    rule: str,
    min_size: int | Unset = UNSET,

) -> Explanations | Problem | None:
    """ Explain a rule for a subject and year, step by step: its awards, or why there is none (`why_not`).

     A subject's key asks about itself.

    Args:
        as_of (datetime.datetime | Unset):
        year (int):
        subject (str):
        rule (str):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Explanations | Problem
     """


    return (await asyncio_detailed(
        client=client,
as_of=as_of,
year=year,
subject=subject,
rule=rule,
min_size=min_size,

    )).parsed
