"""Votes of the samples of a problem: for answers, not for spellings.

Right samples vote for one answer, the gold one, however they write it. Other samples
vote for the answer that was extracted from them; where the verifier compares values,
spellings with the same numbers and signs are one answer (`7`, `7.` and `$7$`). Where
that leaves the outcome open, the verifier itself is asked which of the most frequent
answers are equal (`0.5` and `1/2`). A sample without an answer has no vote, nor has one
whose box is empty or was not closed; one that could not be decided votes for what it
answered, and never for the gold answer.

How a tie is broken is the caller's: maj@k takes the share of the most frequent answers
that is right, `verify` the answer that was given first.
"""

from itertools import combinations

import polars as pl

from pipeline.grading.workers import Answer, Grader, are_equal, grader, verdict_columns
from pipeline.verifiers.contract import verifiers_that_claim
from pipeline.verifiers.judge import Judge

RIGHT = "right"
MOST = 6  # answers of a problem that the verifier compares
# What is left of a box that holds nothing: white space, layout, an open question. An
# empty set is an answer.
LAYOUT = r"\\(?:[,;:!> ]|(?:q?quad|text\w*|mathrm|mbox|f?boxed|left|right)\b|$)"
MARKS = r"[\s{}$~?!.…+\-]"


def cast_votes(samples: pl.DataFrame) -> pl.DataFrame:
    """`samples` with `vote` (String): equal for equal answers of one `id`, or null.

    Needs `id, verifier, correct, extracted`. The vote is RIGHT, or `other:` and the
    first spelling of the answer.
    """
    from pipeline.kernels.answer_codes import answer_codes

    codes = pl.Series("_code", answer_codes(samples["extracted"]), pl.UInt64)
    answer = pl.col("extracted").str.strip_chars()
    has_spellings = _compares_values() & (pl.col("_code") != 0)
    first_spelling = answer.first().over("id", "verifier", "_code")
    spelling = pl.when(has_spellings).then(first_spelling).otherwise(answer)
    vote = (
        pl.when(pl.col("correct"))
        .then(pl.lit(RIGHT))
        .when(_says_something(answer))
        .then(pl.format("other:{}", spelling))
    )
    return samples.with_columns(codes).with_columns(vote=vote).drop("_code")


def _says_something(answer: pl.Expr) -> pl.Expr:
    left = answer.str.replace_all(LAYOUT, "").str.replace_all(MARKS, "")
    is_blank = (left == "") & ~answer.str.contains(r"\\\{")
    return (answer != "") & ~(_compares_values() & is_blank)


def count_votes(voted: pl.DataFrame) -> pl.DataFrame:
    """(id, vote, votes, answer, correct): what is voted for, the most frequent first.

    `answer` and `correct` are the first such sample's; equally frequent votes stand in
    the order in which they were first cast.
    """
    return (
        voted.filter(pl.col("vote").is_not_null())
        .group_by("id", "vote", maintain_order=True)
        .agg(votes=pl.len(), answer=pl.first("extracted"), correct=pl.first("correct"))
        .sort("votes", descending=True, maintain_order=True)
    )


def merge_equal_votes(
    voted: pl.DataFrame, rows: pl.DataFrame, bounds: pl.DataFrame, grade: Grader
) -> pl.DataFrame:
    """`voted` with equal answers under one vote, where that may decide.

    `rows` have `id, verifier, verify_info`. `bounds` have, by `id`, the votes from
    which an answer may win (`least`) and from which it surely does (`most`): the
    verifier is asked where no answer but the gold one has `most`, and all of them have
    `least`.
    """
    rows = rows.select("id", "verifier", "verify_info").unique("id", keep="first")
    rows = rows.filter(_compares_values())
    counts = (
        count_votes(voted.filter(pl.col("vote") != RIGHT))
        .join(bounds, on="id", how="inner", maintain_order="left")
        .join(rows, on="id", how="inner", maintain_order="left")
    )
    is_open = (pl.col("votes").max() < pl.col("most").first()) & (
        pl.col("votes").sum() >= pl.col("least").first()
    )
    contested = counts.filter(is_open.over("id"))
    best = contested.group_by("id", maintain_order=True).head(MOST)
    renamed = _find_equal(best, grade)
    if not renamed.height:
        return voted
    merged = voted.join(renamed, on=["id", "vote"], how="left", maintain_order="left")
    return merged.with_columns(vote=pl.coalesce("merged", "vote")).drop("merged")


def _compares_values() -> pl.Expr:
    """Whether answers have spellings; of other verifiers an answer is its text."""
    return pl.col("verifier").is_in(verifiers_that_claim("COMPARES_VALUES"))


def _find_equal(counts: pl.DataFrame, grade: Grader) -> pl.DataFrame:
    """(id, vote, merged): the vote with more samples whose answer equals this one's."""
    pairs = [
        (first, second)
        for _, votes in counts.group_by("id", maintain_order=True)
        for first, second in combinations(votes.iter_rows(named=True), 2)
    ]
    golds = (
        (first["verifier"], first["answer"], first["verify_info"], second["answer"])
        for first, second in pairs
    )
    merged: dict[tuple[str, str], str] = {}
    for (first, second), equal in zip(pairs, are_equal(golds, grade), strict=True):
        if equal:
            id, vote = first["id"], first["vote"]
            merged.setdefault((id, second["vote"]), merged.get((id, vote), vote))
    schema = {"id": pl.String, "vote": pl.String, "merged": pl.String}
    renamed = [(id, vote, root) for (id, vote), root in merged.items()]
    return pl.DataFrame(renamed, schema=schema, orient="row")


def grade_samples(
    samples: pl.DataFrame, timeout_s: float = 20.0, judge: Judge | None = None
) -> pl.DataFrame:
    """`samples` with the verdict on each, and the answer that it votes for.

    A prompt that the model has no room for is a problem it did not solve.
    """
    columns = ("verifier", "answer", "verify_info", "completion", "problem")
    answers = [Answer(*row) for row in samples.select(columns).iter_rows()]
    no_room = pl.col("finish_reason") == "prompt_too_long"
    with grader(timeout_s, judge) as grade:
        graded = samples.with_columns(verdict_columns(grade(answers))).with_columns(
            correct=pl.when(no_room).then(pl.lit(False)).otherwise("correct"),
            why=pl.when(no_room).then(pl.lit("prompt_too_long")).otherwise("why"),
        )
        # Wrong answers can win only where there are as many of them as right ones.
        n_right = pl.col("correct").sum()
        right = graded.group_by("id").agg(least=n_right, most=n_right + 1)
        bounds = right.filter(pl.col("least") > 0)
        return merge_equal_votes(cast_votes(graded), graded, bounds, grade)
