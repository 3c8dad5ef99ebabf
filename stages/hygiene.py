"""Measure every trace: how it is built, how it repeats itself, its language and length.

Nothing is cut here. Published sets drop traces with broken tags, loops, text that a
whole corpus shares, mixed languages or a high perplexity, each by rules of its own;
`select.trace_where` says such rules over these columns.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import polars as pl
from pydantic import Field

from pipeline.cluster.each import Work, each, is_cluster
from pipeline.settings import Settings
from pipeline.shards import QUEUED_BYTES, Parts, Shards, Spool, as_shards
from pipeline.traces.candidates import IDENTITY, list_candidates, name_traces
from pipeline.traces.columns import LANGUAGE, REPETITION
from pipeline.traces.perplexity import Perplexity, perplexity_of
from pipeline.traces.structure import STRUCTURE, measure_structure
from pipeline.traces.texts import PART, scan_texts
from pipeline.traces.tokens import Pinned, token_counter

if TYPE_CHECKING:
    from pipeline.traces.words import Repetition

SCHEMA = pl.Schema(
    {
        **IDENTITY,
        **STRUCTURE,
        **REPETITION,
        **LANGUAGE,
        "n_chars": pl.UInt32(),
        "n_tokens": pl.Int32(),
        "perplexity": pl.Float32(),
    }
)
FREQUENT = "frequent_ngrams"


class Params(Settings):
    """What is counted, and by whom.

    `ngram`: words of the n-grams that are looked for again. `frequent`: an n-gram is
    frequent if it stands in the corpus more often. `loop`: words of the longest block
    that can make a loop. `words`: lists of words, counted of every thousand. Without a
    `tokenizer`, tokens are those that the sampling model counted.
    """

    ngram: int = Field(default=20, ge=1)
    frequent: int = Field(default=20, ge=1)
    loop: int = Field(default=20, ge=1)
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    tokenizer: Pinned | None = None
    perplexity: Perplexity | None = None


def make(
    params: Params,
    rows: Shards | pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None = None,
) -> Parts:
    """SCHEMA of every trace of the rows, and a column `words_<name>` for each list."""
    from pipeline.traces.spread_repetition import count_frequent
    from pipeline.traces.words import Repetition

    about = as_shards(rows).select("^(id|traces|solutions|leaking_traces)$").collect()
    traces = list_candidates(about)
    about = about.select("id", "solutions")
    repetition = Repetition(
        n=params.ngram,
        frequent=params.frequent,
        block=params.loop,
        lists=params.words,
        texts=0 if is_cluster() else traces.height,
    )

    def read() -> Iterator[pl.LazyFrame]:
        return (part for part, _ in scan_texts(traces, about, rollouts))

    def measure() -> Iterator[pl.DataFrame]:
        columns = pl.Schema({n: t for n, t in schema.items() if n != FREQUENT})
        own = Spool(columns, waiting=QUEUED_BYTES)
        start = words = 0
        for part in each(partial(_open_measuring, params, repetition), read()):
            its = traces[start : start + part.height]
            named = name_traces(its, about["id"]).hstack(part)
            own.add(named.with_columns(part=pl.lit(0)))
            start, words = start + part.height, words + int(part["n_words"].sum())
        if is_cluster():
            frequent = count_frequent(read, params.ngram, params.frequent, words)
        else:
            again = (part.collect()["text"] for part in read())
            frequent = repetition.count_frequent(again)
        for part in own.pieces(0):
            yield part.with_columns(frequent.head(part.height)).select(schema.names())
            frequent = frequent[part.height :]

    lists = [f"words_{name}" for name in params.words]
    schema = pl.Schema({**SCHEMA, **dict.fromkeys(lists, pl.Float32())})
    return Parts(schema, measure())


@contextmanager
def _open_measuring(
    params: Params, repetition: "Repetition"
) -> Iterator[Work[pl.LazyFrame, pl.DataFrame]]:
    """What is measured of traces, but for what they share."""
    from pipeline.traces.words import measure_language

    count = token_counter(params.tokenizer, "hygiene.tokenizer")
    perplexity = perplexity_of(params.perplexity)

    def measure(part: pl.DataFrame) -> pl.DataFrame:
        texts = part["text"]
        measures = [
            measure_structure(texts),
            repetition.measure(texts),
            measure_language(texts),
        ]
        return pl.concat(measures, how="horizontal").with_columns(
            n_tokens=count(texts) if params.tokenizer else part["n_tokens"],
            perplexity=perplexity(texts),
            n_chars=texts.str.len_chars().cast(pl.UInt32),
        )

    # Texts of like length share a batch of the model: everywhere the same ones.
    yield lambda part: pl.concat(map(measure, part.collect().iter_slices(PART)))
