"""Headers stored with an accepted record are the compact JSON of the headers that quarantine shows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from shared.register.quarantine import headers_json
from shared.register.stored_documents import stored_headers

NAMES = st.text(st.characters(), max_size=8) | st.sampled_from(["ce_id", 'quo"te', "\\", "\0\x1f\x7f", "名", "\ud800"])
HEADERS = st.lists(st.tuples(NAMES, st.none() | st.binary(max_size=20)), max_size=4)


@given(HEADERS)
def test_they_are_compact_json_or_nothing(headers: list[tuple[str, bytes | None]]) -> None:
    text = json.dumps(headers_json(headers), ensure_ascii=False, separators=(",", ":"))
    assert stored_headers(headers) == (text.encode("utf-8", "surrogatepass") if headers else None)
