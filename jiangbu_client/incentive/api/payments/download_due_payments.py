from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.download_due_payments_format import DownloadDuePaymentsFormat
from ...models.problem import Problem
from ...types import File, FileTypes
from ...types import UNSET, Unset
from io import BytesIO
from typing import cast



def _get_kwargs(
    *,
    format_: DownloadDuePaymentsFormat | Unset = DownloadDuePaymentsFormat.XLSX,
    batch: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_format_: str | Unset = UNSET
    if not isinstance(format_, Unset):
        json_format_ = format_.value

    params["format"] = json_format_

    params["batch"] = batch

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/batches/payments",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> File | Problem:
    if response.status_code == 200:
        response_200 = File(
             payload = BytesIO(response.content)
        )



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[File | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadDuePaymentsFormat | Unset = DownloadDuePaymentsFormat.XLSX,
    batch: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[File | Problem]:
    """ Return the payments that are due, for finance: approved, unpaid and on no hold; those of a `batch`,
    or all.

     Each has the subject's confirmed account with the whole number. Finance fills in voucher and day.

    Args:
        format_ (DownloadDuePaymentsFormat | Unset):  Default: DownloadDuePaymentsFormat.XLSX.
        batch (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[File | Problem]
     """


    kwargs = _get_kwargs(
        format_=format_,
batch=batch,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadDuePaymentsFormat | Unset = DownloadDuePaymentsFormat.XLSX,
    batch: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> File | Problem | None:
    """ Return the payments that are due, for finance: approved, unpaid and on no hold; those of a `batch`,
    or all.

     Each has the subject's confirmed account with the whole number. Finance fills in voucher and day.

    Args:
        format_ (DownloadDuePaymentsFormat | Unset):  Default: DownloadDuePaymentsFormat.XLSX.
        batch (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        File | Problem
     """


    return sync_detailed(
        client=client,
format_=format_,
batch=batch,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadDuePaymentsFormat | Unset = DownloadDuePaymentsFormat.XLSX,
    batch: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[File | Problem]:
    """ Return the payments that are due, for finance: approved, unpaid and on no hold; those of a `batch`,
    or all.

     Each has the subject's confirmed account with the whole number. Finance fills in voucher and day.

    Args:
        format_ (DownloadDuePaymentsFormat | Unset):  Default: DownloadDuePaymentsFormat.XLSX.
        batch (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[File | Problem]
     """


    kwargs = _get_kwargs(
        format_=format_,
batch=batch,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    format_: DownloadDuePaymentsFormat | Unset = DownloadDuePaymentsFormat.XLSX,
    batch: str | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> File | Problem | None:
    """ Return the payments that are due, for finance: approved, unpaid and on no hold; those of a `batch`,
    or all.

     Each has the subject's confirmed account with the whole number. Finance fills in voucher and day.

    Args:
        format_ (DownloadDuePaymentsFormat | Unset):  Default: DownloadDuePaymentsFormat.XLSX.
        batch (str | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        File | Problem
     """


    return (await asyncio_detailed(
        client=client,
format_=format_,
batch=batch,
min_size=min_size,

    )).parsed
