"""Typed conversion: what it returns and raises, and that threads may use a type for the first time at once."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from shared.values.convert import converter
from tests.support.paths import ROOT


class Pair(msgspec.Struct, frozen=True):
    left: int
    right: str = ""


# Each round uses new types, in four threads that begin together and are interrupted as often as possible.
_RACE = """
import sys, threading
from shared.values.convert import converter

TYPES = '''
import msgspec
class Inner(msgspec.Struct):
    x: int
class Outer(msgspec.Struct, rename="kebab"):
    a_a: tuple[Inner, ...]
    b_b: dict[str, Inner]
'''
VALUE = {"a-a": [{"x": 1}], "b-b": {"k": {"x": 2}}}
sys.setswitchinterval(1e-6)
for _ in range(200):
    exec(TYPES, globals())
    convert, begin = converter(Outer), threading.Barrier(4)
    threads = [threading.Thread(target=lambda: (begin.wait(), convert(VALUE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_a_value_is_converted_or_refused() -> None:
    convert = converter(Pair)
    assert convert({"left": 1}) == Pair(1)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.left"):
        convert({"left": "1"})


def test_threads_may_use_a_type_for_the_first_time_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", _RACE], cwd=ROOT, check=False, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
