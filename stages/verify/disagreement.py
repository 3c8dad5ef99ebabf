"""Where the witnesses about a gold answer do not agree, by source, with examples.

The rules speak for a key when some sample reaches it, the majority when most do, a
judge when it holds a sample to be right; reference solutions and dropped copies of
the problem speak too. Null is silence.
"""

import polars as pl

WITNESSES = ("rules", "majority", "judge", "references", "copies")
DISAGREEMENT = pl.Schema(
    {
        "source": pl.String,
        "verifier": pl.String,
        **dict.fromkeys(WITNESSES, pl.Boolean),  # whether each speaks for the key
        "rows": pl.UInt32,
    }
)
SAMPLES = pl.Schema(
    {
        "source": pl.String,
        "verifier": pl.String,
        "rules": pl.Boolean,
        "judge": pl.Boolean,
        "samples": pl.UInt32,
    }
)
EXAMPLES = pl.Schema(
    {
        "id": pl.String,
        "source": pl.String,
        "verifier": pl.String,
        **dict.fromkeys(WITNESSES, pl.Boolean),
        "problem": pl.String,
        "answer": pl.String,
        "majority_answer": pl.String,
        "majority_share": pl.Float64,
        "completion": pl.String,  # the end of a sample with the majority's answer
    }
)
TABLES = {"disagreement": DISAGREEMENT, "samples": SAMPLES, "examples": EXAMPLES}
SHOWN = 5  # examples of each source
TAIL = 400  # characters of a completion


def tables(
    rows: pl.DataFrame,
    grades: pl.DataFrame,
    rollouts: pl.DataFrame,
    voted: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    """DISAGREEMENT, SAMPLES and EXAMPLES; `rows` have `_vote` and the witnesses."""
    said = rows.with_columns(
        rules=pl.when(pl.col("_n") > 0).then(pl.col("_right") > 0),
        majority=pl.col("key_agrees"),
        judge=_judged(rows, grades),
        references="references_agree",
        copies=pl.when(pl.col("other_answers").list.len() > 0).then(pl.lit(value=False))
        if "other_answers" in rows.columns
        else pl.lit(None, pl.Boolean),
    )
    counted = said.group_by("source", "verifier", *WITNESSES).agg(rows=pl.len())
    return {
        "disagreement": counted.sort(
            "source", "verifier", "rows", *WITNESSES, descending=False
        )
        .select(DISAGREEMENT.names())
        .cast(DISAGREEMENT),
        "samples": _samples(rows, grades),
        "examples": _examples(said, voted, rollouts),
    }


def _judged(rows: pl.DataFrame, grades: pl.DataFrame) -> pl.Series:
    """Whether a judge held some sample of each row to be right; null: not asked."""
    said = grades.group_by("id").agg(said=pl.col("judge_correct").drop_nulls().max())
    return rows.select("id").join(said, on="id", how="left", maintain_order="left")[
        "said"
    ]


def _samples(rows: pl.DataFrame, grades: pl.DataFrame) -> pl.DataFrame:
    """Counts of the samples that a judge saw, by what it and the rules said."""
    asked = grades.filter(pl.col("judge_why").is_not_null())
    both = asked.join(rows.select("id", "source"), on="id", how="inner")
    keys = ["source", "verifier", "rules", "judge"]
    return (
        both.rename({"rule_correct": "rules", "judge_correct": "judge"})
        .group_by(keys)
        .agg(samples=pl.len())
        .sort(keys)
        .select(SAMPLES.names())
        .cast(SAMPLES)
    )


def _examples(
    said: pl.DataFrame, voted: pl.DataFrame, rollouts: pl.DataFrame
) -> pl.DataFrame:
    """The first rows of each source whose witnesses contradict one another."""
    lowest, highest = pl.min_horizontal(*WITNESSES), pl.max_horizontal(*WITNESSES)
    torn = (
        said.filter(~lowest & highest)
        .group_by("source", maintain_order=True)
        .head(SHOWN)
    )
    first = (
        voted.join(torn.select("id", vote="_vote"), on=["id", "vote"], how="semi")
        .unique("id", keep="first", maintain_order=True)
        .join(rollouts, on=["id", "sample", "model"], how="inner")
        .select("id", completion=pl.col("completion").str.tail(TAIL))
    )
    torn = torn.join(first, on="id", how="left", maintain_order="left")
    return torn.select(EXAMPLES.names()).cast(EXAMPLES)
