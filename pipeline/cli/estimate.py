"""What the active recipe will cost before it runs: rows, samples, tokens, hours."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline import dag, models, recipe, tables
from pipeline.console import clock
from pipeline.errors import UserError
from pipeline.sampling import store

SHARE = 0.5  # of max_tokens, where no rollouts tell better
# Tokens a second, where nobody has measured: vLLM on a GPU with a model of a few
# billion parameters, transformers on a CPU with one of a hundred million.
GUESSED = {"transformers": 50.0}
GUESSED_ON_GPU = 4000.0
UNITS = {"h": "hour", "M": "million tokens"}


def estimate(*, tokens_per_s: float | None = None, price: str = "") -> None:
    """Say what the active recipe will cost before it runs.

    Sampling is counted at `tokens_per_s` generated tokens a second, or as fast as the
    last run was. `price` reads 2.50/h, of the machine, or 0.60/M, of a million tokens.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    for name, value in cost(recipe.read(), tokens_per_s, price).items():
        table.add_row(name, value)
    Console().print(table)


def cost(
    sections: dict[str, Any], tokens_per_s: float | None, price: str = ""
) -> dict[str, str]:
    """The figures by name; rows come from the latest table that is there.

    Before the first run they are those of the sources. UserError where these cannot be
    counted either, or the price cannot be read.
    """
    stages = dag.read()
    _read_price(price)
    if tokens_per_s is not None and not 0 < tokens_per_s < float("inf"):
        raise UserError(f"--tokens-per-s: expected more than 0 (got {tokens_per_s:g})")
    questions = _model_questions(stages)
    rollouts = recipe.load(import_module("stages.rollouts").Params, "rollouts")
    passes = rollouts.in_turn if rollouts else ()
    drawn = [each for each in passes if each.engine != "replay"]
    if rollouts is None or not drawn:
        recorded = "none: completions are recorded or the stage is off"
        return {**questions, "sampling": recorded}
    problems = _count_problems(stages, "rollouts")
    bound = min(problems.distinct, rollouts.limit or problems.distinct)
    past = _read_past()
    # The recipe's model is the second input of rollouts.
    base = next(stage for stage in stages if stage.name == "rollouts").inputs[1]
    plans = [_plan(each, bound, problems.keys, base, past) for each in drawn]
    samples = sum(plan.samples for plan in plans)
    tokens = sum(plan.tokens for plan in plans)
    return {
        "recipe": dag.recipe_hash(sections, stages),
        "problems": f"{problems.rows:,} rows, {problems.distinct:,} distinct "
        f"({problems.table})",
        **questions,
        **{f"samples {plan.name}".strip(): plan.text for plan in plans},
        "tokens": f"{tokens:,.0f} ({tokens / samples:,.0f} a sample, {plans[0].basis})"
        if samples
        else "0: all samples are in the store",
        **_time_and_price(plans, tokens_per_s, price),
        "disk": f"{tokens * 4 / 1e6:,.1f} MB of text before compression",
        **_judge_questions(samples),
    }


def _time_and_price(
    plans: list["_Plan"], given: float | None, price: str
) -> dict[str, str]:
    """Hours of sampling, and dollars where there is a price."""
    tokens = sum(plan.tokens for plan in plans)
    seconds = sum(plan.tokens / (given or plan.speed or plan.guess) for plan in plans)
    place = "a GPU" if plans[0].guess == GUESSED_ON_GPU else "a small model on a CPU"
    basis = f"a guess for {place}; --tokens-per-s says better"
    if given or any(plan.speed for plan in plans):
        basis = "as given" if given else "as the last run was"
    lines = {"time": "none, as nothing is to be drawn"}
    if seconds:
        rate = f"{tokens / seconds:,.0f} tokens/s, {basis}"
        lines["time"] = f"{clock(seconds)} at {rate}"
    if price:
        unit, dollars = _read_price(price)
        amount = tokens / 1e6 if unit == "M" else seconds / 3600
        lines["price"] = f"${amount * dollars:,.2f} at ${dollars:g} per {UNITS[unit]}"
    return lines


def _read_price(text: str) -> tuple[str, float]:
    """The unit of a price and its dollars; UserError where it reads otherwise."""
    if not text:
        return "", 0.0
    dollars, _, unit = text.lstrip("$").partition("/")
    try:
        number = float(dollars)
    except ValueError:
        number = -1.0
    if unit not in UNITS or not 0 <= number < 1e9:
        raise UserError(
            f"--price {text!r} is no price",
            hint="2.50/h is dollars for an hour of the machine, 0.60/M dollars for a "
            "million tokens",
        )
    return unit, number


@dataclass(frozen=True)
class _Plan:
    """What one pass will draw."""

    name: str
    samples: int
    tokens: float
    text: str
    basis: str
    speed: float | None
    guess: float


class _Problems(NamedTuple):
    """How many there are, and where they were counted; keys only of a table."""

    table: str
    rows: int
    distinct: int
    keys: pl.Series | None = None


def _plan(
    each: Any,
    problems: int,
    keys: pl.Series | None,
    base: Path,
    past: dict[str, tuple[float, float]],
) -> _Plan:
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
    stored, speed = _look_into_store(each, keys, base)
    left = max(0, samples - stored)
    if stored:
        text += f"; {stored:,} of them are in the store, {left:,} to draw"
    return _Plan(
        each.name, left, left * per_sample, text, basis, speed, _guess_speed(each)
    )


def _guess_speed(each: Any) -> float:
    """Tokens a second of a pass that was never drawn; the demo's model is tiny."""
    own = recipe.read().get("model")
    is_tiny = isinstance(own, dict) and own.get("kind") == "tiny" and not each.model
    return GUESSED_ON_GPU if is_tiny else GUESSED.get(each.engine, GUESSED_ON_GPU)


def _look_into_store(
    each: Any, keys: pl.Series | None, base: Path
) -> tuple[int, float | None]:
    """How many samples of a pass are stored, and the speed at which it was drawn."""
    try:
        if each.model is None:
            model = models.resolve(base)
        else:
            served = each.engine == "server"
            model = each.model.find(is_served=served, setting="rollouts")
    except UserError:  # not made, or not pinned yet: nothing was drawn from it
        return 0, None
    folder = store.folder_of(each.method.identity(model))
    if not folder.is_dir():
        return 0, None
    done = store.index(folder).filter(pl.col("sample") < each.samples)
    known = keys if keys is not None else pl.Series(dtype=pl.String)
    count = int(done["key"].is_in(known.implode()).sum())
    return count, store.read_speed(folder)


def _model_questions(stages: list[dag.Stage]) -> dict[str, str]:
    """What `ask` puts to models, question by question, and its budget."""
    params = recipe.load(import_module("stages.ask").Params, "ask")
    if params is None or not params.questions:
        return {}
    problems = _count_problems(stages, "ask")
    table, keys = problems.table, problems.distinct
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


def _count_problems(stages: list[dag.Stage], name: str) -> _Problems:
    """The problems of the latest table before the stage `name`, or of the sources."""
    before = [stage.name for stage in stages].index(name)
    for stage in reversed(dag.row_stages(stages[:before])):
        file = tables.DATA / f"{stage.name}.parquet"
        if file.exists():
            keys = pl.scan_parquet(file).select("key").collect()["key"]
            return _Problems(stage.name, keys.len(), keys.n_unique(), keys.unique())
    count, unknown = _count_sources()
    if unknown:
        raise UserError(
            f"nothing is collected yet, and the rows of {', '.join(unknown)} are known "
            "only then",
            hint="dvc repro pool",
        )
    return _Problems("as the sources hold them", count, count)


def _count_sources() -> tuple[int, list[str]]:
    """Rows of the recipe's sources before anything is dropped; those unknown."""
    load = import_module("stages.sources._load")
    kind = import_module("stages.collect").Params
    count, unknown = 0, []
    for name in recipe.read().get("collect") or {}:
        source = recipe.load(kind, f"collect.{name}")
        if source is None:
            continue
        if source.repo:
            unknown.append(name)
            continue
        adapter = load.load_adapter(source.adapter)
        made = source.generator is not None
        rows = adapter.generate(**source.generator) if made else source.rows()
        number = sum(1 for _ in rows)
        wanted = source.limit.rows if source.limit else None
        count += min(number, wanted or number)
    return count, unknown


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
