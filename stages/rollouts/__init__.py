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
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.engines.contract import Options
from pipeline.engines.contract import load as load_engine
from pipeline.errors import UserError
from pipeline.models import Model, resolve
from pipeline.pass_rates.window import Window
from pipeline.prompts import Prompt
from pipeline.schema import ROLLOUT
from pipeline.settings import Settings
from stages.rollouts import store
from stages.rollouts.replay import Recording, read_recordings
from stages.rollouts.rounds import Adaptive, sample_adaptively
from stages.rollouts.sampler import Sampler

SCHEMA = ROLLOUT
SHARD = 200_000  # rows of one file of the output
SEEDS = 2  # the version of `seed_of`: samples of other seeds are other samples


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
    replay: tuple[Recording, ...] = ()
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
    def engine_options(self) -> dict[str, Any]:
        """What the engine is loaded with, beside what machine.yaml says."""
        batches = {"batch_size": self.batch_size}
        return {"vllm": self.vllm, "server": self.server}.get(self.engine, batches)


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
    folder = store.open_for(identity(params, sampled))
    engine = partial(load_engine, params.engine, sampled, params.engine_options)
    counts = _sample(params, problems, Sampler(params, folder, engine))

    rows = rows.filter(pl.col("key").is_in(problems["key"].to_list()))
    most = int(counts["samples"].to_numpy().max(initial=1))
    for part in rows.iter_slices(max(1, SHARD // most)):
        kept = store.load(folder, part["key"].to_list(), samples=most)
        kept = kept.join(counts, on="key", how="inner", maintain_order="left")
        kept = kept.filter(pl.col("sample") < pl.col("samples")).drop("samples")
        yield _join_rows(part, kept.with_columns(model=pl.lit(sampled.title)))


def identity(params: Params, model: Model) -> dict[str, Any]:
    """All that says what a sample is, apart from its problem, number and k."""
    own = "engine", "temperature", "top_p", "max_tokens", "seed"
    options = params.engine_options if params.engine in ("vllm", "server") else {}
    return {
        "model": model.name,
        "revision": model.revision,
        **{name: getattr(params, name) for name in own},
        **params.prompt.model_dump(),
        "seeds": SEEDS,
        "options": options,
    }


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
