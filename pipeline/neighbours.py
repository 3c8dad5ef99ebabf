"""Pairs of unit vectors whose cosine reaches a threshold.

`flat` multiplies every block of rows with the blocks before it: exact, and its cost
grows with the square of the rows. `cells` parts the rows by spherical k-means; each
row probes its nearest cells, and a cell's own rows are multiplied with all rows
that probe it. `ivf` and `hnsw` are the indexes of faiss. Those three can miss a
pair, so `recall` compares what was found with brute force on a sample of rows.

`clusters` and `within` are SemDeDup (Abbas et al., 2023): rows are compared inside
their own cluster only, and the cluster's order says who survives.

No step holds more than a block of cosines at a time, and no row more than twice
CROWD earlier neighbours: thousands of puzzles of one template are all neighbours.
A row keeps the nearest, among them its copies, and the first, who survive.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

Array = np.ndarray
Part = tuple[Array, Array, Array]  # earlier rows, later rows, cosines
Search = Literal["auto", "flat", "cells", "ivf", "hnsw"]
Keep = Literal["first", "central", "random"]

# A tile of cosines is 16 MB: it stays in a shared cache between its two uses.
TALL, WIDE = 1024, 4096
# Inner products of equal vectors fall short of 1 by rounding.
SLACK = 1e-6
# k-means on a sample: four times the points and twice the rounds gain half a point
# of row recall at two probes.
POINTS, ROUNDS = 32, 8
# Neighbours that `hnsw` looks up for each row; a row with more loses the rest.
LISTED = 32
CROWD = 32
# Pairs that are gathered before crowds are thinned: 200 MB.
GATHERED = 1 << 24


@dataclass(frozen=True)
class Found:
    """Near rows: `first` < `second` int32, `cosine` float32 of four digits.

    Each pair once, sorted by the later row, then the earlier. `crowded` is how many
    rows had more earlier neighbours than are kept.
    """

    first: Array
    second: Array
    cosine: Array
    crowded: int = 0


def pairs(
    vectors: Array,
    threshold: float,
    *,
    search: Search = "auto",
    exact_rows: int = 200_000,
    probes: int = 4,
    seed: int = 0,
) -> Found:
    """Rows of unit `vectors` (n, d) float32 with cosine ≥ `threshold`.

    `auto` is `flat` up to `exact_rows` rows and `cells` beyond; `probes` are cells
    per row for `cells` and `ivf`.
    """
    floor = threshold - SLACK
    method = chosen(search, len(vectors), exact_rows)
    if len(vectors) < 2:
        return _gathered([])
    vectors = np.ascontiguousarray(vectors, np.float32)
    if method == "flat":
        return _gathered(_flat(vectors, floor))
    if method == "hnsw":
        return _gathered(_hnsw(vectors, floor))
    count = min(len(vectors), 2 * int(np.sqrt(len(vectors))))
    centres = kmeans(vectors, count, seed)
    if method == "ivf":
        return _gathered(_ivf(vectors, floor, centres, probes))
    near = _nearest(vectors, centres, probes)[0]
    return _gathered(_joined(vectors, near, floor))


def chosen(search: Search, rows: int, exact_rows: int) -> Search:
    """What `auto` means for so many rows."""
    if search != "auto":
        return search
    return "flat" if rows <= exact_rows else "cells"


def _flat(vectors: Array, floor: float) -> Iterator[Part]:
    rows = np.arange(len(vectors))
    for start in range(0, len(rows), TALL):
        own = rows[start : start + TALL]
        yield from _products(vectors, own, rows[:start], floor)
        yield from _products(vectors, own, own, floor)


def _products(
    vectors: Array, rows: Array, others: Array, floor: float
) -> Iterator[Part]:
    """Pairs of one of `rows` and one of `others`, tile by tile.

    A pair that occurs both ways is named twice.
    """
    for top in range(0, len(rows), TALL):
        some = rows[top : top + TALL]
        tall = vectors[some]
        for left in range(0, len(others), WIDE):
            more = others[left : left + WIDE]
            cosines = (tall @ vectors[more].T).ravel()
            hits = np.flatnonzero(cosines >= floor)
            one, other = some[hits // len(more)], more[hits % len(more)]
            apart = one != other
            low, high = np.minimum(one, other), np.maximum(one, other)
            yield low[apart], high[apart], cosines[hits][apart]


def kmeans(vectors: Array, count: int, seed: int) -> Array:
    """Unit centres (count, d) of spherical k-means on a sample of `vectors`."""
    import faiss

    model = faiss.Kmeans(
        vectors.shape[1],
        count,
        niter=ROUNDS,
        seed=seed + 1,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=POINTS,
    )
    model.train(vectors)
    assert model.centroids is not None
    return model.centroids


def _nearest(vectors: Array, centres: Array, probes: int) -> tuple[Array, Array]:
    """The nearest centres of each row (n, probes) int64, and their cosines."""
    import faiss

    index = faiss.IndexFlatIP(centres.shape[1])
    index.add(centres)
    cosines, cells = index.search(vectors, min(probes, len(centres)))
    return cells, cosines


def _joined(vectors: Array, near: Array, floor: float) -> Iterator[Part]:
    """Pairs in which a row probes the cell that is the other's nearest."""
    # By column first, so that the rows at home lead those that visit.
    by_cell = np.argsort(near.ravel(order="F"), kind="stable")
    sizes = np.bincount(near.ravel())
    at_home = np.bincount(near[:, 0], minlength=len(sizes))
    ends = np.cumsum(sizes)
    for end, size, home in zip(ends, sizes, at_home, strict=True):
        members = by_cell[end - size : end] % len(vectors)
        own, guests = members[:home], members[home:]
        for start in range(0, home, TALL):
            some = own[start : start + TALL]
            yield from _products(vectors, some, own[: start + TALL], floor)
        yield from _products(vectors, own, guests, floor)


def _ivf(vectors: Array, floor: float, centres: Array, probes: int) -> Iterator[Part]:
    import faiss

    quantizer = faiss.IndexFlatIP(vectors.shape[1])
    quantizer.add(centres)
    index = faiss.IndexIVFFlat(
        quantizer, vectors.shape[1], len(centres), faiss.METRIC_INNER_PRODUCT
    )
    index.train(centres)
    index.add(vectors)
    index.nprobe = probes
    for start in range(0, len(vectors), TALL):
        ends, cosines, others = index.range_search(
            vectors[start : start + TALL], float(floor)
        )
        rows = start + np.repeat(np.arange(len(ends) - 1), np.diff(ends.astype(int)))
        yield _ordered(rows, others, cosines)


def _hnsw(vectors: Array, floor: float) -> Iterator[Part]:
    import faiss

    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.hnsw.efSearch = 64
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the graph depends on who is linked first
    try:
        index.add(vectors)
    finally:
        faiss.omp_set_num_threads(threads)
    for start in range(0, len(vectors), WIDE):
        cosines, others = index.search(vectors[start : start + WIDE], LISTED)
        hits = np.flatnonzero((cosines >= floor) & (others >= 0))
        rows = start + hits // others.shape[1]
        yield _ordered(rows, others.ravel()[hits], cosines.ravel()[hits])


def _ordered(rows: Array, others: Array, cosines: Array) -> Part:
    apart = rows != others
    low, high = np.minimum(rows, others), np.maximum(rows, others)
    return low[apart], high[apart], cosines[apart]


def _gathered(parts: Iterable[Part]) -> Found:
    """Each pair once, crowds thinned, by the later row, then the earlier."""
    held: list[tuple[Array, Array]] = [(np.zeros(0, np.int64), np.zeros(0, np.float32))]
    crowded: set[int] = set()
    waiting, limit = 0, GATHERED
    for low, high, cosine in parts:
        held.append((_name(low, high), cosine))
        waiting += len(low)
        if waiting > limit:
            held = [_thinned(held, crowded)]
            waiting, limit = 0, max(GATHERED, len(held[0][0]))
    name, cosine = _thinned(held, crowded)
    return Found(
        (name & 0xFFFFFFFF).astype(np.int32),
        (name >> 32).astype(np.int32),
        cosine,
        len(crowded),
    )


def _thinned(
    parts: list[tuple[Array, Array]], crowded: set[int]
) -> tuple[Array, Array]:
    """Sorted names and cosines; of a crowded row CROWD nearest and CROWD first.

    What it keeps of parts is what it would keep of the whole, so it may be called
    at any time. Adds to `crowded` the rows that lost a pair.
    """
    name, places = np.unique(
        np.concatenate([part[0] for part in parts]), return_index=True
    )
    cosine = np.concatenate([part[1] for part in parts])[places]
    cosine = np.minimum(cosine.round(4), np.float32(1))
    counts = np.unique(name >> 32, return_counts=True)[1]
    several = np.repeat(counts > CROWD, counts)
    if not several.any():
        return name, cosine
    keep = ~several
    busy, size = np.flatnonzero(several), counts[counts > CROWD]
    place = np.arange(len(busy)) - np.repeat(np.cumsum(size) - size, size)
    keep[busy[place < CROWD]] = True
    nearest = np.lexsort((busy, -cosine[busy], name[busy] >> 32))
    keep[busy[nearest[place < CROWD]]] = True
    crowded.update(np.unique(name[~keep] >> 32).tolist())
    return name[keep], cosine[keep]


def _name(low: Array, high: Array) -> Array:
    """One int64 for a pair; names sort by the later row, then the earlier."""
    return (high.astype(np.int64) << 32) | low.astype(np.int64)


@dataclass(frozen=True)
class Clusters:
    """A cluster int64 (n,) for each row, and its cosine to the centre float32."""

    home: Array
    closeness: Array


def clusters(vectors: Array, count: int | None, seed: int) -> Clusters:
    """Spherical k-means; `count` None is a cluster for every hundred rows."""
    count = max(1, len(vectors) // 100) if count is None else count
    centres = kmeans(vectors, min(count, len(vectors)), seed)
    home, closeness = _nearest(vectors, centres, 1)
    return Clusters(home[:, 0], closeness[:, 0].round(4))


def within(vectors: Array, home: Array, threshold: float) -> Found:
    """`pairs` of rows of one cluster, exact there."""
    return _gathered(_joined(vectors, home[:, None], threshold - SLACK))


def priority(keep: Keep, closeness: Array, seed: int) -> Array | None:
    """A rank (n,) for each row, the lowest survives; None is the given order."""
    if keep == "first":
        return None
    if keep == "random":
        return np.random.default_rng(seed).permutation(len(closeness))
    ranks = np.empty(len(closeness), np.int64)
    ranks[np.argsort(-closeness, kind="stable")] = np.arange(len(closeness))
    return ranks


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
    vectors: Array, threshold: float, found: Found, *, sample: int = 256, seed: int = 0
) -> Recall:
    """Compare `found`, as `pairs` gives it, with brute force on `sample` rows."""
    count = min(sample, len(vectors))
    rows = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:count])
    everyone = np.arange(len(vectors))
    truth = _gathered(_products(vectors, rows, everyone, threshold - SLACK))
    later = np.isin(truth.second, rows)
    has = np.unique(truth.second[later])
    hit = _known(
        _name(truth.first[later], truth.second[later]),
        _name(found.first, found.second),
    )
    return Recall(
        sample=count,
        neighboured=len(has),
        rows=float(np.isin(has, found.second).mean()) if len(has) else 1.0,
        pairs=float(hit.mean()) if len(hit) else 1.0,
    )


def _known(names: Array, among: Array) -> Array:
    """Which `names` are in the sorted `among`."""
    if not len(among):
        return np.zeros(len(names), bool)
    places = np.searchsorted(among, names)
    known: Array = among[np.minimum(places, len(among) - 1)] == names
    return known
