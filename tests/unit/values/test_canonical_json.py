"""Canonical JSON equals the output of the reference implementation of RFC 8785."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.values.canonical_json import canonical_around, canonical_json, fill_in

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS
NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner))


@given(VALUES)
def test_as_the_reference_writes_it(value: object) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_every_character_that_is_escaped() -> None:
    text = "".join(map(chr, range(0x100))) + "\u2028\u2029\ufeff\uffff\U0001f600"
    assert canonical_json({text: [text]}) == rfc8785.dumps({text: [text]})


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, SCALARS, min_size=1))
def test_an_object_is_filled_in_with_what_is_known_later(known: dict[str, object], later: dict[str, object]) -> None:
    pieces = canonical_around(known, *sorted(later))
    assert fill_in(pieces, *(later[name] for name in sorted(later))) == rfc8785.dumps(known | later)
