"""What many machines cost: constants measured here, a plan, and a simulation of it.

    python benchmarks/bench_cluster.py --rows 200000
    python benchmarks/bench_cluster.py --problems 1e8 --traces 1e9 --nodes 8 16 32 64

First the real kernels are timed on one core: what a row costs the search for near
copies, what a band key costs where keys meet, what a pair costs, what a trace costs the
verifier of mathematics; and the bytes are counted that would travel. The plan is
arithmetic: the work over the cores, the bytes over the links, whichever is more. The
simulation goes task by task instead: tasks that take unequal time, one link of the head
for all texts, links of the nodes for the shuffle, a start for each worker, a node that
is lost with all that it had made. Where the two part, the plan is too simple.

Nothing here is a measurement of a cluster.
"""

import argparse
import heapq
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from bench_scale import make_rows
from rich.console import Console
from rich.table import Table

from pipeline.dedup import spread_ngrams
from pipeline.dedup.ngram_search import PERMUTATIONS, SEED
from pipeline.filter import apply
from pipeline.kernels import minhash
from pipeline.schema import ROLLOUT
from stages import dedup_ngram, grades

GB, GBIT = 1e9, 1e9 / 8
CORES = 32  # of a node
LINK = 10 * GBIT  # bytes a second of a node's link, and of the head's
NODE_HOUR, GPU_HOUR = 1.5, 2.5  # dollars: assumptions, put yours
TRACE_BYTES, TRACE_TOKENS = 8000, 2700
GPU_TOKENS = 10_000  # a second of one GPU: an assumption, measure your model's
START_S = 10.0  # until a worker has started and its kernels are loaded
STORE = 500e6  # bytes a second of the disk that all see, for each node
SPREAD = 0.3  # of the logarithm of a task's time


@dataclass(frozen=True)
class Costs:
    """Seconds of one core, and bytes, as measured here."""

    text: float  # bytes of a row's text
    prints: float  # seconds a row
    bands: float  # seconds a row
    entry: float  # bytes of a band key in the shuffle
    meet: float  # seconds a band key
    pairs: float  # candidates a row
    verify: float  # seconds a pair
    keys: int  # band keys a row
    head: float  # seconds a row that stay on the machine of the command
    trace: float  # seconds a trace
    verdict: float  # bytes of a verdict in memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--problems", type=float, default=1e8)
    parser.add_argument("--traces", type=float, default=1e9)
    parser.add_argument("--nodes", type=int, nargs="+", default=[8, 16, 32, 64])
    options = parser.parse_args()
    costs = measure(options.rows)
    console = Console()
    console.print(costs)
    table = Table(
        "nodes", "dedup h", "simulated", "one node lost", "grades h", "simulated",
        "one node lost", "moved GB", "GB a node", "$ dedup", "$ grades",
    )  # fmt: skip
    for nodes in options.nodes:
        table.add_row(*plan(costs, nodes, options.problems, options.traces))
    console.print(table)
    tokens = options.traces * TRACE_TOKENS
    hours = tokens / GPU_TOKENS / 3600
    verdicts = options.traces * costs.verdict / GB
    console.print(f"verdicts on the machine of the command: {verdicts:,.0f} GB")
    console.print(f"rollouts: {hours:,.0f} GPU hours, ${hours * GPU_HOUR:,.0f}")


def measure(rows: int) -> Costs:
    """Time the work of one core on made-up problems, as one machine repeats it."""
    texts = pl.Series([row["problem"] for row in make_rows(rows)], dtype=pl.String)
    texts = texts.unique(maintain_order=True)  # as dedup_exact leaves them
    rows = len(texts)
    problems = spread_ngrams._cut(texts)
    plan_ = minhash.plan_bands(0.8, PERMUTATIONS, SEED)
    partitions = 2 + rows * plan_.bands // spread_ngrams.ENTRIES
    with spread_ngrams._open_prints(3) as work:
        work(problems[0])  # kernels are compiled or loaded
        prints, _ = timed(lambda: [work(batch) for batch in problems])
    with spread_ngrams._open_bands(3, plan_, partitions) as spread:
        spread(problems[0])
        bands, parts = timed(lambda: [spread(batch) for batch in problems])
    keys = pl.concat(parts)
    groups = keys.partition_by("partition", include_key=False)
    spread_ngrams.meet(groups[0])
    meeting, met = timed(lambda: [spread_ngrams.meet(group) for group in groups])
    pairs = pl.concat(met).filter(pl.col("second").is_not_null())
    pairs = pairs.group_by("first", "second").agg(pl.min("band"))
    pairs = pairs.sort("second", "first")
    verify, _ = timed(partial(spread_ngrams._verify, texts, 3, plan_, pairs, floor=0.8))
    costs = Costs(
        text=float(np.mean(texts.str.len_bytes().to_numpy())),
        prints=prints / rows,
        bands=bands / rows,
        entry=keys.drop("partition").to_arrow().nbytes / keys.height,
        meet=meeting / keys.height,
        pairs=pairs.height / rows,
        verify=verify / max(1, pairs.height),
        keys=plan_.bands,
        head=0,
        trace=0,
        verdict=0,
    )
    shared = costs.prints + costs.bands + costs.meet * costs.keys
    shared += costs.verify * costs.pairs
    trace, verdict = measure_grades()
    head = max(0.0, measure_stage(texts) - shared)
    return replace(costs, head=head, trace=trace, verdict=verdict)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, of workers that ended too, and the result."""
    start = cpu_seconds()
    result = work()
    return cpu_seconds() - start, result


def cpu_seconds() -> float:
    """Of this process and its children: other work does not lengthen them."""
    return time.process_time() + sum(os.times()[2:4])


def measure_grades(count: int = 20_000) -> tuple[float, float]:
    """CPU seconds a trace of 8 KB in the stage `grades`, and the bytes of a verdict."""
    thinking = "Let me compute $x^2 + 3x$ once more, carefully. " * 160
    problems = pl.DataFrame(
        {"id": ["p"], "answer": ["7"], "verifier": ["math"], "verify_info": [None]}
        | {"problem": ["What?"], "domain": ["math"]}
    )
    traces = pl.DataFrame(
        {
            "completion": [
                rf"{thinking}</think> It is $\boxed{{{n}}}$." for n in range(count)
            ]
        }
    )
    blank = {name: pl.lit(None, kind) for name, kind in ROLLOUT.items()}
    traces = traces.with_columns(
        **{n: e for n, e in blank.items() if n != "completion"} | {"id": pl.lit("p")}
    ).select(ROLLOUT.names())
    rows = problems.with_columns(pl.col("verify_info").cast(pl.String))
    with TemporaryDirectory() as cache:
        os.environ["GOLDSIEVE_CACHE"] = cache
        work = grades.make(grades.Params(), rows, traces)
        seconds, graded = timed(work.collect)
    return seconds / count, graded.estimated_size() / count


def measure_stage(texts: pl.Series) -> float:
    """CPU seconds a row of the whole stage on one machine."""
    nothing = pl.lit(None, pl.String)
    rows = (
        texts.alias("problem")
        .to_frame()
        .with_columns(id=pl.int_range(pl.len()).cast(pl.String), answer=nothing)
    )
    judge = partial(dedup_ngram.judge, params=dedup_ngram.Params())
    seconds, _ = timed(lambda: apply(judge, rows))
    return seconds / len(texts)


@dataclass(frozen=True)
class Phase:
    """So many equal tasks: seconds of a core, bytes in, and whose link they cross."""

    tasks: int
    seconds: float
    bytes_in: float
    by_head: bool = False
    link: float = LINK

    def planned(self, nodes: int) -> float:
        """Work over cores or bytes over links, whichever is more."""
        links = 1 if self.by_head else nodes
        work = self.tasks * self.seconds / (nodes * CORES)
        return max(work, self.tasks * self.bytes_in / (links * self.link))


def dedup_phases(costs: Costs, rows: float) -> list[Phase]:
    """Prints, bands, the shuffle, and the pairs; see `dedup/spread_ngrams.py`."""
    batch, pairs = spread_ngrams.ROWS, spread_ngrams.PAIRS
    batches = int(-(-rows // batch))
    partitions = int(2 + rows * costs.keys // spread_ngrams.ENTRIES)
    entries = rows * costs.keys / partitions
    return [
        Phase(batches, batch * costs.prints, batch * costs.text, by_head=True),
        Phase(batches, batch * costs.bands, batch * costs.text, by_head=True),
        Phase(partitions, entries * costs.meet, entries * costs.entry),
        Phase(
            int(-(-rows * costs.pairs // pairs)),
            pairs * costs.verify,
            2 * pairs * costs.text,
            by_head=True,
        ),
    ]


def grade_phases(costs: Costs, traces: float) -> list[Phase]:
    part = 8000  # samples: 64 MB of text
    size = part * TRACE_BYTES
    return [Phase(int(-(-traces // part)), part * costs.trace, size, link=STORE)]


def simulate(phases: list[Phase], nodes: int, *, lost: bool = False) -> float:
    """Seconds of all phases; with `lost`, a node goes in the middle of each."""
    rng = random.Random(1)
    return START_S + sum(simulate_phase(phase, nodes, rng, lost) for phase in phases)


def simulate_phase(phase: Phase, nodes: int, rng: random.Random, lost: bool) -> float:
    """Every task goes to the core that is free first, once its bytes are there."""
    cores = [(0.0, number) for number in range(nodes * CORES)]
    links = [0.0] * (1 if phase.by_head else nodes)
    fails = phase.planned(nodes) / 2 if lost else float("inf")
    again, end, made = 0, 0.0, [0] * nodes
    left = phase.tasks
    while left or again:
        free, core = heapq.heappop(cores)
        node = core // CORES
        if node == 0 and free >= fails:
            # The node is gone: what it made is made again by the others.
            again, made[0] = again + made[0], 0
            if not cores:
                break
            continue
        link = 0 if phase.by_head else node
        links[link] = max(free, links[link]) + phase.bytes_in / phase.link
        done = max(free, links[link]) + phase.seconds * rng.lognormvariate(0, SPREAD)
        if node == 0 and done > fails:
            heapq.heappush(cores, (fails, core))
            continue
        made[node] += 1
        left, again = (left - 1, again) if left else (left, again - 1)
        end = max(end, done)
        heapq.heappush(cores, (done, core))
    return end


def plan(costs: Costs, nodes: int, problems: float, traces: float) -> list[str]:
    """A line of the table."""
    dedup, judging = dedup_phases(costs, problems), grade_phases(costs, traces)
    cells, dollars = [str(nodes)], []
    for phases, alone in ((dedup, problems * costs.head), (judging, 0.0)):
        planned = sum(phase.planned(nodes) for phase in phases)
        runs = simulate(phases, nodes), simulate(phases, nodes, lost=True)
        times = [alone + seconds for seconds in (planned, *runs)]
        cells += [f"{seconds / 3600:.2f}" for seconds in times]
        dollars.append(f"{times[1] / 3600 * nodes * NODE_HOUR:,.0f}")
    moved = sum(phase.tasks * phase.bytes_in for phase in dedup)
    held = problems * costs.keys * costs.entry / nodes / GB
    return [*cells, f"{moved / GB:,.0f}", f"{held:.1f}", *dollars]


if __name__ == "__main__":
    main()
