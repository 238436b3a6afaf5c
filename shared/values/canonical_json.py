"""JSON in the canonical form of RFC 8785, for values of strings, integers, booleans, null, lists and objects."""

from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder(order="sorted").encode


def canonical_json(value: Any) -> bytes:
    """UTF-8 without spaces, members in order of their names, which are ASCII.

    msgspec writes strings and integers as RFC 8785 does, in a tenth of the time that rfc8785 takes; floats it does not,
    and nothing of ours holds any.
    """
    return _ENCODE(value)
