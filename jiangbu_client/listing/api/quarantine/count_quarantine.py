from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.count_quarantine_reason import CountQuarantineReason
from ...models.problem import Problem
from ...models.quarantine_counts import QuarantineCounts
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    exchange: str | Unset = UNSET,
    reason: CountQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["exchange"] = exchange

    json_reason: str | Unset = UNSET
    if not isinstance(reason, Unset):
        json_reason = reason.value

    params["reason"] = json_reason

    json_date: str | Unset = UNSET
    if not isinstance(date, Unset):
        json_date = date.isoformat()
    params["date"] = json_date

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/quarantine/counts",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | QuarantineCounts:
    if response.status_code == 200:
        response_200 = QuarantineCounts.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | QuarantineCounts]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    exchange: str | Unset = UNSET,
    reason: CountQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | QuarantineCounts]:
    """ How many rejected records there are by reason and status, and how many documents are to be
    corrected.

    Args:
        exchange (str | Unset):
        reason (CountQuarantineReason | Unset):
        date (datetime.date | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | QuarantineCounts]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
reason=reason,
date=date,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    exchange: str | Unset = UNSET,
    reason: CountQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | QuarantineCounts | None:
    """ How many rejected records there are by reason and status, and how many documents are to be
    corrected.

    Args:
        exchange (str | Unset):
        reason (CountQuarantineReason | Unset):
        date (datetime.date | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | QuarantineCounts
     """


    return sync_detailed(
        client=client,
exchange=exchange,
reason=reason,
date=date,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    exchange: str | Unset = UNSET,
    reason: CountQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | QuarantineCounts]:
    """ How many rejected records there are by reason and status, and how many documents are to be
    corrected.

    Args:
        exchange (str | Unset):
        reason (CountQuarantineReason | Unset):
        date (datetime.date | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | QuarantineCounts]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
reason=reason,
date=date,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    exchange: str | Unset = UNSET,
    reason: CountQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | QuarantineCounts | None:
    """ How many rejected records there are by reason and status, and how many documents are to be
    corrected.

    Args:
        exchange (str | Unset):
        reason (CountQuarantineReason | Unset):
        date (datetime.date | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | QuarantineCounts
     """


    return (await asyncio_detailed(
        client=client,
exchange=exchange,
reason=reason,
date=date,
min_size=min_size,

    )).parsed
