"""Recall of a search for near rows: what it found of what brute force finds.

A search by cells or clusters can miss pairs, and nobody would know. So some rows are
compared with all rows before them, until enough of them have a neighbour.
"""

from typing import Any

import numpy as np
import polars as pl

from pipeline.dedup.cosine import merge_pairs, multiply_rows
from pipeline.dedup.pairs import Array, Pairs, pair_key
from pipeline.dedup.tables import RECALL

# Rows are sampled until so many of them have a neighbour: two points of recall then
# are three standard errors.
ENOUGH_NEIGHBOURED = 200
STEP_ROWS, MOST_ROWS = 512, 4096


def measure_recall(
    vectors: Array, threshold: float, pairs: Pairs, *, most: int = MOST_ROWS, seed: int
) -> pl.DataFrame:
    """RECALL, one row: `pairs` of unit `vectors` (n, d) beside brute force.

    Rows are looked at until ENOUGH_NEIGHBOURED have a neighbour, `most` at most. Only
    neighbours before a row count: they can send it away, and a crowd never loses them
    all. Where there is nothing to find, recall is 1.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:most]
    found_keys = pair_key(pairs.first, pairs.second)
    sample, neighboured, rows_hit, true_pairs, pairs_hit = 0, 0, 0, 0, 0
    for start in range(0, len(rows), STEP_ROWS):
        step = np.sort(rows[start : start + STEP_ROWS])
        truth = _earlier_neighbours(vectors, step, threshold)
        has_neighbour = np.unique(truth >> 32)
        sample += len(step)
        neighboured += len(has_neighbour)
        rows_hit += _count_held(has_neighbour, pairs.second)
        true_pairs += len(truth)
        pairs_hit += _count_held(truth, found_keys)
        if neighboured >= ENOUGH_NEIGHBOURED:
            break
    row_recall = rows_hit / neighboured if neighboured else 1.0
    pair_recall = pairs_hit / true_pairs if true_pairs else 1.0
    figures = (sample, neighboured, row_recall, pair_recall)
    return pl.DataFrame([figures], schema=RECALL, orient="row")


def describe(recall: dict[str, Any]) -> str:
    """A row of RECALL in a sentence."""
    return (
        "row recall {row_recall:.3f} ({neighboured} of {sample} sampled rows have an "
        "earlier neighbour), pair recall {pair_recall:.3f}"
    ).format(**recall)


def _earlier_neighbours(vectors: Array, rows: Array, threshold: float) -> Array:
    """Keys of the pairs of `rows` and their neighbours before them."""
    everyone = np.arange(len(vectors))
    pairs = merge_pairs(multiply_rows(vectors, rows, everyone, threshold))
    later = np.isin(pairs.second, rows)
    return pair_key(pairs.first[later], pairs.second[later])


def _count_held(values: Array, ordered: Array) -> int:
    """How many `values` are in `ordered`, which is sorted."""
    ends = np.searchsorted(ordered, values, side="right")
    return int((ends > np.searchsorted(ordered, values)).sum())
