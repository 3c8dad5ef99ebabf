"""What the samples of every problem vote for, counted part by part.

There may be ten samples a problem and more. What is kept of them is a row an answer,
and a row an answer and model.
"""

from typing import NamedTuple

import polars as pl

from pipeline.grading.voting import cast_votes, count_votes, merge_equal_votes
from pipeline.grading.workers import Grader
from pipeline.models import is_by
from pipeline.shards import Shards, by_problem

# Between these shares of all samples it is open which answer is given most, and the
# verifier is asked which answers are equal.
OPEN_SHARES = (0.4, 0.8)
VOTERS = ["id", "sample", "model", "pass", "verifier", "correct", "extracted"]


class Polls(NamedTuple):
    """Votes of all problems.

    `majority` has a row a sampled problem, as `_find_majority` says; `ranked` a row
    an answer, `ballots` a row an answer and model; `judged` has `judge` by `id`,
    whether a model held some sample to be right.
    """

    majority: pl.DataFrame
    ranked: pl.DataFrame
    ballots: pl.DataFrame
    judged: pl.DataFrame


def poll_samples(
    grades: Shards, rows: pl.DataFrame, models: tuple[str, ...], grade: Grader
) -> Polls:
    """The votes of samples by `models` (all where it is empty)."""
    from stages.verify.ballots import count_ballots, rank_answers

    parts = []
    for part in by_problem(grades.select(*VOTERS, "judge_correct"), rows["id"]):
        voters = cast_merged_votes(part, rows, models, grade).filter(is_by(models))
        ranked = rank_answers(voters.filter(pl.col("vote").is_not_null()))
        judged = part.group_by("id").agg(judge=pl.col("judge_correct").max())
        ballots = count_ballots(voters, ranked)
        ranked = ranked.select("id", "rank", "answer")
        parts.append(Polls(_find_majority(voters), ranked, ballots, judged))
    return Polls(*map(pl.concat, zip(*parts, strict=True)))


def cast_merged_votes(
    samples: pl.DataFrame, rows: pl.DataFrame, models: tuple[str, ...], grade: Grader
) -> pl.DataFrame:
    """The samples with their `vote`; equal answers have one where that may decide."""
    voted = cast_votes(samples)
    (least, most), n = OPEN_SHARES, pl.len()
    voters = voted.filter(is_by(models)).group_by("id", maintain_order=True)
    bounds = voters.agg(least=least * n, most=most * n)
    own = rows.filter(pl.col("id").is_in(samples["id"].unique().implode()))
    return merge_equal_votes(voted, own, bounds, grade)


def _find_majority(voters: pl.DataFrame) -> pl.DataFrame:
    """Of each id the answer given most often, its share of all samples, its verdict.

    `_n` are the samples, `_judged` those with a verdict, `_right` the right ones. Of
    equally frequent answers the first wins; where none was given, there is none.
    """
    correct = pl.col("correct")
    samples = voters.group_by("id", maintain_order=True).agg(
        _n=pl.len(), _judged=correct.count(), _right=correct.sum()
    )
    majority = count_votes(voters).unique("id", keep="first", maintain_order=True)
    samples = samples.join(majority, on="id", how="left", maintain_order="left")
    return samples.select(
        "id",
        "_n",
        "_judged",
        "_right",
        _vote="vote",
        _votes="votes",
        majority_answer="answer",
        key_agrees="correct",
        majority_share=pl.col("votes") / pl.col("_n"),
    )
