"""N-grams of tokenised mathematics, and those of them that are in a table."""

import numpy as np
from numpy import int32, uint64

from pipeline.kernels.hash_table import Table, find_slot, grow, may_hold
from pipeline.kernels.hashing import STEP, fill_ngrams, fmix64
from pipeline.kernels.shards import Array, compiled


@compiled
def token_ngrams(codes: Array, ends: Array, n: int) -> tuple[Array, Array]:
    """(hashes uint64, ends int64 (rows + 1,)) of the n-grams of each row.

    Row i has the tokens `codes[ends[i]:ends[i + 1]]` (uint64).
    """
    out = np.empty(len(codes), uint64)
    stops = np.zeros(len(ends), np.int64)
    used = 0
    for row in range(len(ends) - 1):
        used += fill_ngrams(codes[ends[row] : ends[row + 1]], n, out[used:])
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def find_token_ngrams(
    codes: Array, ends: Array, n: int, table: Table
) -> tuple[Array, Array]:
    """The n-grams of each row that are in `table`: (indices int32, ends int64)."""
    out = np.empty(len(codes), int32)
    stops = np.zeros(len(ends), np.int64)
    bloom, keys, values = table
    if not bloom.any():
        return out[:0].copy(), stops
    most = int((ends[1:] - ends[:-1]).max()) if len(ends) > 1 else 0
    grams, used = np.empty(most, uint64), 0
    for row in range(len(ends) - 1):
        count, likely = fill_ngrams(codes[ends[row] : ends[row + 1]], n, grams), 0
        for gram in grams[:count]:
            # Without a branch, which would often be guessed wrong.
            grams[likely] = gram
            likely += may_hold(bloom, gram)
        for gram in grams[:likely]:
            index = values[find_slot(keys, values, gram, 0)]
            if index >= 0:
                out[used] = index
                used += 1
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def find_few_ngrams(
    codes: Array, ends: Array, n: int, table: Table, lasts: Array
) -> tuple[Array, Array]:
    """As `find_token_ngrams`, where `table` holds few n-grams.

    `lasts` are the Bloom bits of a table of the tokens that these end with.
    """
    out = np.empty(16, int32)
    stops = np.zeros(len(ends), np.int64)
    _, keys, values = table
    used = 0
    for row in range(len(ends) - 1):
        for last in range(ends[row] + n - 1, ends[row + 1]):
            if not may_hold(lasts, codes[last]):
                continue
            rolled = uint64(0)
            for place in range(last - n + 1, last + 1):
                rolled = rolled * STEP + codes[place]
            index = values[find_slot(keys, values, fmix64(rolled), 0)]
            if index >= 0:
                if used == len(out):
                    out = grow(out)
                out[used] = index
                used += 1
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def count_texts(indices: Array, ends: Array, known: int, left_out: Array) -> Array:
    """In how many rows each of `known` n-grams is (int64); see `find_token_ngrams`.

    Rows that are `left_out` (bool) do not count.
    """
    counts = np.zeros(known, np.int64)
    last_row = np.full(known, -1, int32)
    for row in range(len(ends) - 1):
        if left_out[row]:
            continue
        for position in range(ends[row], ends[row + 1]):
            gram = indices[position]
            counts[gram] += last_row[gram] != row
            last_row[gram] = row
    return counts


@compiled
def copy_rows(values: Array, ends: Array, rows: Array, out: Array) -> None:
    """Fill `out` with `values[ends[row]:ends[row + 1]]` of all `rows`, in order."""
    used = 0
    for row in rows:
        part = values[ends[row] : ends[row + 1]]
        out[used : used + len(part)] = part
        used += len(part)
