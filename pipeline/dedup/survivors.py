"""Who stays of similar rows: copies merge, siblings stay as one family.

`pipeline/dedup/same_problem.py` tells whether a near pair is one problem, or two of
one template. Rows are then taken in their order, and each is compared with the kept
rows before it only: nobody is dropped for resembling a row that is itself dropped. A
copy goes; a sibling stays, and `family` names the first of its template.
"""

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array, Pairs
from pipeline.dedup.same_problem import classify_pairs
from pipeline.dedup.tables import COLUMNS, SAVED
from pipeline.filter import Judged, drop
from pipeline.schema import missing


def mark_duplicates(
    rows: pl.DataFrame, pairs: Pairs, reason: str, *, guard: bool = True
) -> Judged:
    """Mark copies with `reason` (or `<reason>_other_answer`); add COLUMNS.

    `pairs` are row numbers of similar rows. The `guard` keeps siblings of one
    template; without it they are copies, as in the published recipes. `other_answers`
    of a row are the answers that its dropped copies give.
    """
    from pipeline.kernels.relations import DISPUTED

    verdict, near, score, family = _judge_pairs(rows, pairs, guard=guard)
    goes, disputed = pl.Series(verdict > 0), pl.Series(verdict == DISPUTED)
    absent = {name: pl.lit(None, COLUMNS[name]) for name in missing(rows, COLUMNS)}
    rows = rows.with_columns(**absent)
    rows = rows.with_columns(
        family=pl.coalesce("family", pl.lit(rows["id"].gather(family))),
        other_answers=_add_answers(rows, near.set(~disputed, None)),
    )
    reasons = pl.Series([None, reason, f"{reason}_other_answer"])  # by verdict
    marked = drop(
        rows,
        pl.lit(goes),
        pl.lit(reasons.gather(verdict)),
        twin=pl.lit(rows["id"].gather(near)),
        score=pl.lit(score),
        evidence=pl.lit(_kept_problems(rows, near.set(~goes, None))),
    )
    return Judged(marked, {"saved": _saved_pairs(rows, near.set(goes, None), score)})


def _judge_pairs(
    rows: pl.DataFrame, pairs: Pairs, *, guard: bool
) -> tuple[Array, pl.Series, pl.Series, pl.Series]:
    """Of each row the verdict, the near row, their similarity and the family's head."""
    from pipeline.kernels.relations import select_survivors

    relation = pairs.relation
    if relation is None:
        relation = classify_pairs(rows, pairs, guard=guard)
    verdict, near, score, family = select_survivors(
        rows.height, pairs.first, pairs.second, pairs.score, relation
    )
    if pairs.leader is not None:
        # Rows equal to their leader go where it goes, or to it if it stays.
        leader = pairs.leader
        follows, stays = leader != np.arange(len(leader)), verdict[leader] == 0
        verdict = np.where(follows, np.where(stays, 1, verdict[leader]), verdict)
        near = np.where(follows, np.where(stays, leader, near[leader]), near)
        score = np.where(follows, np.where(stays, 1.0, score[leader]), score)
    return verdict, _row_numbers(near), pl.Series(score).round(4), _row_numbers(family)


def _row_numbers(numbers: Array) -> pl.Series:
    """`numbers` with null for what is below zero and so no row."""
    return pl.Series(numbers).cast(pl.UInt32, strict=False)


def _add_answers(rows: pl.DataFrame, kept: pl.Series) -> pl.Series:
    """`other_answers` and those of the rows that have a number in `kept`, in order."""
    held = rows["other_answers"]
    disputed = pl.DataFrame({"row": kept, "fresh": rows["answer"]}).drop_nulls("row")
    fresh = disputed.group_by("row", maintain_order=True).agg("fresh")
    fresh = fresh.with_columns(held.gather(fresh["row"]).alias("held"))
    both = pl.concat_list(pl.col("held").fill_null([]), "fresh")
    more = fresh.select(both.list.unique(maintain_order=True)).to_series()
    place = np.arange(len(held), dtype=np.uint32)
    place[fresh["row"]] = len(held) + np.arange(len(more))
    return pl.concat([held, more]).gather(pl.Series(place))


def _kept_problems(rows: pl.DataFrame, kept: pl.Series) -> pl.Series:
    """JSON of problem and answer of the rows numbered in `kept`, or null."""
    goes, numbers = kept.is_not_null().to_numpy(), kept.drop_nulls().to_numpy()
    is_twin = np.zeros(rows.height, bool)
    is_twin[numbers] = True
    twins = rows.select(kept_problem="problem", kept_answer="answer").filter(is_twin)
    evidence = twins.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    place = np.full(rows.height, len(evidence), np.uint32)  # a null, for most
    place[goes] = np.cumsum(is_twin)[numbers] - 1
    blank = pl.Series([None], dtype=pl.String)
    # In one chunk, which is gathered from in a fifth of the time.
    either = pl.concat([evidence.cast(pl.String), blank], rechunk=True)
    return either.gather(pl.Series(place))


def _saved_pairs(
    rows: pl.DataFrame, other: pl.Series, similarity: pl.Series
) -> pl.DataFrame:
    """SAVED: the rows that have a number in `other`, beside the row of that number."""
    saved = other.is_not_null()
    columns = ("id", "problem", "answer")
    twins = rows.select(columns)[other.filter(saved)]
    pairs = (
        rows.select(columns)
        .filter(saved)
        .with_columns(
            other=twins["id"],
            similarity=similarity.filter(saved),
            other_problem=twins["problem"],
            other_answer=twins["answer"],
        )
    )
    return pairs.select(SAVED.names()).cast(SAVED)
