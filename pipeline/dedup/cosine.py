"""Pairs of unit vectors whose cosine reaches a threshold.

`flat` multiplies every block of rows with the blocks before it: exact, and its cost
grows with the square of the rows. `cells` parts the rows by spherical k-means; each
row probes its nearest cells, and a cell's own rows are multiplied with all rows
that probe it. `ivf` and `hnsw` are the indexes of faiss. Those three can miss a
pair, so `pipeline/dedup/recall.py` compares what was found with brute force on a
sample.

No step holds more than a block of cosines at a time, and no row more than twice
CROWD earlier neighbours: thousands of puzzles of one template are all neighbours.
A row keeps the nearest, among them its copies, and the first, who survive: rows are
given in the order in which they survive.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

Array = np.ndarray
Part = tuple[Array, Array, Array]  # earlier rows, later rows, cosines
Search = Literal["auto", "flat", "cells", "ivf", "hnsw"]

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
    margin: float = 0.0,
    search: Search = "auto",
    exact_rows: int = 200_000,
    probes: int = 4,
    seed: int = 0,
) -> Found:
    """Rows of unit `vectors` (n, d) float32 with cosine ≥ `threshold` - `margin`.

    Of a crowd, the first rows that are kept are those that reach `threshold`.
    `auto` is `flat` up to `exact_rows` rows and `cells` beyond; `probes` are cells
    per row for `cells` and `ivf`.
    """
    floor = threshold - margin - SLACK
    method = chosen(search, len(vectors), exact_rows)
    if len(vectors) < 2:
        return gathered([], threshold)
    vectors = np.ascontiguousarray(vectors, np.float32)
    if method == "flat":
        return gathered(_flat(vectors, floor), threshold)
    if method == "hnsw":
        return gathered(_hnsw(vectors, floor), threshold)
    count = min(len(vectors), 2 * int(np.sqrt(len(vectors))))
    centres = kmeans(vectors, count, seed)
    if method == "ivf":
        return gathered(_ivf(vectors, floor, centres, probes), threshold)
    near = nearest(vectors, centres, probes)[0]
    return gathered(joined(vectors, near, floor), threshold)


def chosen(search: Search, rows: int, exact_rows: int) -> Search:
    """What `auto` means for so many rows."""
    if search != "auto":
        return search
    return "flat" if rows <= exact_rows else "cells"


def _flat(vectors: Array, floor: float) -> Iterator[Part]:
    rows = np.arange(len(vectors))
    for start in range(0, len(rows), TALL):
        own = rows[start : start + TALL]
        yield from products(vectors, own, rows[:start], floor)
        yield from products(vectors, own, own, floor)


def products(
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


def nearest(vectors: Array, centres: Array, probes: int) -> tuple[Array, Array]:
    """The nearest centres of each row (n, probes) int64, and their cosines."""
    import faiss

    index = faiss.IndexFlatIP(centres.shape[1])
    index.add(centres)
    cosines, cells = index.search(vectors, min(probes, len(centres)))
    return cells, cosines


def joined(vectors: Array, near: Array, floor: float) -> Iterator[Part]:
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
            yield from products(vectors, some, own[: start + TALL], floor)
        yield from products(vectors, own, guests, floor)


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


def gathered(parts: Iterable[Part], threshold: float) -> Found:
    """Each pair once, crowds thinned, by the later row, then the earlier."""
    held: list[tuple[Array, Array]] = [(np.zeros(0, np.int64), np.zeros(0, np.float32))]
    crowded: set[int] = set()
    waiting, limit = 0, GATHERED
    for low, high, cosine in parts:
        held.append((named(low, high), cosine))
        waiting += len(low)
        if waiting > limit:
            held = [_thinned(held, threshold, crowded)]
            waiting, limit = 0, max(GATHERED, len(held[0][0]))
    name, cosine = _thinned(held, threshold, crowded)
    return Found(
        (name & 0xFFFFFFFF).astype(np.int32),
        (name >> 32).astype(np.int32),
        cosine,
        len(crowded),
    )


def _thinned(
    parts: list[tuple[Array, Array]], threshold: float, crowded: set[int]
) -> tuple[Array, Array]:
    """Sorted names and cosines; of a crowded row CROWD nearest and CROWD first.

    The first are those of the rows that reach `threshold`.

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
    strong = cosine[busy] >= threshold - SLACK
    # Weak ones stand behind the strong ones of their row, in order both.
    first = np.lexsort((busy, ~strong, name[busy] >> 32))
    front = first[place < CROWD]
    keep[busy[front[strong[front]]]] = True
    closest = np.lexsort((busy, -cosine[busy], name[busy] >> 32))
    keep[busy[closest[place < CROWD]]] = True
    lost = ~keep & (cosine >= threshold - SLACK)
    crowded.update(np.unique(name[lost] >> 32).tolist())
    return name[keep], cosine[keep]


def named(low: Array, high: Array) -> Array:
    """One int64 for a pair; names sort by the later row, then the earlier."""
    return (high.astype(np.int64) << 32) | low.astype(np.int64)
