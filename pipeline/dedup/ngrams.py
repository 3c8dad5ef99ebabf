"""Pairs of similar texts: MinHash-LSH and exact joins over n-grams, and ratios.

Shards of texts become n-grams, n-grams become band keys, keys that meet become
candidates, and the true similarity decides. Nothing here reads or writes a file,
and rows that hold the same bag of n-grams are compared once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Pairs
from pipeline.kernels import minhash, set_join, shingles
from pipeline.kernels.shards import SHARD, Array, map_threads, split_shards, text_bytes
from pipeline.kernels.spill import ArrayPool
from pipeline.kernels.word_tokens import CHARACTERS, WORDS
from pipeline.machine import machine

# So many rows of a crowded bucket are looked at; the rest by their quantities.
CROWD = 64
ENDLESS = 1 << 40  # megabytes

Code = Callable[[Array], Array]


@dataclass(frozen=True)
class Grams:
    """N-grams of a table of texts; see `shingles.fill_shingles`."""

    hashes: Array
    ends: Array
    prints: Array

    def sets(self, rows: Array) -> tuple[Array, Array]:
        """Sorted distinct n-grams of `rows`: (hashes, ends)."""
        parts = [rows[start : start + SHARD] for start in range(0, len(rows), SHARD)]
        made = map_threads(
            lambda some: shingles.shingle_sets(self.hashes, self.ends, some), parts
        )
        return _stacked(list(made))


def grams(
    text: pl.Series, *, n: int, unit: int = WORDS, room: ArrayPool | None = None
) -> Grams:
    """The n-grams of every text, in arrays that `room` hands out."""
    parts = list(split_shards(text))
    # Words are parted, so there are at most half as many as bytes.
    bytes_of = [int(part.str.len_bytes().sum()) for part in parts]
    most = [
        (size // 2 if unit == WORDS else size) + len(part)
        for size, part in zip(bytes_of, parts, strict=True)
    ]
    places = np.cumsum([0, *most])
    rows = np.cumsum([0, *map(len, parts)])
    hashes = (room or ArrayPool(ENDLESS)).empty((int(places[-1]),), np.uint32)
    ends = np.zeros(len(text) + 1, np.int64)
    prints = np.zeros(len(text), np.uint64)

    def made(some: Array) -> int:
        """The n-grams of a run of parts, one after the other; where they end."""
        used = int(places[some[0]])
        for part in some:
            here = slice(rows[part], rows[part + 1])
            used = shingles.fill_shingles(
                *text_bytes(parts[part]),
                n,
                unit,
                hashes,
                used,
                ends[1:][here],
                prints[here],
            )
        return used

    runs = [
        run
        for run in np.array_split(np.arange(len(parts)), machine().workers)
        if len(run)
    ]
    used = 0
    for run, stop in zip(runs, map_threads(made, runs), strict=True):
        begin = int(places[run[0]])
        if begin > used:
            hashes[used : used + stop - begin] = hashes[begin:stop]
            ends[rows[run[0]] + 1 : rows[run[-1] + 1] + 1] -= begin - used
        used += stop - begin
    return Grams(hashes[:used], ends, prints)


def _stacked(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Shards as one table; `parts` is emptied, so that memory is held once."""
    if not parts:
        return np.zeros(0, np.uint32), np.zeros(1, np.int64)
    lengths = np.concatenate([np.diff(ends) for _, ends in parts])
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    values = np.empty(ends[-1], parts[0][0].dtype)
    place = len(values)
    while parts:
        last, _ = parts.pop()
        values[place - len(last) : place] = last
        place -= len(last)
    return values, ends


def by_minhash(
    made: Grams,
    rows: Array,
    plan: minhash.Plan,
    floor: float,
    code: Code | None,
    room: ArrayPool | None = None,
) -> Pairs:
    """Pairs of `rows` with Jaccard ≥ `floor`, found through `plan`.

    In buckets with more than CROWD rows, those of one code are compared too; `code`
    gives a uint64 for each of some places in `rows`. Candidates are verified band
    by band, so that no more than a few bands' are held.
    """
    keys = (room or ArrayPool(ENDLESS)).empty((plan.bands, len(rows)), np.uint32)
    starts = range(0, len(rows), SHARD)
    made_keys = map_threads(
        lambda start: _keys(made, rows[start : start + SHARD], plan), starts
    )
    for start, part in zip(starts, made_keys, strict=True):
        keys[:, start : start + SHARD] = part
    has = np.diff(made.ends)[rows] > 0
    sizes = np.full(len(made.prints), -1, np.int32)
    meet = partial(_meetings, keys, has=has, code=code)
    kept, crowded = [], 0
    for first, second, busy in map_threads(meet, range(plan.bands)):
        kept.append(_verified(made, rows, first, second, floor, sizes))
        crowded += busy
    first, second, score = _sorted(*map(np.concatenate, zip(*kept, strict=True)))
    return Pairs(rows[first], rows[second], score, crowded=crowded)


def _keys(made: Grams, rows: Array, plan: minhash.Plan) -> Array:
    return minhash.band_keys(
        made.hashes, made.ends, rows, plan.permutations, plan.bands, plan.rows
    )


def _meetings(
    keys: Array, band: int, *, has: Array, code: Code | None
) -> tuple[Array, Array, int]:
    first, second, crowded = minhash.find_collisions(keys, band, has, CROWD)
    if not len(crowded):
        return first, second, 0
    busy = np.unique(keys[band, crowded])
    rows = np.flatnonzero(np.isin(keys[band], busy) & has).astype(np.int32)
    key = keys[band, rows]
    same = np.zeros(len(rows), np.uint64) if code is None else code(rows)
    order = np.lexsort((rows, same, key))
    rows, key, same = rows[order], key[order], same[order]
    # To the one before, to the first of its code, and to the first of the bucket.
    new_key = np.r_[True, key[1:] != key[:-1]]
    new_code = new_key | np.r_[True, same[1:] != same[:-1]]
    starts = [np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
              for new in (new_code, new_key)]  # fmt: skip
    before = np.where(new_code, np.arange(len(rows)), np.arange(len(rows)) - 1)
    others = np.concatenate([rows[before], rows[starts[0]], rows[starts[1]]])
    mine = np.concatenate([rows, rows, rows])
    apart = others != mine
    low, high = np.minimum(others, mine)[apart], np.maximum(others, mine)[apart]
    return np.r_[first, low], np.r_[second, high], len(crowded)


def _verified(
    made: Grams, rows: Array, first: Array, second: Array, floor: float, sizes: Array
) -> tuple[Array, Array, Array]:
    """Candidates of `rows` whose true similarity reaches `floor`.

    `sizes` keeps what `jaccard_unsorted` learns; threads write the same into it.
    """
    step = 1 << 16
    near_rows, later_rows = rows[first], rows[second]

    def judged(start: int) -> Array:
        some = slice(start, start + step)
        return shingles.jaccard_unsorted(
            made.hashes, made.ends, near_rows[some], later_rows[some], floor, sizes
        )

    score = np.concatenate(
        [np.zeros(0), *map_threads(judged, range(0, len(first), step))]
    )
    near = score > 0
    return first[near], second[near], score[near]


def by_join(made: Grams, rows: Array, floor: float) -> Pairs:
    """Every pair of `rows` with Jaccard ≥ `floor`."""
    hashes, ends = made.sets(rows)
    ranks, distinct = set_join.rank_by_rarity(hashes, ends)
    first, second, score = _sorted(*set_join.jaccard_join(ranks, ends, distinct, floor))
    return Pairs(rows[first], rows[second], score)


def by_containment(made: Grams, rows: Array, floor: float, least: int) -> Pairs:
    """Pairs where the smaller set lies in the larger by a share ≥ `floor`."""
    hashes, ends = made.sets(rows)
    ranks, distinct = set_join.rank_by_rarity(hashes, ends)
    small, large, share = set_join.containment_join(ranks, ends, distinct, floor, least)
    low, high = np.minimum(small, large), np.maximum(small, large)
    first, second, score = _sorted(low, high, share)
    return Pairs(rows[first], rows[second], score)


def _sorted(first: Array, second: Array, score: Array) -> tuple[Array, Array, Array]:
    """By the later row, then the earlier, each pair once."""
    name = (second.astype(np.int64) << 32) | first
    _, places = np.unique(name, return_index=True)
    return first[places], second[places], score[places]


def by_ratio(texts: list[str], threshold: float, *, apart: int = 0) -> Pairs:
    """Pairs whose rapidfuzz ratio (0 to 1) reaches `threshold`.

    With `apart`, only pairs of one of the first `apart` texts and a later one.

    Each edit of a text destroys at most two of its character bigrams, so a pair
    this near shares most of them; only such pairs are compared in full.
    """
    from rapidfuzz import fuzz

    made = grams(pl.Series(texts, dtype=pl.String), n=2, unit=CHARACTERS)
    lost = 2 * (1 - threshold)
    # Sets forget how often a bigram occurs: a tenth is left for that.
    candidates = by_join(
        made, np.arange(len(texts), dtype=np.int32), 0.9 * (1 - lost) / (1 + lost)
    )
    if apart:
        across = (candidates.first < apart) & (candidates.second >= apart)
        candidates = candidates.where(across)
    score = np.array(
        [
            fuzz.ratio(texts[one], texts[other], score_cutoff=100 * threshold) / 100
            for one, other in zip(candidates.first, candidates.second, strict=True)
        ]
    )
    near = score >= threshold if len(score) else np.zeros(0, bool)
    return Pairs(candidates.first[near], candidates.second[near], score[near])
