"""Quotas of the exchanges' users on the broker: bytes written per second, and share of the request threads' time.

kafka-python's admin client has no call for quotas, so this module sends the protocol messages, which are public.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kafka.errors import for_code
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.protocol.admin import AlterClientQuotasRequest, DescribeClientQuotasRequest

from deploy.broker.admin import BROKER_TIMEOUT_MS
from deploy.broker.topics import ChangeRefusedError, await_applied
from deploy.secrets import exchange_user
from shared.events.topics import is_exchanges
from shared.settings import ExchangeQuota, KafkaSettings
from shared.whitelist import Whitelist

Quotas = Mapping[str, Mapping[str, float]]  # by user: values by Kafka's names

BYTE_RATE: Final = "producer_byte_rate"
REQUEST_PERCENTAGE: Final = "request_percentage"
_USER: Final = "user"
_ANY_NAMED: Final = 2  # match type: entities that have a name


class QuotaChange(NamedTuple):
    """The quotas of a user on the broker, and the wanted ones; they may be equal."""

    user: str
    there: Mapping[str, float]
    wanted: Mapping[str, float]


def wanted_quotas(exchanges: Whitelist, quota: ExchangeQuota) -> Quotas:
    """Return the quotas of every exchange's user; a setting of 0 means no quota."""
    values = {BYTE_RATE: float(quota.byte_rate), REQUEST_PERCENTAGE: float(quota.request_percentage)}
    given = {name: value for name, value in values.items() if value}
    return {exchange_user(exchange): given for exchange in exchanges.ids}


def describe_quotas(quotas: Mapping[str, float]) -> str:
    """Describe a user's quotas for a person."""
    return ", ".join(f"{name}={value:.0f}" for name, value in sorted(quotas.items())) or "0"


@dataclass(frozen=True)
class BrokerQuotas:
    """A connection to the broker that reads and changes quotas."""

    _manager: Any  # kafka-python has no types

    def found(self) -> Quotas:
        """Read the quotas of exchanges' users, including exchanges that left the whitelist."""
        component = DescribeClientQuotasRequest.ComponentData(entity_type=_USER, match_type=_ANY_NAMED, match=None)
        answer = self._send(DescribeClientQuotasRequest(components=[component], strict=True))
        entries = {entry.entity[0].entity_name: entry.values for entry in answer.entries or ()}
        return {
            user: {one.key: one.value for one in values if one.key in (BYTE_RATE, REQUEST_PERCENTAGE)}
            for user, values in entries.items()
            if is_exchanges(user)
        }

    def change(self, user: str, wanted: Mapping[str, float]) -> None:
        """Give a user these quotas and no others; return once the broker reports them. ChangeRefusedError."""
        entry = AlterClientQuotasRequest.EntryData
        changes = [
            entry.OpData(key=name, value=wanted.get(name, 0.0), remove=name not in wanted)
            for name in (BYTE_RATE, REQUEST_PERCENTAGE)
        ]
        entity = [entry.EntityData(entity_type=_USER, entity_name=user)]
        request = AlterClientQuotasRequest(entries=[entry(entity=entity, ops=changes)], validate_only=False)
        for result in self._send(request).entries:
            _check(result, f"quota of {user}")
        await_applied(lambda: self.found().get(user, {}) == wanted, f"quota of {user}")

    def _send(self, request: Any) -> Any:
        answer = self._manager.run(self._manager.send, request)
        if hasattr(answer, "error_code"):
            _check(answer, "quotas")
        return answer


def _check(answer: Any, what: str) -> None:
    if answer.error_code:
        error = for_code(answer.error_code)
        raise ChangeRefusedError(f"{what}: the broker refused: {error.__name__} {answer.error_message or ''}".strip())


@contextmanager
def broker_quotas(kafka: KafkaSettings) -> Iterator[BrokerQuotas]:
    """Connect to the broker. KafkaError."""
    config = dict(kafka.client_config())
    net = NetworkSelector(**config)
    manager = KafkaConnectionManager(net, **config)
    net.start()
    try:
        manager.bootstrap(BROKER_TIMEOUT_MS)
        yield BrokerQuotas(manager)
    finally:
        manager.close()
        net.stop()


def plan_quotas(wanted: Quotas, found: Quotas) -> Iterator[QuotaChange]:
    """Yield each exchange's user with its quotas; exchanges that left the whitelist should have none."""
    for user in sorted({*wanted, *(user for user, quotas in found.items() if quotas)}):
        yield QuotaChange(user, found.get(user, {}), wanted.get(user, {}))


def apply_quotas(broker: BrokerQuotas, wanted: Quotas, *, dry_run: bool) -> Iterator[str]:
    """Set the quotas of exchanges' users, each when its line is consumed; idempotent."""
    for user, there, given in plan_quotas(wanted, broker.found()):
        if there == given:
            yield f"{user}: 配额已就绪 / quotas up to date, {describe_quotas(there)}"
            continue
        yield f"{user}: 修改配额 / quotas changed {describe_quotas(there)} -> {describe_quotas(given)}"
        if not dry_run:
            broker.change(user, given)
