"""Drop problems that mean the same as an earlier kept one, in other words.

Two rows are near when the cosine of their sentence embeddings reaches the
threshold. `method: pairs` finds all such pairs, exactly up to `exact_rows` rows and
by cells beyond; `semdedup` looks only inside clusters of k-means, as SemDeDup does
(Abbas et al., 2023). The guard of `pipeline/dedup/survivors.py` keeps siblings of one
template: to an encoder, other numbers are hardly other.

A search that can miss pairs is compared with brute force on a sample of rows; the
run prints its recall and the table `recall` keeps it.

Embedding costs thousands of times more than n-grams, so it runs last among the
dedup stages, and vectors are kept by content under .cache/embeddings.

Reasons: `semantic_duplicate`, `semantic_duplicate_other_answer`, `surplus_sibling`.
"""

from dataclasses import astuple, dataclass, replace
from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipeline.dedup import cosine as neighbours
from pipeline.dedup import semdedup, survivors
from pipeline.dedup import tables as clusters
from pipeline.dedup.pairs import Pairs, order_of
from pipeline.dedup.recall import Recall, recall
from pipeline.embedding import Encoder, encode
from pipeline.filter import Judged

RECALL = pl.Schema(
    {
        "sample": pl.UInt32,  # rows that brute force looked at
        "neighboured": pl.UInt32,  # of these have a neighbour
        "row_recall": pl.Float64,
        "pair_recall": pl.Float64,
    }
)
COLUMNS = survivors.COLUMNS
TABLES = {**clusters.TABLES, "recall": RECALL}
REASON = "semantic_duplicate"
# Pairs a little below the threshold tell how much hangs on it.
MARGIN = 0.02


class Params(Encoder):
    """The encoder, what near means, and who survives.

    `threshold`, `upper` and `search` are for `pairs`; `eps` and `clusters` for
    `semdedup`, where a cosine from 1 - `eps` on is near and None clusters are one
    for every hundred rows. Pairs above `upper` are left alone. `survivor` counts
    where `keep` is `first`.
    """

    text: Literal["problem", "problem_answer"] = "problem"
    method: Literal["pairs", "semdedup"] = "pairs"
    threshold: float = Field(default=0.95, gt=0, le=1)
    upper: float | None = Field(default=None, gt=0, le=1)
    search: neighbours.Search = "auto"
    exact_rows: int = Field(default=200_000, ge=0)
    probes: int = Field(default=4, ge=1)
    eps: float = Field(default=0.05, ge=0, lt=1)
    clusters: int | None = Field(default=None, ge=1)
    keep: semdedup.Keep = "first"
    guard: bool = True
    survivor: survivors.Survivor = "first"
    siblings: survivors.Siblings = "keep"
    family_size: int = Field(default=3, ge=1)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.keep == "central" and self.method == "pairs":
            raise ValueError("`keep: central` needs the clusters of `method: semdedup`")
        if self.upper is not None and self.upper < self.cosine:
            raise ValueError(f"`upper` is below {self.cosine:g}, from where rows merge")
        return self

    @property
    def cosine(self) -> float:
        """The cosine from which two rows are near."""
        return self.threshold if self.method == "pairs" else 1 - self.eps


@dataclass(frozen=True)
class Similar:
    """Near pairs, who of them survives, and what of brute force was found.

    `priority` int64 (rows,) ranks the rows, the lowest survives; None is their
    order. `recall` is None where the search is exact.
    """

    pairs: Pairs
    priority: np.ndarray | None
    recall: Recall | None


def judge(rows: pl.DataFrame, params: Params) -> Judged:
    """Mark later rows that mean the same; add `family` where numbers differ."""
    if rows.height < 2:
        return survivors.mark(rows, [], REASON)
    found = similar(
        embedded(rows, params), params, survivors.ranks(rows, params.survivor)
    )
    if found.recall:
        _tell(f"dedup_embedding: {found.recall}")
    if found.pairs.crowded:
        _tell(f"dedup_embedding: {found.pairs.crowded} rows with crowds of neighbours")
    judged = survivors.mark(
        rows,
        found.pairs,
        REASON,
        threshold=params.cosine,
        margin=MARGIN,
        guard=params.guard,
        priority=found.priority,
        siblings=params.siblings,
        family_size=params.family_size,
    )
    return replace(judged, tables=judged.tables | {"recall": _table(found.recall)})


def embedded(rows: pl.DataFrame, params: Params) -> np.ndarray:
    """Unit vectors (rows, d) float32 of what `params.text` names."""
    if params.text == "problem":
        return encode(rows["problem"].to_list(), params, rows["key"].to_list())
    both = pl.format(
        "Problem: {}\nAnswer: {}", "problem", pl.col("answer").fill_null("")
    )
    return encode(rows.select(both).to_series().to_list(), params)


def similar(
    vectors: np.ndarray, params: Params, ranks: np.ndarray | None = None
) -> Similar:
    """The pairs of rows that `params` call near, with the recall of the search.

    Pairs down to MARGIN below the cosine come too. `ranks` (rows,) say who survives
    where `keep` is `first`, the lowest; None is the order of the rows.
    """
    parted = None
    if params.method == "semdedup":
        parted = semdedup.clusters(vectors, params.clusters, params.seed)
    priority = ranks
    if params.keep != "first":
        centred = np.zeros(len(vectors)) if parted is None else parted.closeness
        priority = semdedup.priority(params.keep, centred, params.seed)
    order = order_of(len(vectors), priority)
    if priority is not None:
        vectors = vectors[order]
    if parted is not None:
        found = semdedup.within(
            vectors, parted.home[order], params.cosine, margin=MARGIN
        )
    else:
        found = _pairs(vectors, params)
    one, other = order[found.first], order[found.second]
    pairs = Pairs(
        np.minimum(one, other).astype(np.int32),
        np.maximum(one, other).astype(np.int32),
        found.cosine.astype(np.float64).round(4),
        crowded=found.crowded,
    )
    if params.upper is not None:
        pairs = pairs.where(pairs.score <= params.upper)
    exact = (
        params.method == "pairs"
        and neighbours.chosen(params.search, len(vectors), params.exact_rows) == "flat"
    )
    seen = None
    if not exact:
        seen = recall(vectors, params.cosine, found, seed=params.seed)
    return Similar(pairs, priority, seen)


def _pairs(vectors: np.ndarray, params: Params) -> neighbours.Found:
    return neighbours.pairs(
        vectors,
        params.cosine,
        margin=MARGIN,
        search=params.search,
        exact_rows=params.exact_rows,
        probes=params.probes,
        seed=params.seed,
    )


def _table(seen: Recall | None) -> pl.DataFrame:
    """One row, or none where the search is exact."""
    told = [] if seen is None else [astuple(seen)]
    return pl.DataFrame(told, schema=RECALL, orient="row")


def _tell(what: str) -> None:
    from rich.console import Console

    Console(stderr=True).print(what)
