"""`facts.sign.v1` of the trades that are there already: every key into the outbox."""

from shared.postgres.migrate import execute_all

revision = "0005"
down_revision = "0004"

_YEAR = "extract(year FROM t.bucket_at AT TIME ZONE 'Asia/Shanghai')"
EVERY_SIGN = f"""
    INSERT INTO outbox (topic, key, dirty_at)
    SELECT 'facts.sign.v1', key, now() FROM (
        SELECT concat('provider/uscc:', p.code, '/', {_YEAR}) AS key
        FROM provider_total t JOIN party p ON p.id = t.provider AND p.scheme = 'uscc'
        UNION
        SELECT concat('exchange/', t.exchange, '/', {_YEAR}) FROM exchange_total t
        UNION
        SELECT concat('buyer/uscc:', p.code)
        FROM first_purchase f
        JOIN trade t ON t.exchange = f.exchange AND t.number = f.number AND t.amount_fen - t.refunded_fen < 100000
        JOIN party p ON p.id = f.party
    ) k
"""


def upgrade() -> None:
    execute_all([EVERY_SIGN])
