"""The methods by name, their settings, and what each of them can see at all."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.hits import HITS, closest
from pipeline.embedding import Encoder, encode
from pipeline.endpoint.client import Endpoint
from pipeline.settings import Settings

names = Literal[
    "coverage",
    "ngram",
    "normalized",
    "substring",
    "fuzzy",
    "embedding",
    "retrieve_then_judge",
]


class Coverage(Settings):
    """Items are proposed by n-grams; `threshold` is the weighted share from which
    an item is there. It is 0.1 lower where the answers agree, and 0.9 where they
    do not, or the item is short.
    """

    n: int = Field(default=4, ge=2)
    threshold: float = Field(default=0.65, gt=0, le=1)


class Ngram(Settings):
    """Published: n = 8, 9, 10, 13 or 32 at whitespace, any hit.

    `short_items: substring` looks for items of fewer than n words as a whole;
    `ignore` is as published.
    """

    n: int = Field(default=13, ge=1)
    unit: Literal["whitespace", "word"] = "whitespace"
    min_hits: int = Field(default=1, ge=1)
    short_items: Literal["substring", "ignore"] = "substring"


class Substring(Settings):
    """Items of at least `min_tokens` words, and at most `max_tokens`, as a whole."""

    min_tokens: int = Field(default=5, ge=1)
    max_tokens: int = Field(default=64, ge=1)


class Fuzzy(Settings):
    """Published: 0.95."""

    threshold: float = Field(default=0.95, gt=0, le=1)


class Embedding(Encoder):
    """Published: cosine 0.9."""

    threshold: float = Field(default=0.9, gt=0, le=1)


class Judge(Encoder):
    """Published: the 5 nearest items, or 3, and a large model that is asked."""

    top_k: int = Field(default=5, ge=1)
    min_cosine: float = Field(default=0.5, ge=0, le=1)
    both_ways: bool = False
    endpoint: Endpoint = Endpoint()


class Methods(Settings):
    """The settings of every method."""

    coverage: Coverage = Coverage()
    ngram: Ngram = Ngram()
    normalized: Settings = Settings()
    substring: Substring = Substring()
    fuzzy: Fuzzy = Fuzzy()
    embedding: Embedding = Embedding()
    retrieve_then_judge: Judge = Judge()


def run(
    texts: pl.DataFrame,
    benchmarks: pl.DataFrame,
    methods: tuple[str, ...],
    settings: Methods,
) -> pl.DataFrame:
    """HITS and the method, the closest item of each text by each method."""
    made = [HITS.to_frame().select(pl.lit("").alias("method"), *HITS.names())]
    for method in methods:
        found = FIND[method](texts, benchmarks, settings)
        named = closest(found).select(pl.lit(method).alias("method"), *HITS.names())
        made.append(named)
    return pl.concat(made)


def _coverage(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import coverage
    from pipeline.contamination.items import prepared
    from pipeline.kernels.answer_codes import answer_codes

    if not benchmarks.height or not texts.height:
        return HITS.to_frame()
    asked = settings.coverage
    items = prepared(benchmarks["problem"], texts["text"], asked.n)
    answers = answer_codes(texts["answer"]), answer_codes(benchmarks["answer"])
    return coverage.found(texts["text"], items, answers, asked.threshold)


def _ngram(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import published

    asked = settings.ngram
    problems = benchmarks["problem"]
    found = published.ngram(
        texts["text"], problems, n=asked.n, unit=asked.unit, min_hits=asked.min_hits
    )
    if asked.short_items == "ignore":
        return found
    short = np.flatnonzero(~_has_grams(problems, asked))
    whole = _substring(texts, benchmarks[short], settings)
    numbers = pl.Series(short, dtype=pl.UInt32)
    whole = whole.with_columns(item=numbers.gather(whole["item"]))
    return pl.concat([found, whole])


def _normalized(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import published

    return published.normalized(texts["text"], benchmarks["problem"])


def _substring(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import published

    asked = settings.substring
    return published.substring(
        texts["text"],
        benchmarks["problem"],
        min_tokens=asked.min_tokens,
        max_tokens=asked.max_tokens,
    )


def _fuzzy(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import published

    threshold = settings.fuzzy.threshold
    return published.fuzzy(texts["text"], benchmarks["problem"], threshold=threshold)


def _embedding(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import semantic

    asked = settings.embedding
    return semantic.embedding(
        texts["text"],
        benchmarks["problem"],
        threshold=asked.threshold,
        encode=partial(_encoded, asked),
    )


def _judge(
    texts: pl.DataFrame, benchmarks: pl.DataFrame, settings: Methods
) -> pl.DataFrame:
    from pipeline.contamination import semantic
    from pipeline.endpoint.client import ask

    asked = settings.retrieve_then_judge
    return semantic.retrieve_then_judge(
        texts["text"],
        benchmarks["problem"],
        top_k=asked.top_k,
        min_cosine=asked.min_cosine,
        encode=partial(_encoded, asked),
        ask=partial(
            ask, endpoint=asked.endpoint, schema=semantic.SCHEMA, system=semantic.SYSTEM
        ),
        both_ways=asked.both_ways,
    )


def _encoded(encoder: Encoder, texts: list[str]) -> np.ndarray:
    return encode(texts, encoder)


FIND: dict[str, Callable[[pl.DataFrame, pl.DataFrame, Methods], pl.DataFrame]] = {
    "coverage": _coverage,
    "ngram": _ngram,
    "normalized": _normalized,
    "substring": _substring,
    "fuzzy": _fuzzy,
    "embedding": _embedding,
    "retrieve_then_judge": _judge,
}


def detects(problems: pl.Series, method: str, settings: Methods) -> np.ndarray:
    """For each benchmark item, whether `method` could find it at all (bool)."""
    if method == "coverage":
        from pipeline.contamination.coverage import TINY
        from pipeline.kernels.latex_tokens import tokenise

        return np.diff(tokenise(problems).ends) >= TINY
    words = _sizes(problems, "word")
    whole = (words >= settings.substring.min_tokens) & (
        words <= settings.substring.max_tokens
    )
    if method == "substring":
        return whole
    if method == "ngram":
        has = _has_grams(problems, settings.ngram)
        return has | whole if settings.ngram.short_items == "substring" else has
    return words > 0


def _has_grams(problems: pl.Series, asked: Ngram) -> np.ndarray:
    return _sizes(problems, asked.unit) >= asked.n


def _sizes(problems: pl.Series, unit: str) -> np.ndarray:
    from pipeline.contamination.published import UNITS
    from pipeline.kernels.published_ngrams import lowercase_bytes, word_ngrams

    _, ends = word_ngrams(*lowercase_bytes(problems), 1, UNITS[unit])
    return np.diff(ends)
