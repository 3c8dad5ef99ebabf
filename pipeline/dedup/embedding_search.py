"""Rows whose embeddings are near: among all rows, or inside clusters as SemDeDup does.

SemDeDup (Abbas et al., 2023) parts the rows by k-means and compares those of one
cluster only; of near rows the one closest to its cluster's centre may survive.
"""

from typing import TYPE_CHECKING, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from pipeline.dedup.tables import RECALL
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.dedup.pairs import Array, Pairs

EXACT_ROWS = 200_000  # up to which `auto` is `flat`
# Cells that a row visits: with one 5% of the pairs are lost, with four 0.1%.
VISITS = 4
ROWS_PER_CLUSTER = 100


class EmbeddingSearch(Settings):
    """How near rows are looked for, and who survives.

    `threshold` and `search` are for `pairs`; `eps` and `clusters` for `semdedup`,
    where a cosine from 1 - `eps` on is near and None clusters are one for every
    hundred rows. The survivor is the `first` row, or in `semdedup` the `central` one,
    which is the nearest to its cluster's centre.
    """

    method: Literal["pairs", "semdedup"] = "pairs"
    threshold: float = Field(default=0.95, gt=0, le=1)
    search: Literal["auto", "flat", "cells"] = "auto"
    eps: float = Field(default=0.05, ge=0, lt=1)
    clusters: int | None = Field(default=None, ge=1)
    survivor: Literal["first", "central"] = "first"
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.survivor == "central" and self.method == "pairs":
            raise ValueError("`survivor: central` needs the clusters of `semdedup`")
        return self

    @property
    def cosine(self) -> float:
        """The cosine from which two rows are near."""
        return self.threshold if self.method == "pairs" else 1 - self.eps


def find_near_rows(
    vectors: "Array", search: EmbeddingSearch
) -> "tuple[Pairs, Array, pl.DataFrame]":
    """Near rows of unit `vectors` (rows, d) float32.

    Returns pairs of places in the order in which rows survive, that order as row
    numbers int64 (rows,), and the recall of the search (RECALL; empty where every
    pair was compared).
    """
    import numpy as np

    from pipeline.dedup.cosine import near_pairs, nearest_cells, one_cell
    from pipeline.dedup.recall import measure_recall

    rows = len(vectors)
    order, recall = np.arange(rows), RECALL.to_frame()
    is_flat = search.search == "flat" or (
        search.search == "auto" and rows <= EXACT_ROWS
    )
    if rows < 2 or (search.method == "pairs" and is_flat):
        return near_pairs(vectors, one_cell(rows), search.cosine), order, recall
    if search.method == "semdedup":
        count = search.clusters or max(1, rows // ROWS_PER_CLUSTER)
        cells, closeness = nearest_cells(vectors, count, visits=1, seed=search.seed)
        if search.survivor == "central":
            order = np.argsort(-closeness[:, 0].round(4), kind="stable")
            vectors, cells = vectors[order], cells[order]
    else:
        count = 2 * int(np.sqrt(rows))
        cells, _ = nearest_cells(vectors, count, visits=VISITS, seed=search.seed)
    pairs = near_pairs(vectors, cells, search.cosine)
    recall = measure_recall(vectors, search.cosine, pairs, seed=search.seed)
    return pairs, order, recall
