"""Fixtures that the whole suite shares."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

# A busy machine is slow, not wrong: no example has a deadline.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

HERE = Path(__file__).parent.parent
DATA = Path(os.environ.get("GOLDSIEVE_DATA") or HERE.parent / "shared" / "data")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real data is not part of the repository: say so where it is absent."""
    if DATA.is_dir():
        return
    absent = pytest.mark.skip(reason=f"no public data in {DATA} (set GOLDSIEVE_DATA)")
    for item in items:
        if "realdata" in item.keywords:
            item.add_marker(absent)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of public data; also as GOLDSIEVE_DATA."""
    monkeypatch.setenv("GOLDSIEVE_DATA", str(DATA))
    return DATA


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    """Keep the tests' caches out of the repository's, and the hub out of the tests."""
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(cache))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def machine_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Says what the machine has to offer: machine_yaml(engine={"max_num_seqs": 8})."""

    def write(**settings: object) -> None:
        file = tmp_path / "machine.yaml"
        file.write_text(yaml.safe_dump(settings))
        monkeypatch.setenv("GOLDSIEVE_MACHINE", str(file))

    return write


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """An empty project folder to work in, with the given params.yaml."""

    def make(params: str) -> Path:
        (tmp_path / "params.yaml").write_text(params)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return make
