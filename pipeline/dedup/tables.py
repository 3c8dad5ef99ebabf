"""Tables beside a dedup stage's rows: clusters, saved pairs, what thresholds do."""

import polars as pl

CLUSTERS = pl.Schema(
    {
        "cluster": pl.String,  # id of the row that stays
        "member": pl.String,
        "role": pl.String,  # survivor, copy, other_answer or sibling
        "similarity": pl.Float32,
    }
)
SAVED = pl.Schema(
    {
        "id": pl.String,
        "other": pl.String,  # the kept row that it was near to
        "similarity": pl.Float32,
        "problem": pl.String,
        "other_problem": pl.String,
        "answer": pl.String,
        "other_answer": pl.String,
    }
)
SENSITIVITY = pl.Schema(
    {
        "threshold": pl.Float64,
        "dropped": pl.UInt32,
        "enter": pl.UInt32,  # rows that would stay, and do not now
        "leave": pl.UInt32,  # rows that would go, and stay now
    }
)
TABLES = {"clusters": CLUSTERS, "saved": SAVED, "sensitivity": SENSITIVITY}


def told(marked: pl.DataFrame, reason: str) -> dict[str, pl.DataFrame]:
    """Clusters with their survivor, and pairs that the guard saved."""
    marked = marked.select(
        "id", "problem", "answer", "reason", "twin", "score", "_near", "_near_score"
    )
    short = {reason: "copy", f"{reason}_other_answer": "other_answer"}
    lost = marked.filter(pl.col("reason").is_not_null() & pl.col("_near").is_not_null())
    members = lost.select(
        cluster="twin",
        member="id",
        role=pl.col("reason").replace_strict(short, default="sibling"),
        similarity="score",
    )
    survivors = members.select("cluster").unique(maintain_order=True)
    survivors = survivors.select(
        "cluster",
        member="cluster",
        role=pl.lit("survivor"),
        similarity=pl.lit(1.0, pl.Float32),
    )
    saved = marked.filter(pl.col("reason").is_null() & pl.col("_near").is_not_null())
    other = marked.select("id", "problem", "answer")[saved["_near"]]
    return {
        "clusters": pl.concat([survivors, members]).cast(CLUSTERS),
        "saved": saved.select(
            "id",
            pl.lit(other["id"]).alias("other"),
            similarity=pl.col("_near_score").cast(pl.Float32),
            problem="problem",
            other_problem=pl.lit(other["problem"]),
            answer="answer",
            other_answer=pl.lit(other["answer"]),
        ).cast(SAVED),
    }
