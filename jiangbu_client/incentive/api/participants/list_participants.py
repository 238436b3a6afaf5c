from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.list_participants_count import ListParticipantsCount
from ...models.list_participants_order import ListParticipantsOrder
from ...models.list_participants_reached import ListParticipantsReached
from ...models.list_participants_sort import ListParticipantsSort
from ...models.participant_page import ParticipantPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    exchange: str,
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    year: int | Unset = UNSET,
    rule: str | Unset = UNSET,
    reached: ListParticipantsReached | Unset = UNSET,
    sort: ListParticipantsSort | Unset = ListParticipantsSort.SUBJECT,
    order: ListParticipantsOrder | Unset = ListParticipantsOrder.ASC,
    count: ListParticipantsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

    params["limit"] = limit

    params["cursor"] = cursor

    params["year"] = year

    params["rule"] = rule

    json_reached: str | Unset = UNSET
    if not isinstance(reached, Unset):
        json_reached = reached.value

    params["reached"] = json_reached

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
        "url": "/v1/exchanges/{exchange}/participants".format(exchange=quote(str(exchange), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ParticipantPage | Problem:
    if response.status_code == 200:
        response_200 = ParticipantPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ParticipantPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    exchange: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    year: int | Unset = UNSET,
    rule: str | Unset = UNSET,
    reached: ListParticipantsReached | Unset = UNSET,
    sort: ListParticipantsSort | Unset = ListParticipantsSort.SUBJECT,
    order: ListParticipantsOrder | Unset = ListParticipantsOrder.ASC,
    count: ListParticipantsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ParticipantPage | Problem]:
    """ List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

     `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a
    part in them that
    the key may not see; sorting then goes by `own`.

    Args:
        exchange (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        year (int | Unset):
        rule (str | Unset):
        reached (ListParticipantsReached | Unset):
        sort (ListParticipantsSort | Unset):  Default: ListParticipantsSort.SUBJECT.
        order (ListParticipantsOrder | Unset):  Default: ListParticipantsOrder.ASC.
        count (ListParticipantsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ParticipantPage | Problem]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
as_of=as_of,
limit=limit,
cursor=cursor,
year=year,
rule=rule,
reached=reached,
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
    exchange: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    year: int | Unset = UNSET,
    rule: str | Unset = UNSET,
    reached: ListParticipantsReached | Unset = UNSET,
    sort: ListParticipantsSort | Unset = ListParticipantsSort.SUBJECT,
    order: ListParticipantsOrder | Unset = ListParticipantsOrder.ASC,
    count: ListParticipantsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ParticipantPage | Problem | None:
    """ List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

     `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a
    part in them that
    the key may not see; sorting then goes by `own`.

    Args:
        exchange (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        year (int | Unset):
        rule (str | Unset):
        reached (ListParticipantsReached | Unset):
        sort (ListParticipantsSort | Unset):  Default: ListParticipantsSort.SUBJECT.
        order (ListParticipantsOrder | Unset):  Default: ListParticipantsOrder.ASC.
        count (ListParticipantsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ParticipantPage | Problem
     """


    return sync_detailed(
        exchange=exchange,
client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
year=year,
rule=rule,
reached=reached,
sort=sort,
order=order,
count=count,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    exchange: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    year: int | Unset = UNSET,
    rule: str | Unset = UNSET,
    reached: ListParticipantsReached | Unset = UNSET,
    sort: ListParticipantsSort | Unset = ListParticipantsSort.SUBJECT,
    order: ListParticipantsOrder | Unset = ListParticipantsOrder.ASC,
    count: ListParticipantsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[ParticipantPage | Problem]:
    """ List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

     `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a
    part in them that
    the key may not see; sorting then goes by `own`.

    Args:
        exchange (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        year (int | Unset):
        rule (str | Unset):
        reached (ListParticipantsReached | Unset):
        sort (ListParticipantsSort | Unset):  Default: ListParticipantsSort.SUBJECT.
        order (ListParticipantsOrder | Unset):  Default: ListParticipantsOrder.ASC.
        count (ListParticipantsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ParticipantPage | Problem]
     """


    kwargs = _get_kwargs(
        exchange=exchange,
as_of=as_of,
limit=limit,
cursor=cursor,
year=year,
rule=rule,
reached=reached,
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
    exchange: str,
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    year: int | Unset = UNSET,
    rule: str | Unset = UNSET,
    reached: ListParticipantsReached | Unset = UNSET,
    sort: ListParticipantsSort | Unset = ListParticipantsSort.SUBJECT,
    order: ListParticipantsOrder | Unset = ListParticipantsOrder.ASC,
    count: ListParticipantsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> ParticipantPage | Problem | None:
    """ List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

     `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a
    part in them that
    the key may not see; sorting then goes by `own`.

    Args:
        exchange (str):
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        year (int | Unset):
        rule (str | Unset):
        reached (ListParticipantsReached | Unset):
        sort (ListParticipantsSort | Unset):  Default: ListParticipantsSort.SUBJECT.
        order (ListParticipantsOrder | Unset):  Default: ListParticipantsOrder.ASC.
        count (ListParticipantsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ParticipantPage | Problem
     """


    return (await asyncio_detailed(
        exchange=exchange,
client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
year=year,
rule=rule,
reached=reached,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
