import mmap
import resource

import numpy as np
import polars as pl
import pytest

from pipeline.dedup.ngrams import extract_ngrams, lsh_pairs
from pipeline.errors import UserError
from pipeline.kernels.minhash import plan_bands
from pipeline.kernels.spill import MB, ArrayPool


def is_mapped(array: np.ndarray | None) -> bool:
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


def test_arrays_lie_in_memory_until_the_room_is_used_up():
    pool = ArrayPool(2)
    first, second = pool.empty((MB,), np.uint8), pool.empty((3, MB), np.uint8)
    third = pool.empty((MB // 2,), np.uint16)

    assert [is_mapped(array) for array in (first, second, third)] == [
        False,
        True,
        False,
    ]
    assert is_mapped(pool.empty((1,), np.uint8))
    second[:] = 7
    assert int(second.sum()) == 7 * 3 * MB


def test_arrays_that_have_no_room_are_a_mistake_and_no_dead_process():
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MB, limits[1]))
    try:
        with pytest.raises(UserError) as error:
            ArrayPool(0).empty((3, MB), np.uint8)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert error.match(r"^3\.1 MB of arrays have no room in .*, where .* MB are free")
    assert "memory_mb" in error.value.hint


def test_where_arrays_lie_changes_nothing():
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(40)]
    texts = [" ".join(random.choice(words, 30)) for _ in range(400)]
    texts += [text + " more" for text in texts]
    column, rows = pl.Series(texts), np.arange(800, dtype=np.int32)
    matches = []
    for memory_mb in (0, 100):
        pool = ArrayPool(memory_mb)
        ngrams = extract_ngrams(column, n=2, pool=pool)
        assert is_mapped(ngrams.hashes) == (memory_mb == 0)
        pairs = lsh_pairs(ngrams, rows, plan_bands(0.8, 48, 1), 0.75, None, pool)
        matches.append((pairs.first, pairs.second, pairs.score))

    for left, right in zip(*matches, strict=True):
        assert left.tolist() == right.tolist()
    assert len(matches[0][0]) >= 400
