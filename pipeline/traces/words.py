"""Repetition, word lists and languages of traces, from the compiled kernels.

The n-grams that a corpus shares are counted twice: first into counters of a byte that
n-grams share, which tell what cannot be frequent, and then exactly, in the texts that
are left. Four bytes a word and a few for what is left are held in memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import UserError
from pipeline.kernels.hash_table import build_table, group_ids
from pipeline.kernels.published_ngrams import word_ngrams
from pipeline.kernels.repetition import (
    FULL,
    fill_counters,
    may_be_frequent,
    measure_words,
)
from pipeline.kernels.scripts import SCRIPTS, count_letters
from pipeline.kernels.shards import Array, map_threads, split_shards, text_bytes
from pipeline.kernels.word_tokens import WORDS
from pipeline.traces.columns import LANGUAGE, REPETITION

MOST_COUNTERS = 1 << 30  # a byte each


def measure_repetition(
    texts: pl.Series,
    *,
    n: int,
    frequent: int,
    block: int,
    lists: Mapping[str, Sequence[str]],
) -> pl.DataFrame:
    """REPETITION of each text, and `words_<name>`: of a thousand words, in the list.

    Loops are of blocks of at most `block` words; `repeated_share` is the share of words
    in an n-gram that stands in the text twice; `frequent_ngrams` are n-grams that stand
    in all texts more than `frequent` times. UserError where an entry of `lists` is not
    one word.
    """
    words = [word for entries in lists.values() for word in entries]
    lookup = build_table(_hash_words(words))
    sizes = [len(entries) for entries in lists.values()]
    list_of = np.repeat(np.arange(len(sizes)), sizes)

    def measure(shard: pl.Series) -> tuple[Array, Array, Array, Array]:
        return measure_words(*text_bytes(shard), n, block, lookup, list_of)

    parts = list(map_threads(measure, split_shards(texts)))
    measures = _stack([part[0] for part in parts], 4)
    counts = _stack([part[1] for part in parts], len(lists))
    total = np.maximum(measures[:, 0], 1)
    columns: dict[str, Any] = {
        "n_words": measures[:, 0],
        "loop_words": measures[:, 1],
        "loop_times": measures[:, 2],
        "repeated_share": measures[:, 3] / total,
        "frequent_ngrams": _count_frequent(texts, [p[2:] for p in parts], n, frequent),
    }
    return (
        pl.DataFrame(columns)
        .cast(REPETITION)
        .with_columns(
            pl.Series(f"words_{name}", 1000 * counts[:, number] / total, pl.Float32)
            for number, name in enumerate(lists)
        )
    )


def _count_frequent(
    texts: pl.Series, parts: list[tuple[Array, Array]], n: int, most: int
) -> Array:
    """How many n-grams of each text stand in all texts more than `most` times.

    `parts` are the n-grams of each shard and the ends of its texts.
    """
    n_grams = sum(len(grams) for grams, _ in parts)
    # So many that those which no frequent n-gram shares stay well below `most`.
    size = 1 << max(10, (8 * n_grams // most).bit_length())
    counters = np.zeros(min(size, MOST_COUNTERS), np.uint8)
    for grams, _ in parts:
        fill_counters(grams, counters)
    bound = min(most, int(FULL) - 1)
    marks = [may_be_frequent(*part, counters, bound) for part in parts]
    rows = np.flatnonzero(np.concatenate([np.zeros(0, bool), *marks]))
    some = texts.gather(rows)
    exact = [word_ngrams(*text_bytes(s), n, WORDS) for s in split_shards(some)]
    owners = np.repeat(rows, _stack([np.diff(ends) for _, ends in exact]))
    hashes = _stack([grams for grams, _ in exact], dtype=np.uint64)
    is_near = counters[(hashes >> np.uint64(32)) & np.uint64(len(counters) - 1)] > bound
    owners, hashes = owners[is_near], hashes[is_near]
    ids, _ = group_ids(hashes)
    owners = owners[np.bincount(ids)[ids] > most]
    return np.bincount(owners, minlength=len(texts))


def _hash_words(words: Iterable[str]) -> Array:
    """The hash of each word, as 1-grams; UserError where one is not a word."""
    words = list(words)
    hashes, ends = word_ngrams(*text_bytes(pl.Series(words, dtype=pl.String)), 1, WORDS)
    odd = [word for word, n in zip(words, np.diff(ends), strict=True) if n != 1]
    if odd:
        raise UserError(f"hygiene.words: {odd[0]!r} is not one word")
    if len(set(hashes.tolist())) < len(words):
        raise UserError("hygiene.words: a word stands there twice")
    return hashes


def _stack(parts: list[Array], *width: int, dtype: Any = np.int64) -> Array:
    return np.concatenate([np.zeros((0, *width), dtype), *parts])


def measure_language(texts: pl.Series) -> pl.DataFrame:
    """LANGUAGE of each text: its main script, and the share of letters in others."""
    shards = split_shards(texts)
    parts = map_threads(lambda shard: count_letters(*text_bytes(shard)), shards)
    counts = _stack(list(parts), len(SCRIPTS))
    total, main = counts.sum(1), counts.argmax(1)
    names = [
        SCRIPTS[script] if letters else None
        for script, letters in zip(main, total, strict=True)
    ]
    columns: dict[str, Any] = {
        "main_script": pl.Series(names, dtype=pl.String),
        "n_scripts": (counts > 0).sum(1),
        "mixed_share": 1 - counts.max(1, initial=0) / np.maximum(total, 1),
    }
    mixed = pl.when(pl.col("main_script").is_null()).then(0.0).otherwise("mixed_share")
    return pl.DataFrame(columns).with_columns(mixed_share=mixed).cast(LANGUAGE)
