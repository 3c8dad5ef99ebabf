"""Every number that the card prints, from the tables and counts of the stages."""

import json
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.filter import FILTERS
from pipeline.schema import MEANING
from stages.card import sampled

Facts = dict[str, Any]
TRAINING = ("sft", "grpo", "evaluate")
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
    rows: pl.DataFrame,
    rated: pl.DataFrame,
    fixed_k: pl.DataFrame,
    grades: pl.DataFrame,
    benchmarks: pl.DataFrame,
    model: dict[str, str],
    export: Path,
    dropped: Path,
    metrics: Path,
) -> Facts:
    """All facts of the card, by name."""
    recipe = {name: part for name, part in recipe.items() if name not in TRAINING}
    counted = {name: _json(metrics / f"{name}.json") for name in FILTERS}
    lost = _lost(dropped, list(recipe["collect"]))
    easy_and_hard = pl.read_parquet(dropped / "difficulty.parquet")
    rated = pl.concat([rated, easy_and_hard], how="diagonal")
    rl = pl.read_parquet(export / "rl.parquet")
    sft = pl.read_parquet(export / "sft.parquet")
    return {
        "recipe": recipe,
        "recipe_hash": _hash(recipe),
        "rl_rows": rl.height,
        "sft_rows": sft.height,
        "funnel": _funnel(counted, metrics, list(recipe["collect"])),
        "reasons": _reasons(lost),
        "sources": _sources(recipe["collect"], metrics, rl),
        "licenses": _licenses(rl),
        "contamination": _contamination(benchmarks, lost, rows),
        **sampled.gather(rated, fixed_k, grades, rl),
        "model": model,
        "verification": _verification(grades),
        "key_audit": counted["verify"]["dropped"],
        "domains": _shares(rl, "domain"),
        "verifiers": _shares(rl, "verifier"),
        "columns": _columns(rl, sft),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _funnel(
    counted: dict[str, Any], metrics: Path, sources: list[str]
) -> list[dict[str, Any]]:
    read = [_json(metrics / "collect" / f"{name}.json") for name in sources]
    first = {"rows_in": sum(one["rows_in"] for one in read)}
    first["rows_out"] = sum(one["rows_out"] for one in read)
    stages = {"collect": first, **counted}
    return [
        {"stage": name, "rows_in": one["rows_in"], "rows_out": one["rows_out"]}
        | {"off": bool(one.get("off"))}
        for name, one in stages.items()
    ]


def _lost(dropped: Path, sources: list[str]) -> pl.DataFrame:
    """Every dropped row of this recipe, with the stage that dropped it."""
    files = {name: dropped / f"{name}.parquet" for name in FILTERS}
    parts = [_stage(file, name) for name, file in files.items()]
    collected = [dropped / "collect" / f"{source}.parquet" for source in sources]
    parts += [_stage(file, "collect") for file in collected]
    return pl.concat(parts)


def _stage(file: Path, name: str) -> pl.DataFrame:
    wanted = ["id", "source", "reason", "twin", "score", "evidence"]
    return pl.read_parquet(file, columns=wanted).with_columns(stage=pl.lit(name))


def _reasons(lost: pl.DataFrame) -> list[dict[str, Any]]:
    order = {name: place for place, name in enumerate(("collect", *FILTERS))}
    told = lost.group_by("stage", "reason", "source", maintain_order=True).agg(
        rows=pl.len(), example=pl.col("id").first()
    )
    place = pl.col("stage").replace_strict(order, return_dtype=pl.Int32)
    told = told.sort(
        [place, "reason", "rows", "source"], descending=[False, False, True, False]
    )
    return told.to_dicts()


def _sources(
    collect: dict[str, Any], metrics: Path, rl: pl.DataFrame
) -> list[dict[str, Any]]:
    kept = dict(rl["source"].value_counts().iter_rows())
    told = []
    for name, said in collect.items():
        counted = _json(metrics / "collect" / f"{name}.json")
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
                "rows_in": counted["rows_in"],
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


def _hash(recipe: dict[str, Any]) -> str:
    text = json.dumps(recipe, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "not installed"


def _json(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text())
    return read
