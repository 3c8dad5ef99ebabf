"""Vectors and pairs for tests of similar rows."""

import numpy as np

from pipeline.dedup.pairs import Pairs


def pairs_of(*pairs: tuple[int, int, float]) -> Pairs:
    """Pairs of (earlier row, later row, similarity)."""
    first, second, score = np.array(pairs, float).reshape(-1, 3).T
    return Pairs(first.astype(np.int32), second.astype(np.int32), score)


def names(pairs: Pairs) -> list[tuple[int, int]]:
    """The pairs as (earlier row, later row), in their order."""
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors (n, d), each of length one."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def clouds(rows: int, size: int = 8, seed: int = 0) -> np.ndarray:
    """Unit vectors scattered around a few points, as texts around templates."""
    numbers = np.random.default_rng(seed)
    points = numbers.normal(size=(max(1, rows // 10), size))
    spread = 0.3 * numbers.normal(size=(rows, size))
    return unit(points[numbers.integers(0, len(points), rows)] + spread)


def circle(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane at these angles."""
    angles = np.radians(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def near_by_brute_force(vectors: np.ndarray, threshold: float) -> set[tuple[int, int]]:
    """All (earlier row, later row) with cosine ≥ `threshold`."""
    near = np.triu((vectors @ vectors.T).round(4) >= np.float32(threshold), k=1)
    return set(zip(*(side.tolist() for side in np.nonzero(near)), strict=True))
