"""Every number that the card prints, from the tables and counts of the stages."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag
from pipeline.schema import MEANING
from stages.card import sampled

Facts = dict[str, Any]
COPYLEFT = ("GPL", "CC-BY-SA", "ODbL", "-SA-")
NON_COMMERCIAL = ("-NC", "non-commercial", "noncommercial")
PACKAGES = (
    "datasets",
    "datasketch",
    "duckdb",
    "faiss-cpu",
    "math-verify",
    "polars",
    "sentence-transformers",
    "torch",
    "transformers",
    "trl",
)


def gather(
    *,
    recipe: dict[str, Any],
    stages: list[dag.Stage],
    rows: pl.DataFrame,
    rated: pl.DataFrame,
    grades: pl.DataFrame,
    benchmarks: pl.DataFrame,
    model: dict[str, str],
    export: Path,
    dropped: Path,
) -> Facts:
    """All facts of the card, by name."""
    recipe = dag.data_recipe(recipe, stages)
    chain = dag.row_stages(stages)
    lost = _lost(dropped, chain, recipe)
    easy_and_hard = pl.read_parquet(dropped / "difficulty.parquet")
    rated = pl.concat([rated, easy_and_hard], how="diagonal")
    rl = pl.read_parquet(export / "rl.parquet")
    sft = pl.read_parquet(export / "sft.parquet")
    return {
        "recipe": recipe,
        "recipe_hash": dag.recipe_hash(recipe, stages),
        "rl_rows": rl.height,
        "sft_rows": sft.height,
        "funnel": _funnel(chain, recipe, lost, rows.height),
        "reasons": _reasons(lost),
        "sources": _sources(recipe["collect"], lost, rows, rl),
        "licenses": _licenses(rl),
        "contamination": _contamination(benchmarks, lost, rows),
        **sampled.gather(rated, grades, rl),
        "model": model,
        "verification": _verification(grades),
        "key_audit": _count_reasons(lost, "verify"),
        "domains": _shares(rl, "domain"),
        "verifiers": _shares(rl, "verifier"),
        "columns": _columns(rl, sft),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _funnel(
    chain: list[dag.Stage], recipe: dict[str, Any], lost: pl.DataFrame, rows: int
) -> list[dict[str, Any]]:
    """Rows in and out of each stage, counted back from the `rows` that are left."""
    counts = dict(lost["stage"].value_counts().iter_rows())
    funnel = []
    for stage in reversed(chain):
        before = rows + counts.get(stage.name, 0)
        off = dag.is_off(recipe, stage)
        funnel.append(
            {"stage": stage.name, "rows_in": before, "rows_out": rows, "off": off}
        )
        rows = before
    return funnel[::-1]


def _lost(
    dropped: Path, chain: list[dag.Stage], recipe: dict[str, Any]
) -> pl.DataFrame:
    """Every dropped row of this recipe, with the stage that dropped it, in order."""
    parts = []
    for stage in chain:
        files = [dropped / f"{stage.name}.parquet"]
        if (folder := dropped / stage.name).is_dir():
            # It ran once an entry of its section; other files are of older recipes.
            files = [folder / f"{entry}.parquet" for entry in recipe[stage.name]]
        parts += [_stage(file, stage.name) for file in files]
    return pl.concat(parts)


def _stage(file: Path, name: str) -> pl.DataFrame:
    wanted = ["id", "source", "reason", "twin", "score", "evidence"]
    return pl.read_parquet(file, columns=wanted).with_columns(stage=pl.lit(name))


def _reasons(lost: pl.DataFrame) -> list[dict[str, Any]]:
    groups = lost.group_by("stage", "reason", "source", maintain_order=True).agg(
        rows=pl.len(), example=pl.col("id").first()
    )
    order = pl.Enum(groups["stage"].unique(maintain_order=True))
    groups = groups.sort(
        [pl.col("stage").cast(order), "reason", "rows", "source"],
        descending=[False, False, True, False],
    )
    return groups.to_dicts()


def _count_reasons(lost: pl.DataFrame, stage: str) -> dict[str, int]:
    reasons = lost.filter(pl.col("stage") == stage)["reason"]
    return dict(reasons.value_counts().sort("reason").iter_rows())


def _sources(
    collect: dict[str, Any], lost: pl.DataFrame, rows: pl.DataFrame, rl: pl.DataFrame
) -> list[dict[str, Any]]:
    """Each source: where it lies, its rows, lost and left, and those exported."""
    every = pl.concat([lost["source"], rows["source"]])
    collected = dict(every.value_counts().iter_rows())
    kept = dict(rl["source"].value_counts().iter_rows())
    told = []
    for name, said in collect.items():
        if not isinstance(said, dict):
            continue  # it is off
        where = said.get("repo") or said.get("path") or said.get("paths")
        where = where or f"generator {said['adapter']}"
        if isinstance(where, list):
            where = f"{where[0]} and {len(where) - 1} more"
        told.append(
            {
                "name": name,
                "where": where,
                "revision": said.get("revision") or said.get("sha256") or "–",
                "license": said.get("license", "unknown"),
                "rows_in": collected.get(name, 0),
                "rows_out": kept.get(name, 0),
            }
        )
    return told


def _licenses(rl: pl.DataFrame) -> list[dict[str, Any]]:
    counted = rl["license"].value_counts().sort("count", "license", descending=True)
    return [
        {"license": name, "rows": rows, "flag": _flag(name)}
        for name, rows in counted.iter_rows()
    ]


def _flag(license: str) -> str:
    flags = [
        flag
        for flag, marks in (("copyleft", COPYLEFT), ("non-commercial", NON_COMMERCIAL))
        if any(mark.lower() in license.lower() for mark in marks)
    ]
    return ", ".join(flags) or ("unknown" if license == "unknown" else "")


def _contamination(
    benchmarks: pl.DataFrame, lost: pl.DataFrame, rows: pl.DataFrame
) -> list[dict[str, Any]]:
    """Per benchmark: items, items hit, rows dropped, and what stayed that is near.

    Siblings (an item's template with other numbers) stay and are counted; `left` is
    the highest overlap among other rows.
    """
    hits = lost.filter(pl.col("reason") == "contaminated")
    name = pl.col("twin").str.split("/").list.first()
    hits = hits.group_by(name.alias("benchmark")).agg(
        dropped=pl.len(), items_hit=pl.col("twin").n_unique()
    )
    near = rows.filter(pl.col("overlap_item").is_not_null()) if _has(rows) else None
    highest, siblings = {}, {}
    if near is not None:
        by = pl.col("overlap_item").str.split("/").list.first().alias("benchmark")
        is_sibling = pl.col("overlap_level").eq_missing("sibling")
        others = near.filter(~is_sibling).group_by(by).agg(pl.col("overlap").max())
        highest = dict(others.iter_rows())
        siblings = dict(near.filter(is_sibling).group_by(by).len().iter_rows())
    counted = {row["benchmark"]: row for row in hits.to_dicts()}
    items = benchmarks.group_by("benchmark", maintain_order=True).len()
    return [
        {
            "benchmark": benchmark,
            "items": count,
            "items_hit": counted.get(benchmark, {}).get("items_hit", 0),
            "dropped": counted.get(benchmark, {}).get("dropped", 0),
            "siblings": siblings.get(benchmark, 0),
            "left": round(highest.get(benchmark, 0.0), 3),
        }
        for benchmark, count in items.iter_rows()
    ]


def _has(rows: pl.DataFrame) -> bool:
    """Whether decontaminate ran: a stage that is off adds no columns."""
    return "overlap" in rows.columns


def _verification(grades: pl.DataFrame) -> list[dict[str, Any]]:
    correct = pl.col("correct")
    told = grades.group_by("verifier").agg(
        samples=pl.len(),
        right=correct.sum(),
        wrong=(~correct).sum(),
        undecided=correct.null_count(),
        timeouts=(pl.col("why") == "verifier_timeout").sum(),
    )
    return told.sort("verifier").to_dicts()


def _shares(rl: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    counts = rl[column].value_counts().sort("count", column, descending=True)
    return [{"name": name, "rows": rows} for name, rows in counts.iter_rows()]


def _columns(rl: pl.DataFrame, sft: pl.DataFrame) -> list[dict[str, str]]:
    names = dict.fromkeys([*rl.columns, *sft.columns])
    return [
        {"name": name, "meaning": MEANING[name], "in": _where(name, rl, sft)}
        for name in names
    ]


def _where(name: str, rl: pl.DataFrame, sft: pl.DataFrame) -> str:
    parts = [("rl", rl), ("sft", sft)]
    return ", ".join(config for config, table in parts if name in table.columns)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "not installed"
