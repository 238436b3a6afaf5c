"""Where files are on the machines of a highly available set."""

from pathlib import Path
from typing import Final

CONFIG: Final = Path("/etc/jiangbu")  # what `jiangbu ha render` writes
SECRETS: Final = CONFIG / "secrets"  # what `jiangbu secrets` and `jiangbu ha secrets` create
