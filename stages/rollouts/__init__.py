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
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.engines.contract import Sampling
from pipeline.errors import UserError
from pipeline.models import Model, resolve
from pipeline.schema import ROLLOUT
from pipeline.settings import Settings
from stages.rollouts import store
from stages.rollouts.replay import Recording, recorded
from stages.rollouts.rounds import Adaptive, spent
from stages.rollouts.sampler import Sampler

SCHEMA = ROLLOUT
SHARD = 200_000  # rows of one file of the output
SEEDS = 2  # the version of `seed_of`: samples of other seeds are other samples

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
    stop: tuple[str, ...] = ()
    sampling: dict[str, Any] = Field(default_factory=dict)
    chat: dict[str, Any] = Field(default_factory=dict)
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
        if known := sorted({*type(self).model_fields, "n"} & self.sampling.keys()):
            raise ValueError(f"not in `sampling`: {', '.join(known)}")
        return self

    @property
    def how(self) -> Sampling:
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=self.stop,
            more=self.sampling,
            chat=self.chat,
        )


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
    sampler = Sampler(
        folder,
        sampled,
        params.how,
        engine=params.engine,
        options=_options(params),
        seed=params.seed,
        system=params.system,
        suffix=params.suffix,
        save_every=params.batch_size,
    )
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
    chosen = (
        *("engine", "temperature", "top_p", "max_tokens", "stop", "sampling"),
        *("seed", "system", "suffix", "chat"),
    )
    options = _options(params) if params.engine in ("vllm", "server") else {}
    return {
        "model": model.name,
        "revision": model.revision,
        **{name: getattr(params, name) for name in chosen},
        "seeds": SEEDS,
        "options": {k: v for k, v in sorted(options.items()) if k not in SPEED},
    }


def _all(asked: pl.DataFrame, samples: int) -> pl.DataFrame:
    """(key, problem, sample) of so many samples of every problem."""
    numbers = pl.DataFrame({"sample": range(samples)}, schema={"sample": pl.Int32})
    return asked.select("key", "problem").join(numbers, how="cross")


def _options(params: Params) -> dict[str, Any]:
    """What the engine is loaded with."""
    batches = {"batch_size": params.batch_size}
    return {"vllm": params.vllm, "server": params.server}.get(params.engine, batches)


def _of_rows(rows: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """The samples under the id of every row that asks for them."""
    return (
        rows.select("id", "key")
        .join(
            samples.sort("sample"), on="key", how="inner", maintain_order="left_right"
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ROLLOUT.items())
    )
