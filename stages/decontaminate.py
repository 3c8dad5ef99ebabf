"""Drop problems that overlap with a benchmark item, and show the matched span.

A row and an item overlap where they share word n-grams (words, numbers and
operators). One shared n-gram proves little: contest problems end in the same
sentence. So what counts is the *coverage*: the share of the item's n-grams that
the row holds. `min_coverage: 0` is the published rule, where any hit drops.

An item shorter than n words has no n-gram; it matches where the row holds the
whole of it and the formula does not go on to the left or right of it.

Reasons: `contaminated`.
"""

import json
from collections import defaultdict
from dataclasses import dataclass

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.text import tokens
from pipeline.verdict import drop


class Params(Settings):
    """The n of the n-grams and the share of an item that makes a hit."""

    n: int = Field(default=8, ge=2)
    min_coverage: float = Field(default=0.5, ge=0, le=1)
    skip_sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """The item that a row overlaps with most; the span is in the row's words."""

    item: int
    coverage: float
    hits: int
    span: str


def judge(rows: pl.DataFrame, params: Params, benchmarks: pl.DataFrame) -> pl.DataFrame:
    """Add overlap and overlap_item (of the closest item) and mark contaminated rows."""
    items = [tokens(text) for text in benchmarks["problem"].to_list()]
    index = Index(items, params.n)
    hits = [index.closest(tokens(text)) for text in rows["problem"].to_list()]
    ids, names = benchmarks["id"].to_list(), benchmarks["benchmark"].to_list()
    rows = rows.with_columns(
        overlap=pl.Series([hit and hit.coverage for hit in hits], dtype=pl.Float32),
        overlap_item=pl.Series(
            [hit and ids[hit.item] for hit in hits], dtype=pl.String
        ),
        _evidence=pl.Series(
            [
                hit
                and json.dumps(
                    {
                        "benchmark": names[hit.item],
                        "span": hit.span,
                        "n": params.n,
                        "hits": hit.hits,
                    }
                )
                for hit in hits
            ],
            dtype=pl.String,
        ),
    )
    rows = drop(
        rows,
        (pl.col("overlap") >= params.min_coverage)
        & ~pl.col("source").is_in(list(params.skip_sources)),
        "contaminated",
        twin=pl.col("overlap_item"),
        score=pl.col("overlap"),
        evidence=pl.col("_evidence"),
    )
    return rows.drop("_evidence")


class Index:
    """The n-grams of all items, and the items that each is found in."""

    def __init__(self, items: list[list[str]], n: int) -> None:
        self.n = n
        self.items = items
        self.grams: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self.sizes: list[int] = []
        self.short: dict[tuple[str, ...], int] = {}
        for number, item in enumerate(items):
            grams = dict.fromkeys(_grams(item, n))
            self.sizes.append(len(grams))
            for gram in grams:
                self.grams[gram].append(number)
            if item and not grams:
                self.short.setdefault(tuple(item), number)
        self.lengths: dict[str, set[int]] = defaultdict(set)  # by the first word
        for short in self.short:
            self.lengths[short[0]].add(len(short))

    def closest(self, row: list[str]) -> Hit | None:
        """The item with the highest coverage; the first of equals."""
        return self._whole(row) or self._covered(row)

    def _whole(self, row: list[str]) -> Hit | None:
        for start, word in enumerate(row):
            for length in sorted(self.lengths.get(word, set())):
                number = self.short.get(tuple(row[start : start + length]))
                if number is not None and _stands_alone(row, start, start + length):
                    return Hit(number, 1.0, 1, " ".join(row[start : start + length]))
        return None

    def _covered(self, row: list[str]) -> Hit | None:
        places: dict[int, dict[tuple[str, ...], int]] = defaultdict(dict)
        for start, gram in enumerate(_grams(row, self.n)):
            for number in self.grams.get(gram, ()):
                places[number].setdefault(gram, start)
        if not places:
            return None
        number = max(places, key=lambda item: len(places[item]) / self.sizes[item])
        starts = places[number].values()
        span = " ".join(row[min(starts) : max(starts) + self.n])
        coverage = len(starts) / self.sizes[number]
        return Hit(number, coverage, len(starts), span)


def _grams(parts: list[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(parts[i:] for i in range(n)), strict=False))


def _stands_alone(row: list[str], start: int, end: int) -> bool:
    """Whether `3+5` is all of the formula, and not a piece of `3+5-2`."""
    before, after = row[start - 1 : start], row[end : end + 1]
    return all(part.isalpha() for part in [*before, *after])
