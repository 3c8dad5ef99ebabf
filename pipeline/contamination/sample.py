"""The texts of a pool that words are counted in.

They are taken while the pool is read for its n-grams, so that no text is read twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.kernels.shards import Array

SAMPLE, SAMPLE_BYTES = 8192, 1 << 22  # texts, and bytes, that words are counted in


@dataclass(frozen=True)
class Sample:
    """The tokens of every `step`th text: `codes` and `ends` as of `Tokens`."""

    step: int
    codes: Array
    ends: Array

    @property
    def numbers(self) -> Array:
        """The number of each text among all."""
        return self.step * np.arange(len(self.ends) - 1)


def sample_step(texts: int) -> int:
    """Every so many of so many texts are in the sample."""
    return max(1, texts // SAMPLE)


def pick_rows(
    shards: Iterable[pl.Series], step: int
) -> Iterator[tuple[pl.Series, Array]]:
    """Shards, each with its rows that are in the sample.

    That is every `step`th text, until they are too much; the first in any case.
    """
    start, size = 0, 0
    for shard in shards:
        rows = np.arange(-start % step, len(shard), step)
        sizes = size + np.cumsum(shard.str.len_bytes().to_numpy()[rows])
        yield shard, rows[(sizes <= SAMPLE_BYTES) | (start + rows == 0)]
        start += len(shard)
        size = int(sizes[-1]) if len(sizes) else size
