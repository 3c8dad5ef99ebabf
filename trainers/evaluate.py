"""Compare the models before and after training, on problems held out from it.

    python -m trainers.evaluate --out data_cards/metrics/evaluate.json \
        data/benchmarks.parquet models/base models/sft models/grpo

Every model is asked every problem k times, with the same seeds, and judged by the
problem's verifier; every two models are compared problem by problem. How often and how
a benchmark is sampled may be its own, or that of a published table (evaluate.toml).
Finished completions are kept where `rollouts` keeps its own: a run that was killed goes
on, and nothing is sampled twice. Every sample and its verdict can be written out, so
that anyone can check a number.
"""

import argparse
import sys
import tomllib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field, field_validator

from pipeline import console, dag, recipe, tables
from pipeline.engines.contract import Engine, Options
from pipeline.engines.contract import load as load_engine
from pipeline.errors import UserError
from pipeline.grading import scores
from pipeline.grading.voting import cast_votes, merge_equal_votes
from pipeline.grading.workers import Answer, grader, verdict_columns
from pipeline.models import Model, resolve
from pipeline.prompts import Prompt
from pipeline.sampling.sampler import Method, Sampler
from pipeline.schema import BENCHMARK, GRADE, ROLLOUT
from pipeline.settings import Settings
from pipeline.verifiers.judge import Judge
from trainers.runs import report


class Draws(Settings):
    """How the problems of a benchmark are sampled; null is as for all of them."""

    samples: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)


class Preset(Draws):
    """How the authors of a published table sampled, and where they say so."""

    source: str
    by_benchmark: dict[str, Draws] = Field(default={})


class Params(Settings):
    """Which problems are asked, how often, and how the model is sampled.

    What is set here goes before a `preset` of evaluate.toml, and what is set in
    `by_benchmark` before both.
    """

    benchmarks: tuple[str, ...] = ()  # empty: all
    limit: int | None = Field(default=None, ge=1)  # problems of each benchmark
    preset: str | None = None
    by_benchmark: dict[str, Draws] = Field(default={})
    samples: int = Field(default=4, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    seed: int = 0
    engine: Literal["transformers", "vllm", "server"] = "transformers"
    options: Options = Field(default={})  # of the engine: batch_size, max_model_len, …
    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None  # the model that judges rows of the verifier `judge`
    prompt: Prompt = Prompt()

    @field_validator("preset")
    @classmethod
    def _is_known(cls, preset: str | None) -> str | None:
        if preset is not None and preset not in PRESETS:
            raise ValueError(f"expected one of {', '.join(PRESETS)}")
        return preset


TYPES: dict[str, Any] = {**BENCHMARK, **ROLLOUT, **GRADE, "vote": pl.String}
COLUMNS = (
    "id", "benchmark", "model", "sample", "completion", "n_tokens", "finish_reason",
    "seed", "correct", "extracted", "why", "vote",
)  # fmt: skip
SAMPLES = pl.Schema({name: TYPES[name] for name in COLUMNS})
FIELDS = set(Draws.model_fields)
TOML = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
PRESETS = {name: Preset(**fields) for name, fields in tomllib.loads(TOML).items()}


def main() -> None:
    arguments = _arguments()
    params = recipe.load(Params, "evaluate")
    models = {folder.name: resolve(folder) for folder in arguments.models}
    if len(models) < len(arguments.models):
        hint = "the metrics know a model by the name of its folder"
        raise UserError("two folders of models have one name", hint=hint)
    models = {name: model for name, model in models.items() if not model.is_off}
    graded: dict[str, pl.DataFrame] = {}
    settings: dict[str, Any] = {}
    if params is not None and not _has_no_benchmarks():
        table = problems(pl.read_parquet(arguments.benchmarks), params)
        for benchmark in table["benchmark"].unique(maintain_order=True):
            settings[benchmark] = _describe_draws(benchmark, params)
        for name, model in models.items():
            graded[name] = grade_samples(sample(model, table, params), params)

    metrics = {"settings": settings, **scores.compare(graded)}
    for name, scored in metrics["models"].items():
        metrics["models"][name] = {"model": models[name].title, **scored}
    report(arguments.out, metrics)
    report(arguments.plots, scores.points(metrics["models"]))
    if arguments.samples:
        kept = [table.select(COLUMNS) for table in graded.values()]
        tables.write(pl.concat([SAMPLES.to_frame(), *kept]), arguments.samples)


def _has_no_benchmarks() -> bool:
    """Whether the recipe leaves out the stage that makes the benchmarks."""
    if not dag.is_off(recipe.read(), "benchmarks"):
        return False
    print("nothing is evaluated, because benchmarks is off in this recipe")
    return True


def problems(benchmarks: pl.DataFrame, params: Params) -> pl.DataFrame:
    """The problems that are asked, the first `limit` of each benchmark."""
    names = benchmarks["benchmark"].unique(maintain_order=True).to_list()
    for setting in ("benchmarks", "by_benchmark"):
        if unknown := [name for name in getattr(params, setting) if name not in names]:
            raise UserError(
                f"evaluate.{setting}: there is no benchmark {unknown[0]!r}",
                hint=f"the table has {', '.join(names)}",
            )
    chosen = list(params.benchmarks) or names
    benchmarks = benchmarks.filter(pl.col("benchmark").is_in(chosen))
    if benchmarks.is_empty():
        raise UserError("there are no benchmark problems to evaluate on")
    number = pl.int_range(pl.len()).over("benchmark")
    return benchmarks.filter(number < (params.limit or benchmarks.height))


def choose_draws(benchmark: str, params: Params) -> dict[str, Any]:
    """How `benchmark` is sampled: a value for each field of Draws."""
    own = params.model_dump(include=FIELDS, exclude_unset=True)
    own |= _given(params.by_benchmark.get(benchmark))
    return params.model_dump(include=FIELDS) | _published(benchmark, params) | own


def _describe_draws(benchmark: str, params: Params) -> dict[str, Any]:
    """What was chosen, the preset, and which settings are not the preset's."""
    chosen = choose_draws(benchmark, params)
    published = _published(benchmark, params)
    unlike = [name for name in published if published[name] != chosen[name]]
    return {"preset": params.preset, "unlike_preset": unlike, **chosen}


def _published(benchmark: str, params: Params) -> dict[str, Any]:
    preset = PRESETS.get(params.preset or "")
    own = preset.by_benchmark.get(benchmark) if preset else None
    return _given(preset) | _given(own)


def _given(draws: Draws | None) -> dict[str, Any]:
    return draws.model_dump(include=FIELDS, exclude_none=True) if draws else {}


def sample(model: Model, table: pl.DataFrame, params: Params) -> pl.DataFrame:
    """The completions of each problem, a row each, benchmark by benchmark."""
    engine = cache(partial(load_engine, params.engine, model, params.options))
    parts = table.partition_by("benchmark", maintain_order=True)
    return pl.concat(_sample_benchmark(model, part, params, engine) for part in parts)


def _sample_benchmark(
    model: Model, table: pl.DataFrame, params: Params, engine: Callable[[], Engine]
) -> pl.DataFrame:
    draws = choose_draws(table["benchmark"][0], params)
    numbers = pl.Series("sample", range(draws.pop("samples")), pl.Int32).to_frame()
    rows = table.join(numbers, how="cross", maintain_order="left_right")
    method = Method(params.engine, params.options, params.prompt, params.seed, **draws)
    keep = params.options.get("batch_size", 256)
    sampler = Sampler(method, model, engine, keep=keep, title=f"evaluate {model.name}")
    drawn = sampler.samples(rows.unique(["key", "sample"], maintain_order=True))
    rows = rows.join(drawn, on=["key", "sample"], how="left", maintain_order="left")
    return rows.with_columns(model=pl.lit(model.title))


def grade_samples(samples: pl.DataFrame, params: Params) -> pl.DataFrame:
    """`samples` with the verdict on each, and the answer that it votes for.

    A prompt that the model has no room for is a problem it did not solve.
    """
    columns = ("verifier", "answer", "verify_info", "completion", "problem")
    answers = [Answer(*row) for row in samples.select(columns).iter_rows()]
    no_room = pl.col("finish_reason") == "prompt_too_long"
    with grader(params.timeout_s, params.judge) as grade:
        graded = samples.with_columns(verdict_columns(grade(answers))).with_columns(
            correct=pl.when(no_room).then(pl.lit(False)).otherwise("correct"),
            why=pl.when(no_room).then(pl.lit("prompt_too_long")).otherwise("why"),
        )
        # Wrong answers can win only where there are as many of them as right ones.
        n_right = pl.col("correct").sum()
        right = graded.group_by("id").agg(least=n_right, most=n_right + 1)
        bounds = right.filter(pl.col("least") > 0)
        return merge_equal_votes(cast_votes(graded), graded, bounds, grade)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmarks", type=Path, help="table of BENCHMARK")
    parser.add_argument("models", type=Path, nargs="+", help="model folders")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    parser.add_argument("--plots", type=Path, help="JSON with a point a benchmark")
    parser.add_argument("--samples", type=Path, help="table of every graded sample")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(console.run(main))
