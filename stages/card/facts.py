"""Every number that the card prints, from the tables and counts of the stages."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag
from pipeline.charts import Chart, Rows
from stages.card import funnel, lengths, lineage, rates

MEANING = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FLAGS = {
    "copyleft": ("gpl", "cc-by-sa", "odbl", "-sa-"),
    "non-commercial": ("-nc", "non-commercial", "noncommercial"),
    "unknown": ("unknown",),
}
PACKAGES = (
    "datasets", "datasketch", "duckdb", "faiss-cpu", "math-verify", "polars",
    "python-flint",    "sentence-transformers", "torch", "transformers", "trl",
)  # fmt: skip


def gather(
    recipe: dict[str, Any],
    dvc: dict[str, Any],
    rows: pl.DataFrame,
    traces: pl.DataFrame,
    rated: pl.DataFrame,
    grades: pl.DataFrame,
    benchmarks: pl.DataFrame,
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
    too_easy_or_hard = pl.read_parquet(dropped / "difficulty.parquet")
    rated = pl.concat([rated, too_easy_or_hard], how="diagonal")
    rl = pl.read_parquet(export / "rl.parquet")
    sft = pl.scan_parquet(export / "sft.parquet")
    facts, charts = describe_samples(rated, grades, rl)
    charts["funnel"] = funnel.funnel(chain, recipe, lost, rows.height)
    charts["reasons"] = funnel.reasons(lost)
    charts["lineage"] = lineage.lineage(chain, recipe["collect"], lost, rows)
    return {
        "about": about,
        "recipe": recipe,
        "recipe_hash": dag.recipe_hash(recipe, stages),
        "rl_rows": rl.height,
        "sft_rows": int(sft.select(pl.len()).collect().item()),
        "sources": _sources(recipe["collect"], lost, rows, rl),
        "licenses": [
            row | {"flag": _flag(row["name"])} for row in _count(rl, "license")
        ],
        "contamination": _contamination(benchmarks, lost, rows),
        "verification": _verification(grades),
        "trace_fates": _trace_fates(traces),
        "key_audit": _audit_keys(lost.filter(pl.col("stage") == "verify")),
        "domains": _count(rl, "domain"),
        "verifiers": _count(rl, "verifier"),
        "columns": _columns({"rl": rl.columns, "sft": sft.collect_schema().names()}),
        "packages": {name: _version(name) for name in PACKAGES},
        **facts,
        **{name: chart.rows for name, chart in charts.items()},
        "pictures": [name for name, chart in charts.items() if chart.draw],
    }, charts


def describe_samples(
    rated: pl.DataFrame, grades: pl.DataFrame, rl: pl.DataFrame
) -> tuple[dict[str, Any], dict[str, Chart]]:
    """Facts and charts of what was sampled; `rated` are all that difficulty saw."""
    rated = rates.rate_problems(rated, grades)
    grades = grades.join(rated, on="id", how="semi", maintain_order="left")
    facts = {
        "sampled": rated["pass_rate"].count(),
        "unrated": rl["pass_rate"].null_count(),
        "samples_graded": grades.height,
        "k": grades.group_by("id").len()["len"].max() or 0,
        "models": rates.count_by_model(grades),
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


def _audit_keys(lost: pl.DataFrame) -> dict[str, Any]:
    """Keys that something speaks against, by reason, apart from unsolved problems."""
    is_unsolved = pl.col("reason") == "never_solved"
    return {
        "against": _count(lost.filter(~is_unsolved), "reason"),
        "unsolved": lost.filter(is_unsolved).height,
    }


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


def _contamination(
    benchmarks: pl.DataFrame, lost: pl.DataFrame, rows: pl.DataFrame
) -> Rows:
    """Per benchmark: items, items hit, rows dropped, and what stayed that is near.

    Siblings (an item's template with other numbers) stay and are counted; `left` is
    the highest overlap among other rows.
    """

    def set_of(column: str) -> pl.Expr:
        return pl.col(column).str.split("/").list.first().alias("benchmark")

    is_sibling = pl.col("overlap_level").eq_missing("sibling")
    hits = lost.filter(pl.col("reason") == "contaminated").group_by(set_of("twin"))
    near = rows.filter(pl.col("overlap_item").is_not_null())
    left = near.group_by(set_of("overlap_item")).agg(
        siblings=is_sibling.sum(), left=pl.col("overlap").filter(~is_sibling).max()
    )
    return (
        benchmarks.group_by("benchmark", maintain_order=True)
        .agg(items=pl.len())
        .join(
            hits.agg(items_hit=pl.col("twin").n_unique(), dropped=pl.len()),
            on="benchmark", how="left", maintain_order="left",
        )
        .join(left, on="benchmark", how="left", maintain_order="left")
        .fill_null(0)
        .with_columns(pl.col("left").cast(pl.Float64).round(3))
        .to_dicts()
    )  # fmt: skip


def _verification(grades: pl.DataFrame) -> Rows:
    correct = pl.col("correct")
    counts = grades.group_by("verifier").agg(
        samples=pl.len(),
        right=correct.sum(),
        wrong=(~correct).sum(),
        undecided=correct.null_count(),
        timeouts=(pl.col("why") == "verifier_timeout").sum(),
        failures=pl.col("why").str.contains("^verifier_(?:error|died)").sum(),
    )
    return counts.sort("verifier").to_dicts()


def _trace_fates(traces: pl.DataFrame) -> Rows:
    """Traces by what became of them: learnt from, or the reason why not."""
    fate = pl.col("reason").fill_null("learnt from")
    counts = traces.group_by(fate.alias("fate")).len("traces")
    return counts.sort("traces", "fate", descending=[True, False]).to_dicts()


def _columns(configs: dict[str, list[str]]) -> Rows:
    """What each column of the exported tables means, and which of them have it."""
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
