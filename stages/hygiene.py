"""Measure every trace: how it is built, how it repeats itself, its language and length.

Nothing is cut here. Published sets drop traces with broken tags, loops, text that a
whole corpus shares, mixed languages or a high perplexity, each by rules of its own;
`select.trace_where` says such rules over these columns.
"""

from itertools import chain

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.shards import Shards
from pipeline.traces.candidates import IDENTITY, list_candidates, read_texts
from pipeline.traces.columns import LANGUAGE, REPETITION
from pipeline.traces.perplexity import Perplexity, perplexity_of
from pipeline.traces.structure import STRUCTURE, measure_structure
from pipeline.traces.tokens import Pinned, token_counter

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
NAME = "^[a-z][a-z0-9_]*$"


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
    params: Params, rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None = None
) -> pl.DataFrame:
    """SCHEMA of every trace of the rows, and a column `words_<name>` for each list."""
    from pipeline.traces.words import Repetition, measure_language

    traces = list_candidates(rows)
    repetition = Repetition(
        n=params.ngram,
        frequent=params.frequent,
        block=params.loop,
        lists=params.words,
        texts=traces.height,
    )
    count = token_counter(params.tokenizer, "hygiene.tokenizer")
    perplexity = perplexity_of(params.perplexity)

    def measure(part: pl.DataFrame) -> pl.DataFrame:
        texts = part["text"]
        measures = [
            part.select(IDENTITY.names()),
            measure_structure(texts),
            repetition.measure(texts),
            measure_language(texts),
        ]
        return pl.concat(measures, how="horizontal").with_columns(
            n_tokens=count(texts) if params.tokenizer else part["n_tokens"],
            perplexity=perplexity(texts),
            n_chars=texts.str.len_chars().cast(pl.UInt32),
        )

    none = traces.clear().with_columns(text=pl.lit(""))
    parts = map(measure, chain([none], read_texts(traces, rows, rollouts)))
    table = pl.concat(parts, rechunk=True)
    again = (part["text"] for part in read_texts(traces, rows, rollouts))
    table = table.with_columns(repetition.count_frequent(again))
    return table.select(*SCHEMA, *(f"words_{name}" for name in params.words))
