"""Hypothesis strategies for events and for arbitrary JSON in their place."""

import json
import re
from typing import Any

from hypothesis import strategies as st

from shared.events.decode import TYPES
from shared.events.documents import INDUSTRIES, MAX_AMOUNT_FEN, PRODUCT_KINDS, TRADE_MODES
from shared.values.money import format_yuan
from shared.values.parties import complete_uscc

CODES = [complete_uscc(f"91530100MA6KAAAA{n}") for n in range(5)]
KINDS = st.sampled_from(["listing", "trade"])
NUMBERS = st.from_regex(re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII), fullmatch=True)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)
TIMES = st.from_regex(
    re.compile(
        r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
        r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    ),
    fullmatch=True,
)
PARTIES = st.one_of(
    st.fixed_dictionaries({"id": st.sampled_from(CODES), "name": NAMES}, optional={"id_scheme": st.just("uscc")}),
    st.fixed_dictionaries({"id_scheme": st.just("overseas"), "id": NUMBERS, "name": NAMES}),
    st.fixed_dictionaries({"id_scheme": st.just("natural_person"), "id": NUMBERS, "name": NAMES}),
)
PRODUCTS = st.fixed_dictionaries(
    {"no": NAMES, "name": NAMES, "kind": st.sampled_from(PRODUCT_KINDS)},
    optional={"industry": st.none() | st.sampled_from(INDUSTRIES)},
)
COMMON = {
    "origin_exchange": st.none() | NAMES,
    "certificate_no": st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=128),
}
LISTINGS = st.fixed_dictionaries(
    {
        "listing_no": NUMBERS,
        "revision": st.integers(1, 2**31 - 1),
        "status": st.sampled_from(["listed", "withdrawn", "annulled"]),
        "product": PRODUCTS,
        "provider": PARTIES,
        "listed_at": TIMES,
    },
    optional=COMMON,
)
TRADES = st.fixed_dictionaries(
    {
        "trade_no": NUMBERS,
        "revision": st.integers(1, 2**31 - 1),
        "status": st.sampled_from(["completed", "cancelled"]),
        "mode": st.sampled_from(TRADE_MODES),
        "listing_no": NUMBERS,
        "provider": PARTIES,
        "buyer": PARTIES,
        "amount": st.integers(1, MAX_AMOUNT_FEN).map(format_yuan),
        "currency": st.just("CNY"),
        "completed_at": TIMES,
    },
    optional=COMMON | {"product": st.none() | PRODUCTS, "refunded": st.sampled_from(["0", "0.00", "0.01"])},
)


@st.composite
def valid(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A kind and an event of it, valid except that both parties may be the same and trades may be in the future."""
    kind = draw(KINDS)
    data = draw(TRADES if kind == "trade" else LISTINGS)
    time = data.get("completed_at") or draw(TIMES)
    attributes = {
        "specversion": "1.0",
        "id": draw(NAMES),
        "source": "/exchanges/kmdex",
        "type": TYPES[kind],
        "time": time,
    }
    return kind, attributes | {"data": data}


def as_binary(event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes]]]:
    headers = [(f"ce_{name}", value.encode()) for name, value in event.items() if name != "data"]
    return json.dumps(event["data"], ensure_ascii=False).encode(), headers


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(inner for name in value for inner in paths(value[name], (*path, name)))]


def draw_member(data: st.DataObject, event: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Draw a member of the event at any depth; return the object that holds it, and its name."""
    *parents, name = data.draw(st.sampled_from([path for path in paths(event) if path]))
    for parent in parents:
        event = event[parent]
    return event, name


def change_member(data: st.DataObject, holder: dict[str, Any], name: str, change: str, strange: Any) -> None:
    """Remove the member, extend its text by a suffix, or replace its value by `strange`."""
    if change == "remove":
        del holder[name]
    elif change == "suffix" and isinstance(holder[name], str):
        holder[name] += data.draw(st.sampled_from(["\n", "\0", " ", "\ud800", "0", "Z", "é"]))
    else:
        holder[name] = strange


STRANGE_TEXTS = st.sampled_from(
    [
        *[
            "",
            "\0",
            "\ud800",
            "1\n",
            "１",
            "0",
            "0.00",
            "0.001",
            "1e3",
            "NaN",
            "1.0",
            "10000000000.01",
            "CNY ",
            "listed",
        ],
        *["2026-03-01 10:00:05Z", "2026-03-01t10:00:05Z", "2026-W09-7T10:00:05Z", "2026-03-01T10:00:05.1234567Z"],
        *["2016-12-31T23:59:60Z", "2026-03-01T10:00:05Z\n", "2026-03-01T10:00:05Z"],
        *["53010219900101123X", "uscc", "natural_person", "overseas", "x" * 201],
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | STRANGE_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
