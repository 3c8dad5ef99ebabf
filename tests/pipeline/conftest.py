import subprocess
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nobody may mount here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder with `old.txt` that root may not write to, either."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    if subprocess.run(
        ["mount", "--bind", folder, folder], capture_output=True
    ).returncode:
        pytest.skip("nobody may mount here")
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
