"""A stand-in for systemctl: starts and stops the programs of a folder of units, with the settings that units name.

    systemctl.py UNITS STATE COMMAND [UNIT]

Tests call it under the name `systemctl`, as no machine of theirs runs systemd. Programs are confined as far as
`confined.py` can do it; the account and the limits of a unit are taken for granted.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # also if it is run by itself
import confined

STOP_TIMEOUT_S = 30


def settings_of(unit: str, name: str, runtime: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of a unit."""
    for specifier, value in (("%t", runtime), ("%S", runtime), ("%N", name)):
        unit = unit.replace(specifier, str(value))
    lines = confined.lines_of(unit)
    environment = dict(word.split("=", 1) for value in lines["Environment"] for word in shlex.split(value))
    for value in lines["EnvironmentFile"]:
        file = Path(value.removeprefix("-"))
        if file.exists() or not value.startswith("-"):
            environment |= dict(word.split("=", 1) for word in shlex.split(file.read_text("utf-8"), comments=True))
    for value in lines["RuntimeDirectory"] + lines["StateDirectory"]:
        (runtime / value).mkdir(parents=True, exist_ok=True)
    (command,) = lines["ExecStart"]
    return shlex.split(command), environment


def start(units: Path, state: Path) -> None:
    """Start every program that is not running."""
    pids = running(state)
    for file in sorted(units.glob("jiangbu-*-*.service")):
        if file.stem in pids:
            continue
        pids[file.stem] = launch(file, state).pid
    (state / "pids.json").write_text(json.dumps(pids), "utf-8")


def launch(unit: Path, state: Path) -> subprocess.Popen[bytes]:
    """Start the program of a unit, confined; its output goes to `<name>.log`."""
    command, environment = settings_of(unit.read_text("utf-8"), unit.stem, state / "run")
    with (state / f"{unit.stem}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, confined.__file__, unit, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": os.defpath, "LANG": "en_US.UTF-8", **environment},
            start_new_session=True,
        )


def running(state: Path) -> dict[str, int]:
    file = state / "pids.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def stop(state: Path) -> None:
    pids = running(state)
    for pid in pids.values():
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for name, pid in pids.items():
        while is_alive(pid):
            if time.monotonic() > deadline:
                sys.exit(f"{name} does not end")
            time.sleep(0.05)
    (state / "pids.json").unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Return False for a process that has ended, also if nobody has waited for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main(units: Path, state: Path, command: str) -> None:
    with (state / "commands").open("a", encoding="utf-8") as commands:
        commands.write(f"{command}\n")
    if command in ("stop", "restart"):
        stop(state)
    if command in ("start", "restart"):
        start(units, state)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
