"""Tables beside a dedup stage's rows: its clusters, and the pairs that are siblings."""

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


def cluster_tables(judged: pl.DataFrame, reason: str) -> dict[str, pl.DataFrame]:
    """CLUSTERS of copies with their survivor, and SAVED: near pairs that both stay.

    `judged` are rows with a verdict, the number of the row each is nearest to
    (`_near`, null for none) and their similarity (`_near_score`).
    """
    goes = pl.col("reason").is_not_null()
    near = judged.filter(pl.col("_near").is_not_null())
    roles = {reason: "copy", f"{reason}_other_answer": "other_answer"}
    members = near.filter(goes).select(
        cluster="twin",
        member="id",
        role=pl.col("reason").replace_strict(roles, default="sibling"),
        similarity="score",
    )
    survivors = members.select("cluster").unique(maintain_order=True)
    survivors = survivors.select(
        "cluster",
        member="cluster",
        role=pl.lit("survivor"),
        similarity=pl.lit(1.0, pl.Float32),
    )
    saved = near.filter(~goes)
    other = judged.select("id", "problem", "answer")[saved["_near"]]
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
