"""`jiangbu set-aside`: order a register to set aside offsets that it cannot read, without waiting for failures."""

from kafka.admin import KafkaAdminClient

from deploy.broker.admin import admin_config
from deploy.broker.streams import configured_streams
from shared.events.topics import is_exchanges
from shared.kafka.partition_state import read_bounds
from shared.kafka.positions import load_positions
from shared.kafka.reading_notes import SetAsideOrder, write_order
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine
from shared.settings import Service, Settings
from shared.values.times import now


def order_set_aside(service: Service, order: SetAsideOrder) -> str:
    """Record the order in the service's database; return a line for a person. OperatorError if it cannot be obeyed.

    The service may run: it obeys when it tries the offsets again or starts.
    """
    settings = Settings(service)
    client_config = admin_config(settings.kafka)
    topic, partition, first, last = order
    if topic not in filter(is_exchanges, configured_streams(settings).reads):
        raise OperatorError(f"{service} 不读取该交易场所主题 / does not read such a topic of an exchange: {topic}")
    with KafkaAdminClient(**client_config) as admin:
        bounds = read_bounds(admin, client_config, [(topic, partition)]).get((topic, partition))
    end = 0 if bounds is None else bounds.end
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with engine.begin() as connection:
            position = load_positions(connection).get((topic, partition))
            start = 0 if position is None else position.next_offset
            if not start <= first <= last < end:
                there = f"{start} .. {end - 1}"
                raise OperatorError(f"{topic}[{partition}]: 待读位点为 {there} / offsets {there} are to be read")
            is_new = write_order(connection, order, now())
    finally:
        engine.dispose()
    done = "将搁置 / will be set aside" if is_new else "此前已决定搁置 / was ordered before"
    return f"{topic}[{partition}] {first} .. {last}: {done}"
