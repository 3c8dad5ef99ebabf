"""Rows whose embeddings are near: among all rows, or inside clusters as SemDeDup does.

SemDeDup (Abbas et al., 2023) parts the rows by k-means and compares those of one
cluster only; of near rows the one closest to its cluster's centre may survive.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from pipeline.dedup.cosine import Array, near_pairs, nearest_cells, one_cell
from pipeline.dedup.pairs import Pairs
from pipeline.dedup.recall import RECALL, measure_recall

Search = Literal["auto", "flat", "cells"]
EXACT_ROWS = 200_000  # up to which `auto` is `flat`
# Cells that a row visits: with one 5% of the pairs are lost, with four 0.1%.
VISITS = 4
ROWS_PER_CLUSTER = 100
# How far below the threshold pairs are looked for: they show what another would do.
MARGIN = 0.02


@dataclass(frozen=True)
class EmbeddingSearch:
    """How near rows are looked for.

    `method: pairs` looks at all rows, by `search`; `semdedup` inside `clusters` of
    k-means, one for every hundred rows where that is None, and with `central` the
    rows closest to their cluster's centre survive. Rows are near from a cosine of
    `threshold` on; pairs above `upper` are left out.
    """

    method: Literal["pairs", "semdedup"] = "pairs"
    threshold: float = 0.95
    upper: float | None = None
    search: Search = "auto"
    clusters: int | None = None
    central: bool = False
    seed: int = 0


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
        if search.central:
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
    pairs = near_pairs(vectors, cells, search.threshold, margin=MARGIN)
    recall = RECALL.to_frame()
    if not is_exact:
        recall = measure_recall(vectors, search.threshold, pairs, seed=search.seed)
    one, other = order[pairs.first], order[pairs.second]
    pairs = replace(
        pairs,
        first=np.minimum(one, other).astype(np.int32),
        second=np.maximum(one, other).astype(np.int32),
    )
    if search.upper is not None:
        pairs = pairs.take(pairs.score <= search.upper)
    return pairs, order, recall
