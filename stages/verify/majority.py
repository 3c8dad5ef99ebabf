"""What most samples answered, and whether that is the gold answer.

Samples vote for answers, not for spellings: right ones are one answer, and wrong
ones are one where their numbers and signs agree. Where that leaves a majority open,
the verifier itself says which wrong answers are equal.
"""

from itertools import combinations

import polars as pl

from pipeline.dedup.same_problem import answer_codes
from pipeline.grading.workers import Answer, Grader

RIGHT = "\0right"
# Verifiers whose answers have spellings; of others, an answer is its text.
SPELT = ("math", "numeric")
MOST = 6  # wrong answers of a problem that are compared


def votes(grades: pl.DataFrame) -> pl.DataFrame:
    """`grades` with `vote`: equal for equal answers, null where there is none."""
    codes = pl.Series("_code", answer_codes(grades["extracted"]), pl.UInt64)
    said = pl.col("extracted").str.strip_chars()
    code = pl.lit(codes)
    spelt = pl.col("verifier").is_in(list(SPELT)) & (code != 0)
    vote = (
        pl.when(pl.col("correct"))
        .then(pl.lit(RIGHT))
        .when(said.fill_null("") == "")
        .then(None)
        .when(spelt)
        .then(pl.format("#{}", code))
        .otherwise(said)
    )
    return grades.with_columns(vote=vote)


def merged(
    voted: pl.DataFrame, rows: pl.DataFrame, share: pl.DataFrame, grade: Grader
) -> pl.DataFrame:
    """`voted` with equal wrong answers under one name, where it may decide.

    `share` has, by `id`, the votes from which an answer may be a majority (`least`),
    and from which it surely is (`most`).
    """
    wrong = pl.col("vote") != RIGHT
    counted = (
        voted.filter(wrong & pl.col("verifier").is_in(list(SPELT)))
        .group_by("id", "verifier", "vote", maintain_order=True)
        .agg(votes=pl.len(), said=pl.first("extracted"))
        .join(share, on="id", how="inner", maintain_order="left")
    )
    open_ = (
        counted.group_by("id")
        .agg(pl.max("votes"), pl.first("least", "most"), sum=pl.sum("votes"))
        .filter((pl.col("votes") < pl.col("most")) & (pl.col("sum") >= pl.col("least")))
    )
    counted = (
        counted.join(open_.select("id"), on="id", how="semi", maintain_order="left")
        .sort("id", "votes", descending=[False, True], maintain_order=True)
        .group_by("id", maintain_order=True)
        .head(MOST)
        .join(rows.select("id", "verify_info"), on="id", how="left")
    )
    renamed = _equal(counted, grade)
    if not renamed.height:
        return voted
    return voted.join(
        renamed, on=["id", "vote"], how="left", maintain_order="left"
    ).select(
        *[name for name in voted.columns if name != "vote"],
        vote=pl.coalesce("root", "vote"),
    )


def _equal(counted: pl.DataFrame, grade: Grader) -> pl.DataFrame:
    """(id, vote, root): the answer with more votes that each is equal to."""
    pairs, asked = [], []
    for (id,), some in counted.group_by("id", maintain_order=True):
        for one, other in combinations(some.iter_rows(named=True), 2):
            pairs.append((id, one["vote"], other["vote"]))
            asked.append(
                Answer(
                    one["verifier"],
                    one["said"],
                    one["verify_info"],
                    f"\\boxed{{{other['said']}}}",
                )
            )
    verdicts = grade(asked) if asked else []
    root: dict[tuple[object, str], str] = {}
    for (id, one, other), verdict in zip(pairs, verdicts, strict=True):
        if verdict.correct:
            root.setdefault((id, other), root.get((id, one), one))
    told = [(id, vote, name) for (id, vote), name in root.items()]
    schema = {"id": pl.String, "vote": pl.String, "root": pl.String}
    return pl.DataFrame(told, schema=schema, orient="row")


def majority(voted: pl.DataFrame) -> pl.DataFrame:
    """Of each id: the answer given most often, its votes and share, its verdict.

    Columns: majority_answer, majority_share (of all samples), key_agrees, and
    `_n` samples, `_right`, `_votes`, `_decided`, `_vote`. Of equal answers the
    spelling of the first sample is shown.
    """
    correct = pl.col("correct")
    counted = (
        voted.with_columns(
            _n=pl.len().over("id"),
            _right=correct.fill_null(value=False).sum().over("id"),
            _decided=correct.count().over("id"),
        )
        .filter(pl.col("vote").is_not_null())
        .group_by("id", "vote", maintain_order=True)
        .agg(
            pl.first("_n", "_right", "_decided"),
            _votes=pl.len(),
            majority_answer=pl.first("extracted"),
            key_agrees=pl.first("correct"),
        )
        .sort("_votes", descending=True, maintain_order=True)
        .unique("id", keep="first", maintain_order=True)
    )
    share = pl.col("_votes") / pl.col("_n")
    return counted.with_columns(majority_share=share).rename({"vote": "_vote"})
