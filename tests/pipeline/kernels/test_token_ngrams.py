"""N-grams of tokens: the two ways to look for them find the same."""

import numpy as np

from pipeline.kernels.hash_table import build_table
from pipeline.kernels.token_ngrams import (
    find_few_ngrams,
    find_token_ngrams,
    token_ngrams,
)


def test_few_ngrams_are_found_as_many_are() -> None:
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 6, 600).astype(np.uint64) << np.uint64(20)
    ends = np.sort(np.r_[0, draw.integers(0, 600, 40), 600]).astype(np.int64)
    sought = codes[:30]
    keys = np.unique(token_ngrams(sought, np.array([0, 30]), 3)[0])
    table, (lasts, _, _) = build_table(keys), build_table(np.unique(sought[2:]))
    few = find_few_ngrams(codes, ends, 3, table, lasts)
    many = find_token_ngrams(codes, ends, 3, table)
    assert len(many[0]) > 28
    assert few[0].tolist() == many[0].tolist()
    assert few[1].tolist() == many[1].tolist()
