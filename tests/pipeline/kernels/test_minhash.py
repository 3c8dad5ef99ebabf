"""MinHash signatures are those of datasketch, and bands find nearly all pairs."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.ngrams import exact_pairs, extract_ngrams, lsh_pairs
from pipeline.kernels import minhash
from tests.support import reference
from tests.support.texts import edited_texts, row_numbers


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_signatures_are_those_of_datasketch(hashes: list[int], seed: int):
    from datasketch import MinHash

    expected = MinHash(num_perm=64, seed=seed, hashfunc=lambda x: x, scheme="affine32")
    expected.update_batch(hashes)
    plan = minhash.plan_bands(0.8, 64, seed)
    values = np.array(hashes, np.uint32)

    computed = minhash.signatures(values, np.array([0, len(values)]), plan.permutations)
    assert computed[0].tolist() == expected.hashvalues.tolist()
    assert (
        reference.signature(values, plan.permutations).tolist() == computed[0].tolist()
    )


@pytest.mark.parametrize("threshold", [0.7, 0.8])
def test_minhash_finds_nearly_all_and_nothing_else(threshold: float):
    texts = edited_texts()
    ngrams = extract_ngrams(pl.Series(texts), n=3)
    truth = exact_pairs(ngrams, row_numbers(len(texts)), threshold)
    plan = minhash.plan_bands(threshold, 64, 1)
    matches = lsh_pairs(ngrams, row_numbers(len(texts)), plan, threshold, None)

    wanted = set(zip(truth.first.tolist(), truth.second.tolist(), strict=True))
    got = set(zip(matches.first.tolist(), matches.second.tolist(), strict=True))
    assert got <= wanted, "every pair is verified"
    assert len(got) >= 0.98 * len(wanted)


def test_a_crowd_in_one_bucket_loses_no_copy():
    # 500 rows of one template fall into the same buckets; each has one copy.
    long = " ".join(f"word{i}" for i in range(80))
    texts = [f"{long} and {i} apples" for i in range(500)] * 2
    ngrams = extract_ngrams(pl.Series(texts), n=3)
    code = np.array([i % 500 + 1 for i in range(1000)], np.uint64)
    matches = lsh_pairs(
        ngrams,
        row_numbers(1000),
        minhash.plan_bands(0.8, 64, 1),
        0.8,
        lambda rows: code[rows],
    )

    pairs = set(zip(matches.first.tolist(), matches.second.tolist(), strict=True))
    assert {(i, i + 500) for i in range(500)} <= pairs
    assert len(pairs) < 1000 * 80, "the crowd is not compared all with all"
