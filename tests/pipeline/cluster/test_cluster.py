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

from pipeline.cluster import nodes
from pipeline.cluster.each import each
from pipeline.contamination import parts
from pipeline.dedup import equal, spread_ngrams
from pipeline.engines import copies
from pipeline.errors import UserError
from pipeline.filter import Judged, Outcome, apply
from pipeline.kernels import shards
from pipeline.schema import ROLLOUT
from pipeline.shards import Shards, scan
from pipeline.traces import spread_repetition, texts
from stages import (
    collect,
    decontaminate,
    decontaminate_traces,
    dedup_exact,
    dedup_ngram,
    grades,
    hygiene,
    rollouts,
)
from stages.sources import _adapt
from tests.pipeline.dedup.test_spread_ngrams import crowd
from tests.stages.test_traces_by_part import ITEM, sampled
from tests.support.rows import benchmark, problems
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


@pytest.fixture
def lose_in(
    on_ray: ThreeNodes, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[int]]:
    """Kill a node behind the second result of the first work called so."""

    def lose(name: str) -> list[int]:
        work, lost = getattr(nodes, name), list[int]()

        def lose_a_node(*how: Any) -> Iterator:
            for number, result in enumerate(work(*how)):
                if number == 1 and not lost:
                    on_ray.lose_node()
                    lost.append(number)
                yield result

        monkeypatch.setattr(nodes, name, lose_a_node)
        return lost

    return lose


@pytest.fixture
def stay(
    on_ray: ThreeNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """From when it is called, work stays here, and nothing is known from before."""

    def stay_here() -> None:
        monkeypatch.setenv("PIPELINE_BACKEND", "processes")
        monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "another"))

    return stay_here


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
    lose_in: Callable[[str], list[int]], stay: Callable[[], None], tmp_path: Path
):
    lost = lose_in("each")
    samples = write_samples(tmp_path, parts=9, rows=40)
    graded = grades.make(grades.Params(), ROWS, samples).collect()
    stay()

    assert graded.equals(grades.make(grades.Params(), ROWS, samples).collect())
    assert lost
    assert graded["correct"].sum() == 240
    assert graded.height == 360


def same_far_and_here(work: Callable[[], Outcome], stay: Callable[[], None]) -> Outcome:
    """What comes of work on the cluster, and here."""
    far = work()
    stay()
    here = work()

    assert far.kept.equals(here.kept)
    assert far.dropped.equals(here.dropped)
    assert far.tables.keys() == here.tables.keys()
    for name, table in far.tables.items():
        assert table.equals(here.tables[name])
    return here


def test_a_node_that_is_lost_among_the_shuffle_of_dedup_costs_no_pair(
    lose_in: Callable[[str], list[int]],
    stay: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
):
    lost, rows = lose_in("shuffle"), crowd(300)
    monkeypatch.setattr(spread_ngrams, "ROWS", 60)
    monkeypatch.setattr(spread_ngrams, "PAIRS", 1000)
    monkeypatch.setattr(spread_ngrams, "ENTRIES", 1500)
    judge = partial(dedup_ngram.judge, params=dedup_ngram.Params())
    outcome = same_far_and_here(lambda: apply(judge, rows), stay)

    assert lost
    assert outcome.dropped.height > 20
    assert outcome.kept.height + outcome.dropped.height == 302


def test_a_node_that_is_lost_among_exact_keys_costs_no_copy(
    lose_in: Callable[[str], list[int]],
    stay: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
):
    texts = [f"What is ${n % 70}$ and {n % 7}?" for n in range(300)]
    texts[::3] = [text.replace("$", "") for text in texts[::3]]
    rows = problems(*texts, "", "", answer=[str(n % 2) for n in range(302)])
    monkeypatch.setattr(shards, "SHARD", 60)
    monkeypatch.setattr(equal, "ENTRIES", 60)
    lost = lose_in("shuffle")
    judge = partial(dedup_exact.judge, params=dedup_exact.Params())
    outcome = same_far_and_here(lambda: apply(judge, rows), stay)

    assert lost
    assert outcome.kept.height == 72  # seventy, and two that say nothing


def test_a_node_that_is_lost_among_rows_of_a_source_costs_no_row(
    lose_in: Callable[[str], list[int]],
    stay: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    file = tmp_path / "rows.jsonl"
    rows = [{"problem": f"{n}+1?", "answer": str(n) * (n > 0)} for n in range(180)]
    pl.DataFrame(rows).write_ndjson(file)
    monkeypatch.setattr(_adapt, "BATCH", 20)
    lost = lose_in("each")
    params = collect.Params(path=str(file), adapter="generic", license="mit")
    outcome = same_far_and_here(lambda: collect.make(params, "s").outcome(), stay)

    assert lost
    assert (outcome.kept.height, outcome.dropped.height) == (179, 1)


def test_a_node_that_is_lost_among_contamination_costs_no_hit(
    lose_in: Callable[[str], list[int]],
    stay: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
):
    texts = [f"{n} apples. {ITEM if n % 30 == 0 else 'pears'}" for n in range(240)]
    rows, lost = problems(*texts), lose_in("each")
    monkeypatch.setattr(parts, "FAR", 30)
    params = decontaminate.Params.model_validate({"methods": ("coverage", "ngram")})
    judge = partial(decontaminate.judge, params=params, benchmarks=benchmark(ITEM))
    outcome = same_far_and_here(lambda: apply(judge, rows), stay)

    assert lost
    assert outcome.dropped.height == 8


def test_a_node_that_is_lost_among_traces_costs_no_measure_and_no_hit(
    lose_in: Callable[[str], list[int]],
    stay: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    rows, rollouts = sampled(30)
    files = [tmp_path / f"{number}.parquet" for number in range(4)]
    for file, part in zip(files, rollouts.iter_slices(25), strict=True):
        part.write_parquet(file)
    monkeypatch.setattr(texts, "SCAN", 12)
    monkeypatch.setattr(spread_repetition, "ENTRIES", 200)
    settings = {"ngram": 2, "frequent": 3, "words": {"w": ["so"]}}
    params = hygiene.Params.model_validate(settings)
    leaks, items = decontaminate_traces.Params(), benchmark(ITEM)
    lost = lose_in("each")

    def judge(rows: pl.DataFrame) -> Judged:
        judged = decontaminate_traces.judge(rows, leaks, items, scan(files))
        measures = hygiene.make(params, rows, scan(files)).collect()
        return Judged(judged.rows, judged.tables | {"measures": measures})

    outcome = same_far_and_here(lambda: apply(judge, rows), stay)

    assert lost
    assert outcome.kept["leaking_traces"].to_list() == [[2]] * 30
    assert outcome.tables["measures"]["frequent_ngrams"].max() > 3


def lose_two(cluster: ThreeNodes) -> None:
    """Lose all nodes but the head; back when the cluster knows."""
    cluster.lose_node()
    cluster.lose_node()
    while sum(node["Alive"] for node in ray.nodes()) > 1:
        time.sleep(0.1)


def test_nodes_that_are_lost_among_rollouts_cost_no_sample(
    on_ray: ThreeNodes,
    stay: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
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
    stay()
    alone = pl.concat(rollouts.make(params, rows, tiny_model()))

    assert sampled.equals(alone)
    assert sampled.height == drawn.height == 144  # none is drawn twice
    assert next(numbers) > 9  # leases; some were given again


def test_an_unknown_backend_names_the_known_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "slurm")

    with pytest.raises(UserError, match="'processes' or 'ray'"):
        list(each(partial(add, 5), [1]))
