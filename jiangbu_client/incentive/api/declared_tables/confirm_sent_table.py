from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.confirm_sent_table_preview import ConfirmSentTablePreview
from ...models.confirmation_preview import ConfirmationPreview
from ...models.problem import Problem
from ...models.sent_table import SentTable
from ...models.wrong_step import WrongStep
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    table_id: str,
    *,
    preview: ConfirmSentTablePreview | Unset = UNSET,
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
        "url": "/v1/declared/tables/{table_id}/confirm".format(table_id=quote(str(table_id), safe=""),),
        "params": params,
    }


    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ConfirmationPreview | Problem | SentTable | WrongStep:
    if response.status_code == 200:
        response_200 = ConfirmationPreview.from_dict(response.json())



        return response_200

    if response.status_code == 201:
        response_201 = SentTable.from_dict(response.json())



        return response_201

    if response.status_code == 409:
        response_409 = WrongStep.from_dict(response.json())



        return response_409

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ConfirmationPreview | Problem | SentTable | WrongStep]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    preview: ConfirmSentTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Response[ConfirmationPreview | Problem | SentTable | WrongStep]:
    """ Confirm a table that another person sent: all its rows are declared, by who sent it, or none.

     409 for one's own table, and for one that does not wait. 422 with line and column if a row has
    become faulty: the
    table waits on. `preview=true` shows the preview as of now, and what has changed since the table was
    sent.

    Args:
        table_id (str):
        preview (ConfirmSentTablePreview | Unset):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConfirmationPreview | Problem | SentTable | WrongStep]
     """


    kwargs = _get_kwargs(
        table_id=table_id,
preview=preview,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    preview: ConfirmSentTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> ConfirmationPreview | Problem | SentTable | WrongStep | None:
    """ Confirm a table that another person sent: all its rows are declared, by who sent it, or none.

     409 for one's own table, and for one that does not wait. 422 with line and column if a row has
    become faulty: the
    table waits on. `preview=true` shows the preview as of now, and what has changed since the table was
    sent.

    Args:
        table_id (str):
        preview (ConfirmSentTablePreview | Unset):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConfirmationPreview | Problem | SentTable | WrongStep
     """


    return sync_detailed(
        table_id=table_id,
client=client,
preview=preview,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    preview: ConfirmSentTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Response[ConfirmationPreview | Problem | SentTable | WrongStep]:
    """ Confirm a table that another person sent: all its rows are declared, by who sent it, or none.

     409 for one's own table, and for one that does not wait. 422 with line and column if a row has
    become faulty: the
    table waits on. `preview=true` shows the preview as of now, and what has changed since the table was
    sent.

    Args:
        table_id (str):
        preview (ConfirmSentTablePreview | Unset):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConfirmationPreview | Problem | SentTable | WrongStep]
     """


    kwargs = _get_kwargs(
        table_id=table_id,
preview=preview,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    table_id: str,
    *,
    client: AuthenticatedClient | Client,
    preview: ConfirmSentTablePreview | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> ConfirmationPreview | Problem | SentTable | WrongStep | None:
    """ Confirm a table that another person sent: all its rows are declared, by who sent it, or none.

     409 for one's own table, and for one that does not wait. 422 with line and column if a row has
    become faulty: the
    table waits on. `preview=true` shows the preview as of now, and what has changed since the table was
    sent.

    Args:
        table_id (str):
        preview (ConfirmSentTablePreview | Unset):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConfirmationPreview | Problem | SentTable | WrongStep
     """


    return (await asyncio_detailed(
        table_id=table_id,
client=client,
preview=preview,
idempotency_key=idempotency_key,

    )).parsed
