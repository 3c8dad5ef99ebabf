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
MOST_EXAMPLES = 5  # of each source
TAIL = 400  # characters of a completion


def count_witnesses(
    rows: pl.DataFrame,
    grades: pl.DataFrame,
    rollouts: pl.DataFrame,
    voted: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    """DISAGREEMENT, SAMPLES and EXAMPLES; `rows` have `_vote` and the witnesses."""
    judged = grades.group_by("id").agg(judge=pl.col("judge_correct").max())
    has_copies = pl.col("_copies").list.len() > 0
    heard = rows.join(judged, on="id", how="left", maintain_order="left").with_columns(
        rules=pl.when(pl.col("_n") > 0).then(pl.col("_right") > 0),
        majority=pl.col("key_agrees"),
        references="references_agree",
        copies=pl.when(has_copies).then(pl.lit(value=False)),
    )
    counts = heard.group_by("source", "verifier", *WITNESSES).agg(rows=pl.len())
    counts = counts.sort("source", "verifier", "rows", *WITNESSES)
    return {
        "disagreement": counts.select(DISAGREEMENT.names()).cast(DISAGREEMENT),
        "samples": _count_samples(rows, grades),
        "examples": _first_examples(heard, voted, rollouts),
    }


def _count_samples(rows: pl.DataFrame, grades: pl.DataFrame) -> pl.DataFrame:
    """Counts of the samples that a judge saw, by what it and the rules said."""
    judged = grades.filter(pl.col("judge_why").is_not_null())
    judged = judged.join(rows.select("id", "source"), on="id", how="inner")
    judged = judged.rename({"rule_correct": "rules", "judge_correct": "judge"})
    keys = ["source", "verifier", "rules", "judge"]
    counts = judged.group_by(keys).agg(samples=pl.len()).sort(keys)
    return counts.select(SAMPLES.names()).cast(SAMPLES)


def _first_examples(
    heard: pl.DataFrame, voted: pl.DataFrame, rollouts: pl.DataFrame
) -> pl.DataFrame:
    """The first rows of each source whose witnesses contradict one another."""
    lowest, highest = pl.min_horizontal(*WITNESSES), pl.max_horizontal(*WITNESSES)
    torn = heard.filter(~lowest & highest)
    torn = torn.group_by("source", maintain_order=True).head(MOST_EXAMPLES)
    completions = (
        voted.join(torn.select("id", vote="_vote"), on=["id", "vote"], how="semi")
        .unique("id", keep="first", maintain_order=True)
        .join(rollouts, on=["id", "sample", "model"], how="inner")
        .select("id", completion=pl.col("completion").str.tail(TAIL))
    )
    torn = torn.join(completions, on="id", how="left", maintain_order="left")
    return torn.select(EXAMPLES.names()).cast(EXAMPLES)
