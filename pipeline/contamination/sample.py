"""The texts of a pool that words are counted in.

They are taken while the pool is read for its n-grams, so that no text is read twice.
"""

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


def pick_rows(start: int, shard: pl.Series, step: int) -> tuple[Array, Array]:
    """The rows of a shard that may be in the sample, and the bytes of each.

    That is every `step`th text; `start` is the number of the first of the shard.
    """
    rows = np.arange(-start % step, len(shard), step)
    sizes = shard.str.len_bytes().to_numpy()[rows].astype(np.int64)
    few = np.cumsum(sizes) - sizes <= SAMPLE_BYTES
    return rows[few], sizes[few]


def clip(
    codes: Array, counts: Array, sizes: Array, room: int, least: int
) -> tuple[Array, Array]:
    """Of texts with so many `codes` and bytes each, those for which there is room.

    `least` of them are taken in any case.
    """
    count = max(least, int((np.cumsum(sizes) <= room).sum()))
    return codes[: counts[:count].sum()], counts[:count]
