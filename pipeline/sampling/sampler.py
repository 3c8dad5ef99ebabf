"""Draws the samples that the store lacks, and keeps them as they finish.

The seed of a sample comes from `seed`, the problem's key and the sample's number, so
that neither the other problems nor k change what is drawn. With the transformers
engine on one machine that makes a sample reproducible but for the rounding of logits;
on GPUs, and with vLLM, sampling is not bit-stable, and it is the store that makes a
second run give the same bytes.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.console import progress
from pipeline.engines.contract import LOST, Engine, Request, Sampling, seed_of
from pipeline.errors import UserError
from pipeline.models import Model
from pipeline.prompts import Prompt, messages
from pipeline.sampling import store
from pipeline.shards import number_ids

Row = tuple[str, int, str, int, str, int]  # of store.SAMPLE
SEEDS = 2  # the version of `seed_of`: samples of other seeds are other samples
KEEP_S = 60.0  # that a finished sample waits for a shard, at most


@dataclass(frozen=True)
class Method:
    """How a model is sampled. `options` are those of the engine."""

    engine: str
    options: dict[str, Any]
    prompt: Prompt
    seed: int
    temperature: float
    top_p: float
    max_tokens: int

    def identity(self, model: Model) -> dict[str, Any]:
        """All that says what a sample is, apart from its problem, number and k."""
        own = "engine", "temperature", "top_p", "max_tokens", "seed"
        changes = self.engine in ("vllm", "server")
        return {
            "model": model.name,
            "revision": model.revision,
            **{name: getattr(self, name) for name in own},
            **self.prompt.model_dump(),
            "seeds": SEEDS,
            "options": self.options if changes else {},
        }

    def sampling(self) -> Sampling:
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=self.prompt.stop,
            more=self.prompt.sampling,
            chat=self.prompt.chat,
        )


class Sampler:
    """Samples what the store lacks; the model is loaded when it is first needed.

    `keep` samples, or those of a minute, are what a killed run loses. `title` is shown
    beside the progress.
    """

    def __init__(
        self,
        method: Method,
        model: Model,
        load_engine: Callable[[], Engine],
        *,
        keep: int = 256,
        title: str = "rollouts",
    ) -> None:
        self._method, self._keep, self._title = method, keep, title
        self._load_engine = load_engine
        self._engine: Engine | None = None
        self.folder = store.open_for(method.identity(model))

    def sample(self, wanted: pl.DataFrame) -> None:
        """Draw and keep those of (key, problem, sample) that are not there."""
        if self._find_missing(wanted).is_empty():
            return
        with store.own(self.folder):
            missing = self._find_missing(wanted)  # who owned it may have added some
            lost = missing.height - (self._draw(missing) if missing.height else 0)
        if lost:
            raise UserError(
                f"{self._title}: {lost:,} of {missing.height:,} samples had no answer",
                hint="the others are kept: mend the servers and run again",
            )

    def samples(self, wanted: pl.DataFrame, *, part: int) -> Iterator[pl.DataFrame]:
        """The wanted samples (store.SAMPLE), those that are not there drawn first.

        They come in the order of the keys in `wanted`, those of `part` keys at a time.
        """
        self.sample(wanted)
        most = int(wanted["sample"].to_numpy().max(initial=-1)) + 1
        keys = wanted["key"].unique(maintain_order=True).to_list()
        parts = [keys[start : start + part] for start in range(0, len(keys), part)]
        for kept in store.load_parts(self.folder, parts, samples=most):
            yield kept.join(wanted, on=["key", "sample"], how="semi")

    def close(self) -> None:
        """Give back the memory of the engine, if one was loaded."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _find_missing(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Those that are not there; texts of one length are sampled together."""
        number = number_ids(wanted["key"]).alias("_key")
        done = store.index(self.folder, number)
        numbered = wanted.with_columns(number)
        missing = numbered.join(done, on=["_key", "sample"], how="anti").drop("_key")
        return missing.sort(pl.col("problem").str.len_chars(), "key", "sample")

    def _draw(self, missing: pl.DataFrame) -> int:
        """Sample and keep what is missing; say how many had an answer.

        What is finished is kept when a run is interrupted, too.
        """
        method = self._method
        runs = _group_runs(missing)
        keys, firsts = runs["key"].to_list(), runs["first"].to_list()
        requests = (
            Request(messages(text, method.prompt), seed_of(method.seed, key, first), n)
            for key, text, first, n in runs.iter_rows()
        )
        rows: list[Row] = []
        answered = tokens = 0
        with progress() as bar:
            task = bar.add_task(self._title, total=missing.height)
            start = oldest = time.monotonic()
            try:
                self._engine = self._engine or self._load_engine()
                start = time.monotonic()  # loading a model says nothing of its speed
                sampled = self._engine.stream(requests, method.sampling())
                for number, child, completion in sampled:
                    now = time.monotonic()
                    tokens += completion.n_tokens
                    per_s = f"{tokens / max(now - start, 1e-3):,.0f} tokens/s"
                    title = f"{self._title}, {per_s}"
                    bar.update(task, advance=1, description=title)
                    if completion == LOST:
                        continue
                    # A batch arrives at once: what counts is since when rows wait.
                    oldest = oldest if rows else now
                    key, sample = keys[number], firsts[number] + child
                    seed = seed_of(method.seed, key, sample)
                    rows.append((key, sample, *completion, seed))
                    answered += 1
                    if len(rows) == self._keep or now - oldest > KEEP_S:
                        self._save(rows)
            finally:
                self._save(rows)
                store.note_speed(self.folder, tokens, time.monotonic() - start)
        return answered

    def _save(self, rows: list[Row]) -> None:
        """Move the rows into the store."""
        if rows:
            table = pl.DataFrame(rows, schema=store.SAMPLE, orient="row")
            store.save(self.folder, table)
            rows.clear()


def _group_runs(missing: pl.DataFrame) -> pl.DataFrame:
    """(key, problem, first, n): samples with numbers in a row are one request."""
    start = pl.col("sample") - pl.int_range(pl.len()).over("key")
    return (
        missing.group_by("key", start.alias("start"), maintain_order=True)
        .agg(pl.first("problem"), first=pl.first("sample"), n=pl.len())
        .drop("start")
    )
