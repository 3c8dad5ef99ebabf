"""Compare the models before and after training, on problems held out from it.

    python -m trainers.evaluate --out data_cards/metrics/evaluate.json \
        data/benchmarks.parquet models/base models/sft models/grpo

Every model is asked every problem k times, with the same seeds, and judged by the
problem's verifier; every two models are compared problem by problem. How often and how
a benchmark is sampled may be its own, or that of a published table.
Finished completions are kept where `rollouts` keeps its own: a run that was killed goes
on, and nothing is sampled twice. Every sample and its verdict can be written out, so
that anyone can check a number.
"""

import argparse
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from pipeline import console, dag, recipe, tables
from pipeline.engines.contract import Engine, Options
from pipeline.engines.loading import load as load_engine
from pipeline.errors import UserError
from pipeline.grading import scores
from pipeline.grading.voting import grade_samples
from pipeline.models import Model, resolve
from pipeline.owners import PATIENCE_S, owning
from pipeline.parallel import warm_workers
from pipeline.prompts import Prompt
from pipeline.sampling import store
from pipeline.sampling.draws import Plan, choose_draws, describe_draws
from pipeline.sampling.sampler import Method, Sampler
from pipeline.schema import BENCHMARK, GRADE, ROLLOUT
from pipeline.shards import write_parts
from pipeline.verifiers.judge import Judge
from trainers.curves import score_chart, write_chart
from trainers.runs import report


class Params(Plan):
    """Which problems are asked, how the model is sampled, and who judges."""

    benchmarks: tuple[str, ...] = ()  # empty: all
    limit: int | None = Field(default=None, ge=1)  # problems of each benchmark
    seed: int = 0
    engine: Literal["transformers", "vllm", "server"] = "transformers"
    options: Options = Field(default={})  # of the engine: batch_size, max_model_len, …
    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None  # the model that judges rows of the verifier `judge`
    prompt: Prompt = Prompt()


TYPES: dict[str, Any] = {**BENCHMARK, **ROLLOUT, **GRADE, "vote": pl.String}
PART = 1024  # samples in memory at once
COLUMNS = (
    "id", "benchmark", "model", "sample", "completion", "n_tokens", "finish_reason",
    "seed", "correct", "extracted", "why", "vote",
)  # fmt: skip
HINT = "`dvc repro benchmarks` writes the table of them"
SAMPLES = pl.Schema({name: TYPES[name] for name in COLUMNS})


def main() -> None:
    arguments = _arguments()
    with owning(arguments.out, patience_s=PATIENCE_S):
        _evaluate(arguments)


def _evaluate(arguments: argparse.Namespace) -> None:
    params = recipe.load(Params, "evaluate")
    models = {folder.name: resolve(folder) for folder in arguments.models}
    if len(models) < len(arguments.models):
        hint = "the metrics know a model by the name of its folder"
        raise UserError("two folders of models have one name", hint=hint)
    models = {name: model for name, model in models.items() if not model.is_off}
    graded = {name: list[pl.DataFrame]() for name in models}
    settings: dict[str, Any] = {}
    parts: Iterable[pl.DataFrame] = ()
    if params is not None and not _has_no_benchmarks():
        found = tables.read_columns(arguments.benchmarks, BENCHMARK, HINT)
        table = problems(found, params)
        for benchmark in table["benchmark"].unique(maintain_order=True):
            settings[benchmark] = describe_draws(benchmark, params)
        parts = _grade_models(models, table, params, graded)
    with warm_workers():
        if arguments.samples:
            write_parts(parts, SAMPLES, arguments.samples)
        else:
            deque(parts, maxlen=0)

    of_models = {name: pl.concat(each) for name, each in graded.items() if each}
    metrics = {"settings": settings, **scores.compare(of_models)}
    for name, scored in metrics["models"].items():
        metrics["models"][name] = {"model": models[name].title, **scored}
    report(arguments.out, metrics)
    points = score_chart(scores.points(metrics["models"]))
    write_chart(points, arguments.numbers, arguments.plots)


def _grade_models(
    models: dict[str, Model],
    table: pl.DataFrame,
    params: Params,
    graded: dict[str, list[pl.DataFrame]],
) -> Iterator[pl.DataFrame]:
    """SAMPLES of every model, part by part; `graded` gets what scores read of them."""
    for name, model in models.items():
        for samples in sample(model, table, params):
            judged = grade_samples(samples, params.timeout_s, params.judge)
            graded[name].append(scores.shorten(judged))
            yield judged.select(COLUMNS)


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


def sample(model: Model, table: pl.DataFrame, params: Params) -> Iterator[pl.DataFrame]:
    """The completions of each problem, a row each, benchmark by benchmark.

    Those of a few problems come at once, all of a problem together.
    """
    engine = cache(partial(load_engine, params.engine, model, params.options))
    for part in table.partition_by("benchmark", maintain_order=True):
        yield from _sample_benchmark(model, part, params, engine)


def _sample_benchmark(
    model: Model, table: pl.DataFrame, params: Params, engine: Callable[[], Engine]
) -> Iterator[pl.DataFrame]:
    draws = choose_draws(table["benchmark"][0], params)
    numbers = pl.Series("sample", range(draws.pop("samples")), pl.Int32).to_frame()
    wanted = table.unique("key", maintain_order=True).select("key", "problem")
    method = Method(params.engine, params.options, params.prompt, params.seed, **draws)
    keep = params.options.get("batch_size", 256)
    sampler = Sampler(method, model, engine, keep=keep, title=f"evaluate {model.name}")
    sampler.sample(wanted.join(numbers, how="cross", maintain_order="left_right"))
    slices = [*table.iter_slices(max(1, PART // len(numbers)))]
    keys = [part["key"].to_list() for part in slices]
    drawn = store.load_parts(sampler.folder, keys, samples=len(numbers))
    for part, samples in zip(slices, drawn, strict=True):
        part = part.join(numbers, how="cross", maintain_order="left_right").join(
            samples, on=["key", "sample"], how="left", maintain_order="left"
        )
        yield part.with_columns(model=pl.lit(model.title))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m trainers.evaluate",
        description="Compare models on problems held out from training: avg@k, pass@k "
        "and maj@k with 95% intervals, as the section `evaluate` of params.yaml says.",
    )
    parser.add_argument(
        "benchmarks", type=Path, help="parquet that the stage benchmarks wrote"
    )
    parser.add_argument(
        "models", type=Path, nargs="+", help="model folders; the first is the base"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="JSON to write: figures by model"
    )
    parser.add_argument(
        "--numbers", type=Path, help="JSON to write: the points of the picture"
    )
    parser.add_argument(
        "--plots", type=Path, help="folder to write: the picture as SVG"
    )
    parser.add_argument(
        "--samples", type=Path, help="parquet to write: every sample with its verdict"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(console.run(main))
