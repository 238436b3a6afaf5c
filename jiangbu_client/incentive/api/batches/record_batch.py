from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.batch import Batch
from ...models.batch_preview import BatchPreview
from ...models.batch_request import BatchRequest
from ...models.problem import Problem
from ...models.record_batch_preview import RecordBatchPreview
from ...models.refused_batch import RefusedBatch
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    body: BatchRequest,
    preview: RecordBatchPreview | Unset = UNSET,
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
        "url": "/v1/batches",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Batch | BatchPreview | Problem | RefusedBatch:
    if response.status_code == 200:
        response_200 = BatchPreview.from_dict(response.json())



        return response_200

    if response.status_code == 201:
        response_201 = Batch.from_dict(response.json())



        return response_201

    if response.status_code == 409:
        response_409 = RefusedBatch.from_dict(response.json())



        return response_409

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Batch | BatchPreview | Problem | RefusedBatch]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: BatchRequest,
    preview: RecordBatchPreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Response[Batch | BatchPreview | Problem | RefusedBatch]:
    """ Take a step with up to 10,000 awards, all or none. 409 with the awards that cannot take it, and why.

     With `preview=true` nothing is recorded, and a 200 says what would follow.

    Args:
        preview (RecordBatchPreview | Unset):
        idempotency_key (str | Unset):
        body (BatchRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Batch | BatchPreview | Problem | RefusedBatch]
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
    body: BatchRequest,
    preview: RecordBatchPreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Batch | BatchPreview | Problem | RefusedBatch | None:
    """ Take a step with up to 10,000 awards, all or none. 409 with the awards that cannot take it, and why.

     With `preview=true` nothing is recorded, and a 200 says what would follow.

    Args:
        preview (RecordBatchPreview | Unset):
        idempotency_key (str | Unset):
        body (BatchRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Batch | BatchPreview | Problem | RefusedBatch
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
    body: BatchRequest,
    preview: RecordBatchPreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Response[Batch | BatchPreview | Problem | RefusedBatch]:
    """ Take a step with up to 10,000 awards, all or none. 409 with the awards that cannot take it, and why.

     With `preview=true` nothing is recorded, and a 200 says what would follow.

    Args:
        preview (RecordBatchPreview | Unset):
        idempotency_key (str | Unset):
        body (BatchRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Batch | BatchPreview | Problem | RefusedBatch]
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
    body: BatchRequest,
    preview: RecordBatchPreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Batch | BatchPreview | Problem | RefusedBatch | None:
    """ Take a step with up to 10,000 awards, all or none. 409 with the awards that cannot take it, and why.

     With `preview=true` nothing is recorded, and a 200 says what would follow.

    Args:
        preview (RecordBatchPreview | Unset):
        idempotency_key (str | Unset):
        body (BatchRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Batch | BatchPreview | Problem | RefusedBatch
     """


    return (await asyncio_detailed(
        client=client,
body=body,
preview=preview,
idempotency_key=idempotency_key,

    )).parsed
