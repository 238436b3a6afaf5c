from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.declare_table_preview import DeclareTablePreview
from ...models.problem import Problem
from ...models.sent_table import SentTable
from ...models.table import Table
from ...types import File, FileTypes
from ...types import UNSET, Unset
from io import BytesIO
from typing import cast



def _get_kwargs(
    *,
    body: File,
    preview: DeclareTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    params: dict[str, Any] = {}

    json_preview: str | Unset = UNSET
    if not isinstance(preview, Unset):
        json_preview = preview.value

    params["preview"] = json_preview


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/declared/table",
        "params": params,
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | SentTable | Table:
    if response.status_code == 200:
        response_200 = Table.from_dict(response.json())



        return response_200

    if response.status_code == 202:
        response_202 = SentTable.from_dict(response.json())



        return response_202

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | SentTable | Table]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: DeclareTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | SentTable | Table]:
    """ Declare all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` only shows
    the result.

     Columns: `rule`, `subject`, `item`, `earned_on`; `documents` unless the row withdraws; `name`,
    `measure`,
    `assessed`, `withdrawn` where needed. A preview reports for each row its line, its award and
    amounts, or its faults,
    and the consequences for budgets and other awards as the preview of a batch does; without it these
    are null, and a
    faulty row is a 422. `added` is by how much the ceilings of the rows' awards rise in total, `above`
    the sum of the
    policy file over which another person must confirm: then nothing is declared, and a 202 has the
    table that waits.
    The same file again is the same table.

    Args:
        preview (DeclareTablePreview | Unset):
        idempotency_key (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SentTable | Table]
     """


    kwargs = _get_kwargs(
        body=body,
preview=preview,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: DeclareTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Problem | SentTable | Table | None:
    """ Declare all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` only shows
    the result.

     Columns: `rule`, `subject`, `item`, `earned_on`; `documents` unless the row withdraws; `name`,
    `measure`,
    `assessed`, `withdrawn` where needed. A preview reports for each row its line, its award and
    amounts, or its faults,
    and the consequences for budgets and other awards as the preview of a batch does; without it these
    are null, and a
    faulty row is a 422. `added` is by how much the ceilings of the rows' awards rise in total, `above`
    the sum of the
    policy file over which another person must confirm: then nothing is declared, and a 202 has the
    table that waits.
    The same file again is the same table.

    Args:
        preview (DeclareTablePreview | Unset):
        idempotency_key (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SentTable | Table
     """


    return sync_detailed(
        client=client,
body=body,
preview=preview,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: DeclareTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Response[Problem | SentTable | Table]:
    """ Declare all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` only shows
    the result.

     Columns: `rule`, `subject`, `item`, `earned_on`; `documents` unless the row withdraws; `name`,
    `measure`,
    `assessed`, `withdrawn` where needed. A preview reports for each row its line, its award and
    amounts, or its faults,
    and the consequences for budgets and other awards as the preview of a batch does; without it these
    are null, and a
    faulty row is a 422. `added` is by how much the ceilings of the rows' awards rise in total, `above`
    the sum of the
    policy file over which another person must confirm: then nothing is declared, and a 202 has the
    table that waits.
    The same file again is the same table.

    Args:
        preview (DeclareTablePreview | Unset):
        idempotency_key (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SentTable | Table]
     """


    kwargs = _get_kwargs(
        body=body,
preview=preview,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: DeclareTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Problem | SentTable | Table | None:
    """ Declare all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` only shows
    the result.

     Columns: `rule`, `subject`, `item`, `earned_on`; `documents` unless the row withdraws; `name`,
    `measure`,
    `assessed`, `withdrawn` where needed. A preview reports for each row its line, its award and
    amounts, or its faults,
    and the consequences for budgets and other awards as the preview of a batch does; without it these
    are null, and a
    faulty row is a 422. `added` is by how much the ceilings of the rows' awards rise in total, `above`
    the sum of the
    policy file over which another person must confirm: then nothing is declared, and a 202 has the
    table that waits.
    The same file again is the same table.

    Args:
        preview (DeclareTablePreview | Unset):
        idempotency_key (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SentTable | Table
     """


    return (await asyncio_detailed(
        client=client,
body=body,
preview=preview,
idempotency_key=idempotency_key,

    )).parsed
