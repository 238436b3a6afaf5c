"""Lists of every service: sorted either way, page by page, counted, or whole as CSV.

A list is declared once as an `ItemList`, and its route is a function that opens its rows. Pages of the web site ask the
same route.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from flask import Response, after_this_request, request
from marshmallow import Schema, fields

from shared.events.fields import Choice
from shared.postgres.sorted_rows import Key, Seek, SortedRows, Sorts
from shared.values.json_types import Json
from shared.web.answers import JsonSchema
from shared.web.csv_list import CSV, FieldOrder, cells_of, columns_of, csv_response, in_order, order_of, wants_csv
from shared.web.openapi import COLUMNS
from shared.web.pagination import ListPosition, PageQuery, decode_cursor, encode_cursor, list_digest
from shared.web.query import TEXT, Blueprint

ORDERS: Final = ("asc", "desc")
# An instant is no filter: cursors of the present list go on in the list as of then, and the answers stay the same.
_NO_FILTERS: Final = frozenset({"limit", "cursor", "sort", "order", "count", "as_of"})

Row = TypeVar("Row")


def page_schema(name: str, item: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `item`; a `JsonSchema` if the item is one."""
    page_fields: Json = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
        "count": fields.Integer(metadata={"description": "the number of all items, with count=true"}),
    }
    kind: type[Schema] = JsonSchema if issubclass(item, JsonSchema) else Schema
    return kind.from_dict(page_fields, name=name)


class ListPage(NamedTuple):
    """A page of a list, with the cursors of its neighbours; `total` is None unless asked for."""

    items: Sequence[Json]
    next_cursor: str | None
    previous_cursor: str | None
    total: int | None
    further: Json


@dataclass(frozen=True)
class ItemList:
    """A list: a name for files, the schema of its pages, and the keys of each order by the field that it sorts by."""

    name: str
    page: type[Schema]
    sorts: Sorts

    @property
    def item(self) -> Schema:
        """The schema of an item."""
        items = self.page().fields["items"]
        item: Schema = items.inner.schema  # type: ignore[attr-defined]  # of the list that `page_schema` made
        return item

    @cached_property
    def order(self) -> FieldOrder:
        """The order of an item's fields; a schema for each item would cost more than all else of a page."""
        return order_of(self.item)

    @property
    def default_sort(self) -> str:
        return next(iter(self.sorts))

    def query(self, base: type[PageQuery]) -> type[Schema]:
        """Return the parameters of the list: those of `base`, its filters among them, and sort, order and count."""
        return base.from_dict(
            {
                "sort": Choice(tuple(self.sorts), load_default=self.default_sort),
                "order": Choice(ORDERS, load_default=ORDERS[0]),
                "count": Choice(("true", "false")),
            },
            name=base.__name__,
        )

    def keys(self, arguments: Json) -> Sequence[Key]:
        return self.sorts[arguments.get("sort", self.default_sort)]

    def digest(self, arguments: Json, path: Mapping[str, object]) -> str:
        """Return the digest of the list that is asked for: sort, order, filters and the variables of the path."""
        filters = {name: value for name, value in arguments.items() if name not in _NO_FILTERS and value is not None}
        sort, order = arguments.get("sort", self.default_sort), arguments.get("order", ORDERS[0])
        return list_digest(sort, order, {**filters, **path})


def page_of(
    listed: ItemList,
    arguments: Json,
    path: Mapping[str, object],
    open_rows: Callable[[Json], AbstractContextManager[SortedRows[Any]]],
) -> ListPage:
    """Return the page of a list that the parameters ask for. Problem 422 for a cursor of another list.

    `open_rows` gets the parameters and `after`: the values of the keys at which the page begins, None for the first.
    """
    keys, digest = listed.keys(arguments), listed.digest(arguments, path)
    position = decode_cursor(arguments.get("cursor"), digest, keys)
    is_backwards = position is not None and position.is_backwards
    after = None if position is None else position.values
    descends = (arguments.get("order") == "desc") is not is_backwards
    seek = Seek(keys, arguments["limit"], after, descends=descends)
    with open_rows({**arguments, "after": after}) as found:
        part = found.part(seek)
        rows = part.rows[::-1] if is_backwards else part.rows
        items = list(found.render(rows))
        total = found.count(seek) if arguments.get("count") == "true" else None
    has_next, has_previous = part.has_more, position is not None
    if is_backwards:
        has_next, has_previous = has_previous, has_next

    def cursor(row: object, *, is_backwards: bool) -> str:
        return encode_cursor(digest, ListPosition(seek.position(row), is_backwards))

    return ListPage(
        items,
        cursor(rows[-1], is_backwards=False) if rows and has_next else None,
        cursor(rows[0], is_backwards=True) if rows and has_previous else None,
        total,
        found.further,
    )


@dataclass(frozen=True)
class ListRoute(Generic[Row]):
    """A list that the API serves: the function that opens its rows, and the parameters that it takes.

    The function gets the parameters as `page_of` gives them, and the variables of the path.
    """

    listed: ItemList
    open: Callable[..., AbstractContextManager[SortedRows[Row]]]
    query: type[Schema]
    path: Mapping[str, Any] = field(default_factory=dict)

    def at(self, **path: Any) -> "ListRoute[Row]":
        """Return the list with these variables of its path."""
        return replace(self, path=path)

    def page(self, arguments: Json) -> ListPage:
        """Return a page. Problem 422 for a cursor of another list."""
        return page_of(self.listed, arguments, self.path, lambda given: self.open(given, **self.path))

    def table(self, opened: ExitStack, arguments: Json) -> tuple[list[str], Iterator[list[str]]]:
        """Open the whole list as a table of text: its columns, and its rows as they are read."""
        item, columns = self.listed.item, columns_of(self.listed.item)
        found = opened.enter_context(self.open({**arguments, "after": None}, **self.path))
        seek = Seek(self.listed.keys(arguments), 0, descends=arguments.get("order") == "desc")
        items = chain.from_iterable(item.dump(list(found.render(rows)), many=True) for rows in found.chunks(seek))
        return columns, (cells_of(one, columns) for one in items)

    def csv(self, arguments: Json) -> Response:
        """Stream the whole list as CSV."""
        with ExitStack() as opened:
            columns, rows = self.table(opened, arguments)
            return csv_response(self.listed.name, columns, rows, opened)

    def answer(self, arguments: Json) -> Json | Response:
        """Answer a request with a page, or with CSV if it prefers that."""
        if wants_csv():
            return self.csv(arguments)
        page = self.page(arguments)
        after_this_request(partial(_add_headers, page))
        counted = {} if page.total is None else {"count": page.total}
        items = page.items
        if issubclass(self.listed.page, JsonSchema):  # which does not render the items; the others do
            items = [in_order(self.listed.order, item) for item in items]
        return {**page.further, "items": items, "next_cursor": page.next_cursor, **counted}


def list_operation(
    blueprint: Blueprint,
    route: str,
    listed: ItemList,
    *,
    query: type[PageQuery] = PageQuery,
    **operation: Any,
) -> Callable[[Callable[..., AbstractContextManager[SortedRows[Row]]]], ListRoute[Row]]:
    """Serve a list at a route, with the parameters `query` and those of every list; the function opens its rows."""

    def register(function: Callable[..., AbstractContextManager[SortedRows[Row]]]) -> ListRoute[Row]:
        list_route = ListRoute(listed, function, listed.query(query))

        def view(arguments: Json, **path: Any) -> Json | Response:
            return list_route.at(**path).answer(arguments)

        view.__doc__, view.__name__ = function.__doc__, function.__name__
        table = {CSV: {**TEXT, COLUMNS: columns_of(listed.item)}}
        blueprint.operation(route, listed.page, query=list_route.query, further_types=table, **operation)(view)
        return list_route

    return register


def _add_headers(page: ListPage, response: Response) -> Response:
    """Add the addresses of the neighbouring pages (RFC 8288)."""
    response.vary.add("Accept")
    for name, cursor in (("prev", page.previous_cursor), ("next", page.next_cursor)):
        if cursor is not None:
            query = urlencode({**request.args, "cursor": cursor})
            response.headers.add("Link", f'<{request.path}?{query}>; rel="{name}"')
    return response
