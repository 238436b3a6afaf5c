"""HTTP route of a trade's effects: the postings that it took part in."""

import re
from typing import Final

import msgspec

from services.incentive.http.context import incentive_context, ledger_view
from services.incentive.http.schemas import EffectPageSchema
from services.incentive.queries.trade_effects import (
    RegisteredTrade,
    TradeFacts,
    current_counting,
    list_effects,
)
from services.incentive.store.register_client import (
    NotInRegister,
    RegisterAddresses,
    RegisterClient,
    RegisterRefused,
    RegisterUnavailable,
)
from shared.events.topics import EXCHANGE_PATTERN
from shared.settings import LOCAL_REGISTERS, Settings, read_service_key
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.keys import current_key
from shared.web.pagination import PageQuery, decode_key, encode_cursor, page
from shared.web.problems import Problem
from shared.web.query import Blueprint

TIMEOUT_S: Final = (2.0, 10.0)  # a person waits for the answer

blueprint = Blueprint("effects", __name__, description="交易的去向 / effects of a trade")


def register_addresses(settings: Settings) -> RegisterAddresses:
    """Return where the registers answer, and the key to ask them with. Raises SettingsError if it cannot be read."""
    key = None if settings.service_key_file is None else read_service_key(settings)
    return RegisterAddresses(settings.registers or LOCAL_REGISTERS, key)


@blueprint.operation("GET /v1/trades/<exchange>/<no>/effects", EffectPageSchema, query=PageQuery)
def list_trade_effects(arguments: Json, exchange: str, no: str) -> Json:
    """List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade as evidence.

    `facts` reports whether the trade counts now, and if not, why. 503 while the register does not answer.
    """
    after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
    if not (current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(no)):
        raise Problem(404)
    trade = RegisteredTrade(exchange, no, _ask_registers(exchange, no))
    with ledger_view() as (connection, view):
        effects = list_effects(connection, view, trade, after, limit + 1)
        facts = current_counting(connection, view, trade)
    items = page(effects, limit, lambda one: encode_cursor(one["seq"]), lambda one: one)
    return {"exchange": exchange, "trade_no": no, "facts": facts, **items}


def _ask_registers(exchange: str, number: str) -> TradeFacts:
    """Load the trade from the one register that has it."""
    known = incentive_context().registers
    if known.service_key is None:
        said = "未设置 SERVICE_KEY_FILE，无法询问登记簿 / SERVICE_KEY_FILE is not set: no register can be asked"
        raise Problem(503, said)
    with RegisterClient(known.service_key, TIMEOUT_S) as registers:
        for _, address in sorted(known.addresses.items()):
            try:
                facts = registers.trade_facts(address.trade_ingest, exchange, number)
                return msgspec.json.decode(facts, type=TradeFacts)
            except NotInRegister:
                continue
            except (RegisterUnavailable, RegisterRefused) as error:
                said = "交易登记簿暂不可用 / the register of trades is unavailable"
                raise Problem(503, said, headers={"Retry-After": "5"}) from error
    raise Problem(404)
