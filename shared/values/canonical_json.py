"""Canonical JSON (RFC 8785) of strings, integers, booleans, null, lists and objects."""

import msgspec

_ENCODE = msgspec.json.Encoder(order="sorted").encode


def canonical_json(value: object) -> bytes:
    """Encode as UTF-8 without spaces, keys sorted; keys are ASCII.

    msgspec encodes strings and integers as RFC 8785 does, ten times as fast as the rfc8785 package. It does not do so
    for floats, which the project never stores.
    """
    return _ENCODE(value)
