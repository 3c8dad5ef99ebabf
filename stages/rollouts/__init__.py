"""Sample every problem k times, and never sample anything twice.

Finished completions are kept in a store outside DVC's outputs, in
`.cache/rollouts/` (GOLDSIEVE_CACHE moves it), keyed by what was asked and how. A
run that was killed loses the batch in flight; a run with a larger k, or over more
problems, samples what is missing. Problems with one text share their samples.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.engines.contract import Options
from pipeline.engines.contract import load as load_engine
from pipeline.errors import UserError
from pipeline.models import resolve
from pipeline.pass_rates.window import Window
from pipeline.prompts import Prompt
from pipeline.sampling import store
from pipeline.sampling.sampler import Method, Sampler
from pipeline.schema import ROLLOUT
from pipeline.settings import Settings
from stages.rollouts.foreign import refuse_foreign
from stages.rollouts.replay import Replay, read_recordings
from stages.rollouts.rounds import Adaptive, sample_adaptively

SCHEMA = ROLLOUT
SHARD = 200_000  # rows of one file of the output


class Params(Settings):
    """How completions are sampled, or where they are recorded.

    `vllm` and `server` hold the options of these engines that change what is sampled;
    those that only change how fast are in machine.yaml.
    """

    engine: Literal["transformers", "vllm", "server", "replay"] = "transformers"
    samples: int = Field(default=8, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    seed: int = 0
    limit: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=256, ge=1)
    vllm: Options = Field(default_factory=dict)
    server: Options = Field(default_factory=dict)
    replay: tuple[Replay, ...] = ()
    adaptive: Adaptive | None = None
    prompt: Prompt = Prompt()
    pass_rate_window: Window = Window()

    @model_validator(mode="after")
    def _fits(self) -> "Params":
        if (self.engine == "replay") != bool(self.replay):
            raise ValueError("engine: replay and a list `replay` go together")
        if self.adaptive and self.engine == "replay":
            raise ValueError("recorded completions cannot be sampled adaptively")
        if self.adaptive and not self.pass_rate_window.cuts_rates:
            raise ValueError(
                "adaptive sampling decides which rates are in `pass_rate_window`, and "
                "that holds every rate or is of counts"
            )
        return self

    @property
    def method(self) -> Method:
        """How the model is sampled."""
        batches = {"batch_size": self.batch_size}
        return Method(
            self.engine,
            {"vllm": self.vllm, "server": self.server}.get(self.engine, batches),
            self.prompt,
            self.seed,
            self.temperature,
            self.top_p,
            self.max_tokens,
        )


def make(params: Params, rows: pl.DataFrame, model: Path) -> Iterator[pl.DataFrame]:
    """Yield the samples of every row, in the rows' order, in tables of bounded size."""
    problems = rows.unique("key", keep="first", maintain_order=True)
    problems = problems.head(params.limit or problems.height)
    if params.engine == "replay":
        yield _join_rows(rows, read_recordings(params.replay, problems))
        return

    sampled = resolve(model)
    if sampled.is_off:
        raise UserError(
            "rollouts has no model to sample: `model` is off",
            hint="set `rollouts: off`, or `engine: replay`",
        )
    refuse_foreign(rows, sampled)
    method = params.method
    engine = partial(load_engine, method.engine, sampled, method.options)
    sampler = Sampler(method, sampled, engine, keep=params.batch_size)
    counts = _sample(params, problems, sampler)

    rows = rows.filter(pl.col("key").is_in(problems["key"].to_list()))
    most = int(counts["samples"].to_numpy().max(initial=1))
    for part in rows.iter_slices(max(1, SHARD // most)):
        kept = store.load(sampler.folder, part["key"].to_list(), samples=most)
        kept = kept.join(counts, on="key", how="inner", maintain_order="left")
        kept = kept.filter(pl.col("sample") < pl.col("samples")).drop("samples")
        yield _join_rows(part, kept.with_columns(model=pl.lit(sampled.title)))


def _sample(params: Params, problems: pl.DataFrame, sampler: Sampler) -> pl.DataFrame:
    """Have the problems sampled; (key, samples), how many samples each has."""
    if params.adaptive:
        return sample_adaptively(
            problems, params.adaptive, params.pass_rate_window, sampler.samples
        )
    numbers = pl.DataFrame({"sample": range(params.samples)}, {"sample": pl.Int32})
    sampler.sample(problems.select("key", "problem").join(numbers, how="cross"))
    return problems.select("key", samples=pl.lit(params.samples, pl.Int32))


def _join_rows(rows: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """The samples under the id of every row that asks for them."""
    return (
        rows.select("id", "key")
        .join(
            samples.sort("sample"), on="key", how="inner", maintain_order="left_right"
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ROLLOUT.items())
    )
