"""What stages other than near copies and grades cost on many machines.

    python benchmarks/bench_cluster_stages.py --rows 100000 --kept 2000
    python benchmarks/bench_cluster_stages.py --problems 1e8 --traces 1e9 --nodes 8 32

What other machines do with a batch is timed here, on one core, with the functions that
they run: a `Pass` has the CPU seconds of a row and the bytes that come in for it, over
the link of the machine of the command, the links between machines or the disk that all
see. What the stage costs here and no pass has done stays on the machine of the command.
Plan and simulation are those of bench_cluster.py, and so are the assumptions.
"""

import argparse
import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import polars as pl
from bench_cluster import CORES, LINK, NODE_HOUR, STORE, Phase, simulate, timed
from bench_scale import make_rows
from bench_three_nodes import of_problems, of_traces
from rich.console import Console
from rich.table import Table

from pipeline.contamination import candidates
from pipeline.contamination.items import Items, read_texts
from pipeline.contamination.parts import FAR, Texts
from pipeline.contamination.pasted import read_contents
from pipeline.dedup import equal
from pipeline.kernels.shards import SHARD
from pipeline.machine import machine
from pipeline.text import fingerprint
from pipeline.traces import spread_repetition, texts
from pipeline.traces.candidates import list_candidates
from pipeline.traces.words import Repetition
from stages import hygiene
from stages.sources import _adapt
from stages.sources._source import Source
from tests.support.rows import benchmark, problems
from tests.support.traces import trace, with_traces

ITEMS = 500


class Pass(NamedTuple):
    """Rows of a task; of a row, seconds of a core and bytes in; over which link."""

    task: int
    seconds: float
    bytes_in: float
    by_head: bool = False
    link: float = LINK
    per_row: float = 1.0  # entries of a shuffle, of a row

    def phase(self, rows: float) -> Phase:
        entries = rows * self.per_row
        task = min(self.task, entries)
        tasks = int(-(-entries // task))
        size = task * self.bytes_in
        return Phase(tasks, task * self.seconds, size, self.by_head, self.link)


class Stage(NamedTuple):
    """The passes of a stage, and the seconds of a row that stay at the command."""

    passes: list[Pass]
    head: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kept", type=int, default=2000, help="traces")
    parser.add_argument("--problems", type=float, default=1e8)
    parser.add_argument("--traces", type=float, default=1e9)
    parser.add_argument("--nodes", type=int, nargs="+", default=[8, 16, 32, 64])
    options = parser.parse_args()
    os.environ["PIPELINE_WORKERS"] = "1"
    assert machine().workers == 1
    stages = measure_problems(options.rows) | measure_traces(options.kept)
    console, table = Console(), Table("machines", "stage", "hours", "one lost", "$")
    for name, stage in stages.items():
        passes = [f"{1e6 * p.seconds:.2f} µs/{p.bytes_in:.0f} B" for p in stage.passes]
        console.print(name, *passes, f"head {1e6 * stage.head:.2f} µs")
    for nodes in options.nodes:
        for name, stage in stages.items():
            is_trace = name in ("decontaminate_traces", "hygiene")
            rows = options.traces if is_trace else options.problems
            phases = [each.phase(rows) for each in stage.passes]
            planned = sum(phase.planned(nodes) for phase in phases)
            times = [planned, simulate(phases, nodes)]
            times += [simulate(phases, nodes, lost=True)]
            plan, run, lost = ((t + rows * stage.head) / 3600 for t in times)
            dollars = f"{run * nodes * NODE_HOUR:,.0f}"
            table.add_row(
                str(nodes), name, f"{plan:.2f} ({run:.2f})", f"{lost:.2f}", dollars
            )
    console.print(table, f"machines of {CORES} cores")


def per_row(rows: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds a row, and the result, when kernels are loaded."""
    work()
    seconds, result = timed(work)
    return seconds / rows, result


def stage_seconds(of: Any, count: int) -> dict[str, float]:
    """CPU seconds a row of whole stages here, without those that any run costs."""
    whole = []
    for size in (count // 4, count):
        with TemporaryDirectory() as folder:
            runs = of(size, Path(folder))
            whole.append({name: size * per_row(size, run)[0] for name, run in runs})
    few, many = whole
    return {name: (many[name] - few[name]) / (count - count // 4) for name in many}


def measure_problems(count: int) -> dict[str, Stage]:
    rows = [*make_rows(count)]
    text = pl.Series("text", [row["problem"] for row in rows])
    whole = stage_seconds(of_problems, count)
    size = float(np.mean(text.str.len_bytes().to_numpy()))
    source = Source(path="x", adapter="generic")
    stored: list[_adapt.Stored] = [
        (n, ("x", row)) for n, row in enumerate(rows[: _adapt.BATCH])
    ]
    adapting, _ = per_row(
        len(stored), lambda: _adapt.adapt_batch("s", source, {}, stored)
    )
    raw = len(pickle.dumps(stored)) / len(stored)
    keys = text.to_frame().select(fingerprint(pl.col("text")))["text"]
    shards = [*equal._split(text, keys)]
    hashing, parts = per_row(
        count, lambda: [equal._hash_shard("latex", 1, shard) for shard in shards]
    )
    meeting, _ = per_row(count, partial(equal._meet, pl.concat(parts)))
    exact = [
        Pass(SHARD, hashing, size + 40, by_head=True),
        Pass(equal.ENTRIES, meeting, 13),
    ]
    clean = measure_contamination(text, Pass(FAR, 0, size, by_head=True))
    passes = {
        "collect": [Pass(_adapt.BATCH, adapting, raw, by_head=True)],
        "dedup_exact": exact,
        "decontaminate": clean,
    }
    return {name: stage(each, whole[name]) for name, each in passes.items()}


def stage(passes: list[Pass], whole: float) -> Stage:
    shared = sum(each.seconds * each.per_row for each in passes)
    return Stage(passes, max(0.0, whole - shared))


def measure_contamination(text: pl.Series, like: Pass) -> list[Pass]:
    """The two passes that look for items in texts."""
    items = benchmark(*[row["problem"] for row in make_rows(ITEMS, seed=2)])
    sought = Items(read_texts(read_contents(items["problem"])), 4)
    seconds = list[float]()

    def timing(open_work: Any, batches: Any, **_: Any) -> Any:
        with open_work() as work:
            of_pass, results = timed(lambda: [work(batch) for batch in batches])
        seconds.append(of_pass / len(text))
        return results

    parts = Texts(lambda: [text], lambda: [(text.to_frame("text").lazy(), len(text))])
    with (
        patch.object(candidates, "each", timing),
        patch.object(candidates, "is_cluster", lambda: True),
    ):
        candidates.propose_pairs(parts, len(text), sought)
    return [like._replace(seconds=like.seconds + of_pass) for of_pass in seconds]


def measure_traces(count: int) -> dict[str, Stage]:
    with TemporaryDirectory() as folder:
        [*of_traces(count, Path(folder))]
        files = sorted(Path(folder).glob("*.parquet"))
        text = pl.concat(map(pl.read_parquet, files))["completion"].alias("text")
        reading, _ = per_row(count, lambda: [*map(pl.read_parquet, files)])
        rows, samples = with_traces(problems("?"), [[trace("?")] * count])
        with patch.object(texts, "is_cluster", lambda: True):
            head, _ = per_row(count, lambda: list_names(rows, samples))
    size = float(np.mean(text.str.len_bytes().to_numpy()))
    read = Pass(texts.SCAN, reading, size, link=STORE)
    frame = list_candidates(rows).with_columns(text).lazy()
    repetition = Repetition(n=20, frequent=20, block=20, lists={}, texts=0)
    with hygiene._open_measuring(hygiene.Params(), repetition) as measure:
        measuring, _ = per_row(count, lambda: measure(frame))
    spreading, met = per_row(count, lambda: spread_repetition._spread(20, 1, frame))
    gathering, frequent = per_row(count, lambda: spread_repetition._gather(20, met))
    counting, _ = per_row(
        count, lambda: spread_repetition._count(20, frequent["hash"], frame)
    )
    grams = met.height / count
    passes = [
        read._replace(seconds=reading + measuring),
        read._replace(seconds=reading + spreading),
        Pass(spread_repetition.ENTRIES, gathering / grams, 12, per_row=grams),
        read._replace(seconds=reading + counting),
    ]
    leaks = measure_contamination(text, read)
    return {
        "decontaminate_traces": Stage(leaks, head),
        "hygiene": Stage(passes, head),
    }


def list_names(rows: pl.DataFrame, samples: pl.DataFrame) -> list[Any]:
    """What the machine of the command does with a trace: its name, and where it is."""
    return [*texts.scan_texts(list_candidates(rows), rows, samples)]


if __name__ == "__main__":
    main()
