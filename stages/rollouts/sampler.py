"""Draws the samples that the store lacks, and keeps them as they finish."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.console import progress
from pipeline.engines.contract import (
    LOST,
    Engine,
    Request,
    Sampling,
    load,
    seed_of,
)
from pipeline.errors import UserError
from pipeline.models import Model
from pipeline.prompts import Prompt, messages
from stages.rollouts import store

Row = tuple[str, int, str, int, str, int]  # of store.SAMPLE
Run = tuple[str, str, int, int]  # key, problem, first sample, how many


@dataclass
class Sampler:
    """Samples what `folder` lacks; the model is loaded when it is first needed.

    `save_every`: so many samples are written at once, and lost when a run is killed.
    """

    folder: Path
    model: Model
    sampling: Sampling
    prompt: Prompt = Prompt()  # noqa: RUF009  it is frozen
    engine_name: str = "transformers"
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    save_every: int = 256

    def __post_init__(self) -> None:
        store.compact(self.folder)
        self._done = store.index(self.folder)

    def sample(self, wanted: pl.DataFrame) -> None:
        """Draw and keep those of (key, problem, sample) that are not there."""
        for _ in self._draw(wanted):
            pass

    def samples(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """The wanted samples (store.SAMPLE), those that are not there drawn first."""
        fresh = pl.concat([store.SAMPLE.to_frame(), *self._draw(wanted)])
        old = wanted.join(fresh, on=["key", "sample"], how="anti")
        if not old.height:
            return fresh
        most = int(old["sample"].to_numpy().max()) + 1
        kept = store.load(self.folder, old["key"].to_list(), samples=most)
        kept = kept.join(old, on=["key", "sample"], how="semi")
        return pl.concat([fresh, kept])

    @cached_property
    def engine(self) -> Engine:
        return load(self.engine_name, self.model, self.options)

    def _draw(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Sample what is missing; tables of what was kept.

        Texts of one length are sampled together.
        """
        missing = wanted.join(self._done, on=["key", "sample"], how="anti").sort(
            pl.col("problem").str.len_chars(), "key", "sample"
        )
        if not missing.height:
            return
        kept = 0
        for table in self._keep(missing):
            kept += table.height
            yield table
        if lost := missing.height - kept:
            raise UserError(
                f"rollouts: {lost:,} of {missing.height:,} samples had no answer",
                hint="the others are kept: mend the servers and run again",
            )
        self._done = pl.concat([self._done, missing.select("key", "sample")])

    def _keep(self, missing: pl.DataFrame) -> Iterator[pl.DataFrame]:
        runs: list[Run] = []  # by the number of their request
        rows: list[Row] = []

        def requests() -> Iterator[Request]:
            for run in _runs(missing):
                runs.append(run)
                key, problem, first, n = run
                seed = seed_of(self.seed, key, first)
                yield Request(messages(problem, self.prompt), seed, n)

        with progress() as bar:
            task = bar.add_task("rollouts", total=missing.height)
            tokens, start = 0, time.monotonic()
            try:
                for number, child, completion in self.engine.stream(
                    requests(), self.sampling
                ):
                    bar.advance(task)
                    if completion == LOST:
                        continue
                    key, _, first, _ = runs[number]
                    seed = seed_of(self.seed, key, first + child)
                    rows.append((key, first + child, *completion, seed))
                    tokens += completion.n_tokens
                    if len(rows) == self.save_every:
                        per_s = tokens / max(time.monotonic() - start, 1e-3)
                        bar.update(task, description=f"rollouts, {per_s:,.0f} tokens/s")
                        table, rows = self._save(rows), []
                        yield table
            finally:
                table = self._save(rows)  # of a run that is interrupted, too
            yield table

    def _save(self, rows: list[Row]) -> pl.DataFrame:
        table = pl.DataFrame(rows, schema=store.SAMPLE, orient="row")
        if table.height:
            store.save(self.folder, table)
        return table


def _runs(missing: pl.DataFrame) -> Iterator[Run]:
    """Samples of one problem whose numbers stand in a row: they are one request."""
    run: Run | None = None
    for key, problem, sample in missing.select("key", "problem", "sample").iter_rows():
        if run and run[0] == key and run[2] + run[3] == sample:
            run = key, problem, run[2], run[3] + 1
            continue
        if run:
            yield run
        run = key, problem, sample, 1
    if run:
        yield run
