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

    def rates(self, *, before: int) -> dict[str, float]:
        """The pass rate of each problem in the last epoch that decided it."""
        return {
            name: n_correct / n_decided
            for problems in self.epochs[:before]
            for name, (n_decided, n_correct) in problems.items()
            if n_decided
        }

    def table(self) -> pl.DataFrame:
        """A row for each problem and epoch in which it was asked; the stage is 0."""
        rows = [
            (name, 0, epoch, n_decided, n_correct)
            for epoch, problems in enumerate(self.epochs)
            for name, (n_decided, n_correct) in sorted(problems.items())
        ]
        return pl.DataFrame(rows, schema=RL_HISTORY, orient="row")

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(self.epochs), "utf-8")

    def read(self, file: Path) -> None:
        self.epochs = json.loads(file.read_text("utf-8"))


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
        rates = self.history.rates(before=self.epoch)
        rate = pl.col("id").replace_strict(rates, default=None, return_dtype=pl.Float64)
        problems = self.problems.with_columns(rate=rate)
        shuffled = problems[torch.randperm(len(problems), generator=generator).numpy()]
        order = ORDERS[self.order.by](problems, shuffled, self.order, generator)
        total = self.num_samples // self.batch_size * self.batch_size
        order = (order * (total // len(order) + 1))[:total]
        for start in range(0, total, self.batch_size):
            batch = order[start : start + self.batch_size]
            for _ in range(self.repeat_count):
                for index in batch:
                    yield from [index] * self.mini_repeat_count


def describe_problems(dataset: Any, order: Order) -> pl.DataFrame:
    """What an order reads of each problem: index, id, pass_rate, source, lesson_0, …

    UserError where the table has not what the order needs.
    """
    columns = [name for name in dataset.column_names if name != "prompt"]
    table = pl.DataFrame({name: dataset[name] for name in columns})
    rows = table.select("id", "source", "pass_rate").with_row_index("index")
    if "latest_pass_rate" in columns:
        latest = pl.coalesce(table["latest_pass_rate"], table["pass_rate"])
        rows = rows.with_columns(pass_rate=latest)
    if order.by == "lessons":
        lessons = evaluate(table, order.lessons, setting="grpo.order.lessons")
        rows = rows.with_columns(lessons.select(pl.all().name.prefix("lesson_")))
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


Indexes = list[int]


def _rank(problems: pl.DataFrame, *_: Any) -> Indexes:
    return problems["index"].to_list()


def _shuffled(_: Any, shuffled: pl.DataFrame, *__: Any) -> Indexes:
    return shuffled["index"].to_list()


def _lessons(_: Any, shuffled: pl.DataFrame, *__: Any) -> Indexes:
    names = [name for name in shuffled.columns if name.startswith("lesson_")]
    return _rank(shuffled.sort(names, nulls_last=True, maintain_order=True))


def _unsolved(_: Any, shuffled: pl.DataFrame, order: Order, __: Any) -> Indexes:
    easy = _find_solved(shuffled, order)
    return _rank(shuffled.filter(~easy)) or _rank(shuffled)


def _failures(problems: pl.DataFrame, _: Any, __: Any, generator: Generator) -> Indexes:
    rates = problems.select(pl.coalesce("rate", "pass_rate", 0.5)).to_series()
    weights = torch.tensor((1 - rates).clip(1e-3).to_list())
    return _draw(weights, len(problems), generator)


def _easy_pool(
    _: Any, shuffled: pl.DataFrame, order: Order, generator: Generator
) -> Indexes:
    solved = _find_solved(shuffled, order)
    hard, easy = _rank(shuffled.filter(~solved)), _rank(shuffled.filter(solved))
    if not easy or not hard:
        return _rank(shuffled)
    share = torch.tensor([1 - order.easy_probability, order.easy_probability])
    pools = cycle(hard), cycle(easy)
    return [next(pools[pool]) for pool in _draw(share, len(shuffled), generator)]


def _mix(_: Any, shuffled: pl.DataFrame, order: Order, generator: Generator) -> Indexes:
    pools = [
        cycle(_rank(shuffled.filter(pl.col("source") == name)))
        for name in order.weights
    ]
    weights = torch.tensor(list(order.weights.values()), dtype=torch.float64)
    return [next(pools[pool]) for pool in _draw(weights, len(shuffled), generator)]


def _draw(weights: torch.Tensor, count: int, generator: Generator) -> Indexes:
    """`count` indexes in proportion to `weights`, with replacement."""
    drawn = torch.multinomial(weights, count, replacement=True, generator=generator)
    return drawn.tolist()


def _find_solved(problems: pl.DataFrame, order: Order) -> pl.Series:
    return (problems["rate"] >= order.solved_rate).fill_null(value=False)


ORDERS: dict[str, Callable[..., Indexes]] = {
    "rank": _rank,
    "shuffled": _shuffled,
    "lessons": _lessons,
    "unsolved": _unsolved,
    "failures": _failures,
    "easy_pool": _easy_pool,
    "mix": _mix,
}
