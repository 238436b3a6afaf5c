"""Reads of the registers for a person who waits: rejected events, events of a day, documents of a fact, a trade."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar, cast

import msgspec
import requests
import structlog
from flask import Response
from marshmallow import Schema

from services.incentive.domain.facts import FactRef
from services.incentive.http.context import incentive_context
from services.incentive.queries.trade_effects import TradeFacts
from services.incentive.store.register_client import NotInRegister, RegisterClient, RegisterRefused, RegisterUnavailable
from shared.events.decode import Accepted, Kind, decode
from shared.events.fact_topics import FIRST_LISTING
from shared.events.records import event_of
from shared.events.topics import EXCHANGE_PATTERN
from shared.settings import RegisterAddress
from shared.table_events.revisions import KnownRevision, content_of
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.values.times import format_time
from shared.web.csv_list import unguarded
from shared.web.keys import current_key
from shared.web.lists import ListPage
from shared.web.problems import Problem
from shared.web.register.documents import NUMBERS_MOST
from shared.web.register.places import PLACES_MOST, joined_places

KINDS: Final = ("trades", "listings")
DOCUMENTS_MOST: Final = 100  # of one fact on one page
_READ_MOST: Final = 20_000  # documents of one fact, in search of those that do not count
_TIMEOUT_S: Final = (2.0, 10.0)
_SEARCH_TIMEOUT_S: Final = (0.3, 1.0)
_PIECE_BYTES: Final = 1 << 16
_REFUSED_MOST: Final = 500

_decode_trade: Final = msgspec.json.Decoder(TradeFacts).decode
_log = structlog.get_logger(__name__)
T = TypeVar("T")


def register_ids() -> list[str]:
    """Return the ids of the known registers."""
    return sorted(incentive_context().registers.addresses)


@dataclass(frozen=True)
class RegisterList:
    """A list of a register's API at `path`, with its parameters; an exchange's key asks for its own items alone."""

    kind: str
    register: str
    path: str
    query: type[Schema]

    def page(self, arguments: Json) -> ListPage:
        """Load a page. Raises NotInRegister, RegisterUnavailable."""
        found = _ask(
            self.kind, self.register, lambda client, url: client.list_page(url + self.path, self._sent(arguments))
        )
        if found is None:
            raise RegisterUnavailable(self.register)
        page, before = found
        return ListPage(page["items"], page["next_cursor"], before, page.get("count"), {})

    def csv(self, arguments: Json) -> Response:
        """Pass on the register's CSV of the whole list."""
        with ExitStack() as opened:
            return _passed_on(opened, self._csv(opened, arguments))

    def table(self, opened: ExitStack, arguments: Json) -> tuple[list[str], Iterator[list[str]]]:
        """Open the whole list as a table of text: its columns, and its rows as they come."""
        answer = self._csv(opened, arguments)
        rows = csv.reader(io.TextIOWrapper(cast("io.BufferedReader", answer.raw), "utf-8", newline=""))
        return next(rows), ([unguarded(cell) for cell in row] for row in rows)

    def _csv(self, opened: ExitStack, arguments: Json) -> requests.Response:
        client, url = _streaming_client(opened, self.kind, self.register)
        return opened.enter_context(client.list_csv(url + self.path, self._sent(arguments)))

    def _sent(self, arguments: Json) -> Json:
        """The parameters as the register reads them."""
        sent = {field.data_key or name: arguments.get(name) for name, field in self.query().fields.items()}
        return _own({name: format_time(one) if isinstance(one, datetime) else one for name, one in sent.items()})


def quarantine_counts(kind: str, register: str, query: Json) -> Json | None:
    """Count a register's refused records by reason and status; None while it does not answer."""
    return _ask(kind, register, lambda client, url: client.quarantine_counts(url, _own(query)))


def events_to_correct(kind: str, register: str, query: Json) -> Response:
    """Pass on a register's file of events to correct. Raises RegisterUnavailable."""
    with ExitStack() as opened:
        client, url = _streaming_client(opened, kind, register)
        return _passed_on(opened, opened.enter_context(client.events_to_correct(url, _own(query))))


def _own(query: Json) -> Json:
    """The parameters of a question; an exchange's key asks about its own records alone."""
    own = current_key().exchange
    return query if own is None else {**query, "exchange": own}


def _streaming_client(opened: ExitStack, kind: str, register: str) -> tuple[RegisterClient, str]:
    """Open a client for a long answer, and return the register's address with it. Raises RegisterUnavailable."""
    known = incentive_context().registers
    if known.service_key is None or register not in known.addresses:
        raise RegisterUnavailable(register)
    return opened.enter_context(RegisterClient(known.service_key)), _url(known.addresses[register], kind)


def _passed_on(opened: ExitStack, answer: requests.Response) -> Response:
    """Stream a register's file; `opened` is closed at the end."""
    response = Response(answer.iter_content(_PIECE_BYTES), content_type=answer.headers["Content-Type"])
    response.headers["Content-Disposition"] = answer.headers["Content-Disposition"]
    response.call_on_close(opened.pop_all().close)
    return response


def received_on(exchange: str, day: str) -> Json:
    """Return by kind what all registers received from an exchange on a day; None while one does not answer."""
    return {kind: _received(kind, exchange, day) for kind in KINDS}


def registered_revisions(kind: Kind, exchange: str, numbers: Sequence[str]) -> dict[str, list[KnownRevision]] | None:
    """Return the current revision of each of the documents that a register has; None while one does not answer."""
    found: dict[str, list[KnownRevision]] = {}
    for register in register_ids():
        for chunk in (numbers[start : start + NUMBERS_MOST] for start in range(0, len(numbers), NUMBERS_MOST)):
            query = {"exchange": exchange, "numbers": ",".join(chunk), "limit": NUMBERS_MOST}
            page = _page(kind, register, f"/v1/{kind}s", query)
            if page is None:
                return None
            for item in page["items"]:
                decoded = decode(kind, exchange, event_of(kind, exchange, item), ())
                if isinstance(decoded, Accepted):
                    document = decoded.document
                    known = KnownRevision(document.revision, content_of(document), True, document)
                    found[item[f"{kind}_no"]] = [known]
    return found


def refused_places(kind: Kind, exchange: str, offsets: Iterable[tuple[int, int]]) -> set[tuple[int, int]] | None:
    """Return those of an exchange's records, by partition and offset, that were rejected.

    None while a register does not answer.
    """
    wanted = set(offsets)
    places = [place.text for place in joined_places(wanted)]
    found: set[tuple[int, int]] = set()
    for register in register_ids():
        for start in range(0, len(places), PLACES_MOST):
            chunk = ",".join(places[start : start + PLACES_MOST])
            query: Json = {"exchange": exchange, "places": chunk, "limit": _REFUSED_MOST}
            while query.get("cursor", "") is not None:
                page = _page(kind, register, "/v1/quarantine", query)
                if page is None:
                    return None
                for item in page["items"]:
                    found.update((item["partition"], at) for at in range(item["offset"], item["last_offset"] + 1))
                query["cursor"] = page["next_cursor"]
    return found & wanted


def _page(kind: Kind, register: str, path: str, query: Json) -> Json | None:
    """Ask a register for the first page of a list, empty in one of other exchanges; None while it does not answer."""
    try:
        return _ask(f"{kind}s", register, lambda client, url: client.list_page(url + path, query)[0])
    except NotInRegister:
        return {"items": [], "next_cursor": None}


def _received(kind: str, exchange: str, day: str) -> Json | None:
    sums: Json = {"received": 0, "accepted": 0, "duplicates": 0, "refused": {}, "cut": 0}
    for register in register_ids():
        try:
            found = _ask(kind, register, lambda client, url: client.reconciliation(url, exchange, day))
        except NotInRegister:  # a register of other exchanges
            continue
        if found is None:
            return None
        for name in ("received", "accepted", "duplicates"):
            sums[name] += found[name]
        sums["cut"] += found.get("cut", 0)  # a register of an earlier version answers none
        for reason, count in found["refused"].items():
            sums["refused"][reason] = sums["refused"].get(reason, 0) + count
    return sums


def documents_behind(ref: FactRef, exchange: str | None) -> tuple[list[Json], bool] | None:
    """Load the first documents of a fact, of one exchange if it is named, and whether there are more.

    None while the register does not answer or does not know the fact.
    """
    return _evidence(ref, exchange, lambda documents: documents)


def uncounted_documents(ref: FactRef, exchange: str) -> tuple[list[Json], bool] | None:
    """Load the first documents of an exchange that a fact names and that do not count, and whether there are more.

    None while the register does not answer or does not know the fact.
    """

    def uncounted(documents: Iterator[Json]) -> Iterator[Json]:
        return (one for one in islice(documents, _READ_MOST) if one["counted"] is not True)

    return _evidence(ref, exchange, uncounted)


def _evidence(
    ref: FactRef, exchange: str | None, select: Callable[[Iterator[Json]], Iterator[Json]]
) -> tuple[list[Json], bool] | None:
    topic, register, _ = ref.fact.split("/", 2)
    kind = "listings" if topic == FIRST_LISTING else "trades"

    def load(client: RegisterClient, url: str) -> list[Json]:
        return list(islice(select(client.evidence(url, ref, exchange)), DOCUMENTS_MOST + 1))

    try:
        found = _ask(kind, register, load)
    except NotInRegister:
        return None
    return None if found is None else (found[:DOCUMENTS_MOST], len(found) > DOCUMENTS_MOST)


def find_documents(kind: str, text: str, exchange: str | None, limit: int) -> tuple[list[Json], bool] | None:
    """Find listings or trades by number, of one exchange if it is named, and whether there are more.

    None if a register does not answer at once.
    """
    query: Json = {"q": text, "limit": limit, "exchange": exchange}
    items: list[Json] = []
    has_more = False
    for register in register_ids():
        found = _ask(kind, register, lambda client, url: client.search(url, query), _SEARCH_TIMEOUT_S)
        if found is None:
            return None
        items += found["items"]
        has_more = has_more or found["more"]
    return items[:limit], has_more or len(items) > limit


def find_document(kind: str, exchange: str, number: str) -> Json:
    """Load a listing or trade that the current key may see. Problem 404, or 503 if a register does not answer."""
    if not (current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(number)):
        raise Problem(404)
    return _of_one_register(kind, lambda client, url: client.document(url, kind, exchange, number))


def find_trade(exchange: str, number: str) -> TradeFacts:
    """Load the facts of a trade from the one register that has it. Problem 404, or 503 if one does not answer."""
    found = _of_one_register("trades", lambda client, url: client.trade_facts(url, exchange, number))
    return _decode_trade(found)


def _of_one_register(kind: str, question: Callable[[RegisterClient, str], T]) -> T:
    """Return what the one register answers that has it. Problem 404, or 503 if a register does not answer."""
    if incentive_context().registers.service_key is None:
        said = "未设置 SERVICE_KEY_FILE，无法询问登记簿 / SERVICE_KEY_FILE is not set: no register can be asked"
        raise Problem(503, said)
    for register in register_ids():
        try:
            found = _ask(kind, register, question)
        except NotInRegister:
            continue
        if found is None:
            said = "登记簿暂不可用 / the register is unavailable"
            raise Problem(503, said, headers={"Retry-After": "5"})
        return found
    raise Problem(404)


def _url(address: RegisterAddress, kind: str) -> str:
    return address.listing if kind == "listings" else address.trade_ingest


def _ask(
    kind: str,
    register: str,
    question: Callable[[RegisterClient, str], T],
    timeout_s: tuple[float, float] = _TIMEOUT_S,
) -> T | None:
    """Return what a register answers; None while it does not. Raises NotInRegister."""
    known = incentive_context().registers
    address = known.addresses.get(register)
    if known.service_key is None or address is None:
        return None
    with RegisterClient(known.service_key, timeout_s) as client:
        try:
            return question(client, _url(address, kind))
        except NotInRegister:
            raise
        except (RegisterUnavailable, RegisterRefused) as error:
            _log.warning("register does not answer", register=register, error=type(error).__name__)
            return None
