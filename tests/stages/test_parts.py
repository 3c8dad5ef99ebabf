"""Neither parts nor workers show in what stages write."""

import json
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import stored
from pipeline.__main__ import call
from pipeline.kernels import shards
from pipeline.schema import BENCHMARK, conform
from stages.sources import _adapt
from tests.support.rows import benchmark

COMMANDS = (
    "make collect.s",
    "make pool data/collect",
    "filter quality data/pool.parquet",
    "filter dedup_exact data/quality.parquet",
    "filter dedup_ngram data/dedup_exact.parquet",
    "filter decontaminate data/dedup_ngram.parquet items.parquet",
)
SECTIONS = {
    "collect": {"s": {"adapter": "generic", "path": "s.jsonl", "license": "MIT"}},
    "pool": {"order": ["s"], "quotas": {"s": 190}},
    "quality": {},
    "dedup_exact": {},
    "dedup_ngram": {},
    "decontaminate": {},
}
THINGS = ["apples", "plums", "pears", "figs", "dates", "nuts", "limes"]


def make_lines() -> Iterator[str]:
    """200 problems: new ones, exact and near copies, siblings, one that is cut off."""
    for number in range(200):
        new = number - number % 4
        thing, other = THINGS[new % 7], THINGS[new // 7 % 7]
        text = (
            f"The {new + 1}th basket of the old market has {new + 2} {thing} and "
            f"{new * 3 + 1} {other} that somebody has to carry home. How many is that?"
        )
        match number % 4:
            case 1:
                text = text.replace("basket", "  BASKET")
            case 2:
                text = f"Please solve this. {text}"
            case 3:
                text = text.replace(f" {new + 2} ", f" {number + 700} ")
        yield json.dumps({"problem": text, "answer": str(number % 4 // 3 + new * 4)})
    yield "{oops"


def run(folder: Path) -> dict[str, bytes]:
    """The files that all stages write, by name."""
    folder.mkdir()
    (folder / "s.jsonl").write_text("\n".join(make_lines()))
    (folder / "params.yaml").write_text(yaml.safe_dump(SECTIONS))
    items = benchmark(json.loads(next(make_lines()))["problem"])
    conform(items, BENCHMARK).write_parquet(folder / "items.parquet")
    with chdir(folder):
        for command in COMMANDS:
            call(command.split())
    files = [*folder.glob("data/**/*.parquet"), *folder.glob("data_cards/**/*.json")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "ROWS", 30)
        patch.setenv("PIPELINE_WORKERS", "1")
        return run(tmp_path_factory.mktemp("whole") / "project")


@pytest.mark.parametrize(
    ("part", "mapped", "shard", "workers"),
    [(1, 0, 3, 1), (7, 99, 64, 2), (64, 0, 5, 3)],
)
def test_the_bytes_are_the_same_for_any_part_and_number_of_workers(
    part: int, mapped: int, shard: int, workers: int, whole: dict[str, bytes],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(stored, "ROWS", 30)
    monkeypatch.setattr(stored, "PART", part)
    monkeypatch.setattr(stored, "MAPPED_BYTES", mapped)
    monkeypatch.setattr(shards, "SHARD", shard)
    monkeypatch.setattr(_adapt, "BATCH", 10 * part)
    monkeypatch.setenv("PIPELINE_WORKERS", str(workers))

    assert run(tmp_path / "project") == whole


def test_every_stage_of_these_drops_rows(whole: dict[str, bytes]):
    dropped = {
        name: sum(json.loads(content)["dropped"].values())
        for name, content in whole.items()
        if name.endswith(".json")
    }

    assert all(dropped[f"data_cards/metrics/{n}.json"] for n in (
        "collect/s", "pool", "dedup_exact", "dedup_ngram", "decontaminate"
    ))  # fmt: skip
    kept = pl.read_parquet(whole["data/decontaminate.parquet"])
    assert kept.height > 60, "more than two row groups are left"
