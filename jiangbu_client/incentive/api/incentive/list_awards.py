from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.award_page import AwardPage
from ...models.list_awards_count import ListAwardsCount
from ...models.list_awards_flag_type_0 import ListAwardsFlagType0
from ...models.list_awards_hold import ListAwardsHold
from ...models.list_awards_order import ListAwardsOrder
from ...models.list_awards_sort import ListAwardsSort
from ...models.list_awards_state import ListAwardsState
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime



def _get_kwargs(
    *,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    subject: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    rule: str | Unset = UNSET,
    year: int | Unset = UNSET,
    state: ListAwardsState | Unset = UNSET,
    flag: Any | ListAwardsFlagType0 | Unset = UNSET,
    hold: ListAwardsHold | Unset = UNSET,
    name: str | Unset = UNSET,
    sort: ListAwardsSort | Unset = ListAwardsSort.AWARD_ID,
    order: ListAwardsOrder | Unset = ListAwardsOrder.ASC,
    count: ListAwardsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_as_of: str | Unset = UNSET
    if not isinstance(as_of, Unset):
        json_as_of = as_of.isoformat()
    params["as_of"] = json_as_of

    params["limit"] = limit

    params["cursor"] = cursor

    params["subject"] = subject

    params["exchange"] = exchange

    params["rule"] = rule

    params["year"] = year

    json_state: str | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state.value

    params["state"] = json_state

    json_flag: Any | str | Unset
    if isinstance(flag, Unset):
        json_flag = UNSET
    elif isinstance(flag, ListAwardsFlagType0):
        json_flag = flag.value
    else:
        json_flag = flag
    params["flag"] = json_flag

    json_hold: str | Unset = UNSET
    if not isinstance(hold, Unset):
        json_hold = hold.value

    params["hold"] = json_hold

    params["name"] = name

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
        "url": "/v1/awards",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AwardPage | Problem:
    if response.status_code == 200:
        response_200 = AwardPage.from_dict(response.json())



        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())



        return response_422

    response_default = Problem.from_dict(response.json())



    return response_default



def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AwardPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    subject: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    rule: str | Unset = UNSET,
    year: int | Unset = UNSET,
    state: ListAwardsState | Unset = UNSET,
    flag: Any | ListAwardsFlagType0 | Unset = UNSET,
    hold: ListAwardsHold | Unset = UNSET,
    name: str | Unset = UNSET,
    sort: ListAwardsSort | Unset = ListAwardsSort.AWARD_ID,
    order: ListAwardsOrder | Unset = ListAwardsOrder.ASC,
    count: ListAwardsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[AwardPage | Problem]:
    """ List awards, by default in code point order of `award_id`.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        subject (str | Unset):
        exchange (str | Unset):
        rule (str | Unset):
        year (int | Unset):
        state (ListAwardsState | Unset):
        flag (Any | ListAwardsFlagType0 | Unset):
        hold (ListAwardsHold | Unset):
        name (str | Unset):
        sort (ListAwardsSort | Unset):  Default: ListAwardsSort.AWARD_ID.
        order (ListAwardsOrder | Unset):  Default: ListAwardsOrder.ASC.
        count (ListAwardsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AwardPage | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
limit=limit,
cursor=cursor,
subject=subject,
exchange=exchange,
rule=rule,
year=year,
state=state,
flag=flag,
hold=hold,
name=name,
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
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    subject: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    rule: str | Unset = UNSET,
    year: int | Unset = UNSET,
    state: ListAwardsState | Unset = UNSET,
    flag: Any | ListAwardsFlagType0 | Unset = UNSET,
    hold: ListAwardsHold | Unset = UNSET,
    name: str | Unset = UNSET,
    sort: ListAwardsSort | Unset = ListAwardsSort.AWARD_ID,
    order: ListAwardsOrder | Unset = ListAwardsOrder.ASC,
    count: ListAwardsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> AwardPage | Problem | None:
    """ List awards, by default in code point order of `award_id`.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        subject (str | Unset):
        exchange (str | Unset):
        rule (str | Unset):
        year (int | Unset):
        state (ListAwardsState | Unset):
        flag (Any | ListAwardsFlagType0 | Unset):
        hold (ListAwardsHold | Unset):
        name (str | Unset):
        sort (ListAwardsSort | Unset):  Default: ListAwardsSort.AWARD_ID.
        order (ListAwardsOrder | Unset):  Default: ListAwardsOrder.ASC.
        count (ListAwardsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AwardPage | Problem
     """


    return sync_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
subject=subject,
exchange=exchange,
rule=rule,
year=year,
state=state,
flag=flag,
hold=hold,
name=name,
sort=sort,
order=order,
count=count,
min_size=min_size,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    subject: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    rule: str | Unset = UNSET,
    year: int | Unset = UNSET,
    state: ListAwardsState | Unset = UNSET,
    flag: Any | ListAwardsFlagType0 | Unset = UNSET,
    hold: ListAwardsHold | Unset = UNSET,
    name: str | Unset = UNSET,
    sort: ListAwardsSort | Unset = ListAwardsSort.AWARD_ID,
    order: ListAwardsOrder | Unset = ListAwardsOrder.ASC,
    count: ListAwardsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> Response[AwardPage | Problem]:
    """ List awards, by default in code point order of `award_id`.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        subject (str | Unset):
        exchange (str | Unset):
        rule (str | Unset):
        year (int | Unset):
        state (ListAwardsState | Unset):
        flag (Any | ListAwardsFlagType0 | Unset):
        hold (ListAwardsHold | Unset):
        name (str | Unset):
        sort (ListAwardsSort | Unset):  Default: ListAwardsSort.AWARD_ID.
        order (ListAwardsOrder | Unset):  Default: ListAwardsOrder.ASC.
        count (ListAwardsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AwardPage | Problem]
     """


    kwargs = _get_kwargs(
        as_of=as_of,
limit=limit,
cursor=cursor,
subject=subject,
exchange=exchange,
rule=rule,
year=year,
state=state,
flag=flag,
hold=hold,
name=name,
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
    as_of: datetime.datetime | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    subject: str | Unset = UNSET,
    exchange: str | Unset = UNSET,
    rule: str | Unset = UNSET,
    year: int | Unset = UNSET,
    state: ListAwardsState | Unset = UNSET,
    flag: Any | ListAwardsFlagType0 | Unset = UNSET,
    hold: ListAwardsHold | Unset = UNSET,
    name: str | Unset = UNSET,
    sort: ListAwardsSort | Unset = ListAwardsSort.AWARD_ID,
    order: ListAwardsOrder | Unset = ListAwardsOrder.ASC,
    count: ListAwardsCount | Unset = UNSET,
    min_size: int | Unset = UNSET,

) -> AwardPage | Problem | None:
    """ List awards, by default in code point order of `award_id`.

    Args:
        as_of (datetime.datetime | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        subject (str | Unset):
        exchange (str | Unset):
        rule (str | Unset):
        year (int | Unset):
        state (ListAwardsState | Unset):
        flag (Any | ListAwardsFlagType0 | Unset):
        hold (ListAwardsHold | Unset):
        name (str | Unset):
        sort (ListAwardsSort | Unset):  Default: ListAwardsSort.AWARD_ID.
        order (ListAwardsOrder | Unset):  Default: ListAwardsOrder.ASC.
        count (ListAwardsCount | Unset):
        min_size (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AwardPage | Problem
     """


    return (await asyncio_detailed(
        client=client,
as_of=as_of,
limit=limit,
cursor=cursor,
subject=subject,
exchange=exchange,
rule=rule,
year=year,
state=state,
flag=flag,
hold=hold,
name=name,
sort=sort,
order=order,
count=count,
min_size=min_size,

    )).parsed
