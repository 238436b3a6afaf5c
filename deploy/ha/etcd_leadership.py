"""Hand etcd's leadership to another machine when the PostgreSQL of this one becomes the primary.

Patroni runs this file as a callback, with its own Python and no other package. A new leader of etcd grants each lease
its whole time again: if the leader dies together with the primary, the failover waits for longer than Patroni's ttl.
"""

import json
import ssl
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

FILE_NAME: Final = Path(__file__).name
_ATTEMPTS: Final = 5
_PAUSE_S: Final = 2.0
_ANSWERS_WITHIN_S: Final = 2.0
_PRIMARY: Final = ("primary", "master")


def command(python: Path, folder: Path, urls: Sequence[str], tls: Sequence[Path] = ()) -> str:
    """Return the callback: `urls` are those of etcd's members, this machine's first; `tls` as in TlsFiles."""
    files = ",".join(map(str, tls)) or "-"
    return " ".join([str(python), str(folder / FILE_NAME), files, *urls])


def main(arguments: Sequence[str]) -> int:
    """Return 0 if this machine does not lead etcd, or is no primary; Patroni adds action, role and name of the set."""
    files, *urls, _, role, _ = arguments
    if role not in _PRIMARY:
        return 0
    context = _context(files)
    for _ in range(_ATTEMPTS):
        try:
            if _hands_over(urls, context):
                return 0
        except (OSError, ValueError) as error:
            print(f"etcd: {error}", file=sys.stderr)  # noqa: T201 - in Patroni's log
        time.sleep(_PAUSE_S)
    return 1


def _hands_over(urls: Sequence[str], context: ssl.SSLContext | None) -> bool:
    """Return True if another member leads etcd, or does now."""
    own, *others = urls
    status = _ask(own, "status", {}, context)
    if status["leader"] != status["header"]["member_id"]:
        return True
    for member in _living(others, context):
        _ask(own, "transfer-leadership", {"targetID": member}, context)
        return True
    return False


def _living(urls: Sequence[str], context: ssl.SSLContext | None) -> Iterator[str]:
    """Yield the ids of the members that answer."""
    for url in urls:
        try:
            yield _ask(url, "status", {}, context)["header"]["member_id"]
        except OSError:
            continue


def _ask(url: str, method: str, body: Mapping[str, str], context: ssl.SSLContext | None) -> Any:
    """Return the answer of a member's maintenance API. Raises OSError and ValueError."""
    request = urllib.request.Request(f"{url}/v3/maintenance/{method}", json.dumps(body).encode())  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(request, timeout=_ANSWERS_WITHIN_S) as answer:
        return json.load(answer)


def _context(files: str) -> ssl.SSLContext | None:
    """Return how to connect with `AUTHORITY,CERTIFICATE,KEY`; None for `-`, in plain text."""
    if files == "-":
        return None
    authority, certificate, key = files.split(",")
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    return context


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
