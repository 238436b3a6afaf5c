"""A program whose API streams: `/v1/evidence?pieces=N` has N pieces of 64 kB, `/ended` says how streams ended.

`POST /v1/entries` returns the length of its body. It has no database and no broker. Run it by
`python -m tests.support.web.streaming_app serve --bind HOST:PORT`
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flask import Response, request

from shared.postgres.database import make_engine
from shared.settings import Settings
from shared.telemetry.logs import set_up_logs
from shared.values.times import now
from shared.web.app import create_base_app
from shared.web.keys import ApiKey, ApiKeys
from shared.web.server.limits import ConnectionLimits
from shared.web.server.serve import serve
from shared.web.service import ServiceInfo
from tests.support.web.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

PIECE = bytes(range(256)) * 256


def make_app(settings: Settings) -> Flask:
    service = ServiceInfo(
        name="listing",
        title="Streams",
        engine=make_engine(settings.database_url),
        topics=(),
        kafka=settings.kafka.client_config(),
        keys=ApiKeys((ApiKey("a", "auditor", KEYS["auditor"], "a"),)),
        clock=now,
        takes_documents=False,
    )
    app = create_base_app(service)
    ended: list[str] = []

    def pieces(count: int) -> Iterator[bytes]:
        try:
            for _ in range(count):
                yield PIECE
            ended.append("sent")
        except GeneratorExit:
            ended.append("given up")
            raise

    @app.get("/v1/evidence")
    def stream() -> Response:
        return Response(pieces(int(request.args["pieces"])), content_type="application/octet-stream")

    @app.post("/v1/entries")
    def count_body() -> str:
        return str(len(request.get_data()))

    @app.get("/ended")
    def how_ended() -> str:
        return " ".join(ended)

    return app


if __name__ == "__main__":
    settings = Settings("listing")
    set_up_logs("listing", settings.log_level)
    limits = ConnectionLimits(settings.http_connections, settings.http_head_s, settings.http_stall_s)
    serve(lambda: make_app(settings), sys.argv[-1], 1, limits)
