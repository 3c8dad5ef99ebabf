"""What the tests of stages share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.judge_server import Server, serving
from tests.support.questions import Answer, script


@pytest.fixture
def model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Answer], Server]]:
    """A model behind a server that answers as it is told; nothing is kept before."""
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    with serving(lambda body: "") as server:
        yield lambda answer: script(server, answer)
