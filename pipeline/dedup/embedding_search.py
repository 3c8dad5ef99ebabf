"""Rows whose embeddings are near: among all rows, or inside clusters as SemDeDup does.

SemDeDup (Abbas et al., 2023) parts the rows by k-means and compares those of one
cluster only; of near rows the one closest to its cluster's centre may survive.
"""

from dataclasses import replace
from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipeline.dedup.cosine import near_pairs, nearest_cells, one_cell
from pipeline.dedup.pairs import Array, Pairs
from pipeline.dedup.recall import RECALL, measure_recall
from pipeline.dedup.survivors import Survivor
from pipeline.settings import Settings

EXACT_ROWS = 200_000  # up to which `auto` is `flat`
# Cells that a row visits: with one 5% of the pairs are lost, with four 0.1%.
VISITS = 4
ROWS_PER_CLUSTER = 100
# How far below the threshold pairs are looked for: they show what another would do.
MARGIN = 0.02


class EmbeddingSearch(Settings):
    """How near rows are looked for, and who survives.

    `threshold` and `search` are for `pairs`; `eps` and `clusters` for `semdedup`,
    where a cosine from 1 - `eps` on is near and None clusters are one for every
    hundred rows. Pairs above `upper` are left alone. Beside those of dedup_exact,
    the survivor can be `random`, by `seed`, or in `semdedup` the `central` row,
    which is the nearest to its cluster's centre.
    """

    method: Literal["pairs", "semdedup"] = "pairs"
    threshold: float = Field(default=0.95, gt=0, le=1)
    upper: float | None = Field(default=None, gt=0, le=1)
    search: Literal["auto", "flat", "cells"] = "auto"
    eps: float = Field(default=0.05, ge=0, lt=1)
    clusters: int | None = Field(default=None, ge=1)
    survivor: Literal[Survivor, "central", "random"] = "first"
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.survivor == "central" and self.method == "pairs":
            raise ValueError("`survivor: central` needs the clusters of `semdedup`")
        if self.upper is not None and self.upper < self.cosine:
            raise ValueError(f"`upper` is below {self.cosine:g}, from where rows merge")
        return self

    @property
    def cosine(self) -> float:
        """The cosine from which two rows are near."""
        return self.threshold if self.method == "pairs" else 1 - self.eps


def find_near_rows(
    vectors: Array, order: Array, search: EmbeddingSearch
) -> tuple[Pairs, Array, pl.DataFrame]:
    """Near rows of unit `vectors` (rows, d) float32, down to MARGIN below.

    `order` (rows,) int64 holds the row numbers as they survive, where `search` does
    not say otherwise. Returns the pairs, that order, and the recall of the search
    (RECALL; empty where every pair was compared).
    """
    rows, cluster = len(vectors), None
    if search.method == "semdedup":
        count = search.clusters or max(1, rows // ROWS_PER_CLUSTER)
        cluster, closeness = nearest_cells(vectors, count, visits=1, seed=search.seed)
        if search.survivor == "central":
            order = np.argsort(-closeness[:, 0].round(4), kind="stable")
    if (np.diff(order) < 0).any():  # else a copy of all vectors is saved
        vectors = vectors[order]
    is_exact = False
    if cluster is not None:
        cells = cluster[order]
    elif search.search == "flat" or (search.search == "auto" and rows <= EXACT_ROWS):
        is_exact, cells = True, one_cell(rows)
    else:
        count = 2 * int(np.sqrt(rows))
        cells, _ = nearest_cells(vectors, count, visits=VISITS, seed=search.seed)
    pairs = near_pairs(vectors, cells, search.cosine, margin=MARGIN)
    recall = RECALL.to_frame()
    if not is_exact:
        recall = measure_recall(vectors, search.cosine, pairs, seed=search.seed)
    one, other = order[pairs.first], order[pairs.second]
    pairs = replace(
        pairs,
        first=np.minimum(one, other).astype(np.int32),
        second=np.maximum(one, other).astype(np.int32),
    )
    if search.upper is not None:
        pairs = pairs.take(pairs.score <= search.upper)
    return pairs, order, recall
