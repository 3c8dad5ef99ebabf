"""Near copies by their n-grams: which search is run, on which rows.

Rows with the same bag of n-grams, numbers and answer are copies without any search:
the first of them is their leader, and only leaders are compared.
"""

from dataclasses import dataclass, replace
from threading import Lock
from typing import Literal

import numpy as np
import polars as pl

from pipeline.cluster.each import is_cluster
from pipeline.dedup import same_problem, spread_ngrams
from pipeline.dedup.ngrams import (
    HashQuantities,
    containment_pairs,
    exact_pairs,
    extract_ngrams,
    lsh_pairs,
    ratio_pairs,
)
from pipeline.dedup.pairs import Array, Pairs, holds_run
from pipeline.dedup.same_problem import classify_pairs
from pipeline.kernels import minhash
from pipeline.kernels.hash_table import first_equal
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.spill import ArrayPool
from pipeline.machine import machine

# In bands that are cut for recall, 48 find 99.8% of the rows and more (docs/speed.md).
PERMUTATIONS, SEED = 48, 1
# A text of fewer tokens is inside many others by chance.
LEAST_TOKENS = 8


@dataclass(frozen=True)
class NgramSearch:
    """How near copies are looked for; `stages/dedup_ngram.py` explains the settings."""

    method: Literal["jaccard", "fuzzy", "substring"] = "jaccard"
    search: Literal["lsh", "exact"] = "lsh"
    n: int = 3
    threshold: float = 0.8
    guard: bool = True


def find_near_copies(
    rows: pl.DataFrame, search: NgramSearch, earlier: int = 0
) -> Pairs:
    """Similar pairs of `rows`, and what they are.

    Pairs of the first `earlier` rows are left out: these stay.
    """
    texts = strip_layout(rows["problem"])
    pairs = _find_pairs(rows, texts, search).settle(earlier)
    relation = classify_pairs(
        rows, pairs, guard=search.guard, texts=texts, complete=True
    )
    return replace(pairs, relation=relation)


def _find_pairs(rows: pl.DataFrame, texts: pl.Series, search: NgramSearch) -> Pairs:
    if search.method == "fuzzy":
        return ratio_pairs(texts.to_list(), search.threshold)
    if search.method == "jaccard" and search.search == "lsh" and is_cluster():
        return _spread_search(rows, texts, search)
    pool = ArrayPool(machine().memory_mb)
    ngrams = extract_ngrams(texts, n=search.n, pool=pool)
    everyone = np.arange(rows.height, dtype=np.int32)
    if search.method == "substring":
        least = max(1, LEAST_TOKENS - search.n + 1)
        return _keep_substrings(texts, containment_pairs(ngrams, everyone, 1.0, least))
    leader = find_leaders(
        rows, texts, ngrams.prints, np.diff(ngrams.ends) == 0, guard=search.guard
    )
    leaders = np.flatnonzero(leader == everyone).astype(np.int32)
    if search.search == "exact":
        pairs = exact_pairs(ngrams, leaders, search.threshold)
    else:
        plan = minhash.plan_bands(search.threshold, PERMUTATIONS, SEED)
        quantities = _quantity_hasher(texts, leaders) if search.guard else None
        pairs = lsh_pairs(ngrams, leaders, plan, search.threshold, quantities, pool)
    return replace(pairs, leader=leader)


def _spread_search(rows: pl.DataFrame, texts: pl.Series, search: NgramSearch) -> Pairs:
    """The same pairs, by many machines."""
    prints, is_empty = spread_ngrams.read_prints(texts, search.n)
    leader = find_leaders(rows, texts, prints, is_empty, guard=search.guard)
    is_compared = (leader == np.arange(rows.height)) & ~is_empty
    leaders = np.flatnonzero(is_compared).astype(np.int32)
    plan = minhash.plan_bands(search.threshold, PERMUTATIONS, SEED)
    own = texts.gather(pl.Series(leaders, dtype=pl.UInt32))
    quantities = _quantity_hasher(texts, leaders) if search.guard else None
    pairs = spread_ngrams.lsh_pairs(own, search.n, plan, search.threshold, quantities)
    first, second = leaders[pairs.first], leaders[pairs.second]
    return replace(pairs, first=first, second=second, leader=leader)


def find_leaders(
    rows: pl.DataFrame, texts: pl.Series, prints: Array, is_empty: Array, *, guard: bool
) -> Array:
    """For each row the first one with the same n-grams: int32 (rows,).

    `texts` are its problems without layout, `prints` uint64 (rows,) those of their
    n-grams, of which `is_empty` rows have none: they lead themselves. With `guard`,
    only where numbers and answers agree too.
    """
    leader = first_equal(prints)
    empty = np.flatnonzero(is_empty)
    leader[empty] = empty
    follows = np.flatnonzero(leader != np.arange(rows.height))
    if guard and len(follows):
        agree = same_problem.all_agree(rows, leader[follows], follows, texts)
        leader[follows[~agree]] = follows[~agree]
    return leader


def _quantity_hasher(texts: pl.Series, leaders: Array) -> HashQuantities:
    """A function that hashes the numbers of some leaders; each text is read once."""
    hashes = np.zeros(len(leaders), np.uint64)
    is_read = np.zeros(len(leaders), bool)
    lock = Lock()

    def hash_quantities(places: Array) -> Array:
        with lock:
            fresh = places[~is_read[places]]
            if not len(fresh):
                return np.asarray(hashes[places])
            unread = texts.gather(pl.Series(leaders[fresh], dtype=pl.UInt32))
            hashes[fresh] = same_problem.hash_quantities(unread)
            is_read[fresh] = True
            return np.asarray(hashes[places])

    return hash_quantities


def _keep_substrings(texts: pl.Series, pairs: Pairs) -> Pairs:
    """Pairs where one text is inside the other, token for token."""
    tokens = extract_ngrams(texts, n=1)
    size = tokens.hashes.itemsize

    def tokens_of(row: int) -> bytes:
        return tokens.hashes[tokens.ends[row] : tokens.ends[row + 1]].tobytes()

    is_inside = []
    for pair in zip(pairs.first, pairs.second, strict=True):
        short, long = sorted(map(tokens_of, pair), key=len)
        is_inside.append(holds_run(long, short, size))
    return pairs.take(np.array(is_inside, bool))
