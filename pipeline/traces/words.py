"""Repetition, word lists and languages of traces, from the compiled kernels.

The n-grams that a corpus shares are counted twice: first into counters of a byte that
n-grams share, which tell what cannot be frequent, and then exactly, those that are
left. The texts come in parts, once for each count; in memory are the counters and a
count for each n-gram that is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, tee
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import UserError
from pipeline.kernels.hash_table import build_table
from pipeline.kernels.published_ngrams import word_ngrams
from pipeline.kernels.repetition import (
    FULL,
    fill_counters,
    measure_words,
)
from pipeline.kernels.scripts import SCRIPTS, count_letters
from pipeline.kernels.shards import Array, map_threads, split_shards, text_bytes
from pipeline.kernels.word_tokens import WORDS
from pipeline.shards import QUEUED_BYTES, Spool
from pipeline.traces.columns import LANGUAGE, REPETITION

MOST_COUNTERS = 1 << 29  # a byte each
USUAL_WORDS = 1000  # of a trace
NEAR = pl.Schema({"text": pl.UInt32(), "hash": pl.UInt64()})
COUNTS = pl.Schema({"hash": pl.UInt64(), "n": pl.UInt32()})


class Repetition:
    """Measures how texts repeat themselves and each other, in two passes over them.

    `n` words are an n-gram, and one is frequent if it stands in all texts more than
    `frequent` times; loops are of blocks of at most `block` words. Results do not
    depend on the parts that the texts come in, nor on `texts`, about how many there
    are. UserError where an entry of `lists` is not one word.
    """

    def __init__(
        self,
        *,
        n: int,
        frequent: int,
        block: int,
        lists: Mapping[str, Sequence[str]],
        texts: int,
    ) -> None:
        self._n, self._frequent, self._block = n, frequent, block
        self._names = [*lists]
        words = [word for entries in lists.values() for word in entries]
        self._lookup = build_table(_hash_words(words))
        sizes = [len(entries) for entries in lists.values()]
        self._list_of = np.repeat(np.arange(len(sizes)), sizes)
        # So many that those which no frequent n-gram shares stay well below `frequent`.
        size = 1 << max(10, (8 * USUAL_WORDS * texts // frequent).bit_length())
        self._counters = np.zeros(min(size, MOST_COUNTERS), np.uint8)

    def measure(self, texts: pl.Series) -> pl.DataFrame:
        """REPETITION of each text but frequent_ngrams, and `words_<name>`.

        `words_<name>`: of a thousand words, in the list. `repeated_share` is the share
        of words in an n-gram that stands in the text twice. Counts the n-grams.
        """

        def measure(shard: pl.Series) -> tuple[Array, Array, Array, Array]:
            lookup = self._lookup, self._list_of
            return measure_words(*text_bytes(shard), self._n, self._block, *lookup)

        measured, counted = [], []
        for measures, counts, grams, _ in map_threads(measure, split_shards(texts)):
            fill_counters(grams, self._counters)
            measured.append(measures)
            counted.append(counts)
        measures = _stack(measured, 4)
        counts = _stack(counted, len(self._names))
        total = np.maximum(measures[:, 0], 1)
        columns: dict[str, Any] = {
            "n_words": measures[:, 0],
            "loop_words": measures[:, 1],
            "loop_times": measures[:, 2],
            "repeated_share": measures[:, 3] / total,
        }
        table = pl.DataFrame(columns)
        table = table.cast({name: REPETITION[name] for name in columns})
        return table.with_columns(
            pl.Series(f"words_{name}", 1000 * counts[:, number] / total, pl.Float32)
            for number, name in enumerate(self._names)
        )

    def count_frequent(self, parts: Iterable[pl.Series]) -> pl.Series:
        """`frequent_ngrams` of each of the texts that were measured, in their order.

        N-grams of a text that stand in all texts more than `frequent` times.
        """
        spool = Spool(NEAR, waiting=QUEUED_BYTES)
        waiting, texts = [COUNTS.to_frame()], 0
        shards, again = tee(chain.from_iterable(map(split_shards, parts)))
        found = map_threads(self._find_near, again)
        for shard, near in zip(shards, found, strict=True):
            spool.add(near.with_columns(pl.col("text") + texts, part=pl.lit(0)))
            waiting.append(near.group_by("hash").agg(n=pl.len()))
            if sum(table.height for table in waiting[1:]) > waiting[0].height:
                waiting = [_add_up(waiting)]
            texts += len(shard)
        frequent = _add_up(waiting).filter(pl.col("n") > self._frequent)
        total = np.zeros(texts, np.int64)
        for near in spool.pieces(0):
            of_text = near.join(frequent, on="hash", how="semi")["text"]
            total += np.bincount(of_text.to_numpy(), minlength=texts)
        return pl.Series("frequent_ngrams", total).cast(REPETITION["frequent_ngrams"])

    def _find_near(self, texts: pl.Series) -> pl.DataFrame:
        """NEAR of a shard: n-grams of which the counters say that they may be many."""
        hashes, ends = word_ngrams(*text_bytes(texts), self._n, WORDS)
        counter = (hashes >> np.uint64(32)) & np.uint64(len(self._counters) - 1)
        is_near = self._counters[counter] > min(self._frequent, int(FULL) - 1)
        owners = np.repeat(np.arange(len(texts)), np.diff(ends))
        return pl.DataFrame(
            {"text": owners[is_near], "hash": hashes[is_near]}, schema_overrides=NEAR
        )


def _add_up(counts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(counts).group_by("hash").agg(pl.sum("n"))


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


def _stack(parts: list[Array], width: int) -> Array:
    return np.concatenate([np.zeros((0, width), np.int64), *parts])


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
