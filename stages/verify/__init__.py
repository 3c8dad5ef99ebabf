"""Is the answer key right? Ask the samples, and name the traces that were.

The chance that a key is wrong is a posterior (posterior.py): from the votes of each
model, how often it is right where the problem comes from, how many keys are wrong
there, what the reference solutions reach, and which answers dropped copies of the
problem had. A key is suspect where `suspect_where` says so, by default from a chance of
0.8. A problem that no sample ever solved says little about its key, and is set aside
for a reason of its own; so is one whose references reach another answer.

Reasons: `key_suspect`, `wrong_key`, `reference_fails`, `never_solved`.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.filter import Judged, drop
from pipeline.grading.workers import grader
from pipeline.settings import Settings
from pipeline.shards import Shards, as_shards, by_problem
from pipeline.sql import Expression, evaluate
from pipeline.verifiers.judge import Judge
from stages.verify.arbiter import ask_arbiter
from stages.verify.chances import KEY_EVIDENCE, add_chances
from stages.verify.polls import cast_merged_votes, poll_samples
from stages.verify.references import grade_references, without_references
from stages.verify.relabel import judge_by_votes, relabel_suspects

TRACE = pl.Struct(
    {
        "sample": pl.Int32,
        "model": pl.String,
        "pass": pl.String,
        "n_tokens": pl.Int32,
        "correct": pl.Boolean,
        "why": pl.String,
    }
)
READS = (
    "source", "domain", "problem", "answer", "verifier", "verify_info", "meta",
    "solutions", "source_level", "other_answers", "n_correct", "pass_rate", "rate_lo",
    "rate_hi", "answer_before",
)  # fmt: skip
COLUMNS = pl.Schema(
    {
        "references_agree": pl.Boolean(),
        "majority_answer": pl.String(),
        "key_agrees": pl.Boolean(),
        "majority_share": pl.Float64(),
        "key_wrong_p": pl.Float64(),
        "key_evidence": KEY_EVIDENCE,
        "key_suspect": pl.Boolean(),
        "arbiter_sides_with": pl.String(),
        "answer_before": pl.String(),  # where a majority's answer may replace the key
        "traces": pl.List(TRACE),
    }
)
# Whether each witness speaks for the key; null is silence. The rules do when some
# sample reaches it, the majority when most do, a judge when it holds one to be right;
# a dropped copy of the problem with another answer speaks against it.
WITNESSES = pl.Schema(
    {
        **dict.fromkeys(("id", "source", "verifier"), pl.String),
        **dict.fromkeys(
            ("rules", "majority", "judge", "references", "copies"), pl.Boolean
        ),
    }
)
TABLES = {"witnesses": WITNESSES}


class Params(Settings):
    """Whose samples vote, from when on a key is suspect, and what follows.

    `models` are those whose samples vote, all where it is empty; `noise` is the share
    of wrong keys that is expected of a source of which little is known. A suspect key
    is set aside (`quarantine`), held to be wrong (`drop`), replaced by the majority's
    answer (`relabel`), or only marked (`keep`). An `arbiter` is asked first, who is
    right: where it says the key, nothing follows; where it cannot tell, the row is
    set aside whatever `suspect` says. A problem is never solved after `min_samples`
    verdicts.
    """

    models: tuple[str, ...] = ()
    noise: float = Field(default=0.02, gt=0, lt=0.5)
    suspect_where: Expression = "key_wrong_p >= 0.8"
    suspect: Literal["quarantine", "drop", "relabel", "keep"] = "quarantine"
    arbiter: Judge | None = None
    min_samples: int = Field(default=4, ge=1)
    never_solved: Literal["quarantine", "keep"] = "quarantine"
    references: Literal["quarantine", "keep", "trust"] = "quarantine"
    keep_wrong: bool = False
    timeout_s: float = Field(default=20.0, gt=0)


def judge(rows: pl.DataFrame, params: Params, grades: Shards | pl.DataFrame) -> Judged:
    """Add the majority's answer and share, key_wrong_p, key_suspect and the traces."""
    grades = as_shards(grades)
    known = "other_answers" in rows.columns  # not where no dedup has ever run
    no_copies = pl.lit(None, pl.List(pl.String))
    rows = rows.with_columns(_copies=pl.col("other_answers") if known else no_copies)
    with grader(params.timeout_s) as grade:
        is_trusted = params.references == "trust"
        rows = without_references(rows) if is_trusted else grade_references(rows, grade)
        polls = poll_samples(grades, rows, params.models, grade)
        rows = rows.join(polls.majority, on="id", how="left", maintain_order="left")
        rows = add_chances(rows, polls.ranked, polls.ballots, params.noise, grade)
        rows = _mark_suspects(rows, params.suspect_where)
        rows = _add_opinions(rows, params)
        witnesses = _hear_witnesses(rows, polls.judged)
        taken = rows.clear()
        if params.suspect == "relabel":
            rows, taken = relabel_suspects(rows, grade)
        votes = partial(cast_merged_votes, rows=rows, models=params.models, grade=grade)
        traces = _collect_traces(grades, rows["id"], taken, votes, params)
    rows = rows.join(traces, on="id", how="left", maintain_order="left")
    rows = _drop_suspects(rows, params)
    rows = rows.drop(
        "_copies", "_referred", "_n", "_judged", "_right", "_votes", "_vote"
    )
    return Judged(rows, {"witnesses": witnesses})


def _mark_suspects(rows: pl.DataFrame, condition: str) -> pl.DataFrame:
    """Add key_suspect: whether `condition` holds; what is null does not."""
    (holds,) = evaluate(rows, [condition], setting="verify.suspect_where").get_columns()
    return rows.with_columns(key_suspect=holds.cast(pl.Boolean).fill_null(value=False))


def _add_opinions(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add arbiter_sides_with: majority, key, or neither; null where it is not asked."""
    if params.arbiter is None:
        return rows.with_columns(arbiter_sides_with=pl.lit(None, pl.String))
    suspects = rows.filter(pl.col("key_suspect"))
    sides = ask_arbiter(suspects, params.arbiter)
    opinions = suspects.select("id", arbiter_sides_with=sides)
    rows = rows.join(opinions, on="id", how="left", maintain_order="left")
    is_cleared = pl.col("arbiter_sides_with").eq_missing("key")
    return rows.with_columns(key_suspect=pl.col("key_suspect") & ~is_cleared)


def _hear_witnesses(rows: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    has_copies = pl.col("_copies").list.len() > 0
    rows = rows.join(judged, on="id", how="left", maintain_order="left")
    return rows.with_columns(
        rules=pl.when(pl.col("_judged") > 0).then(pl.col("_right") > 0),
        majority="key_agrees",
        references="references_agree",
        copies=pl.when(has_copies).then(pl.lit(value=False)),
    ).select(WITNESSES.names())


def _collect_traces(
    grades: Shards,
    ids: pl.Series,
    taken: pl.DataFrame,
    votes: Callable[[pl.DataFrame], pl.DataFrame],
    params: Params,
) -> pl.DataFrame:
    """(id, traces): the judged samples of each row, the right ones or all.

    Those of rows whose new key is `taken` from their `votes` are judged by it.
    """
    trace, tables = pl.struct(*TRACE.to_schema()), list[pl.DataFrame]()
    for part in by_problem(grades, ids):
        if taken.height:
            part = judge_by_votes(part, votes, taken)
        if not params.keep_wrong:
            part = part.filter(pl.col("correct"))
        tables.append(part.group_by("id", maintain_order=True).agg(traces=trace))
    return pl.concat(tables)


def _drop_suspects(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    chance, n = pl.col("key_wrong_p"), pl.col("_n").fill_null(0)
    evidence = pl.struct(
        "majority_answer",
        "answer",
        "majority_share",
        "references_agree",
        "arbiter_sides_with",
        pl.col("key_evidence").struct.unnest(),
        n=n,
    ).struct.json_encode()
    is_suspect = pl.col("key_suspect")
    is_torn = pl.col("arbiter_sides_with").eq_missing("neither")
    none_right = pl.col("_right").fill_null(0) == 0
    if params.suspect == "keep":
        is_suspect &= is_torn
    decided = pl.lit("wrong_key" if params.suspect == "drop" else "key_suspect")
    reason = pl.when(is_torn).then(pl.lit("key_suspect")).otherwise(decided)
    rows = drop(rows, is_suspect, reason, score=chance, evidence=evidence)
    if params.references == "quarantine":
        # A sample that reached the key speaks for it against the reference.
        fails = ~pl.col("references_agree") & none_right
        rows = drop(rows, fails, "reference_fails", evidence=evidence)
    if params.never_solved == "quarantine":
        is_unsolved = (pl.col("_judged") >= params.min_samples) & none_right
        rows = drop(rows, is_unsolved, "never_solved", evidence=evidence)
    return rows
