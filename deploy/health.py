"""Liveness probe of a container: `python -m deploy.health HEARTBEAT_FILE [PORT]` exits with 0 or 1.

It starts every few seconds in each container, so it imports almost nothing and reads no settings.
"""

import socket
import sys
import time
from collections.abc import Sequence

from shared.process.liveness import stall_reason

# The ports of the three services; a container runs one of them. Containers that share a network give their port.
_PORTS = (8001, 8002, 8003)
_TIMEOUT_S = 10.0
_REQUEST = b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n"


def health(heartbeat: str, ports: Sequence[int] = ()) -> str | None:
    """Return what is wrong with this container's program, an API or a consumer; None if it is healthy.

    `ports`: where an API may answer; by default those of the three services.
    """
    why = stall_reason(heartbeat, time.monotonic())
    if why is None:
        return None
    for port in ports or _PORTS:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as connection:
                connection.sendall(_REQUEST)
                head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
        except ConnectionRefusedError:
            continue
        except OSError as error:
            return f"/readyz: {error!r}"
        return None if head.split()[1:2] == [b"200"] else body.decode(errors="replace") or "/readyz: ?"
    return why


if __name__ == "__main__":
    found = health(sys.argv[1], [int(port) for port in sys.argv[2:]])
    print(found or "正常 / ok")  # noqa: T201 - Docker stores it with the state
    sys.exit(found is not None)
