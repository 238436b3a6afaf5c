"""Asking a register for what belongs into an extract: its checkpoint, hashes, entries with records, and quarantine."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

import msgspec
import requests

from services.incentive.domain.facts import FactRef
from shared.settings import RegisterAddress
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import Node
from shared.translog.note import Note, parse_note
from shared.translog.tiles import Tile, node_by_tiles
from shared.values.json_types import Json

_TIMEOUT_S = (5.0, 120.0)  # to connect; between bytes, as a query over all documents takes its time
_PIECE_BYTES = 1 << 16
_SERVER_FAULT = 500
_PAGE = 500


class RegisterUnavailable(Exception):  # noqa: N818 - a transient condition
    """A register does not answer, or not to the end: to be asked again later."""


class RegisterRefused(Exception):  # noqa: N818 - what it does
    """A register answers that it will not: wrong settings, say. The message is one line."""


class NotInRegister(RegisterRefused):
    """The register does not have what was asked for."""


@dataclass(frozen=True)
class RegisterAddresses:
    """Where each register answers, by its id, and the key to ask them with; without one they are not asked."""

    addresses: Mapping[str, RegisterAddress]
    service_key: str | None


@dataclass(frozen=True)
class RegisterLog:
    """The log of one register as it is when an extract is made."""

    kind: str  # listings or trades
    register: str
    url: str
    note: bytes
    checkpoint: Checkpoint

    @property
    def generation(self) -> int:
        return int(self.checkpoint.origin.rpartition("/")[2])

    @property
    def name(self) -> str:
        """In names of files."""
        return f"{self.kind}-{self.register}-{self.generation}"


class _Partition(msgspec.Struct, frozen=True):
    topic: str


class RegisterProgress(msgspec.Struct, frozen=True):
    """The progress that a service reports: waiting records and facts, and the partitions that it reads."""

    lag: int
    outbox: int
    partitions: tuple[_Partition, ...]

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(partition.topic for partition in self.partitions)


_decode_progress: Final = msgspec.json.Decoder(RegisterProgress).decode


@contextmanager
def _answering(url: str) -> Iterator[None]:
    """Raise RegisterUnavailable if a request fails or its answer is cut off."""
    try:
        yield
    except requests.RequestException as error:
        raise RegisterUnavailable(f"{url}: {error}") from error


class RegisterClient:
    """The registers of a set, asked with a key of the role `service`. A parameter that is None is not sent."""

    def __init__(self, key: str, timeout_s: tuple[float, float] = _TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy lies between services
        self._session.headers["Authorization"] = f"Bearer {key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def log(self, kind: str, register: str, url: str) -> RegisterLog:
        """The register's log at the checkpoint that it shows. Raises RegisterUnavailable, RegisterRefused.

        Without what witnesses signed, which may grow while the log does not.
        """
        shown = parse_note(self._ask(f"{url}/v1/log/checkpoint").content)
        checkpoint = Checkpoint.parse(shown.text)
        own = tuple(signature for signature in shown.signatures if signature.name == checkpoint.origin)
        if checkpoint.origin.split("/")[-3:-1] != [kind, register]:
            raise RegisterRefused(f"REGISTERS: {url} is {checkpoint.origin}, not {kind} of register {register}")
        return RegisterLog(kind, register, url, str(Note(shown.text, own)).encode(), checkpoint)

    def progress(self, url: str) -> RegisterProgress:
        """Ask a service for its progress. Raises RegisterUnavailable, RegisterRefused."""
        return _decode_progress(self._ask(f"{url}/v1/progress").content)

    def node(self, log: RegisterLog) -> Node:
        """The nodes of that log, from its tiles."""

        def fetch(tile: Tile) -> bytes:
            return self._ask(f"{log.url}/v1/log/tile/{tile.path}").content

        return node_by_tiles(log.checkpoint.size, fetch)

    def entries(self, log: RegisterLog, wanted: Iterable[str], until: int, exchange: str | None) -> Iterator[bytes]:
        """The lines of `/v1/entries`, as they come."""
        query = {"until": until, "exchange": exchange}
        body = (f"{about}\n".encode() for about in wanted)
        answer = self._ask(f"{log.url}/v1/entries", query, body, stream=True)
        rest = b""
        with answer, _answering(log.url):
            for piece in answer.iter_content(_PIECE_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines
        if rest:
            raise RegisterUnavailable(f"{log.url}: the answer ends inside a line")

    def quarantine(self, url: str, exchange: str | None) -> Iterator[Json]:
        """Everything that is in quarantine there, in order of its id."""
        query: Json = {"limit": _PAGE, "exchange": exchange}
        while True:
            page: Json = self._json(f"{url}/v1/quarantine", query)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def list_page(self, address: str, query: Json) -> tuple[Json, str | None]:
        """One page of a list, as the register gives it, and the cursor of the page before it."""
        answer = self._ask(address, query)
        link = answer.links.get("prev")
        before = None if link is None else parse_qs(urlsplit(link["url"]).query)["cursor"][0]
        return answer.json(), before

    def list_csv(self, address: str, query: Json) -> requests.Response:
        """A whole list as CSV, to be streamed."""
        return self._ask(address, query, stream=True, accept="text/csv")

    def quarantine_counts(self, url: str, query: Json) -> Json:
        """Ask how many refused records there are by reason and status."""
        return self._json(f"{url}/v1/quarantine/counts", query)

    def events_to_correct(self, url: str, query: Json) -> requests.Response:
        """The events of refused records to correct and send again, to be streamed."""
        return self._ask(f"{url}/v1/quarantine/events", query, stream=True)

    def reconciliation(self, url: str, exchange: str, day: str) -> Json:
        """Ask for the counts of an exchange's records of a day (`2026-03-01`)."""
        return self._json(f"{url}/v1/reconciliation", {"exchange": exchange, "date": day})

    def evidence(self, url: str, ref: FactRef, exchange: str | None) -> Iterator[Json]:
        """The documents that a fact was made of, those of one exchange alone if one is named. Raises NotInRegister."""
        query = {"fact": ref.fact, "seq": ref.seq, "exchange": exchange}
        with self._ask(f"{url}/v1/evidence", query, stream=True) as answer, _answering(url):
            yield from map(msgspec.json.decode, answer.iter_lines())

    def trade_facts(self, url: str, exchange: str, number: str) -> bytes:
        """Ask which facts a trade was evidence of, as JSON. Raises NotInRegister."""
        return self._ask(f"{url}/v1/trades/{exchange}/{number}/facts").content

    def search(self, url: str, query: Json) -> Json:
        """Find documents by their number or its beginning."""
        return self._json(f"{url}/v1/search", query)

    def document(self, url: str, kind: str, exchange: str, number: str) -> Json:
        """Ask for a listing or trade, of `listings` or `trades`, as the register gives it. Raises NotInRegister."""
        return self._json(f"{url}/v1/{kind}/{exchange}/{number}", {})

    def _json(self, url: str, query: Json) -> Json:
        found: Json = self._ask(url, query).json()
        return found

    def _ask(
        self,
        url: str,
        query: Json | None = None,
        body: Iterable[bytes] | None = None,
        *,
        stream: bool = False,
        accept: str = "*/*",
    ) -> requests.Response:
        method = "GET" if body is None else "POST"
        with _answering(url):
            answer = self._session.request(
                method,
                url,
                query,
                body,
                {"Accept": accept},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=stream,
            )
        if answer.status_code >= _SERVER_FAULT:
            raise RegisterUnavailable(f"{url}: {answer.status_code}")
        if answer.status_code == requests.codes.not_found:
            raise NotInRegister(f"{url}: {answer.status_code}")
        if answer.status_code != requests.codes.ok:
            raise RegisterRefused(f"{url}: {answer.status_code} {answer.text[:200]}")
        return answer
