from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.download_statement_format import DownloadStatementFormat
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    sha256: str,
    *,
    format_: DownloadStatementFormat | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_format_: str | Unset = UNSET
    if not isinstance(format_, Unset):
        json_format_ = format_.value

    params["format"] = json_format_

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/statements/{sha256}".format(sha256=quote(str(sha256), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | str:
    if response.status_code == 200:
        response_200 = cast(str, response.json())
        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadStatementFormat | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | str]:
    """ Return the frozen statement of a decision, which names its SHA-256.

     `format=pdf` and `format=html` render these bytes by the template that they name.

    Args:
        sha256 (str):
        format_ (DownloadStatementFormat | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
     """


    kwargs = _get_kwargs(
        sha256=sha256,
format_=format_,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadStatementFormat | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | str | None:
    """ Return the frozen statement of a decision, which names its SHA-256.

     `format=pdf` and `format=html` render these bytes by the template that they name.

    Args:
        sha256 (str):
        format_ (DownloadStatementFormat | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
     """


    return sync_detailed(
        sha256=sha256,
client=client,
format_=format_,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadStatementFormat | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | str]:
    """ Return the frozen statement of a decision, which names its SHA-256.

     `format=pdf` and `format=html` render these bytes by the template that they name.

    Args:
        sha256 (str):
        format_ (DownloadStatementFormat | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
     """


    kwargs = _get_kwargs(
        sha256=sha256,
format_=format_,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    sha256: str,
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadStatementFormat | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | str | None:
    """ Return the frozen statement of a decision, which names its SHA-256.

     `format=pdf` and `format=html` render these bytes by the template that they name.

    Args:
        sha256 (str):
        format_ (DownloadStatementFormat | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
     """


    return (await asyncio_detailed(
        sha256=sha256,
client=client,
format_=format_,
min_size=min_size,

    )).parsed
