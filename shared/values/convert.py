"""Conversion of parsed values to typed ones."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

T = TypeVar("T")


def converter(wanted: type[T]) -> Callable[[object], T]:
    """Return the conversion of parsed JSON or YAML to the type; it raises msgspec.ValidationError.

    Call this while a module is imported, as msgspec.json.Decoder: msgspec describes a type to itself at its first use,
    and ends the process by a segmentation fault if two threads use the type before that is done.
    """
    msgspec.json.Decoder(wanted)
    return partial(msgspec.convert, type=wanted)
