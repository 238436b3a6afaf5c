from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    fact: str,
    seq: int | Unset = UNSET,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["fact"] = fact

    params["seq"] = seq

    params["exchange"] = exchange

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/evidence",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | str:
    if response.status_code == 200:
        response_200 = response.text
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
    *,
    client: AuthenticatedClient | Client,
    fact: str,
    seq: int | Unset = UNSET,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | str]:
    """ Every document behind a fact at `seq`, in the revision that was current then, in order of `seq`.

     One document a line, with `record_at`, the Kafka timestamp of its revision's first record, and
    `counted`: true, or
    the reason why it does not count.

    Args:
        fact (str):  Example: facts.first-purchase.v1/r1/uscc:91530100MAXGAAA018.
        seq (int | Unset):
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
     """


    kwargs = _get_kwargs(
        fact=fact,
seq=seq,
exchange=exchange,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    fact: str,
    seq: int | Unset = UNSET,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | str | None:
    """ Every document behind a fact at `seq`, in the revision that was current then, in order of `seq`.

     One document a line, with `record_at`, the Kafka timestamp of its revision's first record, and
    `counted`: true, or
    the reason why it does not count.

    Args:
        fact (str):  Example: facts.first-purchase.v1/r1/uscc:91530100MAXGAAA018.
        seq (int | Unset):
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
     """


    return sync_detailed(
        client=client,
fact=fact,
seq=seq,
exchange=exchange,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    fact: str,
    seq: int | Unset = UNSET,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | str]:
    """ Every document behind a fact at `seq`, in the revision that was current then, in order of `seq`.

     One document a line, with `record_at`, the Kafka timestamp of its revision's first record, and
    `counted`: true, or
    the reason why it does not count.

    Args:
        fact (str):  Example: facts.first-purchase.v1/r1/uscc:91530100MAXGAAA018.
        seq (int | Unset):
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
     """


    kwargs = _get_kwargs(
        fact=fact,
seq=seq,
exchange=exchange,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    fact: str,
    seq: int | Unset = UNSET,
    exchange: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | str | None:
    """ Every document behind a fact at `seq`, in the revision that was current then, in order of `seq`.

     One document a line, with `record_at`, the Kafka timestamp of its revision's first record, and
    `counted`: true, or
    the reason why it does not count.

    Args:
        fact (str):  Example: facts.first-purchase.v1/r1/uscc:91530100MAXGAAA018.
        seq (int | Unset):
        exchange (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
     """


    return (await asyncio_detailed(
        client=client,
fact=fact,
seq=seq,
exchange=exchange,
min_size=min_size,

    )).parsed
