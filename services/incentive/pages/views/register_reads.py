"""What pages ask of the registers: what was refused, what came on a day, and the documents behind a fact."""

from collections.abc import Callable
from itertools import islice
from typing import Any, Final, TypeVar

import structlog

from services.incentive.domain.facts import FactRef
from services.incentive.http.context import incentive_context
from services.incentive.http.trade_effects import TIMEOUT_S
from services.incentive.queries.serializers import Json
from services.incentive.store.register_client import NotInRegister, RegisterClient, RegisterRefused, RegisterUnavailable
from shared.events.fact_topics import FIRST_LISTING
from shared.settings import RegisterAddress

KINDS: Final = ("trades", "listings")
DOCUMENTS_MOST: Final = 100  # of one fact on one page

_log = structlog.get_logger(__name__)
T = TypeVar("T")


def register_ids() -> list[str]:
    """The registers of the set."""
    return sorted(incentive_context().registers.addresses)


def refused(kind: str, register: str, query: dict[str, Any]) -> Json | None:
    """A page of what one register refused, by the parameters of its API; None while it does not answer."""
    return _ask(lambda registers, address: registers.quarantine_page(_url(address, kind), query), register)


def received_on(exchange: str, day: str) -> Json:
    """By kind, what came of an exchange on a day in all registers together; None while one does not answer."""
    return {kind: _received(kind, exchange, day) for kind in KINDS}


def _received(kind: str, exchange: str, day: str) -> Json | None:
    sums: Json = {"received": 0, "accepted": 0, "duplicates": 0, "refused": {}}
    for register in register_ids():
        try:
            found = _ask(lambda asked, address: asked.reconciliation(_url(address, kind), exchange, day), register)
        except NotInRegister:  # of other exchanges
            continue
        if found is None:
            return None
        for name in ("received", "accepted", "duplicates"):
            sums[name] += found[name]
        for reason, count in found["refused"].items():
            sums["refused"][reason] = sums["refused"].get(reason, 0) + count
    return sums


def documents_behind(ref: FactRef, exchange: str | None) -> tuple[list[Json], bool] | None:
    """The documents of a fact, of one exchange alone if one is named, and whether there are more than are told.

    None while the register does not answer, or does not know the fact.
    """
    topic, register, _ = ref.fact.split("/", 2)
    kind = "listings" if topic == FIRST_LISTING else "trades"

    def ask(registers: RegisterClient, address: RegisterAddress) -> list[Json]:
        return list(islice(registers.evidence(_url(address, kind), ref, exchange), DOCUMENTS_MOST + 1))

    try:
        found = _ask(ask, register)
    except NotInRegister:
        return None
    return None if found is None else (found[:DOCUMENTS_MOST], len(found) > DOCUMENTS_MOST)


def _ask(question: Callable[[RegisterClient, RegisterAddress], T], register: str) -> T | None:
    """What a register answers; None while it does not. Raises NotInRegister."""
    known = incentive_context().registers
    address = known.addresses.get(register)
    if known.service_key is None or address is None:
        return None
    with RegisterClient(known.service_key, TIMEOUT_S) as registers:
        try:
            return question(registers, address)
        except NotInRegister:
            raise
        except (RegisterUnavailable, RegisterRefused) as error:
            _log.warning("a register does not answer", register=register, error=type(error).__name__)
            return None


def _url(address: RegisterAddress, kind: str) -> str:
    return address.listing if kind == "listings" else address.trade_ingest
