"""The kit's HTTP client."""

from __future__ import annotations

import socket
import threading

from exchange_kit.api import Api


def test_a_request_on_a_connection_that_the_server_just_closed_is_sent_again() -> None:
    answered = []

    def answer(connection: socket.socket) -> None:
        answered.append(connection.recv(65536).partition(b" HTTP/")[0])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    def serve() -> None:
        first, _ = listener.accept()
        with first:
            answer(first)
            first.recv(65536)
        second, _ = listener.accept()
        with second:
            answer(second)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        api = Api.with_key("listing", f"http://127.0.0.1:{listener.getsockname()[1]}", "k")
        assert [api.get("/one"), api.get("/two")] == [{}, {}]
        thread.join()
    api.session.close()
    assert answered == [b"GET /one", b"GET /two"]
