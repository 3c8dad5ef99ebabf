"""How much of a benchmark item a text holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import item_entities, item_overlap


def test_candidates_weigh_the_share_of_an_item():
    # Item 0 holds n-grams 0 and 1, item 1 holds 1 and 2; weights 1, 2, 5.
    holders, stops = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 3, 4])
    weights, totals = np.array([1.0, 2.0, 5.0]), np.array([3.0, 7.0])
    ngrams, ends = np.array([1, 1, 2], np.int32), np.array([0, 2, 3])
    row, item, share = item_overlap.find_candidates(
        ngrams, ends, holders, stops, weights, totals, 0.3
    )

    # Row 0 has n-gram 1 (twice, counted once): 2/3 of item 0, 2/7 of item 1.
    assert list(zip(row.tolist(), item.tolist(), strict=True)) == [(0, 0), (1, 1)]
    assert share.tolist() == pytest.approx([2 / 3, 5 / 7])


@given(st.integers(0, 2**32 - 1))
def test_no_candidate_is_passed_over(seed: int):
    rng = np.random.default_rng(seed)
    held = rng.random((30, 8)) < 0.2  # (n-grams, items)
    held[np.arange(30), rng.integers(0, 8, 30)] = True
    ngram, holders = np.nonzero(held)
    stops = np.searchsorted(ngram, np.arange(31))
    weights = rng.choice([0.0, 0.5, 1.0, 4.0], 30)
    totals = np.maximum(weights @ held, 1e-9)
    rows = [rng.integers(0, 30, rng.integers(0, 12)) for _ in range(20)]
    ngrams = np.concatenate(rows).astype(np.int32)
    ends = np.cumsum([0, *map(len, rows)])

    row, item, share = item_overlap.find_candidates(
        ngrams, ends, holders.astype(np.int32), stops, weights, totals, 0.3
    )

    distinct = np.array([np.isin(np.arange(30), row) for row in rows])
    shares = (distinct * weights) @ held / totals
    found = np.zeros_like(shares)
    found[row, item] = share
    is_near = np.abs(shares - 0.3) < 1e-9  # may be rounded to either side
    assert np.allclose(found, np.where(shares >= 0.3, shares, 0), atol=1e-9) or (
        is_near.any()
    )


def marked(codes: np.ndarray, kinds: np.ndarray, entity: int | None = None):
    """One text as `overlap_measures` takes it, with the place of its entity."""
    none = np.zeros(len(codes), np.uint8)
    entities = none.copy()
    if entity is not None:
        entities[entity] = item_entities.ENTITY
    return codes, kinds, np.array([0, len(codes)]), entities, none


def test_measures_are_those_of_the_part_that_holds_the_item():
    # Item: 1 + 2 apples. Row: words, 1 + 3 apples, a word; kinds: a sign and numbers.
    item = np.array([11, 50, 12, 90], np.uint64), np.array([1, 2, 1, 0], np.uint8)
    row = (
        np.array([91, 92, 11, 50, 13, 90, 93], np.uint64),
        np.array([0, 0, 1, 2, 1, 0, 0], np.uint8),
    )
    weights, pair_weights = np.array([1.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0, 9])
    measures = item_overlap.overlap_measures(
        marked(*row), np.array([0]), marked(*item), np.array([0]), weights,
        pair_weights,
    )  # fmt: skip

    measured = measures._asdict()
    measured.pop("part")
    assert {name: float(value[0]) for name, value in measured.items()} == {
        "tokens": 6 / 8,  # 1, + and apples
        "pairs": 1 / 8,  # "1 +"
        "numbers": 2,
        "missing": 1,
        "extra": 1,
        "run": 2,
        "begin": 2,
        "end": 4,
        "item_begin": 0,
        "item_end": 2,
        "gap": 2,  # "+ 2" and "2 apples"
        "replaced": 0,
        "turned": 0,
    }
