"""Places of records are joined without loss, and read as they are written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.web.register.places import PlacesParameter, joined_places


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30))))
def test_joined_places_are_the_offsets_in_as_few_ranges_as_possible(offsets: list[tuple[int, int]]) -> None:
    places = list(joined_places(offsets))
    again = [(place.partition, at) for place in places for at in range(place.first, place.last + 1)]
    assert again == sorted(set(offsets))
    assert len(places) == sum((partition, offset - 1) not in offsets for partition, offset in set(offsets))
    if places:
        assert PlacesParameter().deserialize(",".join(place.text for place in places)) == places
