"""Measure every trace: how it is built, how it repeats itself, its language and length.

Nothing is cut here. Published sets drop traces with broken tags, loops, text that a
whole corpus shares, mixed languages or a high perplexity, each by rules of its own;
`select.trace_where` says such rules over these columns.
"""

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.traces.candidates import IDENTITY, list_candidates
from pipeline.traces.columns import LANGUAGE, REPETITION
from pipeline.traces.perplexity import Perplexity, measure_perplexity
from pipeline.traces.structure import STRUCTURE, measure_structure
from pipeline.traces.tokens import Pinned, count_tokens

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


def make(params: Params, rows: pl.DataFrame) -> pl.DataFrame:
    """SCHEMA of every trace of the rows, and a column `words_<name>` for each list."""
    from pipeline.traces.words import measure_language, measure_repetition

    traces = list_candidates(rows)
    texts = traces["text"]
    n_tokens = traces["n_tokens"]
    if params.tokenizer:
        n_tokens = count_tokens(texts, params.tokenizer, "hygiene.tokenizer")
    perplexity = pl.Series([None] * len(texts), dtype=pl.Float32)
    if params.perplexity:
        perplexity = measure_perplexity(texts, params.perplexity)
    parts = [
        traces.select(IDENTITY.names()),
        measure_structure(texts),
        measure_repetition(
            texts,
            n=params.ngram,
            frequent=params.frequent,
            block=params.loop,
            lists=params.words,
        ),
        measure_language(texts),
    ]
    table = pl.concat(parts, how="horizontal").with_columns(
        n_tokens=n_tokens,
        perplexity=perplexity,
        n_chars=texts.str.len_chars().cast(pl.UInt32),
    )
    return table.select(*SCHEMA, *(f"words_{name}" for name in params.words))
