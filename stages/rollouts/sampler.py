"""Draws the samples that the store lacks, and keeps them as they finish."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from pipeline.console import progress
from pipeline.engines.contract import LOST, Engine, Request, Sampling, seed_of
from pipeline.errors import UserError
from pipeline.prompts import Prompt, messages
from stages.rollouts import store

Row = tuple[str, int, str, int, str, int]  # of store.SAMPLE


@dataclass
class Sampler:
    """Samples what `folder` lacks; the model is loaded when it is first needed.

    `save_every`: so many samples are written at once, and lost when a run is killed.
    """

    folder: Path
    load_engine: Callable[[], Engine]
    sampling: Sampling
    prompt: Prompt = Prompt()  # noqa: RUF009  it is frozen
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
    def _engine(self) -> Engine:
        return self.load_engine()

    def _draw(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Sample what is missing; tables of what was kept.

        Texts of one length are sampled together.
        """
        missing = wanted.join(self._done, on=["key", "sample"], how="anti").sort(
            pl.col("problem").str.len_chars(), "key", "sample"
        )
        lost = missing.height
        for table in self._sample(missing) if lost else ():
            lost -= table.height
            yield table
        if lost:
            raise UserError(
                f"rollouts: {lost:,} of {missing.height:,} samples had no answer",
                hint="the others are kept: mend the servers and run again",
            )
        self._done = pl.concat([self._done, missing.select("key", "sample")])

    def _sample(self, missing: pl.DataFrame) -> Iterator[pl.DataFrame]:
        runs = _group_runs(missing)
        keys, firsts = runs["key"].to_list(), runs["first"].to_list()
        requests = (
            Request(messages(problem, self.prompt), seed_of(self.seed, key, first), n)
            for key, problem, first, n in runs.iter_rows()
        )
        rows: list[Row] = []
        with progress() as bar:
            task = bar.add_task("rollouts", total=missing.height)
            tokens, start = 0, time.monotonic()
            try:
                for number, child, completion in self._engine.stream(
                    requests, self.sampling
                ):
                    bar.advance(task)
                    if completion == LOST:
                        continue
                    key, sample = keys[number], firsts[number] + child
                    seed = seed_of(self.seed, key, sample)
                    rows.append((key, sample, *completion, seed))
                    tokens += completion.n_tokens
                    if len(rows) == self.save_every:
                        per_s = tokens / max(time.monotonic() - start, 1e-3)
                        bar.update(task, description=f"rollouts, {per_s:,.0f} tokens/s")
                        yield self._save(rows)
            finally:
                table = self._save(rows)  # of a run that is interrupted, too
            yield table

    def _save(self, rows: list[Row]) -> pl.DataFrame:
        """Move the rows into the store; the table of them."""
        table = pl.DataFrame(rows, schema=store.SAMPLE, orient="row")
        rows.clear()
        if table.height:
            store.save(self.folder, table)
        return table


def _group_runs(missing: pl.DataFrame) -> pl.DataFrame:
    """(key, problem, first, n): samples with numbers in a row are one request."""
    start = pl.col("sample") - pl.int_range(pl.len()).over("key")
    return (
        missing.group_by("key", start.alias("start"), maintain_order=True)
        .agg(pl.first("problem"), first=pl.first("sample"), n=pl.len())
        .drop("start")
    )
