"""Compare the models before and after training, on problems held out from it.

    python -m trainers.evaluate --out data_cards/metrics/evaluate.json \
        data/benchmarks.parquet models/base models/sft models/grpo

Every model is asked every problem k times, with the same seeds, and judged by the
problem's verifier. The first model that is not off is what the others are compared
with. Every sample and its verdict can be kept, so that anyone can check a number.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from pipeline import console, dag, recipe, tables
from pipeline.engines.contract import Options, seed_of
from pipeline.engines.contract import load as load_engine
from pipeline.errors import UserError
from pipeline.grading.voting import cast_votes, merge_equal_votes
from pipeline.grading.workers import Answer, grader, verdict_columns
from pipeline.models import Model, resolve
from pipeline.prompts import Prompt, messages
from pipeline.schema import BENCHMARK, GRADE, ROLLOUT
from pipeline.settings import Settings
from pipeline.verifiers.judge import Judge
from trainers import scores
from trainers.training import report


class Params(Settings):
    """Which problems are asked, how often, and how the model is sampled."""

    benchmarks: tuple[str, ...] = ()  # empty: all
    limit: int | None = Field(default=None, ge=1)  # problems of each benchmark
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


TYPES: dict[str, Any] = {**BENCHMARK, **ROLLOUT, **GRADE, "vote": pl.String}
COLUMNS = (
    "id", "benchmark", "model", "sample", "completion", "n_tokens", "finish_reason",
    "seed", "correct", "extracted", "why", "vote",
)  # fmt: skip
SAMPLES = pl.Schema({name: TYPES[name] for name in COLUMNS})


def main() -> None:
    arguments = _arguments()
    params = recipe.load(Params, "evaluate")
    models = {folder.name: resolve(folder) for folder in arguments.models}
    models = {name: model for name, model in models.items() if not model.is_off}
    graded: dict[str, pl.DataFrame] = {}
    if params is not None and not _has_no_benchmarks():
        table = problems(pl.read_parquet(arguments.benchmarks), params)
        for name, model in console.track(
            models.items(), "evaluating", total=len(models)
        ):
            graded[name] = grade_samples(sample(model, table, params), params)

    metrics = compare(graded, {name: model.title for name, model in models.items()})
    report(arguments.out, metrics)
    report(arguments.plots, plot(metrics["models"]))
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
    if unknown := [name for name in params.benchmarks if name not in names]:
        raise UserError(
            f"evaluate.benchmarks: there is no benchmark {unknown[0]!r}",
            hint=f"the table has {', '.join(names)}",
        )
    chosen = list(params.benchmarks) or names
    benchmarks = benchmarks.filter(pl.col("benchmark").is_in(chosen))
    if benchmarks.is_empty():
        raise UserError("there are no benchmark problems to evaluate on")
    number = pl.int_range(pl.len()).over("benchmark")
    return benchmarks.filter(number < (params.limit or benchmarks.height))


def sample(model: Model, table: pl.DataFrame, params: Params) -> pl.DataFrame:
    """`samples` completions of each problem; a row each, in the problems' order."""
    numbers = pl.DataFrame({"sample": range(params.samples)})
    rows = table.join(numbers, how="cross", maintain_order="left_right")
    seeds = [
        seed_of(params.seed, key, number)
        for key, number in rows.select("key", "sample").iter_rows()
    ]
    engine = load_engine(params.engine, model, params.options)
    completions = engine.sample(
        [messages(problem, params.prompt) for problem in rows["problem"]],
        seeds,
        temperature=params.temperature,
        top_p=params.top_p,
        max_tokens=params.max_tokens,
        stop=params.prompt.stop,
        more=params.prompt.sampling,
        chat=params.prompt.chat,
    )
    types = {
        name: ROLLOUT[name] for name in ("completion", "n_tokens", "finish_reason")
    }
    return rows.with_columns(
        pl.lit(model.title).alias("model"),
        pl.col("sample").cast(pl.Int32),
        pl.Series("seed", seeds, pl.Int64),
        *pl.DataFrame(completions, schema=types, orient="row"),
    )


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


def compare(graded: dict[str, pl.DataFrame], titles: dict[str, str]) -> dict[str, Any]:
    """Scores by model and by benchmark, and each model against the first."""
    rates = {name: scores.problems(samples) for name, samples in graded.items()}
    first, *others = [*rates] or [""]
    return {
        "models": {
            name: {
                "model": titles[name],
                **scores.summary(samples),
                "benchmarks": {
                    part["benchmark"][0]: scores.summary(part)
                    for part in samples.partition_by("benchmark", maintain_order=True)
                },
            }
            for name, samples in graded.items()
        },
        "gain": {
            name: {"over": first, **scores.difference(rates[name], rates[first])}
            for name in others
        },
    }


def plot(models: dict[str, Any]) -> list[dict[str, Any]]:
    """One point a model and benchmark, of the scores that `compare` gives."""
    return [
        {
            "model": name,
            "benchmark": benchmark,
            "pass@1": scored["pass@1"],
            "low": scored["pass@1_interval"][0],
            "high": scored["pass@1_interval"][1],
        }
        for name, model in models.items()
        for benchmark, scored in model["benchmarks"].items()
    ]


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
