"""What most samples of a problem answered, and whether that is the gold answer."""

import polars as pl

from pipeline.grading.voting import count_votes


def find_majority(voted: pl.DataFrame) -> pl.DataFrame:
    """Of each id: the answer given most often, its votes and share, its verdict.

    Columns: majority_answer, majority_share (of all samples), key_agrees, and
    `_n` samples, `_right`, `_votes`, `_vote`. Of equal answers the
    spelling of the first sample is shown; of equally frequent ones the first wins.
    """
    correct = pl.col("correct")
    samples = voted.group_by("id").agg(
        _n=pl.len(),
        _right=correct.fill_null(value=False).sum(),
    )
    majority = count_votes(voted).unique("id", keep="first", maintain_order=True)
    majority = majority.join(samples, on="id", how="left", maintain_order="left")
    return majority.select(
        "id",
        "_n",
        "_right",
        _vote="vote",
        _votes="votes",
        majority_answer="answer",
        key_agrees="correct",
        majority_share=pl.col("votes") / pl.col("_n"),
    )
