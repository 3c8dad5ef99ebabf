"""Pairs of unit vectors whose cosine reaches a threshold.

Rows are compared cell by cell: the rows at home in a cell with each other, and with
all that visit it. With one cell for all, every pair is compared: exact, at a cost that
grows with the square of the rows. With many cells, found by spherical k-means, and a
few visits of each row, nearly every pair is found at a fraction of that; what is missed
`pipeline/dedup/recall.py` measures against brute force.

No step holds more than a block of cosines at a time, and no row more than twice
CROWD earlier neighbours: thousands of puzzles of one template are all neighbours.
A row keeps the nearest, among them its copies, and the first, who survive: rows are
given in the order in which they survive.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from pipeline.dedup.pairs import Array, Pairs, pair_key

Part = tuple[Array, Array, Array]  # earlier rows, later rows, cosines

# A tile of cosines is 16 MB: it stays in a shared cache between its two uses.
TILE_ROWS, TILE_COLUMNS = 1024, 4096
PAIRS_AT_ONCE = 8192
# Cosines count with four digits; products are looked at from so much below.
ROUNDING = 1e-4
# k-means on a sample: four times the points and twice the rounds gain half a point
# of row recall at two probes.
POINTS_PER_CELL, KMEANS_ROUNDS = 32, 8
CROWD = 32
# Pairs that are held before crowds are thinned: 200 MB.
HELD_PAIRS = 1 << 24


def near_pairs(vectors: Array, cells: Array, threshold: float) -> Pairs:
    """Rows of unit `vectors` (n, d) float32 with cosine ≥ `threshold`, in four digits.

    `cells` (n, visits) int64 are those that each row visits, its home first: one of
    the two rows of a pair must visit the other's home.
    """
    vectors = np.ascontiguousarray(vectors, np.float32)
    return merge_pairs(cell_join(vectors, cells, threshold))


def one_cell(rows: int) -> Array:
    """One cell (rows, 1) int64 for all: every pair is compared."""
    return np.zeros((rows, 1), np.int64)


def nearest_cells(
    vectors: Array, count: int, *, visits: int, seed: int
) -> tuple[Array, Array]:
    """The nearest of `count` cells to each row of `vectors` (n, d), the home first.

    Returns (cells int64, cosines to their centres float32), both (n, visits), or of
    fewer columns where there are fewer cells. Centres come from spherical k-means.
    """
    import faiss

    count = min(count, len(vectors))
    model = faiss.Kmeans(
        vectors.shape[1],
        count,
        niter=KMEANS_ROUNDS,
        seed=seed + 1,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=POINTS_PER_CELL,
    )
    model.train(vectors)
    assert model.centroids is not None
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(model.centroids)
    cosines, cells = index.search(vectors, min(visits, count))
    return cells, cosines


def cell_join(vectors: Array, cells: Array, threshold: float) -> Iterator[Part]:
    """Pairs with cosine ≥ `threshold` in which one row visits the other's home.

    A pair may come twice.
    """
    # By column first, so that the rows at home lead those that visit.
    by_cell = np.argsort(cells.ravel(order="F"), kind="stable")
    sizes = np.bincount(cells.ravel())
    homes = np.bincount(cells[:, 0], minlength=len(sizes))
    ends = np.cumsum(sizes)
    for end, size, home in zip(ends, sizes, homes, strict=True):
        members = by_cell[end - size : end] % len(vectors)
        own, visitors = members[:home], members[home:]
        for start in range(0, home, TILE_ROWS):
            tile = own[start : start + TILE_ROWS]
            yield from multiply_rows(vectors, tile, own[: start + TILE_ROWS], threshold)
        yield from multiply_rows(vectors, own, visitors, threshold)


def multiply_rows(
    vectors: Array, rows: Array, others: Array, threshold: float
) -> Iterator[Part]:
    """Pairs of one of `rows` and one of `others` with cosine ≥ `threshold`, by tiles.

    A pair that occurs both ways comes twice.
    """
    for row_start in range(0, len(rows), TILE_ROWS):
        tile_rows = rows[row_start : row_start + TILE_ROWS]
        tall = vectors[tile_rows]
        for start in range(0, len(others), TILE_COLUMNS):
            tile_columns = others[start : start + TILE_COLUMNS]
            cosines = (tall @ vectors[tile_columns].T).ravel()
            hits = np.flatnonzero(cosines >= threshold - ROUNDING)
            row, column = np.divmod(hits, len(tile_columns))
            left, right = tile_rows[row], tile_columns[column]
            cosines = measure_cosines(vectors, left, right)
            near = (left != right) & (cosines >= np.float32(threshold))
            low, high = np.minimum(left, right), np.maximum(left, right)
            yield low[near], high[near], cosines[near]


def measure_cosines(vectors: Array, left: Array, right: Array) -> Array:
    """The cosine float32 of each pair of rows of unit vectors, to four digits.

    Summed pair by pair in float64: the last digits of a product of matrices depend on
    which rows stand together in it and on where they lie in memory.
    """
    cosines = np.empty(len(left), np.float32)
    for start in range(0, len(left), PAIRS_AT_ONCE):
        block = slice(start, start + PAIRS_AT_ONCE)
        pairs = vectors[left[block]], vectors[right[block]]
        exact = np.einsum("ij,ij->i", *pairs, dtype=np.float64)
        cosines[block] = np.minimum(exact.round(4), 1)
    return cosines


def merge_pairs(parts: Iterable[Part]) -> Pairs:
    """Each pair once, by the later row, then the earlier; crowds are thinned."""
    held: list[tuple[Array, Array]] = [(np.zeros(0, np.int64), np.zeros(0, np.float32))]
    crowded: set[int] = set()
    waiting, limit = 0, HELD_PAIRS
    for low, high, cosine in parts:
        held.append((pair_key(low, high), cosine))
        waiting += len(low)
        if waiting > limit:
            held = [_thin_crowds(held, crowded)]
            waiting, limit = 0, max(HELD_PAIRS, len(held[0][0]))
    key, cosine = _thin_crowds(held, crowded)
    return Pairs(
        (key & 0xFFFFFFFF).astype(np.int32),
        (key >> 32).astype(np.int32),
        cosine.astype(np.float64).round(4),
        crowded=len(crowded),
    )


def _thin_crowds(
    parts: list[tuple[Array, Array]], crowded: set[int]
) -> tuple[Array, Array]:
    """Sorted keys and cosines; of a crowded row its CROWD nearest and CROWD first.

    What is kept of parts is what would be kept of the whole, so this may be called at
    any time. Adds to `crowded` the rows that lost a pair.
    """
    key, places = np.unique(
        np.concatenate([part[0] for part in parts]), return_index=True
    )
    cosine = np.concatenate([part[1] for part in parts])[places]
    counts = np.unique(key >> 32, return_counts=True)[1]
    keep = np.repeat(counts <= CROWD, counts)
    busy, size = np.flatnonzero(~keep), counts[counts > CROWD]
    rank = np.arange(len(busy)) - np.repeat(np.cumsum(size) - size, size)
    by_cosine = np.lexsort((busy, -cosine[busy], key[busy] >> 32))
    keep[busy[rank < CROWD]] = True
    keep[busy[by_cosine[rank < CROWD]]] = True
    crowded.update(np.unique(key[~keep] >> 32).tolist())
    return key[keep], cosine[keep]
