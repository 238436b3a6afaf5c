"""The Compose file is well-formed, and every program of it is confined; the rest needs an engine (tests/compose)."""

import yaml

from tests.support.paths import ROOT


def test_every_container_has_limits_and_no_privilege() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    assert {"listing-api", "trade-ingest-consumer", "incentive-api", "postgres", "kafka"} <= services.keys()
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["mem_limit"], name
