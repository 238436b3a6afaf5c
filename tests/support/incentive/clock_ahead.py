"""Record an act in the ledger by a clock that is a year ahead, as versions did that did not compare clocks.

Run as a program with the settings of incentive: python -m tests.support.incentive.clock_ahead SUBJECT
"""

import sys
from datetime import timedelta

from services.incentive.app import load_context
from services.incentive.commands.acting import ActRequest
from services.incentive.commands.acts import record_act
from services.incentive.domain.workflow import Actor
from services.incentive.http.act_schemas import EligibilityRequestSchema
from shared.postgres.database import make_engine
from shared.settings import Settings
from shared.values.times import now
from tests.support.incentive.eligibility import verified

AHEAD = timedelta(days=365)


def push_ahead(subject: str) -> None:
    """Record that the subject is eligible, a year from now."""
    settings = Settings("incentive")
    bureau = load_context(settings).bureau._replace(clock=lambda: now() + AHEAD)
    engine = make_engine(settings.database_url)
    fields = EligibilityRequestSchema().load(verified())
    request = ActRequest(Actor("bureau", "bureau"), None, "eligibility", subject, fields)
    with engine.begin() as connection:
        record_act(connection, bureau, request)
    engine.dispose()


if __name__ == "__main__":
    push_ahead(sys.argv[1])
