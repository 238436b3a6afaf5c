import pytest


@pytest.fixture(autouse=True)
def patient_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search waits for registers that a busy machine lets answer late."""
    monkeypatch.setattr("services.incentive.http.register_reads._SEARCH_TIMEOUT_S", (60.0, 60.0))
