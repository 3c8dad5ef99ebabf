"""Which benchmark items hold an n-gram."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.kernels import hash_table
from pipeline.kernels.shards import Array


@dataclass(frozen=True)
class NgramIndex:
    """N-gram g, `keys[g]` uint64, is in the items `holders[ends[g]:ends[g + 1]]`."""

    keys: Array
    holders: Array  # int32
    ends: Array  # int64 (keys + 1,)

    @cached_property
    def table(self) -> hash_table.Table:
        """What finds the number of an n-gram."""
        return hash_table.build_table(self.keys)


def index_ngrams(ngrams: Array, ends: Array) -> NgramIndex:
    """The index of items whose n-grams are `ngrams[ends[item]:ends[item + 1]]`."""
    items = len(ends) - 1
    number, keys = hash_table.group_ids(ngrams)
    pair = number * items + np.repeat(np.arange(items), np.diff(ends))
    pairs = np.sort(hash_table.group_ids(pair.astype(np.uint64))[1]).astype(np.int64)
    key, holder = np.divmod(pairs, max(items, 1))
    counts = np.bincount(key, minlength=len(keys))
    stops = np.concatenate([[0], np.cumsum(counts)])
    return NgramIndex(keys, holder.astype(np.int32), stops)
