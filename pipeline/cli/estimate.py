"""What the active recipe will cost before it runs: rows, samples, tokens, hours."""

from dataclasses import dataclass
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
    questions = _model_questions(stages)
    rollouts = recipe.load(import_module("stages.rollouts").Params, "rollouts")
    passes = rollouts.in_turn if rollouts else ()
    drawn = [each for each in passes if each.engine != "replay"]
    if rollouts is None or not drawn:
        recorded = "none: completions are recorded or the stage is off"
        return {**questions, "sampling": recorded}
    table, rows, keys = _count_problems(stages, "rollouts")
    past = _read_past()
    plans = [_plan(each, min(keys, rollouts.limit or keys), past) for each in drawn]
    samples = sum(plan.samples for plan in plans)
    tokens = sum(plan.tokens for plan in plans)
    return {
        "recipe": dag.recipe_hash(sections, stages),
        "problems": f"{rows:,} rows, {keys:,} distinct ({table})",
        **questions,
        **{f"samples {plan.name}".strip(): plan.text for plan in plans},
        "tokens": f"{tokens:,.0f} ({tokens / max(samples, 1):,.0f} a sample, "
        f"{plans[0].basis})",
        "time": f"{tokens / tokens_per_s / 3600:.2f} h at {tokens_per_s:,.0f} tokens/s",
        "disk": f"{tokens * 4 / 1e6:,.0f} MB of text before compression",
        **_judge_questions(samples),
    }


@dataclass(frozen=True)
class _Plan:
    """What one pass will draw."""

    name: str
    samples: int
    tokens: float
    text: str
    basis: str


def _plan(each: Any, problems: int, past: dict[str, tuple[float, float]]) -> _Plan:
    """The samples of a pass; as many problems as in the last rollouts, at most all."""
    share, mean = past.get(each.name, (1.0, None))
    of, average = float(each.samples), ""
    if each.adaptive:
        of, average = min(each.adaptive.mean, each.adaptive.most), " on average"
    counted, bound, which = problems, " at most", ""
    if each.where and mean is not None:
        counted, bound = round(problems * share), ""
        which = f" of {share:.0%} of the problems, as last time"
    samples = round(counted * of)
    text = f"{samples:,}{bound}, {of:g} of each{average}{which}"
    per_sample = each.max_tokens * SHARE if mean is None else mean
    basis = "mean of the last rollouts" if mean else f"{SHARE:.0%} of max_tokens"
    kept = "; finished ones are in the store"
    return _Plan(each.name, samples, samples * per_sample, text + kept, basis)


def _model_questions(stages: list[dag.Stage]) -> dict[str, str]:
    """What `ask` puts to models, question by question, and its budget."""
    params = recipe.load(import_module("stages.ask").Params, "ask")
    if params is None or not params.questions:
        return {}
    table, _, keys = _count_problems(stages, "ask")
    lines = {}
    for name, poll in params.questions.items():
        endpoints = poll.endpoints(params.endpoint)
        count = keys * len(endpoints) * poll.votes
        most = sum(poll.max_tokens or endpoint.max_tokens for endpoint in endpoints)
        lines[f"ask {name}"] = (
            f"{count:,} questions at most ({keys:,} distinct problems of {table} × "
            f"{len(endpoints)} models × {poll.votes} votes), "
            f"{keys * poll.votes * most:,} tokens at most"
        )
    if (budget := params.endpoint.max_requests) is not None:
        lines["ask budget"] = f"{budget:,} requests; answers that are kept cost none"
    return lines


def _judge_questions(samples: int) -> dict[str, str]:
    """What a model that judges is asked, where a recipe has one."""
    grades = recipe.load(import_module("stages.grades").Params, "grades")
    if grades is None or grades.judge is None or grades.judge_when == "never":
        return {}
    each = grades.judge.votes * (2 if grades.judge.both_ways else 1)
    budget = grades.judge.endpoint.max_requests
    bound = f", {budget:,} by its budget" if budget is not None else ""
    return {"judge": f"{samples * each:,} questions at most ({each} a sample{bound})"}


def _count_problems(stages: list[dag.Stage], name: str) -> tuple[str, int, int]:
    """Name, rows and distinct problems of the latest table before the stage `name`."""
    before = [stage.name for stage in stages].index(name)
    for stage in reversed(dag.row_stages(stages[:before])):
        file = tables.DATA / f"{stage.name}.parquet"
        if file.exists():
            keys = pl.scan_parquet(file).select("key").collect()["key"]
            return stage.name, keys.len(), keys.n_unique()
    raise UserError("no table of problems is there yet", hint="dvc repro pool")


def _read_past() -> dict[str, tuple[float, float]]:
    """Of each pass of the last rollouts: its share of the problems, tokens a sample."""
    shards = sorted((tables.DATA / "rollouts").glob("[0-9]*.parquet"))
    if not shards:
        return {}
    samples = pl.scan_parquet(shards).filter(pl.col("n_tokens").is_not_null())
    name = pl.col("pass").fill_null("").alias("name")
    passes = samples.group_by(name).agg(pl.n_unique("key"), pl.mean("n_tokens"))
    problems = samples.select(pl.n_unique("key")).collect().item()
    return {
        name: (keys / problems, tokens)
        for name, keys, tokens in passes.collect().iter_rows()
    }
