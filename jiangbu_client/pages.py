"""Lists as iterators over their items, page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import ParamSpec, Protocol, TypeVar

from jiangbu_client.problems import AnyProblem, checked

P = ParamSpec("P")
Item_co = TypeVar("Item_co", covariant=True)


class _Page(Protocol[Item_co]):
    @property
    def items(self) -> Sequence[Item_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


def iter_items(
    list_operation: Callable[P, _Page[Item_co] | AnyProblem | None], *arguments: P.args, **filters: P.kwargs
) -> Iterator[Item_co]:
    """Yield every item of a list: `iter_items(list_awards.sync, client=client, year=2026)`. Raises ProblemError."""
    while True:
        page: _Page[Item_co] = checked(list_operation(*arguments, **filters))
        yield from page.items
        if page.next_cursor is None:
            return
        filters["cursor"] = page.next_cursor


async def aiter_items(
    list_operation: Callable[P, Awaitable[_Page[Item_co] | AnyProblem | None]], *arguments: P.args, **filters: P.kwargs
) -> AsyncIterator[Item_co]:
    """Yield every item of a list: `aiter_items(list_awards.asyncio, client=client)`. Raises ProblemError."""
    while True:
        page: _Page[Item_co] = checked(await list_operation(*arguments, **filters))
        for item in page.items:
            yield item
        if page.next_cursor is None:
            return
        filters["cursor"] = page.next_cursor
