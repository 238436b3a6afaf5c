"""The bytes of a request as they come, until it is complete enough for a thread."""

import re
from enum import Enum, auto
from typing import Final

from gunicorn.asgi.parser import ParseError, PythonProtocol

from shared.web.server.limits import HEAD_MOST_BYTES, SMALL_BODY_BYTES

_END_OF_HEAD: Final = b"\r\n\r\n"
_BODY_FIELD: Final = re.compile(rb"\r\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_EXPECTS: Final = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_PATH: Final = re.compile(rb"\S+ ([^ ?#]*)")


class Part(Enum):
    """Bytes received: part of a `HEAD`, part of a `BODY`, a `WHOLE` request, the start of a `LARGE` one, `TOO_LARGE`.

    A `LARGE` request has a body that is not kept in memory: the thread that answers reads the rest. A head is
    `TOO_LARGE` if it does not end in time.
    """

    HEAD = auto()
    BODY = auto()
    WHOLE = auto()
    LARGE = auto()
    TOO_LARGE = auto()


class RequestBuffer:
    """Collects one request after the other. gunicorn's parser judges requests; here only their end is looked for."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._head_bytes = 0
        self._body: PythonProtocol | None = None

    def __len__(self) -> int:
        return len(self._data)

    @property
    def has_head(self) -> bool:
        """True if the head is complete."""
        return bool(self._head_bytes)

    def add(self, data: bytes) -> Part:
        """Append received bytes."""
        self._data += data
        if not self._head_bytes:
            # The end may have begun in what came before.
            found = self._data.find(_END_OF_HEAD, max(0, len(self._data) - len(data) - len(_END_OF_HEAD)))
            if found < 0 or found > HEAD_MOST_BYTES:
                return Part.TOO_LARGE if len(self._data) > HEAD_MOST_BYTES else Part.HEAD
            self._head_bytes = found + len(_END_OF_HEAD)
            if _BODY_FIELD.search(self._data, 0, found + 2) is None:
                return Part.WHOLE
            self._body = PythonProtocol()
            data = bytes(self._data)
        return self._add_body(data)

    def _add_body(self, data: bytes) -> Part:
        body = self._body
        if body is None:
            return Part.WHOLE
        try:
            body.feed(data)
        except ParseError:
            return Part.WHOLE  # gunicorn's parser refuses it, and answers why
        if body.is_complete:
            return Part.WHOLE
        most_bytes = max(body.content_length or 0, len(self._data) - self._head_bytes)
        return Part.LARGE if most_bytes > SMALL_BODY_BYTES else Part.BODY

    @property
    def path(self) -> str:
        """The path of the request, without its query, as the client wrote it."""
        found = _PATH.match(self._data)
        return "" if found is None else found[1].decode("latin-1")

    @property
    def expects_continue(self) -> bool:
        """True if the client waits to be asked for the body."""
        return _EXPECTS.search(self._data, 0, self._head_bytes) is not None

    def take(self) -> tuple[bytes, bytes]:
        """Return the request, and what follows it; empties the buffer."""
        end = len(self._data)
        if self._body is not None and self._body.is_complete:
            end -= len(self._body.remaining())
        elif self._body is None and self._head_bytes:
            end = self._head_bytes
        taken = bytes(self._data[:end]), bytes(self._data[end:])
        self._data, self._head_bytes, self._body = bytearray(), 0, None
        return taken
