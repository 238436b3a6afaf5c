"""The probe of a container: does the program in it get on? `python -m deploy.health HEARTBEAT_FILE` exits with 0 or 1.

It is started every few seconds in each container, so it needs no package, and reads no settings.
"""

from __future__ import annotations

import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from shared.heartbeat import standing

# Where the three services answer, one of them in a container.
_PORTS: Final = (8001, 8002, 8003)
_ANSWER_WITHIN_S: Final = 5.0
_OK: Final = 200


def health(heartbeat: Path) -> str | None:
    """What is wrong with the program of this container, None if nothing is: an API that answers, or a consumer."""
    if not heartbeat.exists():
        for port in _PORTS:
            connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_WITHIN_S)
            try:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                text = answer.read().decode()
            except ConnectionRefusedError:
                continue
            except (OSError, HTTPException) as error:
                return f"/readyz: {error!r}"
            finally:
                connection.close()
            return None if answer.status == _OK else text
    return standing(heartbeat, time.monotonic())


if __name__ == "__main__":
    found = health(Path(sys.argv[1]))
    print(found or "正常 / ok")  # noqa: T201 - Docker keeps it with the state
    sys.exit(found is not None)
