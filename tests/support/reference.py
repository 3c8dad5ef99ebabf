"""What the kernels compute, in plain Python and numpy."""

import re

import numpy as np
from numpy import ndarray as Array

# ASCII letters and digits, other letters but signs, single ideographs.
TOKEN = re.compile(
    "[\u3041-\u9fff]|(?:[a-z0-9]|[\u00c0-\u1fff\u2c00-\u2fff](?<![×÷])|[\ua000-\uefff])+"
)


def tokens(text: str) -> list[str]:
    """Lower-cased (ASCII alone) runs of letters and digits."""
    lower = "".join(c.lower() if c.isascii() else c for c in text)
    return TOKEN.findall(lower)


def shingles(text: str, n: int) -> list[tuple[str, ...]]:
    """N-grams of `text`; of a text shorter than n, the whole of it."""
    parts = tokens(text)
    if not parts:
        return []
    return [tuple(parts[i : i + n]) for i in range(max(1, len(parts) - n + 1))]


def jaccard(left: set[object], right: set[object]) -> float:
    """Shared elements over all elements; 0 of nothing."""
    return len(left & right) / len(left | right) if left or right else 0.0


def signature(hashes: Array, permutations: Array) -> Array:
    """MinHash values (k,) uint32: the least of a·fmix32(h) + b mod 2^32."""
    h = hashes.astype(np.uint32)
    with np.errstate(over="ignore"):
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
        images = permutations[0][:, None] * h[None, :] + permutations[1][:, None]
    least: Array = images.min(axis=1)
    return least
