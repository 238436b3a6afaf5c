"""Publish a trade as a CloudEvent: python publish_event.py BROKER EXCHANGE TRADE.json"""

import json
import sys
from datetime import datetime
from pathlib import Path

from cloudevents.core.bindings.kafka import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer

broker, exchange, file = sys.argv[1:]
trade = json.loads(Path(file).read_text("utf-8"))
attributes = {
    "id": f"{exchange}-{trade['trade_no']}-{trade['revision']}",
    "source": f"/exchanges/{exchange}",
    "type": "cn.kunming.data-exchange.trade.v1",
    "time": datetime.fromisoformat(trade["completed_at"]),
    "datacontenttype": "application/json",
}
message = to_structured_event(CloudEvent(attributes, trade))
producer = Producer({"bootstrap.servers": broker, "acks": "all", "enable.idempotence": True})
producer.produce(f"exchange.{exchange}.trades.v1", message.value, trade["trade_no"], headers=message.headers)
raise SystemExit(producer.flush(30))
