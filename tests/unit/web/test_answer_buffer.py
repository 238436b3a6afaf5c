"""Answers wait for their reader without a thread, in bounded memory, and without a byte lost or doubled."""

from __future__ import annotations

import mmap
import socket
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest

from shared.web.server.answer_buffer import AnswerBuffer, UnsentBytes
from shared.web.server.limits import UNSENT_MOST_BYTES
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = bytes(range(256)) * 4096


class Ends:
    """Both ends of a connection, and the buffer of the server's end."""

    def __init__(self) -> None:
        self.server, self.client = socket.socketpair()
        self.server.setblocking(False)
        self.unsent = UnsentBytes()
        self.calls = 0
        self.buffer = AnswerBuffer(self.server, self.unsent, self._called)

    def _called(self) -> None:
        self.calls += 1

    def read_all(self) -> bytes:
        received = bytearray()
        while not self.buffer.is_sent:
            self.buffer.flush()
            received += self.client.recv(1 << 20)
        self.server.close()
        while piece := self.client.recv(1 << 20):
            received += piece
        return bytes(received)


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.server.close()
    ends.client.close()


def test_what_the_kernel_takes_is_sent_at_once(ends: Ends) -> None:
    ends.buffer.write(b"short")
    assert (ends.buffer.is_sent, ends.calls, ends.client.recv(10)) == (True, 0, b"short")


def test_the_rest_waits_for_the_event_loop_in_order(ends: Ends) -> None:
    ends.buffer.write(BLOCK)
    ends.buffer.write(b"end")
    assert ends.calls == 1
    assert 0 < ends.unsent.count < len(BLOCK) + 3
    assert ends.read_all() == BLOCK + b"end"
    assert ends.unsent.count == 0


def test_a_mapped_file_takes_no_memory(ends: Ends) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(BLOCK)
        file.flush()
        ends.buffer.write(memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)))
    assert not ends.buffer.is_sent
    assert (ends.unsent.count, ends.buffer.takes_memory) == (0, False)
    assert ends.read_all() == BLOCK


def test_a_thread_waits_while_too_much_is_unsent(ends: Ends) -> None:
    blocks = 2 * UNSENT_MOST_BYTES // len(BLOCK)
    writer = threading.Thread(target=lambda: [ends.buffer.write(BLOCK) for _ in range(blocks)])
    writer.start()
    until(lambda: ends.unsent.count > UNSENT_MOST_BYTES)
    assert ends.unsent.count <= UNSENT_MOST_BYTES + len(BLOCK)
    received = b""
    while len(received) < blocks * len(BLOCK):
        ends.buffer.flush()
        received += ends.client.recv(1 << 20)
    writer.join()
    assert received == BLOCK * blocks


def test_a_waiting_thread_gives_up_when_asked(ends: Ends) -> None:
    raised: list[OSError] = []

    def write() -> None:
        try:
            while True:
                ends.buffer.write(BLOCK)
        except OSError as error:
            raised.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    until(lambda: ends.unsent.count > UNSENT_MOST_BYTES)
    ends.buffer.give_up("too slow")
    writer.join()
    assert [str(error) for error in raised] == ["too slow"]
    assert ends.unsent.count == 0
    with pytest.raises(ConnectionAbortedError):
        ends.buffer.write(b"more")
