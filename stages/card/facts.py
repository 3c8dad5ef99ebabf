"""Every number that the card prints, from the tables and counts of the stages."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag, recipes
from pipeline.charts import Chart, Rows
from pipeline.lineage import dedup_stages
from pipeline.published.configs import list_columns
from pipeline.shards import Shards
from stages.card import funnel, lengths, lineage, rates

MEANING = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
REPLAYED = ("collect.", "rollouts.", "model.")  # a set holds what these read
RATED = ("id", "source", "domain", "pass_rate", "n_samples")
FLAGS = {
    "copyleft": ("gpl", "cc-by-sa", "odbl", "-sa-"),
    "non-commercial": ("-nc", "non-commercial", "noncommercial"),
    "unknown": ("unknown",),
}
# Why nobody learns from a trace; a recipe's own reasons (`trace_where`) speak for
# themselves.
TRACE_REASONS = {
    "leaks": "it holds a benchmark item",
    "empty": "there is nothing in it",
    "wrong": "its answer is wrong",
    "undecided": "no verifier could decide whether its answer is right",
    "other_model": "it is of a model that the recipe does not learn from",
    "spare": "a solution of the source, where a sample serves",
    "not_best": "right, and beyond as many as the recipe takes of a problem",
    "problem_left": "its problem was left out",
}
PACKAGES = (
    "datasets", "datasketch", "duckdb", "faiss-cpu", "math-verify", "polars",
    "python-flint",    "sentence-transformers", "torch", "transformers", "trl",
)  # fmt: skip


def gather(
    recipe: dict[str, Any],
    dvc: dict[str, Any],
    selected: Shards,
    traces: Shards,
    rated: Shards,
    grades: Shards,
    contamination: Path,
    export: Path,
    dropped: Path,
) -> tuple[dict[str, Any], dict[str, Chart]]:
    """All facts of the card, by name, and its charts, whose rows are among them."""
    stages = dag.parse(dvc)
    about = {"system": "", "paper": "", "unpublished": {}, "departs": []}
    about |= recipe.get("about") or {}
    recipe = dag.data_recipe(recipe, stages)
    chain = dag.row_stages(stages)
    lost = funnel.read_dropped(dropped, chain, recipe)
    too_easy_or_hard = pl.scan_parquet(dropped / "difficulty.parquet")
    every = Shards((*rated.parts, too_easy_or_hard)).select(*RATED).collect()
    rows = selected.select("id", "source", "origin").collect()
    rl = pl.read_parquet(export / "rl.parquet")
    sft = pl.scan_parquet(export / "sft.parquet")
    facts, charts = describe_samples(every, grades, rl)
    charts["funnel"] = funnel.funnel(chain, recipe, lost, rows.height)
    charts["reasons"] = funnel.reasons(lost)
    charts["lineage"] = lineage.lineage(chain, recipe["collect"], lost, rows)
    recipe_hash, recipe = dag.recipe_hash(recipe, stages), dag.hide_folders(recipe)
    return {
        "about": about,
        "recipe": recipe,
        "recipe_hash": recipe_hash,
        "local_files": [
            f"`{key}` ({value})"
            for key, value in recipes.list_files(recipe)
            if not key.startswith(REPLAYED)
        ],
        "sampling": _list_sampling(recipe.get("rollouts")),
        "kept_rows": rows.height,
        "stages": [stage.name for stage in chain],
        "finders": [stage.name for stage in dedup_stages(chain)],
        "rl_rows": rl.height,
        "sft_rows": int(sft.select(pl.len()).collect().item()),
        "sources": _sources(recipe["collect"], lost, rows, rl),
        "licenses": [
            row | {"flag": _flag(row["name"])} for row in _count(rl, "license")
        ],
        "contamination": _contamination(contamination),
        "verification": _verification(grades),
        "trace_fates": _trace_fates(traces),
        "key_audit": _audit_keys(lost.filter(pl.col("stage") == "verify")),
        "kinds": _count_kinds(rl),
        "columns": _columns(list_columns(export, [*traces.schema], contamination)),
        "version": _version("goldsieve"),
        "packages": {name: _version(name) for name in PACKAGES},
        **facts,
        **{name: chart.rows for name, chart in charts.items()},
        "pictures": [name for name, chart in charts.items() if chart.draw],
    }, charts


def describe_samples(
    rated: pl.DataFrame, verdicts: Shards, rl: pl.DataFrame
) -> tuple[dict[str, Any], dict[str, Chart]]:
    """Facts and charts of what was sampled; `rated` are all that difficulty saw."""
    few = pl.col("model", "pass", "finish_reason").cast(pl.Categorical)
    grades = verdicts.select("id", "correct", "n_tokens", few).collect()
    rated = rates.rate_problems(rated, grades)
    grades = grades.join(rated, on="id", how="semi", maintain_order="left")
    facts = {
        "sampled": rated["pass_rate"].count(),
        "unrated": rl["pass_rate"].null_count(),
        "samples_graded": grades.height,
        "k": grades.group_by("id").len()["len"].max() or 0,
        "models": rates.count_by_model(grades),
        "bars": rates.choose_bars(rated),
        "lengths": lengths.length_quantiles(grades),
    }
    return facts, {
        "pass_rate": rates.pass_rates(rated, rl),
        "pass_rate_by_source": rates.pass_rates_by("source", rated, rl),
        "pass_rate_by_domain": rates.pass_rates_by("domain", rated, rl),
        "length": lengths.lengths(grades),
        "truncated": lengths.truncated(rated, grades),
    }


def _count(rows: pl.DataFrame, column: str) -> Rows:
    """{"name", "rows"} of each value of the column, the most frequent first."""
    counts = rows[column].value_counts().sort("count", column, descending=True)
    return [{"name": name, "rows": count} for name, count in counts.iter_rows()]


def _count_kinds(rl: pl.DataFrame) -> Rows:
    """Exported problems by domain and verifier, the most frequent first."""
    counts = rl.group_by("domain", "verifier").len("rows")
    order = ["rows", "domain", "verifier"]
    return counts.sort(order, descending=[True, False, False]).to_dicts()


def _audit_keys(lost: pl.DataFrame) -> dict[str, Rows]:
    """Keys that something speaks against, by reason, apart from unsolved problems."""
    is_unsolved = pl.col("reason") == "never_solved"
    return {
        "against": _count(lost.filter(~is_unsolved), "reason"),
        "unsolved": _count(lost.filter(is_unsolved), "source"),
    }


def _list_sampling(section: Any) -> Rows:
    """What the recipe sets of each pass: its name, engine, model and the rest."""
    if not isinstance(section, dict):
        return []
    common = {key: value for key, value in section.items() if key != "passes"}
    passes = section.get("passes") or [{}]
    whole = [{"name": "", "model": None, **common, **each} for each in passes]
    return [
        {
            "pass": each.pop("name"),
            "engine": (engine := each.pop("engine", "transformers")),
            "model": _name_model(each.pop("model"), engine),
            "settings": ", ".join(
                f"{key} {value}" for key, value in each.items() if key != "replay"
            ),
        }
        for each in whole
    ]


def _name_model(model: Any, engine: str) -> str:
    """A model as a recipe names it: a text, or where it lies and at which commit."""
    if model is None:
        return "as recorded" if engine == "replay" else "the recipe's"
    if not isinstance(model, dict):
        return str(model)
    name = model.get("repo") or model.get("path")
    return f"{name}@{model['revision']}" if model.get("revision") else str(name)


def _sources(
    collect: dict[str, Any], lost: pl.DataFrame, rows: pl.DataFrame, rl: pl.DataFrame
) -> list[dict[str, Any]]:
    """Each source: where it lies, its rows, lost and left, and those exported."""
    every = pl.concat([lost["source"], rows["source"]])
    collected = dict(every.value_counts().iter_rows())
    kept = dict(rl["source"].value_counts().iter_rows())
    return [
        {
            "name": name,
            "where": _where(source),
            "revision": source.get("revision") or source.get("sha256") or "–",
            "license": source.get("license", "unknown"),
            "rows_in": collected.get(name, 0),
            "rows_out": kept.get(name, 0),
        }
        for name, source in collect.items()
        if isinstance(source, dict)  # else it is off
    ]


def _where(source: dict[str, Any]) -> str:
    if paths := source.get("paths"):
        return f"{paths[0]} and {len(paths) - 1} more"
    where = source.get("repo") or source.get("path")
    return where or f"generator {source['adapter']}"


def _flag(license: str) -> str:
    """What to look out for in a licence."""
    name = license.lower()
    return ", ".join(
        flag for flag, marks in FLAGS.items() if any(m in name for m in marks)
    )


def _contamination(folder: Path) -> Rows:
    """Per benchmark, of all sources: what was found of it, dropped and left in.

    Siblings are an item's template with other numbers; `left` is the highest overlap of
    a row that stayed, siblings and boilerplate included.
    """
    report = pl.read_parquet(folder / "benchmarks.parquet")
    counts = report.group_by("benchmark", maintain_order=True).agg(
        pl.col("items", "items_undetectable").first(),
        pl.col("^rows_.*$").sum(),
        left=pl.col("highest_left_in").max().fill_null(0).cast(pl.Float64).round(3),
    )
    return counts.to_dicts()


def _verification(grades: Shards) -> Rows:
    parts = map(_count_verdicts, grades.select("verifier", "correct", "why"))
    counts = pl.concat(parts).group_by("verifier").sum()
    return counts.sort("verifier").to_dicts()


def _count_verdicts(grades: pl.DataFrame) -> pl.DataFrame:
    correct = pl.col("correct")
    return grades.group_by("verifier").agg(
        samples=pl.len(),
        right=correct.sum(),
        wrong=(~correct).sum(),
        undecided=correct.null_count(),
        timeouts=(pl.col("why") == "verifier_timeout").sum(),
        failures=pl.col("why").str.contains("^verifier_(?:error|died)").sum(),
    )


def _trace_fates(traces: Shards) -> Rows:
    """Traces by what became of them: learnt from, or the reason why not."""
    fate = pl.col("reason").fill_null("learnt from").cast(pl.Categorical)
    fates = traces.select(fate.alias("fate")).collect()
    counts = fates.group_by("fate").len("traces").cast({"fate": pl.String})
    rows = counts.sort("traces", "fate", descending=[True, False]).to_dicts()
    return [row | {"meaning": TRACE_REASONS.get(row["fate"], "")} for row in rows]


def _columns(configs: dict[str, list[str]]) -> Rows:
    """What each column of the published tables means, and which of them have it."""
    return [
        {
            "name": name,
            "meaning": MEANING[name],
            "in": ", ".join(c for c, columns in configs.items() if name in columns),
        }
        for name in dict.fromkeys(chain.from_iterable(configs.values()))
    ]


def _version(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "not installed"
