"""SemDeDup (Abbas et al., 2023): near rows inside clusters of k-means.

Rows are compared inside their own cluster only, and the cluster's order says who
survives.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.dedup.cosine import SLACK, Array, Found, gathered, joined, kmeans, nearest

Keep = Literal["first", "central", "random"]


@dataclass(frozen=True)
class Clusters:
    """A cluster int64 (n,) for each row, and its cosine to the centre float32."""

    home: Array
    closeness: Array


def clusters(vectors: Array, count: int | None, seed: int) -> Clusters:
    """Spherical k-means; `count` None is a cluster for every hundred rows."""
    count = max(1, len(vectors) // 100) if count is None else count
    centres = kmeans(vectors, min(count, len(vectors)), seed)
    home, closeness = nearest(vectors, centres, 1)
    return Clusters(home[:, 0], closeness[:, 0].round(4))


def within(
    vectors: Array, home: Array, threshold: float, *, margin: float = 0.0
) -> Found:
    """`neighbours.pairs` of rows of one cluster, exact there."""
    floor = threshold - margin - SLACK
    return gathered(joined(vectors, home[:, None], floor), threshold)


def priority(keep: Keep, closeness: Array, seed: int) -> Array | None:
    """A rank (n,) for each row, the lowest survives; None is the given order."""
    if keep == "first":
        return None
    if keep == "random":
        return np.random.default_rng(seed).permutation(len(closeness))
    ranks = np.empty(len(closeness), np.int64)
    ranks[np.argsort(-closeness, kind="stable")] = np.arange(len(closeness))
    return ranks
