"""Draws the samples that the store lacks, and keeps them as they finish."""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline.console import progress
from pipeline.engines.contract import LOST, Engine, Request, Sampling, seed_of
from pipeline.errors import UserError
from pipeline.prompts import messages
from stages.rollouts import store

if TYPE_CHECKING:
    from stages.rollouts import Params

Row = tuple[str, int, str, int, str, int]  # of store.SAMPLE


class Sampler:
    """Samples what `folder` lacks; the model is loaded when it is first needed."""

    def __init__(
        self, params: "Params", folder: Path, load_engine: Callable[[], Engine]
    ) -> None:
        self._params, self._folder = params, folder
        self._load_engine = cache(load_engine)
        store.compact(folder)
        self._done = store.index(folder)

    def sample(self, wanted: pl.DataFrame) -> None:
        """Draw and keep those of (key, problem, sample) that are not there.

        Texts of one length are sampled together.
        """
        missing = wanted.join(self._done, on=["key", "sample"], how="anti").sort(
            pl.col("problem").str.len_chars(), "key", "sample"
        )
        lost = missing.height - (self._draw(missing) if missing.height else 0)
        if lost:
            raise UserError(
                f"rollouts: {lost:,} of {missing.height:,} samples had no answer",
                hint="the others are kept: mend the servers and run again",
            )
        self._done = pl.concat([self._done, missing.select("key", "sample")])

    def samples(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """The wanted samples (store.SAMPLE), those that are not there drawn first."""
        self.sample(wanted)
        most = int(wanted["sample"].to_numpy().max(initial=-1)) + 1
        kept = store.load(self._folder, wanted["key"].to_list(), samples=most)
        return kept.join(wanted, on=["key", "sample"], how="semi")

    def _draw(self, missing: pl.DataFrame) -> int:
        """Sample and keep what is missing; say how many had an answer.

        What is finished is kept when a run is interrupted, too.
        """
        params, prompt = self._params, self._params.prompt
        sampling = Sampling(
            temperature=params.temperature,
            top_p=params.top_p,
            max_tokens=params.max_tokens,
            stop=prompt.stop,
            more=prompt.sampling,
            chat=prompt.chat,
        )
        runs = _group_runs(missing)
        keys, firsts = runs["key"].to_list(), runs["first"].to_list()
        requests = (
            Request(messages(problem, prompt), seed_of(params.seed, key, first), n)
            for key, problem, first, n in runs.iter_rows()
        )
        rows: list[Row] = []
        answered = tokens = 0
        with progress() as bar:
            task = bar.add_task("rollouts", total=missing.height)
            start = time.monotonic()
            try:
                sampled = self._load_engine().stream(requests, sampling)
                for number, child, completion in sampled:
                    bar.advance(task)
                    if completion == LOST:
                        continue
                    key, sample = keys[number], firsts[number] + child
                    seed = seed_of(params.seed, key, sample)
                    rows.append((key, sample, *completion, seed))
                    answered += 1
                    tokens += completion.n_tokens
                    if len(rows) == params.batch_size:
                        per_s = tokens / max(time.monotonic() - start, 1e-3)
                        bar.update(task, description=f"rollouts, {per_s:,.0f} tokens/s")
                        self._save(rows)
            finally:
                self._save(rows)
        return answered

    def _save(self, rows: list[Row]) -> None:
        """Move the rows into the store."""
        if rows:
            table = pl.DataFrame(rows, schema=store.SAMPLE, orient="row")
            store.save(self._folder, table)
            rows.clear()


def _group_runs(missing: pl.DataFrame) -> pl.DataFrame:
    """(key, problem, first, n): samples with numbers in a row are one request."""
    start = pl.col("sample") - pl.int_range(pl.len()).over("key")
    return (
        missing.group_by("key", start.alias("start"), maintain_order=True)
        .agg(pl.first("problem"), first=pl.first("sample"), n=pl.len())
        .drop("start")
    )
