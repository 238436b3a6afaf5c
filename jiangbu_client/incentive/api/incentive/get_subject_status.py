from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...models.subject_status import SubjectStatus
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    subject: str,
    *,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

    params["year"] = year

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/subjects/{subject}/status".format(subject=quote(str(subject), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | SubjectStatus:
    if response.status_code == 200:
        response_200 = SubjectStatus.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | SubjectStatus]:
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
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    min_size: int | Unset = UNSET,

) -> Response[Problem | SubjectStatus]:
    """ Return how a subject stands in a year under each rule, with the red flags (`signs`) that no award
    carries.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        year (int):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SubjectStatus]
     """


    kwargs = _get_kwargs(
        subject=subject,
as_of=as_of,
year=year,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    min_size: int | Unset = UNSET,

) -> Problem | SubjectStatus | None:
    """ Return how a subject stands in a year under each rule, with the red flags (`signs`) that no award
    carries.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        year (int):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SubjectStatus
     """


    return sync_detailed(
        subject=subject,
client=client,
as_of=as_of,
year=year,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    min_size: int | Unset = UNSET,

) -> Response[Problem | SubjectStatus]:
    """ Return how a subject stands in a year under each rule, with the red flags (`signs`) that no award
    carries.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        year (int):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SubjectStatus]
     """


    kwargs = _get_kwargs(
        subject=subject,
as_of=as_of,
year=year,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    subject: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    year: int,
    min_size: int | Unset = UNSET,

) -> Problem | SubjectStatus | None:
    """ Return how a subject stands in a year under each rule, with the red flags (`signs`) that no award
    carries.

    Args:
        subject (str):
        as_of (datetime.datetime | Unset):
        year (int):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SubjectStatus
     """


    return (await asyncio_detailed(
        subject=subject,
client=client,
as_of=as_of,
year=year,
min_size=min_size,

    )).parsed
