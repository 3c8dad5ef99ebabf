"""Pairs of texts that share many n-grams: by MinHash-LSH, by exact joins, by ratios.

Texts become n-grams of words, n-grams become band keys, texts whose keys meet become
candidates, and the true similarity decides. Nothing here reads or writes a file.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Pairs
from pipeline.kernels import minhash, set_join, shingles
from pipeline.kernels.shards import SHARD, Array, map_threads, split_shards, text_bytes
from pipeline.kernels.spill import ArrayPool
from pipeline.kernels.word_tokens import CHARACTERS, WORDS
from pipeline.machine import machine

# Of a crowded bucket so many rows are compared; of the rest those of equal quantities.
CROWD = 64
ENDLESS = 1 << 40  # megabytes

HashQuantities = Callable[[Array], Array]


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of a table of texts, as `shingles.fill_shingles` leaves them.

    `hashes` uint32 of all texts, one after the other; those of row i are
    `hashes[ends[i] : ends[i + 1]]`, neither sorted nor distinct. `prints` uint64
    (rows,) are equal for equal bags of n-grams.
    """

    hashes: Array
    ends: Array
    prints: Array

    def sets(self, rows: Array) -> tuple[Array, Array]:
        """Sorted distinct n-grams of `rows`: (hashes uint32, ends int64)."""
        parts = [rows[start : start + SHARD] for start in range(0, len(rows), SHARD)]
        sets = list(
            map_threads(
                lambda part: shingles.shingle_sets(self.hashes, self.ends, part), parts
            )
        )
        hashes = np.concatenate([np.zeros(0, np.uint32), *(part for part, _ in sets)])
        sizes = [np.zeros(1, np.int64), *(np.diff(ends) for _, ends in sets)]
        return hashes, np.cumsum(np.concatenate(sizes))


def extract_ngrams(
    text: pl.Series, *, n: int, unit: int = WORDS, pool: ArrayPool | None = None
) -> Ngrams:
    """The n-grams of every text, in arrays that `pool` hands out."""
    parts = list(split_shards(text))
    # Words are parted, so there are at most half as many as bytes.
    bytes_of = [int(part.str.len_bytes().sum()) for part in parts]
    most = [
        (size // 2 if unit == WORDS else size) + len(part)
        for size, part in zip(bytes_of, parts, strict=True)
    ]
    places = np.cumsum([0, *most])
    rows = np.cumsum([0, *map(len, parts)])
    hashes = (pool or ArrayPool(ENDLESS)).empty((int(places[-1]),), np.uint32)
    ends = np.zeros(len(text) + 1, np.int64)
    prints = np.zeros(len(text), np.uint64)

    def extract(run: Array) -> int:
        """The n-grams of a run of parts, one after the other; where they end."""
        used = int(places[run[0]])
        for part in run:
            own = slice(rows[part], rows[part + 1])
            # Unnamed, so that the bytes of one shard are gone when the next come.
            used = shingles.fill_shingles(
                *text_bytes(parts[part]), n, unit, hashes, used, ends[1:][own],
                prints[own],
            )  # fmt: skip
        return used

    shares = np.array_split(np.arange(len(parts)), machine().workers)
    runs = [run for run in shares if len(run)]
    used = 0
    for run, stop in zip(runs, map_threads(extract, runs), strict=True):
        begin = int(places[run[0]])
        if begin > used:
            hashes[used : used + stop - begin] = hashes[begin:stop]
            ends[rows[run[0]] + 1 : rows[run[-1] + 1] + 1] -= begin - used
        used += stop - begin
    return Ngrams(hashes[:used], ends, prints)


def lsh_pairs(
    ngrams: Ngrams,
    rows: Array,
    plan: minhash.Plan,
    floor: float,
    hash_quantities: HashQuantities | None = None,
    pool: ArrayPool | None = None,
) -> Pairs:
    """Pairs of `rows` int32 with Jaccard ≥ `floor` whose band keys meet.

    In buckets with more than CROWD rows, those of equal quantities are compared too:
    `hash_quantities` gives a uint64 for each of some places in `rows`. Candidates
    are verified band by band, so that no more than a few bands' are held.
    """
    keys = (pool or ArrayPool(ENDLESS)).empty((plan.bands, len(rows)), np.uint32)
    shards = [slice(start, start + SHARD) for start in range(0, len(rows), SHARD)]
    bands = plan.permutations, plan.bands, plan.rows
    computed = map_threads(
        lambda part: minhash.band_keys(ngrams.hashes, ngrams.ends, rows[part], *bands),
        shards,
    )
    for part, of_part in zip(shards, computed, strict=True):
        keys[:, part] = of_part
    has_ngrams = np.diff(ngrams.ends)[rows] > 0
    sizes = np.full(len(ngrams.prints), -1, np.int32)
    meet = partial(_candidates, keys, has=has_ngrams, hash_quantities=hash_quantities)
    verified = [
        _verify(ngrams, rows, first, second, floor, sizes)
        for first, second in map_threads(meet, range(plan.bands))
    ]
    first, second, score = map(np.concatenate, zip(*verified, strict=True))
    return Pairs(rows[first], rows[second], score).distinct()


def _candidates(
    keys: Array, band: int, *, has: Array, hash_quantities: HashQuantities | None
) -> tuple[Array, Array]:
    """Places (earlier, later) of rows that meet in `band` and in none before it."""
    first, second, crowded = minhash.find_collisions(keys, band, has, CROWD)
    if not len(crowded):
        return first, second
    busy = np.unique(keys[band, crowded])
    rows = np.flatnonzero(np.isin(keys[band], busy) & has).astype(np.int32)
    quantity = np.zeros(len(rows), np.uint64)
    if hash_quantities is not None:
        quantity = hash_quantities(rows)
    low, high = pair_crowds(rows, keys[band, rows], quantity)
    return np.r_[first, low], np.r_[second, high]


def pair_crowds(rows: Array, key: Array, quantity: Array) -> tuple[Array, Array]:
    """(earlier, later) of the rows of crowded buckets: `key` says which bucket it is.

    Each goes with the row before it of its quantities, with the first of these, and
    with the first of its bucket.
    """
    order = np.lexsort((rows, quantity, key))
    rows, key, quantity = rows[order], key[order], quantity[order]
    new_key = np.r_[True, key[1:] != key[:-1]]
    new_quantity = new_key | np.r_[True, quantity[1:] != quantity[:-1]]
    position = np.arange(len(rows))
    before = np.where(new_quantity, position, position - 1)
    first_of_quantity = np.maximum.accumulate(np.where(new_quantity, position, 0))
    first_of_key = np.maximum.accumulate(np.where(new_key, position, 0))
    other = rows[np.concatenate([before, first_of_quantity, first_of_key])]
    mine = np.tile(rows, 3)
    differ = other != mine
    return np.minimum(other, mine)[differ], np.maximum(other, mine)[differ]


def _verify(
    ngrams: Ngrams, rows: Array, first: Array, second: Array, floor: float, sizes: Array
) -> tuple[Array, Array, Array]:
    """Candidates of `rows` whose true similarity reaches `floor`."""
    score = score_pairs(ngrams, rows[first], rows[second], floor, sizes)
    near = score > 0
    return first[near], second[near], score[near]


def score_pairs(
    ngrams: Ngrams, first: Array, second: Array, floor: float, sizes: Array
) -> Array:
    """The similarity float64 of each pair of rows; 0 where it is below `floor`.

    `sizes` keeps what `jaccard_unsorted` learns; threads write the same into it.
    """
    step = 1 << 16

    def compare(start: int) -> Array:
        part = slice(start, start + step)
        return shingles.jaccard_unsorted(
            ngrams.hashes, ngrams.ends, first[part], second[part], floor, sizes
        )

    parts = map_threads(compare, range(0, len(first), step))
    return np.concatenate([np.zeros(0), *parts])


def exact_pairs(ngrams: Ngrams, rows: Array, floor: float) -> Pairs:
    """Every pair of `rows` int32 with Jaccard ≥ `floor`."""
    return _join(ngrams, rows, floor, least=1, jaccard=True)


def containment_pairs(ngrams: Ngrams, rows: Array, floor: float, least: int) -> Pairs:
    """Pairs where a share ≥ `floor` of a set of `least` or more is in a larger one."""
    return _join(ngrams, rows, floor, least=least, jaccard=False)


def _join(
    ngrams: Ngrams, rows: Array, floor: float, *, least: int, jaccard: bool
) -> Pairs:
    hashes, ends = ngrams.sets(rows)
    ranks, distinct = set_join.rank_by_rarity(hashes, ends)
    small, large, share = set_join.join_sets(
        ranks, ends, distinct, floor, least, jaccard
    )
    low, high = np.minimum(small, large), np.maximum(small, large)
    return Pairs(rows[low], rows[high], share).distinct()


def ratio_pairs(texts: list[str], threshold: float, *, apart: int = 0) -> Pairs:
    """Pairs whose rapidfuzz ratio (0 to 1) reaches `threshold`.

    With `apart`, only pairs of one of the first `apart` texts and a later one.

    Each edit of a text destroys at most two of its character bigrams, so a pair
    this near shares most of them; only such pairs are compared in full.
    """
    from rapidfuzz import fuzz

    bigrams = extract_ngrams(pl.Series(texts, dtype=pl.String), n=2, unit=CHARACTERS)
    lost = 2 * (1 - threshold)
    # Sets forget how often a bigram occurs: a tenth is left for that.
    floor = 0.9 * (1 - lost) / (1 + lost)
    pairs = exact_pairs(bigrams, np.arange(len(texts), dtype=np.int32), floor)
    if apart:
        pairs = pairs.take((pairs.first < apart) & (pairs.second >= apart))
    ratios = [
        fuzz.ratio(texts[first], texts[second], score_cutoff=100 * threshold) / 100
        for first, second in zip(pairs.first, pairs.second, strict=True)
    ]
    score = np.array(ratios, np.float64)
    return replace(pairs, score=score).take(score >= threshold)
