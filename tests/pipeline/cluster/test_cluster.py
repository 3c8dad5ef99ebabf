"""On three nodes the bytes are those of one machine, and a lost node costs none."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import polars as pl
import pytest

from pipeline.cluster.each import each
from pipeline.cluster.shuffle import shuffle
from pipeline.dedup import spread_ngrams
from pipeline.engines import copies
from pipeline.errors import UserError
from pipeline.filter import apply
from pipeline.schema import ROLLOUT
from pipeline.shards import Shards, scan
from stages import dedup_ngram, grades, rollouts
from tests.pipeline.dedup.test_spread_ngrams import crowd
from tests.support.rows import problems
from tests.support.three_nodes import ThreeNodes, three_nodes
from tests.support.tiny import tiny_model

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThreeNodes]:
    with three_nodes() as cluster:
        yield cluster


@pytest.fixture
def on_ray(
    cluster: ThreeNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ThreeNodes:
    """The three nodes, to which all work goes."""
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    cluster.fill()
    monkeypatch.setenv("PIPELINE_BACKEND", "ray")
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    return cluster


@contextmanager
def add(number: int) -> Iterator[Callable[[int], tuple[int, str]]]:
    import ray

    node = ray.get_runtime_context().get_node_id()

    def work(item: int) -> tuple[int, str]:
        time.sleep(0.05)
        if item < 0:
            raise UserError(f"{item} is below zero", hint="use its square")
        return item + number, node

    yield work


def losing_a_node(cluster: ThreeNodes, results: Iterator) -> Iterator:
    """The results; a node is killed behind the second."""
    for number, result in enumerate(results):
        if number == 1:
            cluster.lose_node()
        yield result


def test_batches_go_to_all_nodes_and_come_back_in_order(on_ray: ThreeNodes):
    results = list(each(partial(add, 5), range(40)))

    assert [number for number, _ in results] == list(range(5, 45))
    assert len({node for _, node in results}) == 3


def test_a_mistake_in_a_batch_is_told_as_on_one_machine(on_ray: ThreeNodes):
    with pytest.raises(UserError, match="-1 is below zero") as error:
        list(each(partial(add, 5), [1, -1, 2]))
    assert error.value.hint == "use its square"


def write_samples(folder: Path, parts: int, rows: int) -> Shards:
    """Rollouts of two problems in so many files, every third one wrong."""
    files = [folder / f"{part}.parquet" for part in range(parts)]
    blank = {"key": "", "model": "m", "n_tokens": 3, "finish_reason": "stop", "seed": 0}
    for part, file in enumerate(files):
        samples = [
            blank
            | {
                "id": f"test/0000{number % 2}",
                "sample": number,
                "completion": rf"\boxed{{{2 * (number % 2) + 2 + (number % 3 == 0)}}}",
            }
            for number in range(part * rows, (part + 1) * rows)
        ]
        pl.DataFrame(samples, ROLLOUT).write_parquet(file)
    return scan(files)


ROWS = problems("1+1?", "2+2?", answer=["2", "4"])


def test_a_node_that_is_lost_among_grades_costs_no_verdict(
    on_ray: ThreeNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    samples = write_samples(tmp_path, parts=9, rows=40)
    monkeypatch.setattr(grades, "each", lambda *a: losing_a_node(on_ray, each(*a)))
    graded = grades.make(grades.Params(), ROWS, samples)
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    monkeypatch.setattr(grades, "each", each)
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "another"))
    alone = grades.make(grades.Params(), ROWS, samples)

    assert graded.equals(alone)
    assert graded["correct"].sum() == 240
    assert graded.height == 360


def test_a_node_that_is_lost_among_the_shuffle_of_dedup_costs_no_pair(
    on_ray: ThreeNodes, monkeypatch: pytest.MonkeyPatch
):
    rows = crowd(300)
    monkeypatch.setattr(spread_ngrams, "ROWS", 60)
    monkeypatch.setattr(spread_ngrams, "PAIRS", 1000)
    monkeypatch.setattr(spread_ngrams, "ENTRIES", 1500)
    monkeypatch.setattr(
        spread_ngrams,
        "shuffle",
        lambda *work, **how: losing_a_node(on_ray, shuffle(*work, **how)),
    )
    judge = partial(dedup_ngram.judge, params=dedup_ngram.Params())
    spread = apply(judge, rows)
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    alone = apply(judge, rows)

    assert spread.kept.equals(alone.kept)
    assert spread.dropped.equals(alone.dropped)
    assert alone.dropped.height > 20
    assert alone.kept.height + alone.dropped.height == 302


def lose_two(cluster: ThreeNodes) -> None:
    """Lose all nodes but the head; back when the cluster knows."""
    cluster.lose_node()
    cluster.lose_node()
    while sum(node["Alive"] for node in ray.nodes()) > 1:
        time.sleep(0.1)


def test_nodes_that_are_lost_among_rollouts_cost_no_sample(
    on_ray: ThreeNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = {"samples": 6, "max_tokens": 12, "batch_size": 16}
    params = rollouts.Params.model_validate(settings)
    rows = problems(*(f"Compute {n}+{n % 7}." for n in range(24)))
    # Two copies have a lease when all nodes but the head are lost.
    gate = Barrier(2, action=lambda: lose_two(on_ray))
    numbers, sample = count(), copies.Copy._sample

    def sample_together(*lease: Any) -> Iterator:
        if next(numbers) < 2:
            gate.wait(300)
        return sample(*lease)

    monkeypatch.setattr(copies.Copy, "_sample", sample_together)
    sampled = pl.concat(rollouts.make(params, rows, tiny_model()))
    store = (tmp_path / "cache" / "rollouts").rglob("*.parquet")
    drawn = pl.concat(map(pl.read_parquet, store))
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "another"))
    alone = pl.concat(rollouts.make(params, rows, tiny_model()))

    assert sampled.equals(alone)
    assert sampled.height == drawn.height == 144  # none is drawn twice
    assert next(numbers) > 9  # leases; some were given again


def test_an_unknown_backend_names_the_known_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "slurm")

    with pytest.raises(UserError, match="'processes' or 'ray'"):
        list(each(partial(add, 5), [1]))
