"""The distribution of tests to workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class _AsXdist:
    """A plugin that is registered after the conftest files, as that of an xdist worker is."""

    def pytest_collection_finish(self) -> None:
        """Tell the owner that the tests may be scheduled."""


def test_a_worker_writes_the_groups_before_it_reports_its_tests(pytestconfig: pytest.Config) -> None:
    later = _AsXdist()
    pytestconfig.pluginmanager.register(later)
    try:
        *_, called_first = pytestconfig.hook.pytest_collection_finish.get_hookimpls()
    finally:
        pytestconfig.pluginmanager.unregister(later)
    assert called_first.plugin_name.endswith("conftest.py"), called_first
