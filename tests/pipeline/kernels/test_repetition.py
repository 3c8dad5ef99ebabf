"""Loops, repeated n-grams and frequent n-grams are those of plain Python."""

from collections import Counter

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.hash_table import build_table
from pipeline.kernels.published_ngrams import word_ngrams
from pipeline.kernels.repetition import fill_counters, measure_words
from pipeline.kernels.shards import text_bytes
from pipeline.kernels.word_tokens import WORDS

NO_WORDS, NO_LISTS = np.zeros(0, np.uint64), np.zeros(0, np.int64)
SOME = st.lists(st.sampled_from("abc"), max_size=24).map(" ".join)


def measured(texts: list[str], n: int, block: int, lists: list[list[str]]):
    words = [word for entries in lists for word in entries]
    series = pl.Series(words, dtype=pl.String)
    hashes, _ = word_ngrams(*text_bytes(series), 1, WORDS)
    list_of = np.repeat(np.arange(len(lists)), [len(entries) for entries in lists])
    data = text_bytes(pl.Series(texts, dtype=pl.String))
    lookup = build_table(hashes)
    measures, counts, *_ = measure_words(*data, n, block, lookup, list_of)
    return measures.tolist(), counts.tolist()


def loop(words: list[str], block: int) -> tuple[int, int]:
    """The longest stretch in which a block follows itself; the shortest block wins."""
    longest, times = 0, 0
    for period in range(1, block + 1):
        for start in range(len(words)):
            end = start
            while end + period < len(words) and words[end] == words[end + period]:
                end += 1
            size = end - start + period
            if size >= 2 * period and end > start and size > longest:
                longest, times = size, size // period
    return longest, times


def repeated(words: list[str], n: int) -> int:
    """How many words are in an n-gram that is there twice."""
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    counts = Counter(grams)
    covered = {
        i + step
        for i, gram in enumerate(grams)
        if counts[gram] > 1
        for step in range(n)
    }
    return len(covered)


def test_the_loop_of_a_text_by_hand():
    measures, _ = measured(["So, so we try, we try, we try!", "no loop here"], 2, 4, [])

    # "we try" three times; "we try" and "try we" are 2-grams that are there again.
    assert measures == [[8, 6, 3, 6], [3, 0, 0, 0]]


@given(st.lists(SOME, max_size=5), st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_measures_are_those_of_python(texts: list[str], n: int, block: int):
    measures, counts = measured(texts, n, block, [["a"], ["b", "C"]])
    words = [text.split() for text in texts]

    assert measures == [[len(w), *loop(w, block), repeated(w, n)] for w in words]
    assert counts == [[w.count("a"), w.count("b") + w.count("c")] for w in words]


@given(st.lists(SOME, max_size=6), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_counters_hold_every_ngram_at_least_as_often(texts: list[str], n: int):
    data = text_bytes(pl.Series(texts, dtype=pl.String))
    *_, grams, ends = measure_words(*data, n, 2, build_table(NO_WORDS), NO_LISTS)
    words = [text.split() for text in texts]
    listed = [[tuple(w[i : i + n]) for i in range(len(w) - n + 1)] for w in words]
    counts = Counter(gram for row in listed for gram in row)
    counters = np.zeros(8, np.uint8)  # so few that n-grams share them
    fill_counters(grams, counters)

    assert np.diff(ends).tolist() == [len(row) for row in listed]
    assert counters.sum() == sum(counts.values())
    for gram, hashed in zip((g for row in listed for g in row), grams, strict=True):
        assert counters[hashed & 7] >= counts[gram]


def test_a_full_counter_stays_full():
    counters = np.zeros(4, np.uint8)
    fill_counters(np.full(1000, 6, np.uint32), counters)

    assert counters.tolist() == [0, 0, 255, 0]
