"""Drop problems that share most of their n-grams with an earlier kept one.

MinHash-LSH proposes pairs, their true Jaccard similarity decides, and the guard
of `pipeline/near.py` keeps siblings of one template, which have the same words
and other numbers. LSH is tuned to miss few pairs (weights 0.1, 0.9): each
candidate is verified, so a false one costs time and nothing else.

Reasons: `near_duplicate`, `near_duplicate_other_answer`.
"""

from collections.abc import Iterator
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.near import Pair, mark
from pipeline.settings import Settings
from pipeline.text import ngrams, tokens


class Params(Settings):
    """What counts as an n-gram, and how many must be shared."""

    n: int = Field(default=3, ge=1)
    unit: Literal["word", "char"] = "word"
    threshold: float = Field(default=0.8, gt=0, le=1)
    permutations: int = Field(default=128, ge=16)
    seed: int = 1
    guard: bool = True


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Mark later near copies and add `family`, the first sibling's id."""
    sets = [_shingles(text, params) for text in rows["problem"].to_list()]
    pairs = similar(sets, params)
    return mark(rows, pairs, "near_duplicate", guard=params.guard)


def _shingles(text: str, params: Params) -> frozenset[str]:
    parts = tokens(text) if params.unit == "word" else list("".join(tokens(text)))
    return frozenset(ngrams(parts, params.n))


def similar(sets: list[frozenset[str]], params: Params) -> Iterator[Pair]:
    """Pairs of row numbers whose Jaccard similarity reaches the threshold."""
    for first, second in _candidates(sets, params):
        both = len(sets[first] & sets[second])
        jaccard = both / (len(sets[first]) + len(sets[second]) - both)
        if jaccard >= params.threshold:
            yield first, second, jaccard


def _candidates(
    sets: list[frozenset[str]], params: Params
) -> Iterator[tuple[int, int]]:
    """Pairs that share a band of their MinHash signatures, the earlier first."""
    import xxhash
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(
        threshold=params.threshold, num_perm=params.permutations, weights=(0.1, 0.9)
    )
    blank = MinHash(
        num_perm=params.permutations,
        seed=params.seed,
        hashfunc=xxhash.xxh32_intdigest,
    )
    for row, shingles in enumerate(sets):
        if not shingles:
            continue
        sketch = blank.copy()
        sketch.update_batch([shingle.encode() for shingle in sorted(shingles)])
        for earlier in sorted(index.query(sketch)):
            yield earlier, row
        index.insert(row, sketch, check_duplication=False)
