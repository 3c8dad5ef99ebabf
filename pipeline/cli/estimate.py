"""What the active recipe will cost before it runs: rows, samples, tokens, hours."""

from importlib import import_module
from typing import Any

import polars as pl

from pipeline import dag, recipe, tables
from pipeline.errors import UserError

SHARE = 0.5  # of max_tokens, where no rollouts tell better


def estimate(*, tokens_per_s: float) -> None:
    """Say what the active recipe will cost before it runs.

    Sampling is counted at `tokens_per_s` generated tokens a second.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    for name, value in cost(recipe.read(), tokens_per_s).items():
        table.add_row(name, value)
    Console().print(table)


def cost(sections: dict[str, Any], tokens_per_s: float) -> dict[str, str]:
    """The figures by name; rows come from the latest table that is there.

    Raises UserError where no table of problems is there yet.
    """
    stages = dag.read()
    rollouts = recipe.load(import_module("stages.rollouts").Params, "rollouts")
    if rollouts is None or rollouts.engine == "replay":
        return {"sampling": "none: completions are recorded or the stage is off"}
    table, rows, keys = _count_problems(stages)
    keys = min(keys, rollouts.limit or keys)
    each, average = float(rollouts.samples), ""
    if rollouts.adaptive:
        each = min(rollouts.adaptive.mean, rollouts.adaptive.most)
        average = " on average"
    samples = round(keys * each)
    per_sample, basis = _tokens_per_sample(rollouts.max_tokens)
    tokens = samples * per_sample
    return {
        "recipe": dag.recipe_hash(sections, stages),
        "problems": f"{rows:,} rows, {keys:,} distinct ({table})",
        "samples": f"{samples:,} at most, {each:g} of each{average}; "
        "finished ones are in the store",
        "tokens": f"{tokens:,.0f} ({per_sample:,.0f} a sample, {basis})",
        "time": f"{tokens / tokens_per_s / 3600:.2f} h at {tokens_per_s:,.0f} tokens/s",
        "disk": f"{tokens * 4 / 1e6:,.0f} MB of text before compression",
        **_judge_questions(samples),
    }


def _judge_questions(samples: int) -> dict[str, str]:
    """What a model that judges is asked, where a recipe has one."""
    grades = recipe.load(import_module("stages.grades").Params, "grades")
    if grades is None or grades.judge is None or grades.judge_when == "never":
        return {}
    each = grades.judge.votes * (2 if grades.judge.both_ways else 1)
    budget = grades.judge.endpoint.max_requests
    bound = f", {budget:,} by its budget" if budget is not None else ""
    return {"judge": f"{samples * each:,} questions at most ({each} a sample{bound})"}


def _count_problems(stages: list[dag.Stage]) -> tuple[str, int, int]:
    """Name, rows and distinct problems of the latest table before `rollouts`."""
    before = [stage.name for stage in stages].index("rollouts")
    for stage in reversed(dag.row_stages(stages[:before])):
        file = tables.DATA / f"{stage.name}.parquet"
        if file.exists():
            keys = pl.scan_parquet(file).select("key").collect()["key"]
            return stage.name, keys.len(), keys.n_unique()
    raise UserError("no table of problems is there yet", hint="dvc repro pool")


def _tokens_per_sample(max_tokens: int) -> tuple[float, str]:
    shards = sorted((tables.DATA / "rollouts").glob("[0-9]*.parquet"))
    if shards:
        mean = pl.scan_parquet(shards).select(pl.col("n_tokens").mean()).collect()
        if (value := mean.item()) is not None:
            return float(value), "mean of the last rollouts"
    return max_tokens * SHARE, f"{SHARE:.0%} of max_tokens"
