"""The rows of some places in an order, without ordering all of them.

To sort a million texts takes a second; a page shows fifty. So every value becomes a
number that compares as it does (of a text, its first bytes), those numbers tell which
rows can stand in the page, and only among these the next bytes, or the next column, are
looked at.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Rows = NDArray[np.uint32]
Keys = NDArray[np.uint64]
Cut = Callable[[Rows, int, int], "pl.Series"]  # bytes of rows: start, length
Order = Callable[[Rows, int, int], Rows]  # the places start to stop of rows that tie
BYTES = 7  # of a text in a key; its eighth byte counts them
SIGN = np.uint64(1 << 63)


def rank_texts(
    keys: Keys,
    rows: Rows,
    start: int,
    stop: int,
    *,
    cut: Cut,
    depth: int,
    descending: bool,
    ties: Order,
) -> Rows:
    """`rows` in the order of their texts, from place `start` to `stop`.

    `cut` gives the bytes of texts, none of them null. Texts compare as bytes do; equal
    ones are in the order of `ties`. Up to `depth` all texts are the same; `keys` are
    those of the bytes behind it.
    """

    def order(key: int, group: Rows, start: int, stop: int) -> Rows:
        if len(group) == 1 or key & 0xFF <= BYTES:
            return ties(group, start, stop)
        deeper = skip_common(cut, group, depth + BYTES)
        keys = number_texts(cut(group, deeper, BYTES + 1))
        again = partial(rank_texts, cut=cut, depth=deeper, descending=descending)
        return again(keys, group, start, stop, ties=ties)

    return _rank(keys, rows, start, stop, order, descending=descending)


def rank_numbers(
    keys: Keys, rows: Rows, start: int, stop: int, *, descending: bool, ties: Order
) -> Rows:
    """`rows` in the order of their `keys`, from place `start` to `stop`."""

    def order(_: int, group: Rows, start: int, stop: int) -> Rows:
        return ties(group, start, stop)

    return _rank(keys, rows, start, stop, order, descending=descending)


def _rank(
    keys: Keys,
    rows: Rows,
    start: int,
    stop: int,
    order: Callable[[int, Rows, int, int], Rows],
    *,
    descending: bool,
) -> Rows:
    stop = min(stop, len(rows))
    if start >= stop:
        return rows[:0]
    keys = ~keys if descending else keys
    low, high = np.partition(keys, (start, stop - 1))[[start, stop - 1]]
    before = int(np.count_nonzero(keys < low))
    start, stop = start - before, stop - before
    near = (keys >= low) & (keys <= high)
    rows, keys = rows[near], keys[near]
    ranked = []
    for key in np.unique(keys):
        group, first = rows[keys == key], max(start, 0)
        if first < min(stop, len(group)):
            written = int(~key if descending else key)
            ranked.append(order(written, group, first, min(stop, len(group))))
        start, stop = start - len(group), stop - len(group)
    return np.concatenate(ranked)


def skip_common(cut: Cut, rows: Rows, depth: int) -> int:
    """How far the texts agree, at least, if they do up to `depth`."""
    length = 16
    while len((first := cut(rows[:1], depth, length))[0]):
        if not (cut(rows, depth, length) == first).all():
            break
        depth, length = depth + len(first[0]), 2 * length
    return depth


def number_texts(pieces: "pl.Series") -> Keys:
    """Up to 8 bytes each as a number that compares as they do.

    A shorter piece is filled with zeros; the last byte of the number says how long it
    was, so that a text with a zero byte in it comes behind the one that ends there.
    """
    import polars as pl

    arrow: Any = pieces.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, held = arrow.buffers()
    starts = np.frombuffer(offsets, np.int64)[arrow.offset :][: len(pieces) + 1]
    data = np.frombuffer(held, np.uint8) if held else np.zeros(0, np.uint8)
    data = np.append(data, np.zeros(1, np.uint8))
    lengths = np.diff(starts)
    numbers = np.zeros(len(pieces), np.uint64)
    for place in range(BYTES):
        at = np.where(place < lengths, starts[:-1] + place, len(data) - 1)
        numbers = numbers << np.uint64(8) | data[at]
    return numbers << np.uint64(8) | lengths.astype(np.uint64)


def number_values(values: "pl.Series") -> Keys:
    """Numbers, dates, booleans and all else as numbers that compare as they do."""
    import polars as pl

    if values.dtype.is_float():
        floats = values.cast(pl.Float64).to_numpy() + 0.0  # -0.0 is 0.0
        bits = np.where(np.isnan(floats), np.nan, floats).view(np.int64)
        return (bits ^ ((bits >> 63) & np.int64(2**63 - 1))).view(np.uint64) ^ SIGN
    order = values.to_frame("of").select(pl.arg_sort_by("of", maintain_order=True))
    ordered = values.gather(order.to_series())
    steps = ordered.ne_missing(ordered.shift()).cum_sum().to_numpy()
    keys = np.empty(len(values), np.uint64)
    keys[order.to_series().to_numpy()] = steps
    return keys
