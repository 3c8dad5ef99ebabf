"""In what order problems are asked, and what came of it.

The order of an epoch is a function of the seed, the epoch's number and the history of
the epochs before: a run that is resumed in the third epoch asks what it would have
asked. (The sampler that TRL brings draws all epochs from one generator, and a resumed
run repeats the first.)

rank        as the export is sorted: by `curriculum_rank`
shuffled    at random
lessons     sorted by SQL expressions over the table, ties at random
unsolved    at random, without what was solved every time it was last asked (SRPO)
failures    with replacement, in proportion to 1 - pass rate (Kimi k1.5)
easy_pool   what was always solved is asked with a given probability (MiMo)
mix         sources in proportion to given weights
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Generator, Tensor
from trl.trainer.utils import RepeatSampler

from pipeline.errors import UserError
from pipeline.schema import RL_HISTORY
from pipeline.sql import evaluate
from trainers.algorithms import Order

# (n_decided, n_correct) of a problem in one epoch.
Counts = list[int]


class History:
    """How often every problem was decided and right, epoch by epoch of a run."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, Counts]] = []

    def count(self, epoch: int, ids: Sequence[str], rewards: Tensor) -> None:
        """Add one sample for each of `ids`; a reward of NaN is undecided."""
        while len(self.epochs) <= epoch:
            self.epochs.append({})
        for name, reward in zip(ids, rewards.tolist(), strict=True):
            counts = self.epochs[epoch].setdefault(name, [0, 0])
            counts[0] += reward == reward
            counts[1] += reward > 0

    def before(self, epoch: int) -> dict[str, Counts]:
        """The counts of each problem when it was last asked before `epoch`."""
        latest: dict[str, Counts] = {}
        for counts in self.epochs[:epoch]:
            latest |= counts
        return latest

    def table(self) -> pl.DataFrame:
        """A row for each problem and epoch in which it was asked; the stage is 0."""
        rows = [
            (name, 0, epoch, n_decided, n_correct)
            for epoch, problems in enumerate(self.epochs)
            for name, (n_decided, n_correct) in sorted(problems.items())
        ]
        return pl.DataFrame(rows, schema=RL_HISTORY, orient="row")

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(self.epochs))

    def read(self, file: Path) -> None:
        self.epochs = json.loads(file.read_text())


class OrderedSampler(RepeatSampler):
    """Another sampler's repetitions, over problems in an `order`.

    Its length never changes, because the trainer counts on it: an order of fewer
    problems starts over.
    """

    def __init__(
        self, dataset: Any, order: Order, history: History, repeats: RepeatSampler
    ) -> None:
        super().__init__(
            dataset,
            mini_repeat_count=repeats.mini_repeat_count,
            batch_size=repeats.batch_size,
            repeat_count=repeats.repeat_count,
            shuffle=False,
            seed=repeats.seed,
        )
        self.problems = describe_problems(dataset, order)
        self.order, self.history, self.epoch = order, history, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before every epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = seeded(self.seed or 0, self.epoch)
        counts = self.history.before(self.epoch)
        ids = self.problems["id"].to_list()
        latest = [counts.get(name) for name in ids]
        order = ORDERS[self.order.by](self.problems, latest, self.order, generator)
        total = self.num_samples // self.batch_size * self.batch_size
        order = (order * (total // len(order) + 1))[:total]
        for start in range(0, total, self.batch_size):
            batch = order[start : start + self.batch_size]
            for _ in range(self.repeat_count):
                for index in batch:
                    yield from [index] * self.mini_repeat_count


def describe_problems(dataset: Any, order: Order) -> pl.DataFrame:
    """What an order reads of each problem: id, pass_rate, source, lesson_0, …

    UserError where the table has not what the order needs.
    """
    kept = {"id", "pass_rate", "source"} & set(dataset.column_names)
    rows = pl.DataFrame({name: dataset[name] for name in sorted(kept)})
    if order.by == "lessons":
        columns = [name for name in dataset.column_names if name != "prompt"]
        table = pl.DataFrame({name: dataset[name] for name in columns})
        lessons = evaluate(table, order.lessons, setting="grpo.order.lessons")
        rows = rows.with_columns(lessons.select(pl.all().name.prefix("lesson_")))
    if order.by == "mix":
        sources = rows["source"].unique().sort().to_list()
        if unknown := sorted(set(order.weights) - set(sources)):
            raise UserError(
                f"grpo.order.weights: no problem is of the source {unknown[0]!r}",
                hint=f"the sources are {', '.join(sources)}",
            )
    return rows


def seeded(seed: int, number: int) -> Generator:
    """A generator for one epoch, step or process of a run."""
    return Generator().manual_seed(seed * 1_000_003 + number)


def _rank(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> list[int]:
    return list(range(rows.height))


def _shuffled(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> Any:
    return torch.randperm(rows.height, generator=generator).tolist()


def _lessons(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> Any:
    shuffled = pl.Series("index", _shuffled(rows, latest, order, generator))
    names = [name for name in rows.columns if name.startswith("lesson_")]
    sorted_rows = rows[shuffled].with_columns(shuffled)
    return sorted_rows.sort(names, nulls_last=True, maintain_order=True)[
        "index"
    ].to_list()


def _unsolved(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> Any:
    shuffled = _shuffled(rows, latest, order, generator)
    return [index for index in shuffled if not _is_solved(latest[index])] or shuffled


def _failures(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> Any:
    rates = [
        counts[1] / counts[0] if counts and counts[0] else recorded
        for counts, recorded in zip(latest, rows["pass_rate"], strict=True)
    ]
    weights = torch.tensor([0.5 if rate is None else 1 - rate for rate in rates])
    drawn = torch.multinomial(
        weights.clamp(min=1e-3), rows.height, replacement=True, generator=generator
    )
    return drawn.tolist()


def _easy_pool(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> Any:
    shuffled = _shuffled(rows, latest, order, generator)
    easy = [index for index in shuffled if _is_solved(latest[index])]
    hard = [index for index in shuffled if not _is_solved(latest[index])]
    if not easy or not hard:
        return shuffled
    is_easy = torch.rand(rows.height, generator=generator) < order.easy_probability
    pools = cycle(hard), cycle(easy)
    return [next(pools[pick]) for pick in is_easy.tolist()]


def _mix(rows: pl.DataFrame, latest: Any, order: Order, generator: Any) -> Any:
    shuffled = pl.Series("index", _shuffled(rows, latest, order, generator))
    source = rows["source"][shuffled]
    pools = [cycle(shuffled.filter(source == name)) for name in order.weights]
    weights = torch.tensor(list(order.weights.values()), dtype=torch.float64)
    drawn = torch.multinomial(
        weights, rows.height, replacement=True, generator=generator
    )
    return [next(pools[number]) for number in drawn.tolist()]


def _is_solved(counts: Counts | None) -> bool:
    return bool(counts) and 0 < counts[0] == counts[1]  # type: ignore[index]


ORDERS: dict[str, Callable[..., list[int]]] = {
    "rank": _rank,
    "shuffled": _shuffled,
    "lessons": _lessons,
    "unsolved": _unsolved,
    "failures": _failures,
    "easy_pool": _easy_pool,
    "mix": _mix,
}
