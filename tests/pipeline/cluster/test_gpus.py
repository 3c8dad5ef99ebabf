"""Work for a GPU has one process at each GPU of a cluster, whatever its cores."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from pipeline.cluster.each import each

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow


@pytest.fixture(params=[0, 1])
def gpus(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[int]:
    """A cluster of three cores that has, by its own account, so many GPUs."""
    monkeypatch.setenv("PIPELINE_BACKEND", "ray")
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    ray.init(
        num_cpus=3,
        num_gpus=request.param,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 << 20,
        runtime_env={"env_vars": {"PYTHONPATH": os.getcwd()}},
    )
    yield request.param
    ray.shutdown()


@contextmanager
def open_work(folder: Path) -> Iterator[Callable[[int], tuple[int, int]]]:
    """The GPUs of its process, and how many others are at work beside it."""

    def work(number: int) -> tuple[int, int]:
        mark = folder / str(number)
        mark.touch()
        others = len(list(folder.iterdir())) - 1
        mark.unlink()
        return len(ray.get_gpu_ids()), others

    yield work


def test_work_for_a_gpu_is_alone_with_it(gpus: int, tmp_path: Path):
    folder = tmp_path / "at_work"
    folder.mkdir()
    results = list(each(partial(open_work, folder), range(12), on_gpu=True))

    assert [seen for seen, _ in results] == [gpus] * 12
    assert not gpus or max(others for _, others in results) == 0


def test_other_work_takes_no_gpu(gpus: int, tmp_path: Path):
    results = list(each(partial(open_work, tmp_path), range(3)))

    assert [seen for seen, _ in results] == [0] * 3
