"""What the active recipe will cost before it runs: rows, samples, tokens, hours."""

from typing import Any

import polars as pl

from pipeline import recipe, tables
from pipeline.errors import UserError

BEFORE = ("decontaminate", "dedup_embedding", "dedup_ngram", "dedup_exact", "quality")
ADAPTIVE = (10.0, 64)  # of `budget` and `most`, where a recipe says nothing
SHARE = 0.5  # of max_tokens, where no rollouts tell better


def estimate(*, tokens_per_s: float) -> None:
    """Print the cost of sampling at `tokens_per_s` generated tokens a second."""
    from rich.console import Console
    from rich.table import Table

    told = cost(recipe.read(), tokens_per_s)
    table = Table(show_header=False)
    for name, value in told.items():
        table.add_row(name, value)
    Console().print(table)


def cost(sections: dict[str, Any], tokens_per_s: float) -> dict[str, str]:
    """The figures by name; rows come from the latest table that is there."""
    rollouts = sections.get("rollouts")
    if not rollouts or rollouts.get("engine") == "replay":
        return {"sampling": "none: completions are recorded or the stage is off"}
    table, rows, keys = _problems()
    keys = min(keys, rollouts.get("limit") or keys)
    samples, each = _samples(keys, rollouts)
    per_sample, basis = _tokens(rollouts)
    tokens = samples * per_sample
    return {
        "recipe": recipe.digest(sections),
        "problems": f"{rows:,} rows, {keys:,} distinct ({table})",
        "samples": f"{samples:,} at most, {each}; finished ones are in the store",
        "tokens": f"{tokens:,.0f} ({per_sample:,.0f} a sample, {basis})",
        "time": f"{tokens / tokens_per_s / 3600:.2f} h at {tokens_per_s:,.0f} tokens/s",
        "disk": f"{tokens * 4 / 1e6:,.0f} MB of text before compression",
        **_asked(samples, sections.get("grades") or {}),
    }


def _samples(keys: int, rollouts: dict[str, Any]) -> tuple[int, str]:
    """How many samples are drawn at most, and how many that is of a problem."""
    adaptive = rollouts.get("adaptive")
    if not adaptive:
        each = int(rollouts.get("samples", 8))
        return keys * each, f"{each} of each"
    budget, most = ADAPTIVE
    most = adaptive.get("most", most)
    budget = most if adaptive.get("certainty") else budget
    mean = min(adaptive.get("budget") or budget, most)
    return round(keys * mean), f"{mean:g} of each on average"


def _asked(samples: int, grades: dict[str, Any]) -> dict[str, str]:
    """What a judge is asked, where a recipe has one."""
    judge = grades.get("judge")
    if not judge or grades.get("judge_when", "never") == "never":
        return {}
    from pipeline.verifiers.judge import Judge

    settings = Judge.model_validate(judge)
    each = settings.votes * (2 if settings.both_ways else 1)
    most = settings.endpoint.max_requests
    bound = f", {most:,} by its budget" if most is not None else ""
    return {"judge": f"{samples * each:,} questions at most ({each} a sample{bound})"}


def _problems() -> tuple[str, int, int]:
    for name in (*BEFORE, "pool"):
        file = tables.DATA / f"{name}.parquet"
        if file.exists():
            keys = pl.scan_parquet(file).select("key").collect()["key"]
            return name, keys.len(), keys.n_unique()
    raise UserError("no table of problems is there yet", hint="dvc repro pool")


def _tokens(rollouts: dict[str, Any]) -> tuple[float, str]:
    shards = sorted((tables.DATA / "rollouts").glob("[0-9]*.parquet"))
    if shards:
        mean = pl.scan_parquet(shards).select(pl.col("n_tokens").mean()).collect()
        if (value := mean.item()) is not None:
            return float(value), "mean of the last rollouts"
    most = int(rollouts.get("max_tokens", 1024))
    return most * SHARE, f"{SHARE:.0%} of max_tokens"
