from collections.abc import Iterator

import pytest

from pipeline.endpoint import http
from tests.support.judge_server import Server, by_value, serving


@pytest.fixture
def server(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A judge that answers by the values it is shown; caches of its own, no waits."""
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    monkeypatch.setattr(http, "FIRST_WAIT_S", 0.01)
    with serving(by_value) as server:
        yield server
