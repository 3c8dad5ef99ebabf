"""What becomes of near copies: merged, kept as siblings of one template, or split.

A pair of similar texts is a copy only if numbers, operators and relation signs
agree, one after the other, however they are spelt; or if the answers agree and one
text has all the numbers of the other. Else the two are siblings of one template:
same words, other numbers. Siblings are good data. They stay, and `family` names
the first of them.

A row is compared with kept rows only: nobody is dropped for resembling a row that
is itself dropped. Of copies the first row stays, or the one that `ranks` prefers.
"""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import polars as pl

from pipeline.dedup.pairs import MARGIN, Pairs, in_order, order_of
from pipeline.dedup.same_problem import relations
from pipeline.dedup.tables import SENSITIVITY, told
from pipeline.filter import Judged, drop

Survivor = Literal["first", "longest_solution", "best_verified", "most_complete"]
Siblings = Literal["keep", "keep_n", "drop"]
Array = np.ndarray
ANSWERS = pl.List(pl.String)
# What `mark` adds.
COLUMNS = pl.Schema({"family": pl.String(), "other_answers": ANSWERS})


def ranks(rows: pl.DataFrame, survivor: Survivor) -> Array | None:
    """A rank for each row, the lowest survives; None where the order decides."""
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
    if survivor == "first":
        return None
    value = rows.select(best[survivor].cast(pl.Int64).fill_null(-1)).to_series()
    return value.rank("ordinal", descending=True).to_numpy().astype(np.int64) - 1


def mark(
    rows: pl.DataFrame,
    pairs: Iterable[tuple[int, int, float]] | Pairs,
    reason: str,
    *,
    threshold: float = 0.0,
    margin: float = MARGIN,
    guard: bool = True,
    priority: Array | None = None,
    siblings: Siblings = "keep",
    family_size: int = 3,
) -> Judged:
    """Mark copies with `reason` (or `<reason>_other_answer`); add `family`.

    `pairs` are row numbers of similar rows; those below `threshold`, by `margin` at
    most, only tell what another threshold would do. Without `guard` every pair is a
    copy, as in the published recipes. With a `priority` (n,) the lowest number
    survives. Also adds `other_answers`: what dropped copies of a row give as the
    answer.
    """
    found = in_order(Pairs.of(pairs), rows.height, priority)
    relation = found.relation
    if relation is None:
        relation = relations(rows, found, priority, guard=guard)
    limit = {"keep": 0, "keep_n": family_size, "drop": 1}[siblings]
    alone = _settled(found, relation, rows.height, threshold, limit)
    gone = alone[0] > 0
    settled = _with_followers(alone, found.leader)
    order = order_of(rows.height, priority)
    marked = _marked(rows, _placed(settled, order), reason)
    tables = told(marked, reason)
    tables["sensitivity"] = _sensitivity(
        found, relation, rows.height, threshold, margin, limit, gone
    )
    return Judged(marked.drop("_near", "_near_score"), tables)


def mark_against(
    rows: pl.DataFrame,
    release: pl.DataFrame,
    pairs: Pairs,
    crossing: Pairs,
    reason: str,
    priority: Array | None,
    **options: Any,
) -> Judged:
    """As `mark`, where `crossing` are pairs of a row of `release` and one of `rows`.

    The release comes first and is not judged.
    """
    size = release.height
    shared = [name for name in ("id", "problem", "answer") if name in release.columns]
    before = release.select(shared)
    both = pl.concat([before, rows], how="diagonal_relaxed").select(rows.columns)
    leader = None
    if pairs.leader is not None:
        leader = np.concatenate([np.arange(size), pairs.leader + size])
    joined = Pairs(
        np.concatenate([crossing.first, pairs.first + size]).astype(np.int32),
        np.concatenate([crossing.second + size, pairs.second + size]).astype(np.int32),
        np.concatenate([crossing.score, pairs.score]),
        leader,
    )
    ranks = np.arange(rows.height) if priority is None else priority
    whole = np.concatenate([np.arange(size), ranks + size])
    judged = mark(both, joined, reason, priority=whole, **options)
    return Judged(judged.rows.slice(size), judged.tables)


Settled = tuple[Array, Array, Array, Array]


def _settled(
    pairs: Pairs, relation: Array, height: int, threshold: float, limit: int
) -> Settled:
    """Verdict, twin, score and family of every place in the order."""
    from pipeline.kernels import relations as guard

    near = pairs.score >= threshold
    first, second, score = pairs.first[near], pairs.second[near], pairs.score[near]
    return guard.select_survivors(height, first, second, score, relation[near], limit)


def _with_followers(made: Settled, leader: Array | None) -> Settled:
    """Rows equal to their leader go where it goes, or to it if it stays."""
    if leader is None:
        return made
    verdict, twin, score, family = made
    follows = leader != np.arange(len(leader))
    stays = verdict[leader] == 0
    verdict[follows] = np.where(stays, 1, verdict[leader])[follows]
    score[follows] = np.where(stays, 1.0, score[leader])[follows]
    twin[follows] = np.where(stays, leader, twin[leader])[follows]
    return verdict, twin, score, family


def _placed(settled: Settled, order: Array) -> dict[str, pl.Series]:
    """What was settled, by row number again."""
    verdict, twin, score, family = (np.empty_like(part) for part in settled)
    for there, here in zip((verdict, twin, score, family), settled, strict=True):
        there[order] = here

    def rows(places: Array) -> pl.Series:
        missing = places < 0
        named = order[np.where(missing, 0, places)] if len(order) else places
        return pl.Series(named, dtype=pl.UInt32).set(pl.Series(missing), None)

    return {
        "_verdict": pl.Series(verdict),
        "_near": rows(twin),
        "_near_score": pl.Series(score).round(4),
        "_family": rows(family),
    }


def _marked(
    rows: pl.DataFrame, settled: dict[str, pl.Series], reason: str
) -> pl.DataFrame:
    ids = rows["id"]
    before = [pl.col("family")] if "family" in rows.columns else []
    rows = rows.with_columns(**settled)
    rows = rows.with_columns(
        family=pl.coalesce([*before, pl.lit(ids.gather(rows["_family"]))])
    )
    rows = rows.with_columns(
        _twin=ids.gather(rows["_near"]),
        _evidence=_evidence(rows),
        other_answers=_other_answers(rows),
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
    told = kept.select(
        pl.struct(kept_problem="problem", kept_answer="answer").struct.json_encode()
    ).to_series()
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    return blank.scatter(goes.arg_true(), told) if len(told) else blank


def _other_answers(rows: pl.DataFrame) -> pl.Series:
    """For rows that stay: answers that copies of theirs had, in order."""
    before = pl.Series([None], dtype=ANSWERS).new_from_index(0, rows.height)
    if "other_answers" in rows.columns:
        before = rows["other_answers"]
    given: dict[int, list[str]] = {}
    disputed = (rows["_verdict"] == 2).arg_true()
    places, answers = rows["_near"].gather(disputed), rows["answer"].gather(disputed)
    for place, answer in zip(places, answers, strict=True):
        if place not in given:
            given[place] = before.slice(place, 1).to_list()[0] or []
        if answer not in given[place]:
            given[place].append(answer)
    if not given:
        return before
    # Lists cannot be put into a column; they can be picked from a longer one.
    longer = pl.concat([before, pl.Series(list(given.values()), dtype=ANSWERS)])
    pick = np.arange(rows.height)
    pick[list(given)] = rows.height + np.arange(len(given))
    return longer.gather(pl.Series(pick, dtype=pl.UInt32))


def _sensitivity(
    pairs: Pairs,
    relation: Array,
    height: int,
    threshold: float,
    margin: float,
    limit: int,
    gone: Array,
) -> pl.DataFrame:
    """What other thresholds would drop, of the pairs at hand."""
    if threshold == 0:
        return SENSITIVITY.to_frame()
    # Rows equal to their leader go at any threshold.
    follow = 0
    if pairs.leader is not None:
        follow = int((pairs.leader != np.arange(height)).sum())
    steps = np.round(threshold + np.arange(-5, 6) * margin / 5, 4)
    told = []
    for step in steps[(steps > 0) & (steps <= 1)]:
        there = _settled(pairs, relation, height, float(step), limit)[0] > 0
        told.append(
            {
                "threshold": float(step),
                "dropped": int(there.sum()) + follow,
                "enter": int((gone & ~there).sum()),
                "leave": int((there & ~gone).sum()),
            }
        )
    return pl.DataFrame(told, schema=SENSITIVITY)
