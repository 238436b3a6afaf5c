"""Run a program as confined as its unit says, as far as a process can confine itself without systemd.

    confined.py UNIT COMMAND...

It gets the unit's filter of system calls, no new privileges, no memory that is written and executed, and sees the
folders of secrets that the unit binds, and no other. Root alone can do the latter.
"""

import ctypes
import errno
import functools
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_PRIVATE, _BIND, _NEW_NAMESPACE = 1 << 18 | 1 << 14, 1 << 12, 0x00020000
_SET_NO_NEW_PRIVILEGES, _SET_MEMORY_DENY_WRITE_EXECUTE = 38, 65
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
libc = ctypes.CDLL(None, use_errno=True)


def lines_of(unit: str) -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in unit.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            found[name].append(value)
    return found


@functools.cache
def calls_of(group: str) -> frozenset[str]:
    """Return the system calls of a group such as `@system-service`."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True)
    words = [line.strip() for line in said.stdout.splitlines() if line.startswith("    ") and "#" not in line]
    return frozenset().union(*(calls_of(word) if word.startswith("@") else {word} for word in words))


def filter_calls(allowed: Iterator[str]) -> None:
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_REFUSE))
    for name in allowed:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            checked(seccomp.seccomp_rule_add(context, _ALLOW, number, 0) == 0)
    checked(seccomp.seccomp_load(context) == 0)


def checked(is_done: object) -> None:
    if not is_done:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source: str, target: str, kind: str | None, flags: int) -> None:
    checked(libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None) == 0)


def hide_secrets(hidden: Path, seen: list[Path]) -> None:
    """Show these folders alone of a folder, to this process and what it starts."""
    checked(libc.unshare(_NEW_NAMESPACE) == 0)
    mount("none", "/", None, _PRIVATE)
    opened = {path.name: os.open(path, os.O_PATH) for path in seen}
    mount("tmpfs", str(hidden), "tmpfs", 0)
    for name, folder in opened.items():
        (hidden / name).mkdir()
        mount(f"/proc/self/fd/{folder}", str(hidden / name), None, _BIND)


def main(unit: Path, command: list[str]) -> None:
    lines = lines_of(unit.read_text("utf-8"))
    allowed = [name for value in lines["SystemCallFilter"] for group in value.split() for name in calls_of(group)]
    if os.geteuid() == 0:
        (hidden,) = lines["TemporaryFileSystem"]
        hide_secrets(Path(hidden.partition(":")[0]), [Path(one) for one in lines["BindReadOnlyPaths"][0].split()])
    checked(libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0)
    if lines["MemoryDenyWriteExecute"] == ["yes"]:
        checked(libc.prctl(_SET_MEMORY_DENY_WRITE_EXECUTE, 1, 0, 0, 0) == 0)
    filter_calls(iter(allowed))
    os.execv(command[0], command)  # noqa: S606 - the purpose of this program


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
