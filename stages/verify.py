"""Is the answer key right? Ask the samples, and keep the traces that were.

When most samples of a problem agree on an answer and that answer is not the gold
one, the key is suspect: published checks found such keys wrong more often than
the models. A problem that no sample ever solved is set aside for the same reason.

Where a dropped copy of the problem gave the majority's answer, the key has a second
witness against it, and a smaller majority is enough (`min_share_disputed`).

Reasons: `key_suspect`, `never_solved`.
"""

from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.verdict import drop


class Params(Settings):
    """How large a majority contradicts the key, and of how many samples."""

    min_samples: int = Field(default=4, ge=1)
    min_share: float = Field(default=0.6, gt=0, le=1)
    min_share_disputed: float = Field(default=0.4, gt=0, le=1)
    never_solved: Literal["quarantine", "keep"] = "quarantine"
    keep_wrong: bool = False


def judge(
    rows: pl.DataFrame, params: Params, rollouts: pl.DataFrame, grades: pl.DataFrame
) -> pl.DataFrame:
    """Add majority_answer, majority_share, key_agrees, traces; cut suspect keys."""
    mine = grades.filter(pl.col("id").is_in(rows["id"].to_list()))
    for table in (_majority(mine), _traces(mine, rollouts, params)):
        rows = rows.join(table, on="id", how="left", maintain_order="left")
    share, agrees = pl.col("majority_share"), pl.col("key_agrees")
    n = pl.col("_n").fill_null(0)
    disputed = _disputed(rows)
    evidence = pl.struct(
        "majority_answer", "answer", n=n, copies_say_so=disputed
    ).struct.json_encode()
    least = (
        pl.when(disputed).then(params.min_share_disputed).otherwise(params.min_share)
    )
    suspect = (n >= params.min_samples) & (share >= least) & ~agrees
    rows = drop(rows, suspect, "key_suspect", score=share, evidence=evidence)
    if params.never_solved == "quarantine":
        never = (n >= params.min_samples) & (pl.col("_right").fill_null(0) == 0)
        rows = drop(rows, never, "never_solved", evidence=evidence)
    return rows.drop("_n", "_right")


def _disputed(rows: pl.DataFrame) -> pl.Expr:
    """Whether a dropped copy of the problem has the majority's answer."""
    if "other_answers" not in rows.columns:
        return pl.lit(value=False)
    said = pl.col("other_answers").list.contains(pl.col("majority_answer"))
    return said.fill_null(value=False)


def _majority(grades: pl.DataFrame) -> pl.DataFrame:
    """The answer given most often, its share of all samples, and its verdict.

    Answers count as written; right answers are one answer however they are spelt.
    """
    spelt = pl.when(pl.col("correct")).then(pl.lit("\0right")).otherwise("extracted")
    counted = (
        grades.with_columns(_n=pl.len().over("id"), _answer=spelt)
        .with_columns(_right=pl.col("correct").fill_null(value=False).sum().over("id"))
        .group_by("id", "_answer", maintain_order=True)
        .agg(
            pl.first("_n", "_right"),
            votes=pl.len(),
            majority_answer=pl.first("extracted"),
            key_agrees=pl.first("correct"),
        )
        .filter(pl.col("_answer").fill_null("") != "")
        .sort("votes", descending=True, maintain_order=True)
        .unique("id", keep="first", maintain_order=True)
    )
    share = pl.col("votes") / pl.col("_n")
    return counted.with_columns(majority_share=share).select(
        "id", "majority_answer", "majority_share", "key_agrees", "_n", "_right"
    )


def _traces(
    grades: pl.DataFrame, rollouts: pl.DataFrame, params: Params
) -> pl.DataFrame:
    """The judged completions of each row: the right ones, or all."""
    judged = grades.select("id", "sample", "model", "correct", "why")
    if not params.keep_wrong:
        judged = judged.filter(pl.col("correct"))
    texts = rollouts.select("id", "sample", "model", "completion", "n_tokens")
    told = judged.join(
        texts, on=["id", "sample", "model"], how="inner", maintain_order="left"
    )
    trace = pl.struct("sample", "model", "completion", "n_tokens", "correct", "why")
    return told.group_by("id", maintain_order=True).agg(traces=trace)
