"""Who stays of similar rows: copies merge, siblings stay as one family.

`pipeline/dedup/same_problem.py` tells whether a near pair is one problem, or two of
one template. Rows are then taken in the order in which they survive, and each is
compared with the kept rows before it only: nobody is dropped for resembling a row
that is itself dropped. A copy goes; a sibling stays, and `family` names the first
of its template.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.dedup.pairs import Array, Pairs, rank_pairs
from pipeline.dedup.same_problem import classify_pairs
from pipeline.dedup.tables import SENSITIVITY, cluster_tables
from pipeline.filter import Judged, drop
from pipeline.settings import Settings

Survivor = Literal["first", "longest_solution", "best_verified", "most_complete"]
ANSWERS = pl.List(pl.String)
# What `mark_duplicates` adds.
COLUMNS = pl.Schema({"family": pl.String(), "other_answers": ANSWERS})

# Verdict (0: stays), twin (-1: none), similarity and family (-1: none) of each row.
Verdicts = tuple[Array, Array, Array, Array]


class MergeRules(Settings):
    """What becomes of near rows.

    The `guard` keeps siblings of one template; without it they are copies, as in the
    published recipes. `siblings: keep_n` keeps `family_size` of a family, `drop` one.
    """

    guard: bool = True
    siblings: Literal["keep", "keep_n", "drop"] = "keep"
    family_size: int = Field(default=3, ge=1)


def order_rows(rows: pl.DataFrame, survivor: Survivor) -> Array:
    """Row numbers int32 (rows,), first the one that survives before all others."""
    if survivor == "first":
        return np.arange(rows.height, dtype=np.int32)
    solution = pl.element().struct.field
    best = {
        "longest_solution": pl.col("solutions")
        .list.eval(solution("text").str.len_chars())
        .list.max(),
        "best_verified": pl.col("solutions").list.eval(solution("correct")).list.sum(),
        "most_complete": pl.sum_horizontal(
            pl.col("answer").is_not_null(),
            pl.col("solutions").list.len() > 0,
            pl.col("verify_info") != "{}",
            pl.col("meta") != "{}",
        ),
    }
    value = rows.select(best[survivor].cast(pl.Int64).fill_null(-1)).to_series()
    return np.argsort(-value.to_numpy(), kind="stable").astype(np.int32)


def mark_duplicates(
    rows: pl.DataFrame,
    pairs: Pairs,
    reason: str,
    *,
    order: Array,
    rules: MergeRules,
    threshold: float = 0.0,
    margin: float = 0.0,
) -> Judged:
    """Mark copies with `reason` (or `<reason>_other_answer`); add COLUMNS.

    `pairs` are row numbers of similar rows; those below `threshold`, by `margin` at
    most, only show what another threshold would do. `order` (rows,) holds the row
    numbers in the order in which they survive. `other_answers` of a row are the
    answers that its dropped copies give.
    """
    ranked = rank_pairs(pairs, order)
    if ranked.relation is None:
        relation = classify_pairs(rows, ranked, order, guard=rules.guard)
        ranked = replace(ranked, relation=relation)
    limit = {"keep": 0, "keep_n": rules.family_size, "drop": 1}[rules.siblings]
    select = partial(_select, ranked, rows.height, limit)
    verdicts = select(threshold)
    if ranked.leader is not None:
        verdicts = _follow_leaders(verdicts, ranked.leader)
    marked = _mark(rows, _unrank(verdicts, order), reason)
    tables = cluster_tables(marked, reason)
    if margin:
        tables["sensitivity"] = _vary_threshold(select, ranked, threshold, margin)
    return Judged(marked.drop("_near", "_near_score"), tables)


def mark_against_release(
    rows: pl.DataFrame,
    release: pl.DataFrame,
    pairs: Pairs,
    release_pairs: Pairs,
    reason: str,
    *,
    order: Array,
    **options: Any,
) -> Judged:
    """As `mark_duplicates`; `release_pairs` are (row of `release`, row of `rows`).

    The release comes first and is not judged.
    """
    size = release.height
    shared = [name for name in ("id", "problem", "answer") if name in release.columns]
    both = pl.concat([release.select(shared), rows], how="diagonal_relaxed")
    leader = None
    if pairs.leader is not None:
        leader = np.concatenate([np.arange(size), pairs.leader + size])
    joined = Pairs(
        np.concatenate([release_pairs.first, pairs.first + size]),
        np.concatenate([release_pairs.second, pairs.second]) + size,
        np.concatenate([release_pairs.score, pairs.score]),
        leader,
    )
    whole = np.concatenate([np.arange(size), order + size])
    judged = mark_duplicates(
        both.select(rows.columns), joined, reason, order=whole, **options
    )
    return replace(judged, rows=judged.rows.slice(size))


def _select(ranked: Pairs, rows: int, limit: int, threshold: float) -> Verdicts:
    """The verdicts of the pairs from `threshold` on, by place in the order."""
    from pipeline.kernels.relations import select_survivors

    near = ranked.take(ranked.score >= threshold)
    assert near.relation is not None
    return select_survivors(
        rows, near.first, near.second, near.score, near.relation, limit
    )


def _follow_leaders(verdicts: Verdicts, leader: Array) -> Verdicts:
    """Rows equal to their leader go where it goes, or to it if it stays."""
    verdict, twin, score, family = verdicts
    follows = leader != np.arange(len(leader))
    stays = verdict[leader] == 0
    return (
        np.where(follows, np.where(stays, 1, verdict[leader]), verdict),
        np.where(follows, np.where(stays, leader, twin[leader]), twin),
        np.where(follows, np.where(stays, 1.0, score[leader]), score),
        family,
    )


def _vary_threshold(
    select: Callable[[float], Verdicts], ranked: Pairs, threshold: float, margin: float
) -> pl.DataFrame:
    """SENSITIVITY: what thresholds up to `margin` away would drop."""
    goes = select(threshold)[0] > 0
    # Rows equal to their leader go at any threshold.
    followers = 0
    if ranked.leader is not None:
        followers = int((ranked.leader != np.arange(len(goes))).sum())
    steps = np.round(threshold + np.arange(-5, 6) * margin / 5, 4)
    table = []
    for step in steps[(steps > 0) & (steps <= 1)].tolist():
        would_go = select(step)[0] > 0
        enter, leave = (goes & ~would_go).sum(), (would_go & ~goes).sum()
        table.append((step, would_go.sum() + followers, enter, leave))
    return pl.DataFrame(table, schema=SENSITIVITY, orient="row")


def _unrank(verdicts: Verdicts, order: Array) -> dict[str, pl.Series]:
    """The verdicts by row number instead of place in the order."""
    verdict, twin, score, family = (np.empty_like(part) for part in verdicts)
    for by_row, by_place in zip((verdict, twin, score, family), verdicts, strict=True):
        by_row[order] = by_place

    def row_numbers(places: Array) -> pl.Series:
        missing = pl.Series(places < 0)
        rows = order[np.maximum(places, 0)] if len(order) else places
        return pl.Series(rows, dtype=pl.UInt32).set(missing, None)

    return {
        "_verdict": pl.Series(verdict),
        "_near": row_numbers(twin),
        "_near_score": pl.Series(score).round(4),
        "_family": row_numbers(family),
    }


def _mark(
    rows: pl.DataFrame, verdicts: dict[str, pl.Series], reason: str
) -> pl.DataFrame:
    ids = rows["id"]
    before = [pl.col("family")] if "family" in rows.columns else []
    rows = rows.with_columns(**verdicts)
    rows = rows.with_columns(
        family=pl.coalesce([*before, pl.lit(ids.gather(rows["_family"]))]),
        other_answers=_other_answers(rows),
        _twin=ids.gather(rows["_near"]),
        _evidence=_evidence(rows),
    )
    reasons = {1: reason, 2: f"{reason}_other_answer", 3: "surplus_sibling"}
    rows = drop(
        rows,
        pl.col("_verdict") > 0,
        pl.col("_verdict").replace_strict(reasons, default=None),
        twin=pl.col("_twin"),
        score=pl.col("_near_score"),
        evidence=pl.col("_evidence"),
    )
    return rows.drop("_verdict", "_family", "_twin", "_evidence")


def _evidence(rows: pl.DataFrame) -> pl.Series:
    """The kept row's problem and answer, for rows that go."""
    goes = rows["_verdict"] > 0
    kept = rows.select("problem", "answer")[rows["_near"].filter(goes)]
    evidence = kept.select(
        pl.struct(kept_problem="problem", kept_answer="answer").struct.json_encode()
    ).to_series()
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    return blank.scatter(goes.arg_true(), evidence) if len(evidence) else blank


def _other_answers(rows: pl.DataFrame) -> pl.Series:
    """For rows that stay: answers that copies of theirs had, in order."""
    before = pl.lit(None, ANSWERS)
    if "other_answers" in rows.columns:
        before = pl.col("other_answers")
    disputed = rows.filter(pl.col("_verdict") == 2)
    fresh = disputed.group_by(row="_near", maintain_order=True).agg(fresh="answer")
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    table = rows.select(row=row, before=before)
    table = table.join(fresh, on="row", how="left", maintain_order="left")
    both = pl.concat_list(pl.col("before").fill_null([]), "fresh")
    both = both.list.unique(maintain_order=True)
    return table.select(pl.coalesce(both, "before")).to_series()
