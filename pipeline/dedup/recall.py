"""What a search for near rows found of what brute force finds, on a sample of rows."""

from dataclasses import dataclass

import numpy as np

from pipeline.dedup.cosine import SLACK, Array, Found, gathered, named, products

# Rows are sampled until so many of them have a neighbour: two points of recall then
# are three standard errors.
ENOUGH, STEP, MOST = 200, 512, 4096


@dataclass(frozen=True)
class Recall:
    """How much of brute force a search found, on a sample of rows.

    Only neighbours before a row count: they can send it away, and a crowd never
    loses them all. `rows` is the share of the `neighboured` rows (those with such a
    neighbour) that were found to have one; `pairs` the share of their pairs, crowds
    thinned. Both are 1 where there is nothing to find.
    """

    sample: int
    neighboured: int
    rows: float
    pairs: float

    def __str__(self) -> str:
        return (
            f"row recall {self.rows:.3f} ({self.neighboured} of {self.sample} sampled "
            f"rows have an earlier neighbour), pair recall {self.pairs:.3f}"
        )


def recall(
    vectors: Array, threshold: float, found: Found, *, most: int = MOST, seed: int = 0
) -> Recall:
    """Compare `found`, as `neighbours.pairs` gives it, with brute force on a sample.

    Rows are looked at until ENOUGH have a neighbour, `most` at most.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:most]
    strong = found.cosine >= threshold - SLACK
    known = named(found.first[strong], found.second[strong])
    sample, has, reached, pairs, hit = 0, 0, 0, 0, 0
    for start in range(0, len(rows), STEP):
        some = np.sort(rows[start : start + STEP])
        truth = _truth(vectors, some, threshold)
        neighboured = np.unique(truth >> 32)
        sample += len(some)
        has += len(neighboured)
        reached += int(np.isin(neighboured, known >> 32).sum())
        pairs += len(truth)
        hit += int(_known(truth, known).sum())
        if has >= ENOUGH:
            break
    return Recall(
        sample=sample,
        neighboured=has,
        rows=reached / has if has else 1.0,
        pairs=hit / pairs if pairs else 1.0,
    )


def _truth(vectors: Array, rows: Array, threshold: float) -> Array:
    """Names of the pairs of `rows` and their earlier neighbours, sorted."""
    everyone = np.arange(len(vectors))
    parts = products(vectors, rows, everyone, threshold - SLACK)
    pairs = gathered(parts, threshold)
    later = np.isin(pairs.second, rows)
    return named(pairs.first[later], pairs.second[later])


def _known(names: Array, among: Array) -> Array:
    """Which `names` are in the sorted `among`."""
    if not len(among):
        return np.zeros(len(names), bool)
    places = np.searchsorted(among, names)
    known: Array = among[np.minimum(places, len(among) - 1)] == names
    return known
