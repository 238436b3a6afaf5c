"""Lists on pages. The whole state of a list is in its address: filters, sort, order, page size and place."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Protocol

from flask import Response, request, url_for
from marshmallow import Schema

from services.incentive.extract.tables import AMOUNTS
from services.incentive.extract.xlsx import write_workbook
from services.incentive.http.notices.lists import MEDIA_TYPES
from services.incentive.pages.as_of_param import PARAMETER, page_as_of
from services.incentive.pages.form_body import Faults, load
from shared.postgres.sorted_rows import SortedRows, Sorts
from shared.values.json_types import Json
from shared.values.times import format_time
from shared.web.lists import ItemList, ListPage, page_of
from shared.web.problems import FieldFault, Problem

PAGE_SIZES: Final = (25, 50, 100, 200)
_STATE: Final = ("sort", "order", "limit")
_NO_PAGE: Final = ListPage([], None, None, None, {})
_PIECE_BYTES: Final = 1 << 16


class ListSource(Protocol):
    """A list that pages show: a route of this API, or a register's."""

    @property
    def query(self) -> type[Schema]: ...

    def page(self, arguments: Json) -> ListPage: ...

    def csv(self, arguments: Json) -> Response: ...

    def table(self, opened: ExitStack, arguments: Json) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Open the whole list as a table: its columns and rows."""


class Paging(NamedTuple):
    """Links from a page of a list to others, None where there is no need for one; sizes without a link are in use."""

    start: str | None
    previous: str | None
    more: str | None
    sizes: Sequence[tuple[int, str | None]] = ()
    files: Mapping[str, str] = {}


class Heading(NamedTuple):
    """A column that the list is sorted by when its heading is followed; `sorted` as `aria-sort` says it."""

    address: str
    sorted: Literal["ascending", "descending"] | None


class ShownList(NamedTuple):
    """A page of a list: `given` are the filters in its address, `faults` those that are wrong."""

    items: Sequence[Json]
    total: int | None
    further: Json
    given: Mapping[str, str]
    faults: Faults
    paging: Paging
    headings: Mapping[str, Heading]


@dataclass(frozen=True)
class PageList:
    """A list on a page: its filters by name, its defaults, and what else the page's address names.

    `dated`: the page shows the instant in its address.
    """

    source: ListSource
    endpoint: str
    names: Sequence[str] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    dated: bool = False

    def file(self) -> Response | None:
        """Return all that the filters leave as the file that the address asks for; None if it asks for none."""
        asked = request.args.get("format")
        if asked not in ("csv", "xlsx"):
            return None
        arguments, faults = self._arguments()
        if faults:
            return None
        if asked == "csv":
            return self.source.csv(arguments)
        with ExitStack() as opened:
            columns, rows = self.source.table(opened, arguments)
            return _workbook(self.endpoint.rpartition(".")[2], columns, rows)

    def shown(self) -> ShownList:
        """Load the page that the address names. Problem 422 for a sort, order or page size that there is not."""
        arguments, faults = self._arguments()
        unknown = [FieldFault(name, said) for name, said in faults.items() if name not in self.names]
        if unknown:
            raise Problem(422, errors=unknown)
        page = _NO_PAGE if faults else self.source.page(arguments)
        return ShownList(
            page.items, page.total, page.further, self._given(self.names), faults, self._paging(page), self._headings()
        )

    def _given(self, names: Iterable[str]) -> dict[str, str]:
        return {name: text for name in names if (text := request.args.get(name, "").strip())}

    def _arguments(self) -> tuple[Json, Faults]:
        instant = page_as_of() if self.dated else None
        dated = {} if instant is None else {PARAMETER: format_time(instant)}
        size = {"limit": str(PAGE_SIZES[0]), "count": "true"}
        given = self._given((*self.names, *_STATE, "cursor"))
        return load(self.source.query(), {**size, **self.defaults, **given, **dated})

    def _address(self, **changed: str | None) -> str:
        query: Json = {**self.path, **self._given((*self.names, *_STATE)), **changed}
        return url_for(self.endpoint, **query)

    def _paging(self, page: ListPage) -> Paging:
        limit = request.args.get("limit") or self.defaults.get("limit") or str(PAGE_SIZES[0])
        return Paging(
            self._address() if request.args.get("cursor") else None,
            None if page.previous_cursor is None else self._address(cursor=page.previous_cursor),
            None if page.next_cursor is None else self._address(cursor=page.next_cursor),
            [(size, None if str(size) == limit else self._address(limit=str(size))) for size in PAGE_SIZES],
            {name: self._address(format=name) for name in ("csv", "xlsx")},
        )

    def _headings(self) -> dict[str, Heading]:
        """A heading that is followed again turns the order."""
        sorts: Sequence[str] = self.source.query().fields["sort"].validators[0].choices  # type: ignore[attr-defined]
        chosen = request.args.get("sort") or self.defaults.get("sort") or sorts[0]
        order = request.args.get("order") or self.defaults.get("order") or "asc"
        turned = "asc" if order == "desc" else "desc"
        said: Literal["ascending", "descending"] = "descending" if order == "desc" else "ascending"
        return {
            name: Heading(
                self._address(sort=name, order=turned if name == chosen else "asc"), said if name == chosen else None
            )
            for name in sorts
        }


def part_of(rows: SortedRows[Any], sorts: Sorts, endpoint: str, path: Json, limit: int, **further: str) -> ShownList:
    """Return the part of a page's own list that the address names; `further`: sort, order and count as in the API."""

    @contextmanager
    def opened(_: Json) -> Iterator[SortedRows[Any]]:
        yield rows

    arguments = {"limit": limit, "cursor": request.args.get("cursor"), **further}
    page = page_of(ItemList(endpoint, Schema, sorts), arguments, path, opened)

    def address(cursor: str | None) -> str | None:
        return None if cursor is None else url_for(endpoint, **path, cursor=cursor)

    start = url_for(endpoint, **path) if arguments["cursor"] else None
    paging = Paging(start, address(page.previous_cursor), address(page.next_cursor))
    return ShownList(page.items, page.total, page.further, {}, {}, paging, {})


def _workbook(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Write a workbook to a temporary file, and send it from there."""
    amounts = {place for place, column in enumerate(columns) if column in AMOUNTS}
    with ExitStack() as opened:
        file = opened.enter_context(tempfile.TemporaryFile())
        write_workbook(name, columns, rows, amounts, file)
        file.seek(0)
        pieces = iter(lambda: file.read(_PIECE_BYTES), b"")
        response = Response(pieces, content_type=MEDIA_TYPES["xlsx"])
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
        response.call_on_close(opened.pop_all().close)
        return response
