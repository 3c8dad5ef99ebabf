"""Sample every problem k times, and never sample anything twice.

Finished completions are kept in a store outside DVC's outputs, in
`.cache/rollouts/` (GOLDSIEVE_CACHE moves it), keyed by what was asked and how. A
run that was killed loses the batch in flight; a run with a larger k, or over more
problems, samples what is missing. Problems with one text share their samples.

The seed of a sample comes from `seed`, the problem's key and the sample's number,
so that neither the other problems nor k change what is drawn. With the
transformers engine on one machine that makes a sample reproducible but for the
rounding of logits; on GPUs, and with vLLM, sampling is not bit-stable, and it is
the store that makes a second run give the same bytes.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.console import progress
from pipeline.engines.contract import LOST, Engine, load, seed_of
from pipeline.errors import UserError
from pipeline.models import Model, resolve
from pipeline.prompts import messages
from pipeline.schema import ROLLOUT
from pipeline.settings import Settings
from stages.rollouts import store
from stages.rollouts.replay import Recording, recorded
from stages.rollouts.rounds import Adaptive, spent

SCHEMA = ROLLOUT
SHARD = 200_000  # rows of one file of the output

# Options that change how fast an engine samples and not what.
SPEED = {
    "data_parallel_size",
    "enable_prefix_caching",
    "enforce_eager",
    "gpu_memory_utilization",
    "max_num_batched_tokens",
    "max_num_seqs",
    "pipeline_parallel_size",
    "tensor_parallel_size",
    # And of servers.
    "attempts",
    "concurrency",
    "key_env",
    "max_wait_s",
    "timeout_s",
    "urls",
}


class Params(Settings):
    """How completions are sampled, or where they are recorded."""

    engine: Literal["transformers", "vllm", "server", "replay"] = "transformers"
    samples: int = Field(default=8, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    seed: int = 0
    system: str = ""
    suffix: str = ""
    limit: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=256, ge=1)
    vllm: dict[str, Any] = Field(default_factory=dict)
    server: dict[str, Any] = Field(default_factory=dict)
    replay: tuple[Recording, ...] = ()
    adaptive: Adaptive | None = None

    @model_validator(mode="after")
    def _replay_has_recordings(self) -> "Params":
        if (self.engine == "replay") != bool(self.replay):
            raise ValueError("engine: replay and a list `replay` go together")
        if self.adaptive and self.engine == "replay":
            raise ValueError("recorded completions cannot be sampled adaptively")
        return self


def make(params: Params, rows: pl.DataFrame, model: Path) -> Iterator[pl.DataFrame]:
    """Yield the samples of every row, in the rows' order, in tables of bounded size."""
    asked = rows.unique("key", keep="first", maintain_order=True)
    asked = asked.head(params.limit or asked.height)
    if params.engine == "replay":
        yield _of_rows(rows, recorded(params.replay, asked))
        return

    sampled = resolve(model)
    if sampled.is_off:
        raise UserError(
            "rollouts has no model to sample: `model` is off",
            hint="set `rollouts: off`, or `engine: replay`",
        )
    folder = store.open_for(identity(params, sampled))
    sampler = Sampler(folder, params, sampled)
    if params.adaptive:
        drawn = spent(asked, params.adaptive, sampler.samples)
    else:
        numbers = pl.lit(params.samples, pl.Int32).alias("samples")
        drawn = asked.select("key", numbers)
        sampler.sample(_all(asked, params.samples))

    asked_rows = rows.filter(pl.col("key").is_in(asked["key"].to_list()))
    most = int(drawn["samples"].to_numpy().max(initial=1))
    for part in asked_rows.iter_slices(max(1, SHARD // most)):
        kept = store.load(folder, part["key"].to_list(), samples=most)
        kept = kept.join(drawn, on="key", how="inner", maintain_order="left")
        kept = kept.filter(pl.col("sample") < pl.col("samples")).drop("samples")
        yield _of_rows(part, kept.with_columns(model=pl.lit(sampled.title)))


def identity(params: Params, model: Model) -> dict[str, Any]:
    """All that says what a sample is, apart from its problem, number and k."""
    chosen = ("engine", "temperature", "top_p", "max_tokens", "seed", "system")
    options = _options(params) if params.engine in ("vllm", "server") else {}
    return {
        "model": model.name,
        "revision": model.revision,
        **{name: getattr(params, name) for name in (*chosen, "suffix")},
        "options": {k: v for k, v in sorted(options.items()) if k not in SPEED},
    }


def _all(asked: pl.DataFrame, samples: int) -> pl.DataFrame:
    """(key, problem, sample) of so many samples of every problem."""
    numbers = pl.DataFrame({"sample": range(samples)}, schema={"sample": pl.Int32})
    return asked.select("key", "problem").join(numbers, how="cross")


class Sampler:
    """Samples what the store lacks; the model is loaded when it is first needed."""

    def __init__(self, folder: Path, params: Params, model: Model) -> None:
        self._folder, self._params, self._model = folder, params, model
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
    def _engine(self) -> Engine:
        params = self._params
        return load(params.engine, self._model, _options(params))

    def _drawn(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Sample what is missing, batch after batch; each is kept before the next.

        Texts of one length are sampled together.
        """
        params = self._params
        missing = wanted.join(self._done, on=["key", "sample"], how="anti").sort(
            pl.col("problem").str.len_chars(), "key", "sample"
        )
        if not missing.height:
            return
        engine, tokens, lost = self._engine, 0, 0
        with progress() as bar:
            task = bar.add_task("rollouts", total=missing.height)
            for batch in missing.iter_slices(params.batch_size):
                seeds = [
                    seed_of(params.seed, key, sample)
                    for key, sample in batch.select("key", "sample").iter_rows()
                ]
                completions = engine.sample(
                    [
                        messages(problem, system=params.system, suffix=params.suffix)
                        for problem in batch["problem"]
                    ],
                    seeds,
                    temperature=params.temperature,
                    top_p=params.top_p,
                    max_tokens=params.max_tokens,
                )
                made = _table(batch, completions, seeds)
                made = made.filter(pl.col("finish_reason") != LOST.finish_reason)
                lost += batch.height - made.height
                if made.height:
                    store.save(self._folder, made)
                    yield made
                tokens += sum(completion.n_tokens for completion in completions)
                bar.advance(task, batch.height)
                per_s = tokens / max(bar.tasks[0].elapsed or 0, 1e-3)
                bar.update(task, description=f"rollouts, {per_s:,.0f} tokens/s")
        if lost:
            raise UserError(
                f"rollouts: {lost:,} of {missing.height:,} samples had no answer",
                hint="the others are kept: mend the servers and run again",
            )
        self._done = pl.concat([self._done, missing.select("key", "sample")])


def _options(params: Params) -> dict[str, Any]:
    """What the engine is loaded with."""
    batches = {"batch_size": params.batch_size}
    return {"vllm": params.vllm, "server": params.server}.get(params.engine, batches)


def _table(
    batch: pl.DataFrame, completions: list[Any], seeds: list[int]
) -> pl.DataFrame:
    columns = {
        "key": batch["key"],
        "sample": batch["sample"],
        "completion": [completion.text for completion in completions],
        "n_tokens": [completion.n_tokens for completion in completions],
        "finish_reason": [completion.finish_reason for completion in completions],
        "seed": seeds,
    }
    return pl.DataFrame(columns, schema=store.SAMPLE)


def _of_rows(rows: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """The samples under the id of every row that asks for them."""
    return (
        rows.select("id", "key")
        .join(
            samples.sort("sample"), on="key", how="inner", maintain_order="left_right"
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ROLLOUT.items())
    )
