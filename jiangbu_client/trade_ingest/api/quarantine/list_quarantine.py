from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_quarantine_count import ListQuarantineCount
from ...models.list_quarantine_order import ListQuarantineOrder
from ...models.list_quarantine_reason import ListQuarantineReason
from ...models.list_quarantine_sort import ListQuarantineSort
from ...models.list_quarantine_status import ListQuarantineStatus
from ...models.problem import Problem
from ...models.quarantine_page import QuarantinePage
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    reason: ListQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    status: ListQuarantineStatus | Unset = UNSET,
    places: str | Unset = UNSET,
    sort: ListQuarantineSort | Unset = ListQuarantineSort.ID,
    order: ListQuarantineOrder | Unset = ListQuarantineOrder.ASC,
    count: ListQuarantineCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    params["exchange"] = exchange

    json_reason: str | Unset = UNSET
    if not isinstance(reason, Unset):
        json_reason = reason.value

    params["reason"] = json_reason

    json_date: str | Unset = UNSET
    if not isinstance(date, Unset):
        json_date = date.isoformat()
    params["date"] = json_date

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    params["places"] = places

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    json_order: str | Unset = UNSET
    if not isinstance(order, Unset):
        json_order = order.value

    params["order"] = json_order

    json_count: str | Unset = UNSET
    if not isinstance(count, Unset):
        json_count = count.value

    params["count"] = json_count

    params["min_size"] = min_size


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/quarantine",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | QuarantinePage:
    if response.status_code == 200:
        response_200 = QuarantinePage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | QuarantinePage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    reason: ListQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    status: ListQuarantineStatus | Unset = UNSET,
    places: str | Unset = UNSET,
    sort: ListQuarantineSort | Unset = ListQuarantineSort.ID,
    order: ListQuarantineOrder | Unset = ListQuarantineOrder.ASC,
    count: ListQuarantineCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | QuarantinePage]:
    """ Rejected records in order of id by default, with their correction and how they differ from what is
    registered.

     `number`, `revision` and `document_at` are those of the record's document, as far as they can be
    read. `status`:
    `corrected` if a later record of the document was accepted (`corrected_by`), `open` if none was,
    `unidentified`
    without a number. `registered` is the revision that `differences` compare with. `places` selects the
    records, or the
    batches with them, at offsets of the exchange's topic. A page may hold fewer than `limit` items
    although there are
    more: it ends early when its records are large.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        reason (ListQuarantineReason | Unset):
        date (datetime.date | Unset):
        status (ListQuarantineStatus | Unset):
        places (str | Unset):  Example: 0:17,1:40-59.
        sort (ListQuarantineSort | Unset):  Default: ListQuarantineSort.ID.
        order (ListQuarantineOrder | Unset):  Default: ListQuarantineOrder.ASC.
        count (ListQuarantineCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | QuarantinePage]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
exchange=exchange,
reason=reason,
date=date,
status=status,
places=places,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    reason: ListQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    status: ListQuarantineStatus | Unset = UNSET,
    places: str | Unset = UNSET,
    sort: ListQuarantineSort | Unset = ListQuarantineSort.ID,
    order: ListQuarantineOrder | Unset = ListQuarantineOrder.ASC,
    count: ListQuarantineCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | QuarantinePage | None:
    """ Rejected records in order of id by default, with their correction and how they differ from what is
    registered.

     `number`, `revision` and `document_at` are those of the record's document, as far as they can be
    read. `status`:
    `corrected` if a later record of the document was accepted (`corrected_by`), `open` if none was,
    `unidentified`
    without a number. `registered` is the revision that `differences` compare with. `places` selects the
    records, or the
    batches with them, at offsets of the exchange's topic. A page may hold fewer than `limit` items
    although there are
    more: it ends early when its records are large.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        reason (ListQuarantineReason | Unset):
        date (datetime.date | Unset):
        status (ListQuarantineStatus | Unset):
        places (str | Unset):  Example: 0:17,1:40-59.
        sort (ListQuarantineSort | Unset):  Default: ListQuarantineSort.ID.
        order (ListQuarantineOrder | Unset):  Default: ListQuarantineOrder.ASC.
        count (ListQuarantineCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | QuarantinePage
     """


    return sync_detailed(
        client=client,
limit=limit,
cursor=cursor,
exchange=exchange,
reason=reason,
date=date,
status=status,
places=places,
sort=sort,
order=order,
count=count,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    reason: ListQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    status: ListQuarantineStatus | Unset = UNSET,
    places: str | Unset = UNSET,
    sort: ListQuarantineSort | Unset = ListQuarantineSort.ID,
    order: ListQuarantineOrder | Unset = ListQuarantineOrder.ASC,
    count: ListQuarantineCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[Problem | QuarantinePage]:
    """ Rejected records in order of id by default, with their correction and how they differ from what is
    registered.

     `number`, `revision` and `document_at` are those of the record's document, as far as they can be
    read. `status`:
    `corrected` if a later record of the document was accepted (`corrected_by`), `open` if none was,
    `unidentified`
    without a number. `registered` is the revision that `differences` compare with. `places` selects the
    records, or the
    batches with them, at offsets of the exchange's topic. A page may hold fewer than `limit` items
    although there are
    more: it ends early when its records are large.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        reason (ListQuarantineReason | Unset):
        date (datetime.date | Unset):
        status (ListQuarantineStatus | Unset):
        places (str | Unset):  Example: 0:17,1:40-59.
        sort (ListQuarantineSort | Unset):  Default: ListQuarantineSort.ID.
        order (ListQuarantineOrder | Unset):  Default: ListQuarantineOrder.ASC.
        count (ListQuarantineCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | QuarantinePage]
     """


    kwargs = _get_kwargs(
        limit=limit,
cursor=cursor,
exchange=exchange,
reason=reason,
date=date,
status=status,
places=places,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    reason: ListQuarantineReason | Unset = UNSET,
    date: datetime.date | Unset = UNSET,
    status: ListQuarantineStatus | Unset = UNSET,
    places: str | Unset = UNSET,
    sort: ListQuarantineSort | Unset = ListQuarantineSort.ID,
    order: ListQuarantineOrder | Unset = ListQuarantineOrder.ASC,
    count: ListQuarantineCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Problem | QuarantinePage | None:
    """ Rejected records in order of id by default, with their correction and how they differ from what is
    registered.

     `number`, `revision` and `document_at` are those of the record's document, as far as they can be
    read. `status`:
    `corrected` if a later record of the document was accepted (`corrected_by`), `open` if none was,
    `unidentified`
    without a number. `registered` is the revision that `differences` compare with. `places` selects the
    records, or the
    batches with them, at offsets of the exchange's topic. A page may hold fewer than `limit` items
    although there are
    more: it ends early when its records are large.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        exchange (str | Unset):
        reason (ListQuarantineReason | Unset):
        date (datetime.date | Unset):
        status (ListQuarantineStatus | Unset):
        places (str | Unset):  Example: 0:17,1:40-59.
        sort (ListQuarantineSort | Unset):  Default: ListQuarantineSort.ID.
        order (ListQuarantineOrder | Unset):  Default: ListQuarantineOrder.ASC.
        count (ListQuarantineCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | QuarantinePage
     """


    return (await asyncio_detailed(
        client=client,
limit=limit,
cursor=cursor,
exchange=exchange,
reason=reason,
date=date,
status=status,
places=places,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
