"""The HTTP route from a trade to the postings that it took part in."""

import re
from typing import Any, Final

import msgspec
from flask import current_app

from services.incentive.http.awards import asked
from services.incentive.http.schemas import EffectPageSchema
from services.incentive.queries.serializers import Json
from services.incentive.queries.trade_effects import (
    RegisteredTrade,
    TradeFacts,
    current_counting,
    list_effects,
    render_effects,
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
from shared.values.parties import is_number
from shared.web.keys import current_key
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page
from shared.web.problems import Problem
from shared.web.query import Blueprint

REGISTERS: Final = "jiangbu.registers"
TIMEOUT_S: Final = (2.0, 10.0)  # somebody waits for the answer

blueprint = Blueprint("effects", __name__, description="交易的去向 / what became of a trade")


def registers_of(settings: Settings) -> RegisterAddresses:
    """Raises SettingsError where the key cannot be read."""
    key = None if settings.service_key_file is None else read_service_key(settings)
    return RegisterAddresses(settings.registers or LOCAL_REGISTERS, key)


def current_registers() -> RegisterAddresses:
    """The registers of the application that answers."""
    known: RegisterAddresses = current_app.extensions[REGISTERS]
    return known


@blueprint.route("/v1/trades/<exchange>/<no>/effects")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, EffectPageSchema)
def list_trade_effects(arguments: dict[str, Any], exchange: str, no: str) -> Json:
    """The transactions that a trade took part in, in order of `seq`: those with a fact that it was evidence of.

    `facts` says how it stands now, and why where it does not count. 503 while the register does not answer.
    """
    return tell_trade_effects(exchange, no, arguments.get("cursor"), arguments["limit"])


def tell_trade_effects(exchange: str, no: str, cursor: str | None, limit: int) -> Json:
    """The answer to the key that asks. Problem 404 where it may not see the trade, or there is none."""
    after = decode_cursor(cursor, int)
    if not (current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(no)):
        raise Problem(404)
    trade = RegisteredTrade(exchange, no, _ask_registers(exchange, no))
    with asked() as (connection, view):
        rows = list_effects(connection, view, trade, None if after is None else after[0], limit + 1)
        effects = render_effects(connection, view, trade, rows)
        facts = current_counting(connection, view, trade)
    items = page(rows, limit, lambda row: encode_cursor(row.seq), lambda row: effects[row.seq])
    return {"exchange": exchange, "trade_no": no, "facts": facts, **items}


def _ask_registers(exchange: str, number: str) -> TradeFacts:
    """What the one register that has the trade says of it."""
    known = current_registers()
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
                said = "交易登记暂不可用 / the register of trades does not answer"
                raise Problem(503, said, headers={"Retry-After": "5"}) from error
    raise Problem(404)
