"""The engines of a test run."""

from collections.abc import Callable

import pytest

# What the engines of this session are; told at the end.
RAN_AGAINST = pytest.StashKey[dict[str, str]]()
FreshDatabase = Callable[[str], tuple[str, str]]
