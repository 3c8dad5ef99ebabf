"""The rows of some places in the order of a text, without ordering all of them.

To sort a million texts takes a second; a page shows fifty. So the first bytes of every
text become a number, those numbers tell which rows can stand in the page, and only
among these the next bytes are looked at.
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
BYTES = 7  # of a text in a key; its eighth byte counts them


def rank_texts(
    cut: Cut,
    rows: Rows,
    start: int,
    stop: int,
    *,
    descending: bool,
    depth: int = 0,
    keys: Keys | None = None,
) -> Rows:
    """`rows` in the order of their texts, from place `start` to `stop`.

    `cut` gives the bytes of texts, none of them null. Texts compare as bytes do; equal
    ones stay in the order in which they came. Up to `depth` all texts are the same;
    `keys` are those of the bytes behind it, if they are known.
    """
    stop = min(stop, len(rows))
    if start >= stop:
        return rows[:0]
    keys = number_texts(cut(rows, depth, BYTES + 1)) if keys is None else keys
    ends = (keys & 0xFF) <= BYTES
    keys = ~keys if descending else keys
    low, high = np.partition(keys, (start, stop - 1))[[start, stop - 1]]
    before = int(np.count_nonzero(keys < low))
    start, stop = start - before, stop - before
    near = (keys >= low) & (keys <= high)
    rows, keys, ends = rows[near], keys[near], ends[near]
    ranked = []
    for key in np.unique(keys):
        same = keys == key
        group, first = rows[same], max(start, 0)
        if first < min(stop, len(group)):
            if len(group) == 1 or ends[same][0]:
                ranked.append(group[first:stop])
            else:
                deeper = skip_common(cut, group, depth + BYTES)
                order = partial(rank_texts, descending=descending, depth=deeper)
                ranked.append(order(cut, group, first, stop))
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
