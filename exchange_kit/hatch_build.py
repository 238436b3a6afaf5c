"""Put into the wheel what the kit needs from outside its folder; an editable install finds it in the source tree."""

from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SHARED = (
    "__init__.py",
    "durable_files.py",
    "language.py",
    "settings.py",
    "events",
    "kafka/__init__.py",
    "kafka/client_patches.py",
    "kafka/publish/__init__.py",
    "kafka/publish/producer_options.py",
    "kafka/publish/publish_records.py",
    "table_events",
    "table_files",
    "translog",
    "values",
)
_REFERENCE = (
    "events",
    "example-listings.csv",
    "example-listings.mapping.yaml",
    "example-trades.csv",
    "example-trades.mapping.yaml",
    "example-events.ndjson",
)


class KitBuildHook(BuildHookInterface[BuilderConfig]):
    def initialize(self, version: str, build_data: dict[str, dict[str, str]]) -> None:
        if version != "standard":
            return
        root = Path(self.root).parent
        build_data["force_include"].update(
            {
                str(root / "exchange_kit"): "exchange_kit",
                str(root / "LICENSE"): "exchange_kit/LICENSE",
                **{str(root / "shared" / name): f"shared/{name}" for name in _SHARED},
                **{str(root / "docs" / name): f"exchange_kit/reference/{name}" for name in _REFERENCE},
            }
        )
