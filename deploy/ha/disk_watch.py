"""Hand the primary to a machine that has room before the disk of this one is full.

A program beside Patroni, run with Patroni's own Python and no other package. A PostgreSQL without room refuses writes
and answers reads, and Patroni takes it for healthy. Each machine's watch keeps its free space in etcd, under a lease;
the primary's asks Patroni for a switchover. Its file of settings is rendered from WatchSettings.
"""

import base64
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

FILE_NAME: Final = Path(__file__).name
SETTINGS_NAME: Final = "disk_watch.json"
# A machine that handed over is not handed the primary again for so long, and does not hand over again.
RESTS_S: Final = 300.0
_LOOK_EVERY_S: Final = 1.0
_PUBLISH_EVERY_S: Final = 5.0
_LEASE_S: Final = 15
_ANSWERS_WITHIN_S: Final = 3.0
# Patroni answers once another has the lock, or after 20 s.
_SWITCHOVER_WITHIN_S: Final = 40.0
_SYNCHRONOUS: Final = ("sync_standby", "quorum_standby")
# For the textfile collector of Prometheus's node exporter.
METRICS_NAME: Final = "room.prom"
_METRICS: Final = """\
# HELP jiangbu_postgres_room_bytes Free space for PostgreSQL on this machine.
# TYPE jiangbu_postgres_room_bytes gauge
jiangbu_postgres_room_bytes{{machine="{machine}"}} {free}
# HELP jiangbu_postgres_room_least_bytes Free space below which the primary is handed over.
# TYPE jiangbu_postgres_room_least_bytes gauge
jiangbu_postgres_room_least_bytes{{machine="{machine}"}} {least}
"""


class WatchSettings(NamedTuple):
    """The settings of a watch, which its JSON file has by the same names.

    `least` is in bytes; below it the primary is handed over. `patroni` is the URL of this machine's REST API, `etcd`
    those of etcd's members, this machine's first. `etcd_tls` has the files of authority, certificate and key, or none.
    """

    set: str
    machine: str
    data: str
    least: int
    patroni: str
    etcd: Sequence[str]
    authority: str | None = None
    user: str = ""
    password_file: str | None = None
    etcd_tls: Sequence[str] = ()


class DiskRoom(NamedTuple):
    """The free space of a machine's PostgreSQL in bytes, the least that it should have, and whether it rests."""

    free: int
    least: int
    rests: bool = False

    @property
    def is_short(self) -> bool:
        return self.free < self.least

    @property
    def is_enough_for_shutdown(self) -> bool:
        """True if the checkpoint of a clean shutdown finds room. Without it, the last WAL may not be sent."""
        return self.free >= self.least // 2


class WatchedSet(NamedTuple):
    """The state of the set on which a watch decides.

    `room` is its machine's; `standbys` are those that commits wait for, with their rooms, or None if they keep none.
    """

    machine: str
    leader: str | None
    is_paused: bool
    room: DiskRoom
    standbys: Mapping[str, DiskRoom | None]


class HandoverDecision(NamedTuple):
    """The decision to hand over or not, and its reason. Patroni elects the new primary if no candidate is named."""

    is_due: bool
    reason: str
    candidate: str | None = None


def decide(seen: WatchedSet) -> HandoverDecision:
    """Return whether to hand over to a standby with clearly more room, so that nobody hands back.

    Patroni promotes a standby that is named even if another has a newer commit, which is the case if the server ends
    before its last WAL is sent. So none is named if all can take over, or if the shutdown checkpoint may find no room.
    """
    own = seen.room
    able = {name: room.free for name, room in seen.standbys.items() if room is not None and _can_take(room, own)}
    if refusal := _refusal(seen, able):
        return HandoverDecision(False, refusal)
    reason = f"{own.free} bytes are free"
    if len(able) == len(seen.standbys) or not own.is_enough_for_shutdown:
        return HandoverDecision(True, reason)
    return HandoverDecision(True, reason, min(able, key=lambda name: (-able[name], name)))


def _refusal(seen: WatchedSet, able: Mapping[str, int]) -> str:
    """Return why the primary is not handed over, or nothing if it is."""
    own = seen.room
    if not own.is_short:
        return "there is room"
    if seen.leader != seen.machine:
        return f"{own.free} bytes are free; this is not the primary"
    if seen.is_paused:
        return f"{own.free} bytes are free; failover is paused"
    if own.rests:
        return f"{own.free} bytes are free; this machine handed over less than {RESTS_S:.0f} s ago"
    return "" if able else f"{own.free} bytes are free; no synchronous standby has clearly more"


def _can_take(room: DiskRoom, own: DiskRoom) -> bool:
    return not room.rests and room.free >= max(2 * own.least, 2 * room.least, own.free + own.least)


def free_space(data: Path) -> int:
    """Return the free bytes for a data folder: the least of its file system and those of its WAL and tablespaces."""
    folders = [data / "pg_wal", *(data / "pg_tblspc").glob("*")] if data.exists() else []
    return min(map(_free, [data if data.exists() else data.parent, *(one for one in folders if one.exists())]))


def _free(folder: Path) -> int:
    """Return the bytes that an account without privileges can still write; none if no file can be created."""
    found = os.statvfs(folder)
    return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize


def write_metrics(folder: Path, machine: str, room: DiskRoom) -> None:
    """Write the room of a machine as Prometheus reads it; a reader sees the old file or the new one. OSError."""
    new = folder / f"{METRICS_NAME}.new"
    new.write_text(_METRICS.format(machine=machine, free=room.free, least=room.least), encoding="utf-8")
    new.replace(folder / METRICS_NAME)


def room_prefix(cluster: str) -> str:
    """Return the beginning of the keys in etcd; the name of the machine follows. Patroni's keys are elsewhere."""
    return f"/jiangbu/{cluster}/room/"


class Etcd:
    """The rooms of all machines in etcd, through any of its members. OSError if none answers."""

    def __init__(self, settings: WatchSettings) -> None:
        self._urls = settings.etcd
        self._prefix = room_prefix(settings.set)
        self._context = _client_context(*settings.etcd_tls) if settings.etcd_tls else None

    def publish(self, machine: str, room: DiskRoom) -> None:
        lease = self._ask("lease/grant", {"TTL": _LEASE_S})["ID"]
        value = json.dumps(room._asdict())
        self._ask("kv/put", {"key": encoded(self._prefix + machine), "value": encoded(value), "lease": lease})

    def rooms(self) -> dict[str, DiskRoom]:
        return rooms_in(self._ask("kv/range", room_range(self._prefix)), self._prefix)

    def _ask(self, method: str, body: Mapping[str, object]) -> Any:
        failure = OSError("no member is known")
        for url in self._urls:
            try:
                return _post(f"{url}/v3/{method}", body, self._context, _ANSWERS_WITHIN_S)
            except OSError as error:
                failure = error
        raise failure


def room_range(prefix: str) -> dict[str, str]:
    """Return the request for all keys with a prefix that ends in a slash."""
    return {"key": encoded(prefix), "range_end": encoded(prefix[:-1] + "0")}


def rooms_in(answer: Mapping[str, Any], prefix: str) -> dict[str, DiskRoom]:
    """Return the rooms in an answer of etcd by the names of their machines."""
    pairs = [(base64.b64decode(one["key"]).decode(), base64.b64decode(one["value"])) for one in answer.get("kvs", ())]
    return {key.removeprefix(prefix): DiskRoom(**json.loads(value)) for key, value in pairs}


def encoded(text: str) -> str:
    """Return a text as etcd's JSON has it."""
    return base64.b64encode(text.encode()).decode()


class Patroni:
    """The REST API of this machine's Patroni. OSError if it does not answer, or refuses."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._context = ssl.create_default_context(cafile=settings.authority) if settings.authority else None

    def cluster(self) -> Any:
        """Return the members with their roles, and whether failover is paused, as `/cluster` has them."""
        with _opener(self._context).open(f"{self._settings.patroni}/cluster", timeout=_ANSWERS_WITHIN_S) as answer:
            return json.load(answer)

    def switch_over(self, candidate: str | None) -> None:
        """Order a switchover to a standby, or to the one that Patroni elects; returns once another is the primary."""
        order = {"leader": self._settings.machine} | ({"candidate": candidate} if candidate else {})
        _post(f"{self._settings.patroni}/switchover", order, self._context, _SWITCHOVER_WITHIN_S, self._login())

    def _login(self) -> str:
        if self._settings.password_file is None:
            return ""
        password = Path(self._settings.password_file).read_text(encoding="utf-8").strip()
        return f"Basic {encoded(f'{self._settings.user}:{password}')}"


class Watch:
    """Looks at the disk every second, publishes its room, also in the folder of metrics, and hands over."""

    def __init__(self, settings: WatchSettings, metrics: Path | None) -> None:
        self._settings = settings
        self._etcd, self._patroni = Etcd(settings), Patroni(settings)
        self._metrics = metrics
        self._was_short = False
        self._due_s = self._rests_until_s = time.monotonic()
        self._said = ""

    def look(self) -> None:
        """Take one look. What fails is said, and tried again at the next look that is due."""
        try:
            room = self._room()
            if self._is_due(room):
                if self._metrics is not None:
                    write_metrics(self._metrics, self._settings.machine, room)
                self._etcd.publish(self._settings.machine, room)
                if room.is_short:
                    self._hand_over(decide(self._seen(room)))
        except (OSError, LookupError, TypeError, ValueError) as error:
            self._say(f"{type(error).__name__}: {error}")

    def _room(self) -> DiskRoom:
        rests = time.monotonic() < self._rests_until_s
        return DiskRoom(free_space(Path(self._settings.data)), self._settings.least, rests)

    def _is_due(self, room: DiskRoom) -> bool:
        """Return True every few seconds, and at once when room is short or no longer so."""
        now_s = time.monotonic()
        if now_s < self._due_s and room.is_short == self._was_short:
            return False
        self._was_short, self._due_s = room.is_short, now_s + _PUBLISH_EVERY_S
        return True

    def _seen(self, room: DiskRoom) -> WatchedSet:
        cluster, rooms = self._patroni.cluster(), self._etcd.rooms()
        standbys = [one["name"] for one in cluster["members"] if _is_attached(one)]
        leader = next((one["name"] for one in cluster["members"] if one["role"] == "leader"), None)
        known = {name: rooms.get(name) for name in standbys}
        return WatchedSet(self._settings.machine, leader, cluster.get("pause", False), room, known)

    def _hand_over(self, decision: HandoverDecision) -> None:
        if not decision.is_due:
            self._say(decision.reason)
            return
        self._say(f"{decision.reason}; switching over to {decision.candidate or 'the standby that Patroni elects'}")
        try:
            self._patroni.switch_over(decision.candidate)
        except urllib.error.HTTPError as error:
            self._say(f"Patroni refuses: {error.code} {error.read().decode(errors='replace')}")
        else:
            self._rests_until_s = time.monotonic() + RESTS_S
            self._say("another is the primary")

    def _say(self, text: str) -> None:
        """Write a line, unless it says what the last one said; numbers make no difference."""
        shape = "".join(character for character in text if not character.isdigit())
        if shape != self._said:
            print(f"{self._settings.machine}: {text}", flush=True)  # noqa: T201 - its log
        self._said = shape


def _is_attached(member: Mapping[str, Any]) -> bool:
    return member["role"] in _SYNCHRONOUS and member["state"] == "streaming"


def _post(
    url: str, body: Mapping[str, object], context: ssl.SSLContext | None, within_s: float, login: str = ""
) -> Any:
    """Return the answer to JSON, as JSON if it is. OSError."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": login} if login else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - of our own settings
    with _opener(context).open(request, timeout=within_s) as answer:
        text = answer.read()
        return json.loads(text) if text.startswith(b"{") else text


def _opener(context: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    """Return what opens URLs within the set, where no proxy lies between."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))


def _client_context(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    return context


def main(file: str, metrics: str | None = None) -> None:
    """Watch until the process ends. OSError, TypeError and ValueError if the settings cannot be used."""
    settings = WatchSettings(**json.loads(Path(file).read_text(encoding="utf-8")))
    watch = Watch(settings, Path(metrics) if metrics else None)
    while True:
        watch.look()
        time.sleep(_LOOK_EVERY_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
