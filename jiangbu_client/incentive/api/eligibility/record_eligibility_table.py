from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.eligibility_table import EligibilityTable
from ...models.problem import Problem
from ...models.record_eligibility_table_preview import RecordEligibilityTablePreview
from ...types import File, FileTypes
from ...types import UNSET, Unset
from io import BytesIO
from typing import cast



def _get_kwargs(
    *,
    body: File,
    preview: RecordEligibilityTablePreview | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    params: dict[str, Any] = {}

    json_preview: str | Unset = UNSET
    if not isinstance(preview, Unset):
        json_preview = preview.value

    params["preview"] = json_preview


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/eligibility",
        "params": params,
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> EligibilityTable | Problem:
    if response.status_code == 200:
        response_200 = EligibilityTable.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[EligibilityTable | Problem]:
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
    preview: RecordEligibilityTablePreview | Unset = UNSET,

) -> Response[EligibilityTable | Problem]:
    """ Record all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` records
    nothing.

     Columns: `subject`, `status`, `from`, `until`, `kind_of_entity`, a column for each condition with
    its basis (a cell
    that begins with `no:` says that it is not met), `reason`, `documents`. The answer has the awards
    that are held or
    released by it, and those for which a clawback proposal opens.

    Args:
        preview (RecordEligibilityTablePreview | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EligibilityTable | Problem]
     """


    kwargs = _get_kwargs(
        body=body,
preview=preview,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: RecordEligibilityTablePreview | Unset = UNSET,

) -> EligibilityTable | Problem | None:
    """ Record all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` records
    nothing.

     Columns: `subject`, `status`, `from`, `until`, `kind_of_entity`, a column for each condition with
    its basis (a cell
    that begins with `no:` says that it is not met), `reason`, `documents`. The answer has the awards
    that are held or
    released by it, and those for which a clawback proposal opens.

    Args:
        preview (RecordEligibilityTablePreview | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EligibilityTable | Problem
     """


    return sync_detailed(
        client=client,
body=body,
preview=preview,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: RecordEligibilityTablePreview | Unset = UNSET,

) -> Response[EligibilityTable | Problem]:
    """ Record all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` records
    nothing.

     Columns: `subject`, `status`, `from`, `until`, `kind_of_entity`, a column for each condition with
    its basis (a cell
    that begins with `no:` says that it is not met), `reason`, `documents`. The answer has the awards
    that are held or
    released by it, and those for which a clawback proposal opens.

    Args:
        preview (RecordEligibilityTablePreview | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EligibilityTable | Problem]
     """


    kwargs = _get_kwargs(
        body=body,
preview=preview,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    preview: RecordEligibilityTablePreview | Unset = UNSET,

) -> EligibilityTable | Problem | None:
    """ Record all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` records
    nothing.

     Columns: `subject`, `status`, `from`, `until`, `kind_of_entity`, a column for each condition with
    its basis (a cell
    that begins with `no:` says that it is not met), `reason`, `documents`. The answer has the awards
    that are held or
    released by it, and those for which a clawback proposal opens.

    Args:
        preview (RecordEligibilityTablePreview | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EligibilityTable | Problem
     """


    return (await asyncio_detailed(
        client=client,
body=body,
preview=preview,

    )).parsed
