"""A naive intake for comparison: marshmallow, an ORM, one row at a time, a commit every hundred.

It does less than trade-ingest: no history, no conflicts, no quarantine, no firsts, no log, and no published facts.
"""

import json
import time
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from marshmallow import EXCLUDE, Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shared.postgres.database import make_engine
from tests.bench.bed import EXCHANGE, Bed

COMMIT_EVERY = 100


class PartySchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id_scheme = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)


class TradeSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    trade_no = fields.String(required=True)
    revision = fields.Integer(required=True)
    status = fields.String(required=True)
    amount = fields.Decimal(places=2, required=True)
    refunded = fields.Decimal(places=2, load_default=0)
    completed_at = fields.AwareDateTime(required=True)
    provider = fields.Nested(PartySchema, required=True)
    buyer = fields.Nested(PartySchema, required=True)


class Base(DeclarativeBase):
    pass


class Trade(Base):
    __tablename__ = "trade"
    exchange: Mapped[str] = mapped_column(primary_key=True)
    trade_no: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    completed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    net: Mapped[Decimal] = mapped_column(sa.Numeric(18, 2))
    provider: Mapped[str]
    buyer: Mapped[str]


class Total(Base):
    __tablename__ = "total"
    provider: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    net: Mapped[Decimal] = mapped_column(sa.Numeric(18, 2))
    trades: Mapped[int]


def naive(bed: Bed, at_most: int) -> float:
    """Measure trades per second over the first `at_most`."""
    engine = make_engine(bed.database())
    Base.metadata.create_all(engine)
    expected = min(at_most, bed.counts["trade"])
    try:
        with Session(engine) as session, bed.reader(bed.partitions("trade")) as consumer:
            began_s = time.monotonic()
            for seen, record in enumerate(consumer, 1):
                take(session, TradeSchema().load(data_of(record)))
                if seen % COMMIT_EVERY == 0 or seen == expected:
                    session.commit()
                if seen == expected:
                    break
            return expected / (time.monotonic() - began_s)
    finally:
        engine.dispose()


def data_of(record: Any) -> Any:
    content = json.loads(record.value)
    return content["data"] if "specversion" in content else content


def take(session: Session, data: dict[str, Any]) -> None:
    """Store the newest revision and update the total of the provider's month."""
    trade = session.get(Trade, (EXCHANGE, data["trade_no"]))
    if trade is not None and trade.revision >= data["revision"]:
        return
    net = data["amount"] - data["refunded"] if data["status"] == "completed" else 0
    if trade is not None:
        add(session, trade.provider, trade.completed_at, -trade.net, -1)
    else:
        trade = Trade(exchange=EXCHANGE, trade_no=data["trade_no"])
        session.add(trade)
    trade.revision, trade.completed_at, trade.net = data["revision"], data["completed_at"], net
    trade.provider, trade.buyer = data["provider"]["id"], data["buyer"]["id"]
    add(session, trade.provider, trade.completed_at, net, 1)


def add(session: Session, provider: str, at: datetime, net: Decimal, trades: int) -> None:
    month = f"{at:%Y-%m}"
    total = session.get(Total, (provider, month))
    if total is None:
        total = Total(provider=provider, month=month, net=0, trades=0)
        session.add(total)
    total.net += net
    total.trades += trades
