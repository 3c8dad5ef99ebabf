"""Is the answer key right? Ask the samples, and keep the traces that were.

When most samples of a problem agree on an answer and that answer is not the gold
one, the key is suspect: published checks found such keys wrong more often than
the models. A problem that no sample ever solved is set aside for the same reason,
and one whose own reference solutions reach another answer.

Where a dropped copy of the problem gave the majority's answer, or the reference
solutions speak against the key, it has a second witness against it, and a smaller
majority is enough (`min_share_disputed`).

Reasons: `key_suspect`, `wrong_key`, `reference_fails`, `never_solved`.
"""

from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.filter import Judged, drop
from pipeline.grading.voting import cast_votes, merge_equal_votes
from pipeline.grading.workers import Grader, grader
from pipeline.settings import Settings
from pipeline.verifiers.judge import Judge
from stages.verify import disagreement
from stages.verify.arbiter import opinions
from stages.verify.majority import find_majority
from stages.verify.references import judged
from stages.verify.relabel import relabelled

TRACE = pl.Struct(
    {
        "sample": pl.Int32,
        "model": pl.String,
        "completion": pl.String,
        "n_tokens": pl.Int32,
        "correct": pl.Boolean,
        "why": pl.String,
    }
)
COLUMNS = pl.Schema(
    {
        "references_agree": pl.Boolean(),
        "majority_answer": pl.String(),
        "key_agrees": pl.Boolean(),
        "majority_share": pl.Float64(),
        "key_suspect": pl.Boolean(),
        "arbiter_sides_with": pl.String(),
        "answer_before": pl.String(),  # where a majority's answer may replace the key
        "traces": pl.List(TRACE),
    }
)
TABLES = disagreement.TABLES


class Params(Settings):
    """How large a majority contradicts the key, of which samples, and what follows.

    `models` are those whose samples vote, all where it is empty. A suspect key is
    set aside (`quarantine`), held to be wrong (`drop`), replaced by the majority's
    answer (`relabel`), or only marked (`keep`). An `arbiter` is asked first, who is
    right: where it says the key, nothing follows; where it cannot tell, the row is
    set aside whatever `suspect` says.
    """

    models: tuple[str, ...] = ()
    min_samples: int = Field(default=4, ge=1)
    min_share: float = Field(default=0.6, gt=0, le=1)
    min_share_disputed: float = Field(default=0.4, gt=0, le=1)
    suspect: Literal["quarantine", "drop", "relabel", "keep"] = "quarantine"
    arbiter: Judge | None = None
    never_solved: Literal["quarantine", "keep"] = "quarantine"
    references: Literal["quarantine", "keep", "trust"] = "quarantine"
    keep_wrong: bool = False
    timeout_s: float = Field(default=20.0, gt=0)


def judge(
    rows: pl.DataFrame, params: Params, rollouts: pl.DataFrame, grades: pl.DataFrame
) -> Judged:
    """Add majority_answer, majority_share, key_agrees, key_suspect, traces."""
    mine = grades.filter(pl.col("id").is_in(rows["id"].to_list()))
    with grader(params.timeout_s) as grade:
        rows = _with_references(rows, params, grade)
        voted = cast_votes(mine)
        bounds = _bounds(_voters(voted, params), params)
        voted = merge_equal_votes(voted, rows, bounds, grade)
        majority = find_majority(_voters(voted, params))
        rows = rows.join(majority, on="id", how="left", maintain_order="left")
        rows = rows.with_columns(key_suspect=_suspect(rows, params))
        rows = _with_opinions(rows, params)
        tables = disagreement.tables(rows, mine, rollouts, voted)
        if params.suspect == "relabel":
            rows, mine = relabelled(rows, mine, voted, grade)
    rows = rows.join(
        _traces(mine, rollouts, params), on="id", how="left", maintain_order="left"
    )
    rows = _cut(rows, params)
    return Judged(rows.drop("_n", "_right", "_votes", "_vote"), tables)


def _with_references(rows: pl.DataFrame, params: Params, grade: Grader) -> pl.DataFrame:
    if params.references == "trust":
        return rows.with_columns(references_agree=pl.lit(None, pl.Boolean))
    return judged(rows, grade)


def _voters(grades: pl.DataFrame, params: Params) -> pl.DataFrame:
    if not params.models:
        return grades
    return grades.filter(pl.col("model").is_in(list(params.models)))


def _bounds(voters: pl.DataFrame, params: Params) -> pl.DataFrame:
    """(id, least, most): votes from which a key may be suspect, and surely is."""
    counted = voters.group_by("id", maintain_order=True).agg(n=pl.len())
    counted = counted.filter(pl.col("n") >= params.min_samples)
    shares = sorted((params.min_share, params.min_share_disputed))
    return counted.select(
        "id", least=shares[0] * pl.col("n"), most=shares[1] * pl.col("n")
    )


def _suspect(rows: pl.DataFrame, params: Params) -> pl.Expr:
    """Whether the samples speak against the key; a second witness lowers the bar."""
    disputed = _disputed(rows)
    least = (
        pl.when(disputed).then(params.min_share_disputed).otherwise(params.min_share)
    )
    enough = pl.col("_n") >= params.min_samples
    against = (pl.col("majority_share") >= least) & ~pl.col("key_agrees")
    return (enough & against).fill_null(value=False)


def _disputed(rows: pl.DataFrame) -> pl.Expr:
    """Whether a dropped copy or the reference solutions speak against the key."""
    return _copies(rows) | ~pl.col("references_agree").fill_null(value=True)


def _copies(rows: pl.DataFrame) -> pl.Expr:
    """Whether a dropped copy of the problem has the majority's answer."""
    if "other_answers" not in rows.columns:
        return pl.lit(value=False)
    said = pl.col("other_answers").list.contains(pl.col("majority_answer"))
    return said.fill_null(value=False)


def _with_opinions(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add arbiter_sides_with: majority, key, or neither; null where it is not asked."""
    if params.arbiter is None:
        none = pl.lit(None, pl.String)
        return rows.with_columns(arbiter_sides_with=none)
    suspects = rows.filter(pl.col("key_suspect"))
    side = (
        pl.when(pl.col("said").is_null())
        .then(pl.lit("neither"))
        .when(pl.col("said"))
        .then(pl.lit("majority"))
        .otherwise(pl.lit("key"))
    )
    told = suspects.select("id", said=opinions(suspects, params.arbiter))
    told = told.select("id", arbiter_sides_with=side)
    rows = rows.join(told, on="id", how="left", maintain_order="left")
    cleared = pl.col("arbiter_sides_with").eq_missing("key")
    return rows.with_columns(key_suspect=pl.col("key_suspect") & ~cleared)


def _traces(
    grades: pl.DataFrame, rollouts: pl.DataFrame, params: Params
) -> pl.DataFrame:
    """The judged completions of each row: the right ones, or all."""
    graded = grades.select("id", "sample", "model", "correct", "why")
    if not params.keep_wrong:
        graded = graded.filter(pl.col("correct"))
    texts = rollouts.select("id", "sample", "model", "completion", "n_tokens")
    told = graded.join(
        texts, on=["id", "sample", "model"], how="inner", maintain_order="left"
    )
    trace = pl.struct("sample", "model", "completion", "n_tokens", "correct", "why")
    return told.group_by("id", maintain_order=True).agg(traces=trace)


def _cut(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    share, n = pl.col("majority_share"), pl.col("_n").fill_null(0)
    evidence = pl.struct(
        "majority_answer",
        "answer",
        "references_agree",
        "arbiter_sides_with",
        n=n,
        copies_say_so=_copies(rows),
    ).struct.json_encode()
    suspect = pl.col("key_suspect")
    torn = pl.col("arbiter_sides_with").eq_missing("neither")
    rows = drop(rows, suspect & torn, "key_suspect", score=share, evidence=evidence)
    if params.suspect != "keep":
        reason = "wrong_key" if params.suspect == "drop" else "key_suspect"
        rows = drop(rows, suspect, reason, score=share, evidence=evidence)
    enough = n >= params.min_samples
    never = enough & (pl.col("_right").fill_null(0) == 0)
    if params.references == "quarantine":
        # A sample that reached the key speaks for it against the reference.
        fails = ~pl.col("references_agree") & (pl.col("_right").fill_null(0) == 0)
        rows = drop(rows, fails, "reference_fails", evidence=evidence)
    if params.never_solved == "quarantine":
        rows = drop(rows, never, "never_solved", evidence=evidence)
    return rows
