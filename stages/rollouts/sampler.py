"""Draws the samples that the store lacks, and keeps them as they finish."""

import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.console import progress
from pipeline.engines.contract import (
    LOST,
    Completion,
    Engine,
    Request,
    Sampling,
    load,
    seed_of,
)
from pipeline.errors import UserError
from pipeline.models import Model
from pipeline.prompts import messages
from stages.rollouts import store

Row = tuple[str, int, str, int, str, int]  # of store.SAMPLE


class Sampler:
    """Samples what `folder` lacks; the model is loaded when it is first needed.

    `save_every`: so many samples are written at once, and lost when a run is killed.
    """

    def __init__(
        self,
        folder: Path,
        model: Model,
        sampling: Sampling,
        *,
        engine: str,
        options: dict[str, Any],
        seed: int = 0,
        system: str = "",
        suffix: str = "",
        save_every: int = 256,
    ) -> None:
        self._folder, self._sampling, self._seed = folder, sampling, seed
        self._loaded = engine, model, options
        self._system, self._suffix = system, suffix
        self._save_every = save_every
        store.compact(folder)
        self._done = store.index(folder)

    def sample(self, wanted: pl.DataFrame) -> None:
        """Draw and keep those of (key, problem, sample) that are not there."""
        for _ in self._drawn(wanted):
            pass

    def samples(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """The wanted samples (store.SAMPLE), those that are not there drawn first."""
        fresh = pl.concat([store.SAMPLE.to_frame(), *self._drawn(wanted)])
        old = wanted.join(fresh, on=["key", "sample"], how="anti")
        if not old.height:
            return fresh
        most = int(old["sample"].to_numpy().max()) + 1
        kept = store.load(self._folder, old["key"].to_list(), samples=most)
        kept = kept.join(old, on=["key", "sample"], how="semi")
        return pl.concat([fresh, kept])

    @cached_property
    def engine(self) -> Engine:
        return load(*self._loaded)

    def _drawn(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Sample what is missing; tables of what was kept.

        Texts of one length are sampled together.
        """
        missing = wanted.join(self._done, on=["key", "sample"], how="anti").sort(
            pl.col("problem").str.len_chars(), "key", "sample"
        )
        if not missing.height:
            return
        made = 0
        for table in self._kept(missing):
            made += table.height
            yield table
        if lost := missing.height - made:
            raise UserError(
                f"rollouts: {lost:,} of {missing.height:,} samples had no answer",
                hint="the others are kept: mend the servers and run again",
            )
        self._done = pl.concat([self._done, missing.select("key", "sample")])

    def _kept(self, missing: pl.DataFrame) -> Iterator[pl.DataFrame]:
        asked: list[tuple[str, int]] = []  # the key and the first sample of a request
        rows: list[Row] = []

        def requests() -> Iterator[Request]:
            for key, problem, first, n in _runs(missing):
                prompt = messages(problem, system=self._system, suffix=self._suffix)
                asked.append((key, first))
                yield Request(prompt, seed_of(self._seed, key, first), n)

        with progress() as bar:
            task = bar.add_task("rollouts", total=missing.height)
            tokens, start = 0, time.monotonic()
            try:
                for number, child, said in self.engine.stream(
                    requests(), self._sampling
                ):
                    bar.advance(task)
                    if said == LOST:
                        continue
                    rows.append(self._row(*asked[number], child, said))
                    tokens += said.n_tokens
                    if len(rows) == self._save_every:
                        per_s = tokens / max(time.monotonic() - start, 1e-3)
                        bar.update(task, description=f"rollouts, {per_s:,.0f} tokens/s")
                        made, rows = self._saved(rows), []
                        yield made
            finally:
                made = self._saved(rows)  # of a run that is interrupted, too
            yield made

    def _row(self, key: str, first: int, child: int, said: Completion) -> Row:
        sample = first + child
        seed = seed_of(self._seed, key, sample)
        return key, sample, said.text, said.n_tokens, said.finish_reason, seed

    def _saved(self, rows: list[Row]) -> pl.DataFrame:
        made = pl.DataFrame(rows, schema=store.SAMPLE, orient="row")
        if made.height:
            store.save(self._folder, made)
        return made


def _runs(missing: pl.DataFrame) -> Iterator[tuple[str, str, int, int]]:
    """(key, problem, first sample, how many) of samples of one problem in a row."""
    run: tuple[str, str, int, int] | None = None
    for key, problem, sample in missing.select("key", "problem", "sample").iter_rows():
        if run and run[0] == key and run[2] + run[3] == sample:
            run = key, problem, run[2], run[3] + 1
            continue
        if run:
            yield run
        run = key, problem, sample, 1
    if run:
        yield run
